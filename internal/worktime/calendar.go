// Package worktime counts time by the working hours of a calendar, as the service clocks
// of cases run: it tells how much working time lies between two instants, and when so
// much of it will have passed.
package worktime

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

const day = 24 * time.Hour

// Hours is one span of working time in each week, by the wall clock. A shift over
// midnight is two of them, one until 24 hours and one from 0 on the next day.
type Hours struct {
	Day time.Weekday
	// Start and End are times of day as a clock shows them, not time passed since
	// midnight: 0 <= Start < End <= 24 hours.
	Start, End time.Duration
}

// Holiday is a date on which nobody works, from midnight to midnight.
type Holiday struct {
	Year  int // 0 for each year, in which 29 February comes in leap years only
	Month time.Month
	Day   int
}

// Calendar is immutable, and safe for use by several goroutines.
type Calendar struct {
	zone     *time.Location
	week     [7][]Hours // by weekday, sorted and apart from each other
	holidays map[Holiday]struct{}
}

// New makes a calendar of an IANA time zone. Without hours work never rests, but on
// holidays. Spans of a day that overlap or touch count once. What is wrong is told all
// at once, as Problems. To read a zone takes longer than to calculate with it: who needs
// a calendar often keeps it.
func New(zone string, hours []Hours, holidays []Holiday) (*Calendar, error) {
	var wrong Problems
	c := &Calendar{zone: location(&wrong, zone), holidays: make(map[Holiday]struct{}, len(holidays))}
	for i, h := range hours {
		field := fmt.Sprintf("hours[%d]", i)
		switch {
		case h.Day < time.Sunday || h.Day > time.Saturday:
			wrong.add(field, "is on no day of the week")
		case h.Start < 0 || h.Start >= h.End || h.End > day:
			wrong.add(field, "must start at 00:00 or later, and end after its start and not after 24:00")
		default:
			c.week[h.Day] = append(c.week[h.Day], h)
		}
	}
	for d := range c.week {
		if len(hours) == 0 {
			c.week[d] = []Hours{{Day: time.Weekday(d), End: day}}
		}
		c.week[d] = merge(c.week[d])
	}
	yearly := 0
	for i, h := range holidays {
		if !h.exists() {
			wrong.add(fmt.Sprintf("holidays[%d]", i), "is no date")
		}
		if _, again := c.holidays[h]; !again && h.Year == 0 {
			yearly++
		}
		c.holidays[h] = struct{}{}
	}
	if len(wrong) == 0 && yearly == 366 {
		wrong.add("holidays", "leave no day to work")
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	return c, nil
}

func location(wrong *Problems, zone string) *time.Location {
	out, err := time.LoadLocation(zone)
	// The names that Go adds to IANA's: nothing is UTC, and Local is this machine's zone.
	if err != nil || zone == "" || zone == "Local" {
		wrong.add("zone", "is not an IANA time zone such as Asia/Shanghai")
	}
	return out
}

func merge(spans []Hours) (out []Hours) {
	slices.SortFunc(spans, func(a, b Hours) int { return cmp.Compare(a.Start, b.Start) })
	for _, h := range spans {
		if n := len(out); n > 0 && h.Start <= out[n-1].End {
			out[n-1].End = max(out[n-1].End, h.End)
			continue
		}
		out = append(out, h)
	}
	return out
}

func (h Holiday) exists() bool {
	year := h.Year
	if year == 0 {
		year = 2000 // a leap year, so it has each date that comes at all
	}
	date := time.Date(year, h.Month, h.Day, 0, 0, 0, 0, time.UTC)
	return year > 0 && year <= 9999 && date.Month() == h.Month && date.Day() == h.Day
}

// rests tells whether nobody works on the date of a wall-clock time.
func (c *Calendar) rests(wall time.Time) bool {
	if len(c.holidays) == 0 {
		return false
	}
	year, month, day := wall.Date()
	_, once := c.holidays[Holiday{year, month, day}]
	_, yearly := c.holidays[Holiday{0, month, day}]
	return once || yearly
}

// Problem is one thing that is wrong with what New was given.
type Problem struct {
	Field string // zone, hours[2], holidays or holidays[0]
	Text  string // what is wrong with it, to be read behind its name
}

// Problems are all of New's.
type Problems []Problem

func (p *Problems) add(field, text string) { *p = append(*p, Problem{field, text}) }

func (p Problems) Error() string {
	texts := make([]string, len(p))
	for i, one := range p {
		texts[i] = one.Field + " " + one.Text
	}
	return strings.Join(texts, "; ")
}
