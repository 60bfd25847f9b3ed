package worktime_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rapport-crm/rapport/internal/worktime"
)

// drawn is a random calendar and what it was made of, about a time at which clocks may
// be set.
type drawn struct {
	*worktime.Calendar
	zone     *time.Location
	hours    []worktime.Hours
	holidays []worktime.Holiday
	about    time.Time
}

func draw(rt *rapid.T) drawn {
	name := rapid.SampledFrom([]string{
		"UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana",
		"Asia/Beirut", "America/Santiago", "Pacific/Apia", "Africa/Casablanca", "Asia/Kathmandu", "America/Nuuk",
	}).Draw(rt, "zone")
	zone, err := time.LoadLocation(name)
	if err != nil {
		rt.Fatal(err)
	}
	d := drawn{zone: zone}
	// Zones' rules go on for ever beyond their lists of years, which end in 2037.
	d.about = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 60*365).Draw(rt, "days since 1990"))
	if _, set := d.about.In(zone).ZoneBounds(); !set.IsZero() && rapid.Bool().Draw(rt, "when clocks are set") {
		d.about = set.UTC().Truncate(time.Minute) // some lists end in a second of 2038
	}
	// Clocks are set at night, mostly.
	minute := rapid.OneOf(rapid.IntRange(0, 4*60), rapid.IntRange(0, 24*60), rapid.Just(24*60))
	d.hours = rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) worktime.Hours {
		a, b := minute.Draw(rt, "from"), minute.Draw(rt, "to")
		if a == b {
			a, b = 0, b+1
		}
		return worktime.Hours{
			Day:   time.Weekday(rapid.IntRange(0, 6).Draw(rt, "weekday")),
			Start: time.Duration(min(a, b, 24*60)) * time.Minute, End: time.Duration(min(max(a, b), 24*60)) * time.Minute,
		}
	}), 0, 20).Draw(rt, "hours")
	d.holidays = rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) worktime.Holiday {
		date := d.about.AddDate(0, 0, rapid.IntRange(-4, 4).Draw(rt, "days off"))
		h := worktime.Holiday{Year: date.Year(), Month: date.Month(), Day: date.Day()}
		if rapid.Bool().Draw(rt, "each year") {
			h.Year = 0
		}
		return h
	}), 0, 3).Draw(rt, "holidays")
	if d.Calendar, err = worktime.New(name, d.hours, d.holidays); err != nil {
		rt.Fatal(err)
	}
	return d
}

// TestAgainstMinutes compares with a count of minutes that knows of clocks only what they
// show.
func TestAgainstMinutes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := draw(rt)
		const span = 6 * 24 * 60 // minutes that are counted, with as many around them
		begin := d.about.AddDate(0, 0, -3)
		from := rapid.IntRange(0, span).Draw(rt, "from")
		to := rapid.IntRange(from, span).Draw(rt, "to")
		works := d.minutes(begin.Add(-span*time.Minute), 3*span)[span : 2*span]

		want := 0
		for _, w := range works[from:to] {
			if w {
				want++
			}
		}
		start, end := begin.Add(time.Duration(from)*time.Minute), begin.Add(time.Duration(to)*time.Minute)
		work := time.Duration(want) * time.Minute
		if got := d.Between(start, end); got != work {
			rt.Fatalf("Between(%v, %v): %v, counted %v", start, end, got, work)
		}
		for want > 0 && !works[to-1] { // the first instant at which it is done
			to--
		}
		if want == 0 {
			to = from
		}
		end = begin.Add(time.Duration(to) * time.Minute)
		if got, ok := d.Add(start, work); !ok || !got.Equal(end) {
			rt.Fatalf("Add(%v, %v): %v, %v; counted %v", start, work, got, ok, end)
		}
	})
}

// minutes tells of each minute from begin on whether it is working time: within a span
// that goes on from the first minute that shows its start or later until the last that
// shows a time before its end.
func (d drawn) minutes(begin time.Time, n int) []bool {
	shown, works := make([]time.Time, n), make([]bool, n)
	for i := range shown {
		local := begin.Add(time.Duration(i) * time.Minute).In(d.zone)
		_, offset := local.Zone()
		shown[i] = local.UTC().Add(time.Duration(offset) * time.Second)
	}
	for date := shown[0].Truncate(24*time.Hour).AddDate(0, 0, -2); date.Before(shown[n-1].AddDate(0, 0, 2)); date = date.AddDate(0, 0, 1) {
		for _, h := range d.hoursOf(date) {
			first, last := n, -1
			for i, s := range shown {
				if first == n && !s.Before(date.Add(h.Start)) {
					first = i
				}
				if s.Before(date.Add(h.End)) {
					last = i
				}
			}
			for i := first; i <= last; i++ {
				works[i] = true
			}
		}
	}
	return works
}

// hoursOf are those of a date.
func (d drawn) hoursOf(date time.Time) (out []worktime.Hours) {
	for _, h := range d.holidays {
		if date.Day() == h.Day && date.Month() == h.Month && (h.Year == 0 || date.Year() == h.Year) {
			return nil
		}
	}
	if len(d.hours) == 0 {
		return []worktime.Hours{{End: 24 * time.Hour}}
	}
	for _, h := range d.hours {
		if h.Day == date.Weekday() {
			out = append(out, h)
		}
	}
	return out
}

// TestAddIsTheInverse holds for any instants and durations, to the nanosecond.
func TestAddIsTheInverse(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := draw(rt)
		instant := func(name string) time.Time {
			return d.about.Add(time.Duration(rapid.Int64Range(-4*24*3600e9, 4*24*3600e9).Draw(rt, name)))
		}
		work := time.Duration(rapid.Int64Range(0, 200*3600e9).Draw(rt, "work"))
		a, b, c := instant("a"), instant("b"), instant("c")
		if b.Before(a) {
			a, b = b, a
		}
		due, ok := d.Add(a, work)
		if !ok {
			rt.Skip("ten years are too short")
		}
		if got := d.Between(a, due); got != work {
			rt.Fatalf("Between(%v, Add(…, %v)): %v", a, work, got)
		}
		if got := d.Between(a, due.Add(-1)); work > 0 && got != work-1 {
			rt.Fatalf("a nanosecond before %v: %v of %v", due, got, work)
		}
		if later, _ := d.Add(a, work+1); later.Before(due) {
			rt.Fatalf("more work is done at %v, less at %v", later, due)
		}
		if later, _ := d.Add(b, work); work > 0 && later.Before(due) {
			rt.Fatalf("what begins later is done at %v, earlier %v", later, due)
		}
		if c.After(b) && d.Between(a, b)+d.Between(b, c) != d.Between(a, c) {
			rt.Fatalf("%v + %v is not %v", d.Between(a, b), d.Between(b, c), d.Between(a, c))
		}
	})
}
