package cases

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/servicetier"
	"github.com/rapport-crm/rapport/internal/worktime"
)

// berlin reads a time of Berlin, and returns nil for an empty text.
func berlin(t testing.TB, text string) *time.Time {
	t.Helper()
	if text == "" {
		return nil
	}
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
	if err != nil {
		t.Fatal(err)
	}
	return &at
}

// office works on weekdays from 9 to 17, in Berlin, but for Christmas and each 29 February.
func office(t testing.TB, first, resolve time.Duration) servicetier.Terms {
	t.Helper()
	var hours []worktime.Hours
	for d := time.Monday; d <= time.Friday; d++ {
		hours = append(hours, worktime.Hours{Day: d, Start: 9 * time.Hour, End: 17 * time.Hour})
	}
	c, err := worktime.New("Europe/Berlin", hours, []worktime.Holiday{{Month: 12, Day: 25}, {Month: 2, Day: 29}})
	if err != nil {
		t.Fatal(err)
	}
	return servicetier.Terms{
		Targets: map[rapportv1.Priority]servicetier.Target{
			rapportv1.Priority_P1: {FirstResponse: first, Resolve: resolve},
			rapportv1.Priority_P2: {Resolve: 2 * resolve},
		},
		Silence: 10 * 24 * time.Hour, Calendar: c,
	}
}

// act is something that happens to a case.
type act struct {
	at   string
	what string // wait, go on, resolve, tell, close, reopen, answer, P2, no priority
}

// play makes a case received at the first time, and lets the acts happen.
func play(t testing.TB, terms servicetier.Terms, received string, acts ...act) *row {
	t.Helper()
	r := &row{}
	r.ReceiveTime, r.Priority = *berlin(t, received), db.Text("P1")
	r.start(r.ReceiveTime)
	r.reckon(&r.facts, &terms, breaches{}, r.ReceiveTime)
	for _, a := range acts {
		now := *berlin(t, a.at)
		was := r.breaches(now)
		switch a.what {
		case "wait":
			r.Waiting = true
		case "go on":
			r.Waiting = false
		case "resolve":
			r.ResolveTime, r.Waiting = &now, false
		case "tell":
			r.FeedbackTime = &now
		case "close":
			r.CloseTime = &now
		case "reopen":
			r.ToldTime = earliest(r.ToldTime, r.FeedbackTime)
			r.ResolveTime, r.FeedbackTime, r.CloseTime = nil, nil, nil
		case "answer":
			r.ResponseTime = &now
		case "P2":
			r.Priority = db.Text("P2")
		case "no priority":
			r.Priority = pgtype.Text{}
		default:
			t.Fatal(a.what)
		}
		r.reckon(&r.facts, &terms, was, now)
	}
	return r
}

func wantTime(t testing.TB, what string, got *time.Time, want string) {
	t.Helper()
	switch w := berlin(t, want); {
	case w == nil && got == nil:
	case w == nil || got == nil || !got.Equal(*w):
		t.Errorf("%s is %v, want %q", what, got, want)
	}
}

// TestDueTimes plays cases whose first response is due in 2 working hours and their resolution in
// 12, which are a day and a half.
func TestDueTimes(t *testing.T) {
	for name, test := range map[string]struct {
		received       string
		acts           []act
		first, resolve string
	}{
		"within a day":               {"2026-06-01 10:00", nil, "2026-06-01 12:00", "2026-06-02 14:00"},
		"at night":                   {"2026-06-01 23:00", nil, "2026-06-02 11:00", "2026-06-03 13:00"},
		"before a weekend":           {"2026-06-05 16:00", nil, "2026-06-08 10:00", "2026-06-09 12:00"},
		"at the end of work":         {"2026-06-05 15:00", nil, "2026-06-05 17:00", "2026-06-09 11:00"},
		"over Christmas":             {"2026-12-24 16:00", nil, "2026-12-28 10:00", "2026-12-29 12:00"},
		"over a leap day":            {"2028-02-28 16:00", nil, "2028-03-01 10:00", "2028-03-02 12:00"},
		"over a change of clocks":    {"2026-03-27 16:00", nil, "2026-03-30 10:00", "2026-03-31 12:00"},
		"and back":                   {"2026-10-23 16:00", nil, "2026-10-26 10:00", "2026-10-27 12:00"},
		"waiting":                    {"2026-06-01 10:00", []act{{"2026-06-01 11:00", "wait"}}, "2026-06-01 12:00", ""},
		"waiting over a weekend":     {"2026-06-05 16:00", []act{{"2026-06-05 16:30", "wait"}, {"2026-06-08 10:00", "go on"}}, "2026-06-08 10:00", "2026-06-09 13:30"},
		"waiting while nobody works": {"2026-06-05 16:00", []act{{"2026-06-05 18:00", "wait"}, {"2026-06-07 10:00", "go on"}}, "2026-06-08 10:00", "2026-06-09 12:00"},
		"resolved":                   {"2026-06-01 10:00", []act{{"2026-06-01 11:00", "resolve"}}, "2026-06-01 12:00", ""},
		"resolved while waiting":     {"2026-06-01 10:00", []act{{"2026-06-01 11:00", "wait"}, {"2026-06-02 10:00", "resolve"}, {"2026-06-03 10:00", "reopen"}}, "2026-06-01 12:00", "2026-06-04 13:00"},
		"reopened runs on":           {"2026-06-01 10:00", []act{{"2026-06-01 12:00", "resolve"}, {"2026-06-10 10:00", "reopen"}}, "2026-06-01 12:00", "2026-06-11 12:00"},
		"another target":             {"2026-06-01 10:00", []act{{"2026-06-01 11:00", "P2"}}, "", "2026-06-04 10:00"},
		"used time is kept":          {"2026-06-01 10:00", []act{{"2026-06-01 12:00", "wait"}, {"2026-06-02 09:00", "P2"}, {"2026-06-03 09:00", "go on"}}, "", "2026-06-05 15:00"},
		"no target any more":         {"2026-06-01 10:00", []act{{"2026-06-01 11:00", "no priority"}}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := play(t, office(t, 2*time.Hour, 12*time.Hour), test.received, test.acts...)
			wantTime(t, "the first response's due time", r.FirstResponseDueTime, test.first)
			wantTime(t, "the resolution's due time", r.ResolveDueTime, test.resolve)
		})
	}
}

func TestWithoutATierNothingIsDue(t *testing.T) {
	r := play(t, servicetier.Terms{}, "2026-06-01 10:00", act{"2026-06-02 10:00", "resolve"}, act{"2026-06-02 10:00", "tell"}, act{"2026-06-03 10:00", "reopen"})
	if r.FirstResponseDueTime != nil || r.ResolveDueTime != nil || r.SilenceCloseTime != nil || r.NextEventTime != nil || r.breaches(*berlin(t, "2030-01-01 00:00")) != (breaches{}) {
		t.Errorf("%+v", r.derived)
	}
	if r.ResolveUsed != (24 * time.Hour).Microseconds() {
		t.Errorf("used %d", r.ResolveUsed)
	}
}

func TestAroundTheClock(t *testing.T) {
	terms := office(t, 2*time.Hour, 12*time.Hour)
	terms.Calendar = nil
	r := play(t, terms, "2026-03-28 22:00")
	wantTime(t, "first response", r.FirstResponseDueTime, "2026-03-29 00:00")
	wantTime(t, "resolution", r.ResolveDueTime, "2026-03-29 11:00") // clocks were set forward
}

// TestBreaches asks at a time which clocks are past.
func TestBreaches(t *testing.T) {
	for name, test := range map[string]struct {
		acts []act
		at   string
		want breaches
	}{
		"not yet":                    {nil, "2026-06-01 12:00", breaches{}},
		"no response":                {nil, "2026-06-01 12:01", breaches{firstResponse: true}},
		"nothing at all":             {nil, "2026-06-02 14:01", breaches{true, true}},
		"answered in time":           {[]act{{"2026-06-01 12:00", "answer"}}, "2026-06-02 14:00", breaches{}},
		"answered late":              {[]act{{"2026-06-01 12:01", "answer"}}, "2026-06-01 12:01", breaches{firstResponse: true}},
		"resolved in time":           {[]act{{"2026-06-01 11:00", "answer"}, {"2026-06-02 14:00", "resolve"}}, "2027-06-02 14:01", breaches{}},
		"resolved late":              {[]act{{"2026-06-01 11:00", "answer"}, {"2026-06-02 14:01", "resolve"}}, "2026-06-02 14:01", breaches{resolve: true}},
		"told in time":               {[]act{{"2026-06-01 11:00", "resolve"}, {"2026-06-01 11:30", "tell"}}, "2026-07-01 12:01", breaches{}},
		"told, and reopened":         {[]act{{"2026-06-01 11:00", "resolve"}, {"2026-06-01 11:30", "tell"}, {"2026-06-02 09:00", "reopen"}}, "2026-06-02 10:00", breaches{}},
		"reopened for too long":      {[]act{{"2026-06-01 11:00", "resolve"}, {"2026-06-01 11:30", "tell"}, {"2026-06-02 09:00", "reopen"}}, "2026-06-03 13:00", breaches{resolve: true}},
		"late stays late":            {[]act{{"2026-06-01 11:00", "answer"}, {"2026-06-03 14:01", "resolve"}, {"2026-06-04 14:01", "reopen"}, {"2026-06-04 14:02", "wait"}}, "2026-06-04 14:05", breaches{resolve: true}},
		"more time":                  {[]act{{"2026-06-01 11:00", "answer"}, {"2026-06-03 09:00", "P2"}}, "2026-06-03 10:00", breaches{}},
		"waiting is no one's delay":  {[]act{{"2026-06-01 11:00", "answer"}, {"2026-06-01 11:00", "wait"}}, "2027-06-03 10:00", breaches{}},
		"no target, nothing is late": {[]act{{"2026-06-09 11:00", "no priority"}}, "2027-06-03 10:00", breaches{}},
	} {
		t.Run(name, func(t *testing.T) {
			r := play(t, office(t, 2*time.Hour, 12*time.Hour), "2026-06-01 10:00", test.acts...)
			if got := r.breaches(*berlin(t, test.at)); got != test.want {
				t.Errorf("%+v, want %+v; %+v", got, test.want, r.derived)
			}
		})
	}
}

// TestEvents lets the clock go from event to event, and wants each once.
func TestEvents(t *testing.T) {
	for name, test := range map[string]struct {
		acts []act
		want []string
	}{
		"nobody cares":            {nil, []string{"2026-06-01 12:00 breach", "2026-06-02 14:00 breach"}},
		"answered":                {[]act{{"2026-06-01 11:00", "answer"}}, []string{"2026-06-02 14:00 breach"}},
		"waiting":                 {[]act{{"2026-06-01 11:00", "wait"}}, []string{"2026-06-01 12:00 breach"}},
		"silent":                  {[]act{{"2026-06-01 11:00", "resolve"}, {"2026-06-01 11:30", "tell"}}, []string{"2026-06-11 11:30 close"}},
		"closed":                  {[]act{{"2026-06-01 11:00", "resolve"}, {"2026-06-01 11:30", "tell"}, {"2026-06-01 11:30", "close"}}, nil},
		"not told":                {[]act{{"2026-06-01 11:00", "resolve"}}, []string{"2026-06-01 12:00 breach"}},
		"late, but in the feed":   {[]act{{"2026-06-01 12:30", "resolve"}, {"2026-06-01 12:30", "tell"}}, []string{"2026-06-01 12:00 breach", "2026-06-11 12:30 close"}},
		"a target that is missed": {[]act{{"2026-06-01 11:00", "answer"}, {"2026-06-01 11:00", "P2"}}, []string{"2026-06-04 10:00 breach"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := play(t, office(t, 2*time.Hour, 12*time.Hour), "2026-06-01 10:00", test.acts...)
			var got []string
			for range 5 {
				at := r.NextEventTime
				if at == nil {
					break
				}
				text := at.In(berlin(t, "2026-01-01 00:00").Location()).Format("2006-01-02 15:04")
				before := r.Proto(*at)
				done := r.advance(before, *at)
				if done.Breached {
					text += " breach"
				}
				if done.Closed {
					text += " close"
					wantTime(t, "the close time", r.CloseTime, text[:16])
				}
				got = append(got, text)
			}
			if len(got) != len(test.want) {
				t.Fatalf("%q, want %q", got, test.want)
			}
			for i := range got {
				if got[i] != test.want[i] {
					t.Errorf("%q, want %q", got, test.want)
				}
			}
		})
	}
}

// TestABreachOfTheChangeIsInItsFeedEntry: what an update itself brings about is not recorded
// again by the clock.
func TestABreachOfTheChangeIsInItsFeedEntry(t *testing.T) {
	terms := office(t, 2*time.Hour, 12*time.Hour)
	r := play(t, terms, "2026-06-01 10:00", act{"2026-06-01 11:00", "no priority"})
	now := *berlin(t, "2026-06-05 11:00")
	was := r.breaches(now)
	r.Priority = db.Text("P1")
	r.reckon(&r.facts, &terms, was, now)
	if was != (breaches{}) || r.breaches(now) != (breaches{true, true}) || !r.FirstResponseRecorded || !r.ResolveRecorded || r.NextEventTime != nil {
		t.Errorf("%+v", r.derived)
	}
}
