package worktime

import "time"

// farthest is more than any wall clock is ahead of or behind UTC.
const farthest = 26 * time.Hour

// clock finds the instants of wall-clock times, which are written as times in UTC. It
// keeps the period of one offset that it looked at last: that of the next days, too,
// except when clocks are set.
type clock struct {
	zone       *time.Location
	start, end time.Time // of the period
	offset     time.Duration
}

// instants returns the first instant at which the clock shows wall or later, and the last
// until which it shows times before wall. They differ where a clock set back passes wall
// twice: the first time and the second. A clock set forward over wall never shows it, and
// both are the end of the gap. So a span of working time from a first to a last instant
// has all of a repeated hour and none of a skipped one.
func (c *clock) instants(wall time.Time) (first, last time.Time) {
	from, to := wall.Add(-farthest), wall.Add(farthest)
	if c.start.Before(from) && c.end.After(to) {
		at := wall.Add(-c.offset)
		return at, at
	}
	reached := false
	for t := from; t.Before(to); t = c.end {
		c.seek(t)
		at := wall.Add(-c.offset) // where this period would show wall, if it lasted
		if !reached && at.Before(c.end) {
			first, reached = at, true
			if at.Before(c.start) {
				first = c.start
			}
		}
		if at.After(c.start) {
			last = at
			if at.After(c.end) {
				last = c.end
			}
		}
	}
	return first, last
}

// seek takes up the period that t is in, or some years of one that has no end.
func (c *clock) seek(t time.Time) {
	local := t.In(c.zone)
	_, offset := local.Zone()
	c.offset = time.Duration(offset) * time.Second
	c.start, c.end = local.ZoneBounds()
	switch {
	case c.end.IsZero(): // for ever
		c.end = t.AddDate(years, 0, 0)
	case !c.end.After(t):
		// Where a zone's rule is applied and not its list, Go ends a leap year a day early
		// (golang/go#81583). No rule sets clocks on that day.
		c.end = t.Truncate(day).Add(day)
	}
}

// midnight returns the beginning of the date that the clock shows at t.
func (c *clock) midnight(t time.Time) time.Time {
	year, month, date := t.In(c.zone).Date()
	return time.Date(year, month, date, 0, 0, 0, 0, time.UTC)
}
