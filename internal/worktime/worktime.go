package worktime

import (
	"iter"
	"math"
	"time"
)

// years bounds how far Add looks ahead.
const years = 10

// Add returns the first instant at which so much working time has passed since from: the
// end of a working day, not the beginning of the next. With no work left that is from
// itself, at work or not. It is false if ten years are too short for it, as they are for a
// calendar whose few hours fall on holidays: then there is no such instant worth naming.
// Where it is true, Between(from, Add(from, work)) is work, exactly.
func (c *Calendar) Add(from time.Time, work time.Duration) (time.Time, bool) {
	if work <= 0 {
		return from, true
	}
	for start, end := range c.spans(from, from.AddDate(years, 0, 0)) {
		if d := end.Sub(start); d < work {
			work -= d
			continue
		}
		return start.Add(work).In(from.Location()), true
	}
	return time.Time{}, false
}

// Between returns the working time from one instant on and before another; 0 where to is
// not after from, and the longest duration, of 292 years, where it is more than that.
func (c *Calendar) Between(from, to time.Time) time.Duration {
	var total time.Duration
	for start, end := range c.spans(from, to) {
		if total += end.Sub(start); total < 0 {
			return math.MaxInt64
		}
	}
	return total
}

// spans yields the working time from one instant on and before another, in order and
// without overlaps.
func (c *Calendar) spans(from, to time.Time) iter.Seq2[time.Time, time.Time] {
	return func(yield func(start, end time.Time) bool) {
		clock := clock{zone: c.zone}
		next := from
		// A clock that is set back over midnight shows a date again, hence a day more at
		// both ends.
		last := clock.midnight(to).Add(day)
		for date := clock.midnight(from).Add(-day); !date.After(last); date = date.Add(day) {
			hours := c.week[date.Weekday()]
			if len(hours) == 0 || c.rests(date) {
				continue
			}
			for _, h := range hours {
				start, _ := clock.instants(date.Add(h.Start))
				_, end := clock.instants(date.Add(h.End))
				// Spans that a clock set back has made overlap count once.
				if start.Before(next) {
					start = next
				}
				if end.After(to) {
					end = to
				}
				if !start.Before(end) {
					continue
				}
				if !yield(start, end) {
					return
				}
				next = end
			}
		}
	}
}
