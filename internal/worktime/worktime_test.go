package worktime_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/rapport-crm/rapport/internal/worktime"
)

// Berlin's zone throughout, except where the case is about another.
func TestAddAndBetween(t *testing.T) {
	office := days(9, 17, weekdays...)
	lunch := append(days(9, 12, weekdays...), days(13, 17, weekdays...)...)
	night := append(days(22, 24, weekdays...), days(0, 6, everyDay[2:]...)...) // Monday evening to Saturday morning
	christmas := []worktime.Holiday{{Month: 12, Day: 25}, {Month: 12, Day: 26}, {Month: 1, Day: 1}}
	for _, c := range []struct {
		name     string
		hours    []worktime.Hours
		holidays []worktime.Holiday
		from     string
		work     time.Duration
		want     string
	}{
		{"within a day", office, nil, "2026-06-01 10:00", 3 * time.Hour, "2026-06-01 13:00"},
		{"to the end of a day, not the next morning", office, nil, "2026-06-01 10:00", 7 * time.Hour, "2026-06-01 17:00"},
		{"into the next day", office, nil, "2026-06-01 10:00", 7*time.Hour + 1, "2026-06-02 09:00"},
		{"over the weekend", office, nil, "2026-06-05 16:30", time.Hour, "2026-06-08 09:30"},
		{"from before work", office, nil, "2026-06-01 03:00", time.Hour, "2026-06-01 10:00"},
		{"from after work", office, nil, "2026-06-01 17:00", time.Hour, "2026-06-02 10:00"},
		{"from the weekend", office, nil, "2026-06-06 12:00", 8 * time.Hour, "2026-06-08 17:00"},
		{"two weeks", office, nil, "2026-06-01 09:00", 80 * time.Hour, "2026-06-12 17:00"},
		{"round a break", lunch, nil, "2026-06-01 11:00", 2 * time.Hour, "2026-06-01 14:00"},
		{"from within a break", lunch, nil, "2026-06-01 12:30", time.Hour, "2026-06-01 14:00"},
		{"nothing at work", office, nil, "2026-06-01 10:00", 0, "2026-06-01 10:00"},
		{"nothing at rest", office, nil, "2026-06-06 10:00", 0, "2026-06-06 10:00"},
		{"less than nothing", office, nil, "2026-06-01 10:00", -time.Hour, "2026-06-01 10:00"},
		{"always at work", nil, nil, "2026-06-06 10:00", 100 * time.Hour, "2026-06-10 14:00"},
		{"always but on holidays", nil, christmas, "2026-12-24 23:00", 2 * time.Hour, "2026-12-27 01:00"},
		{"over the end of a year", office, christmas, "2026-12-31 16:00", 2 * time.Hour, "2027-01-04 10:00"},
		{"holidays of each year", office, christmas, "2030-12-24 16:00", 2 * time.Hour, "2030-12-27 10:00"},
		{"a holiday once", office, []worktime.Holiday{{Year: 2026, Month: 6, Day: 2}}, "2026-06-01 16:00", 2 * time.Hour, "2026-06-03 10:00"},
		{"not in another year", office, []worktime.Holiday{{Year: 2026, Month: 6, Day: 2}}, "2027-06-01 16:00", 2 * time.Hour, "2027-06-02 10:00"},
		{"29 February at work", office, nil, "2028-02-28 16:00", 2 * time.Hour, "2028-02-29 10:00"},
		{"29 February a holiday", office, []worktime.Holiday{{Month: 2, Day: 29}}, "2028-02-28 16:00", 2 * time.Hour, "2028-03-01 10:00"},
		{"29 February in no leap year", office, []worktime.Holiday{{Month: 2, Day: 29}}, "2027-02-26 16:00", 2 * time.Hour, "2027-03-01 10:00"},
		{"a night", night, nil, "2026-06-01 12:00", 8 * time.Hour, "2026-06-02 06:00"},
		{"the weekend after a night", night, nil, "2026-06-05 23:00", 8 * time.Hour, "2026-06-08 23:00"},
		{"a night before a holiday", night, []worktime.Holiday{{Year: 2026, Month: 6, Day: 3}}, "2026-06-02 23:00", 2 * time.Hour, "2026-06-04 01:00"},
		{"hours that overlap and touch", slices.Concat(days(9, 12, 1), days(11, 13, 1), days(10, 11, 1), days(13, 17, 1)), nil, "2026-06-01 09:00", 8 * time.Hour, "2026-06-01 17:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			calendar := calendar(t, "Europe/Berlin", c.hours, c.holidays...)
			from, want := at(t, "Europe/Berlin", c.from), at(t, "Europe/Berlin", c.want)
			if c.work%time.Hour == 1 {
				want = want.Add(1)
			}
			got, ok := calendar.Add(from, c.work)
			if !ok || !got.Equal(want) {
				t.Errorf("Add: %v, %v; want %v", got, ok, want)
			}
			if got := calendar.Between(from, want); got != max(c.work, 0) {
				t.Errorf("Between: %v, want %v", got, c.work)
			}
		})
	}
}

// The instant comes back in the caller's zone, not in the calendar's.
func TestAddKeepsTheZone(t *testing.T) {
	c := calendar(t, "Asia/Shanghai", days(9, 17, everyDay...))
	got, _ := c.Add(at(t, "Europe/Berlin", "2026-06-01 00:00"), time.Hour)
	if want := "2026-06-01 04:00:00 +0200 CEST"; got.String() != want {
		t.Errorf("Add: %v, want %v", got, want)
	}
}

// Where ten years have no such instant there is none.
func TestAddGivesUp(t *testing.T) {
	from := at(t, "UTC", "2026-01-01 00:00")
	sundays := days(2, 3, time.Sunday)
	for _, c := range []struct {
		name     string
		calendar *worktime.Calendar
		work     time.Duration
		want     bool
	}{
		{"ten years", calendar(t, "UTC", nil), 3652 * 24 * time.Hour, true},
		{"more than ten years", calendar(t, "UTC", nil), 3652*24*time.Hour + 1, false},
		{"the longest duration", calendar(t, "UTC", nil), math.MaxInt64, false},
		{"few hours", calendar(t, "UTC", sundays), 522 * time.Hour, true},
		{"too few hours", calendar(t, "UTC", sundays), 523 * time.Hour, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, ok := c.calendar.Add(from, c.work); ok != c.want {
				t.Errorf("Add: %v, %v; want %v", got, ok, c.want)
			}
		})
	}
}

func TestBetweenAtItsEnds(t *testing.T) {
	c := calendar(t, "UTC", nil)
	first, last := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	if got := c.Between(first, last); got != math.MaxInt64 {
		t.Errorf("from the first to the last timestamp: %v, want the longest duration", got)
	}
	if got := c.Between(last, first); got != 0 {
		t.Errorf("backwards: %v, want 0", got)
	}
	if got := c.Between(first, first.Add(48*time.Hour)); got != 48*time.Hour {
		t.Errorf("two days from the first timestamp: %v, want 48h", got)
	}
	if got := c.Between(last.Add(-48*time.Hour), last); got != 48*time.Hour {
		t.Errorf("two days until the last timestamp: %v, want 48h", got)
	}
}
