package worktime_test

import (
	"slices"
	"testing"
	"time"

	"github.com/rapport-crm/rapport/internal/worktime"
)

// What a span of working time lasts on days on which clocks are set, and until which
// instant.
func TestClocksThatAreSet(t *testing.T) {
	for _, c := range []struct {
		name, zone, date string // dates are the calendar's
		hours            []worktime.Hours
		want             time.Duration
		end              string // "" if there is no work
	}{
		{"a day in spring", "Europe/Berlin", "2026-03-29", days(0, 24, 0), 23 * time.Hour, "2026-03-30 00:00"},
		{"office hours are by the wall clock", "Europe/Berlin", "2026-03-29", days(9, 17, 0), 8 * time.Hour, "2026-03-29 17:00"},
		{"over the gap", "Europe/Berlin", "2026-03-29", days(1.5, 3.5, 0), time.Hour, "2026-03-29 03:30"},
		{"from within the gap", "Europe/Berlin", "2026-03-29", days(2.5, 4, 0), time.Hour, "2026-03-29 04:00"},
		{"into the gap", "Europe/Berlin", "2026-03-29", days(1, 2.5, 0), time.Hour, "2026-03-29 03:00"},
		{"within the gap", "Europe/Berlin", "2026-03-29", days(2.25, 2.75, 0), 0, ""},
		{"just the gap", "Europe/Berlin", "2026-03-29", days(2, 3, 0), 0, ""},
		{"a day in autumn", "Europe/Berlin", "2026-10-25", days(0, 24, 0), 25 * time.Hour, "2026-10-26 00:00"},
		{"office hours in autumn", "Europe/Berlin", "2026-10-25", days(9, 17, 0), 8 * time.Hour, "2026-10-25 17:00"},
		{"over the repeated hour", "Europe/Berlin", "2026-10-25", days(1.5, 3.5, 0), 3 * time.Hour, "2026-10-25 03:30"},
		{"from within it: the first time", "Europe/Berlin", "2026-10-25", days(2.5, 4, 0), 2*time.Hour + 30*time.Minute, "2026-10-25 04:00"},
		{"into it: the second time", "Europe/Berlin", "2026-10-25", days(1, 2.5, 0), 2*time.Hour + 30*time.Minute, "2026-10-25 02:30 +01:00"},
		{"within it", "Europe/Berlin", "2026-10-25", days(2.25, 2.75, 0), time.Hour + 30*time.Minute, "2026-10-25 02:45 +01:00"},
		{"just the repeated hour", "Europe/Berlin", "2026-10-25", days(2, 3, 0), 2 * time.Hour, "2026-10-25 03:00"},
		{"until it begins", "Europe/Berlin", "2026-10-25", days(1, 2, 0), time.Hour, "2026-10-25 02:00 +02:00"},
		{"from when it is over", "Europe/Berlin", "2026-10-25", days(3, 4, 0), time.Hour, "2026-10-25 04:00"},
		{"two spans that both go on count once", "Europe/Berlin", "2026-10-25", slices.Concat(days(1, 2.25, 0), days(2.75, 4, 0)), 4 * time.Hour, "2026-10-25 04:00"},
		{"New York in spring", "America/New_York", "2026-03-08", days(0, 24, 0), 23 * time.Hour, "2026-03-09 00:00"},
		{"New York in autumn", "America/New_York", "2026-11-01", days(0, 12, 0), 13 * time.Hour, "2026-11-01 12:00"},
		{"half an hour less", "Australia/Lord_Howe", "2026-10-04", days(1, 4, 0), 2*time.Hour + 30*time.Minute, "2026-10-04 04:00"},
		{"half an hour more", "Australia/Lord_Howe", "2026-04-05", days(1, 4, 0), 3*time.Hour + 30*time.Minute, "2026-04-05 04:00"},
		{"within the half hour", "Australia/Lord_Howe", "2026-04-05", days(1.5, 1.75, 0), 45 * time.Minute, "2026-04-05 01:45 +10:30"},
		{"a day without midnight", "Asia/Beirut", "2026-03-29", days(0, 12, 0), 11 * time.Hour, "2026-03-29 12:00"},
		{"set back over midnight", "Asia/Beirut", "2026-10-24", days(23, 24, 6), 2 * time.Hour, "2026-10-25 00:00"},
		{"midnight that comes twice ends a day once", "America/Havana", "2026-10-31", days(22, 24, 6), 2 * time.Hour, "2026-11-01 00:00 -04:00"},
		{"and begins it once", "America/Havana", "2026-11-01", days(0, 2, 0), 3 * time.Hour, "2026-11-01 02:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			calendar := calendar(t, c.zone, c.hours)
			// The hours are those of one weekday: six days around it have no others.
			date := at(t, c.zone, c.date+" 12:00")
			from, to := date.AddDate(0, 0, -3), date.AddDate(0, 0, 3)
			if got := calendar.Between(from, to); got != c.want {
				t.Errorf("Between: %v, want %v", got, c.want)
			}
			if c.end == "" {
				return
			}
			want := at(t, c.zone, c.end)
			if got, ok := calendar.Add(from, c.want); !ok || !got.Equal(want) {
				t.Errorf("Add: %v, %v; want %v", got, ok, want)
			}
		})
	}
}

// Samoa went from 29 to 31 December 2011: Friday the 30th never was.
func TestDateThatNeverWas(t *testing.T) {
	const apia = "Pacific/Apia"
	always := calendar(t, apia, nil)
	if got := always.Between(at(t, apia, "2011-12-29 00:00"), at(t, apia, "2012-01-01 00:00")); got != 48*time.Hour {
		t.Errorf("29 to 31 December: %v, want 48h", got)
	}
	holiday := calendar(t, apia, nil, worktime.Holiday{Year: 2011, Month: 12, Day: 30})
	for name, c := range map[string]*worktime.Calendar{"always": always, "a holiday that never was": holiday} {
		due, _ := c.Add(at(t, apia, "2011-12-29 20:00"), 8*time.Hour)
		if want := at(t, apia, "2011-12-31 04:00"); !due.Equal(want) {
			t.Errorf("%s: %v, want %v", name, due, want)
		}
	}
	fridays := calendar(t, apia, days(9, 17, time.Friday))
	due, _ := fridays.Add(at(t, apia, "2011-12-28 12:00"), time.Hour)
	if want := at(t, apia, "2012-01-06 10:00"); !due.Equal(want) {
		t.Errorf("the Friday after: %v, want %v", due, want)
	}
}

// Newfoundland set its clocks back a minute past midnight until 2011, so it was Sunday for
// a minute, and then Saturday once more. Saturday's hours go on until it ends for good,
// and Sunday's begin with its first minute.
func TestDateThatComesBack(t *testing.T) {
	const zone = "America/St_Johns"
	sunday, saturday := at(t, zone, "2006-10-29 00:00 -02:30"), at(t, zone, "2006-10-28 23:30 -03:30")
	c := calendar(t, zone, days(22, 24, time.Saturday))
	if got := c.Between(sunday, sunday.Add(48*time.Hour)); got != time.Hour {
		t.Errorf("Saturday's, from Sunday on: %v, want 1h", got)
	}
	c = calendar(t, zone, days(0, 1, time.Sunday))
	if got := c.Between(saturday.Add(-48*time.Hour), saturday); got != 30*time.Minute {
		t.Errorf("Sunday's, until Saturday: %v, want 30m", got)
	}
}

// The last day of a leap year has an hour after each, by a zone's list of changes and by
// the rule that goes on behind it.
func TestLastDayOfALeapYear(t *testing.T) {
	for from, want := range map[string]string{
		"2028-12-30 16:00": "2029-01-01 10:00",
		"2040-12-30 16:00": "2041-01-01 10:00",
	} {
		for _, zone := range []string{"Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Shanghai"} {
			c := calendar(t, zone, days(9, 17, everyDay...))
			due, ok := c.Add(at(t, zone, from), 10*time.Hour)
			if want := at(t, zone, want); !ok || !due.Equal(want) {
				t.Errorf("%s: %v, %v; want %v", zone, due, ok, want)
			}
		}
	}
}
