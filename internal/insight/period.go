package insight

import (
	"time"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// maxPeriods bounds the periods of a report.
const maxPeriods = maxRows

// period is a part of the time of a report.
type period struct {
	span
	// reported says whether there are rows of it: some are there to be compared with alone.
	reported bool
	// before is the number of the one before it, -1 for none.
	before int
}

// periods are those of a report. A time is in the one whose number is that of the starts that
// are not after it.
type periods struct {
	starts []time.Time
	all    []period
	// read is the time that all of them take together.
	read span
	// cutStart and cutEnd tell whether the interval has only a part of the first and the last.
	cutStart, cutEnd bool
}

// onePeriod is the interval as a whole and, where both ends are set, the one before it of the
// same length.
func onePeriod(in span) periods {
	whole := period{span: in, reported: true, before: -1}
	if in.start != nil && in.end != nil {
		before := in.start.Add(-in.end.Sub(*in.start))
		// A Duration ends after 292 years.
		if in.end.Sub(*in.start) == in.start.Sub(before) && before.Year() > 0 {
			whole.before = 1
			return periods{
				starts: []time.Time{before, *in.start}, read: span{&before, in.end},
				all: []period{{before: -1}, {span: span{&before, in.start}, before: -1}, whole},
			}
		}
	}
	return periods{all: []period{whole}, read: in}
}

// slice cuts the interval into periods of this length. Where it is open, it begins with the
// first score and ends with the period that the clock is in. It is false where there are too many.
func slice(in span, g rapportv1.Granularity, zone *time.Location, first, now time.Time) (out periods, ok bool) {
	from, until := first, now.Add(maxAhead)
	if in.start != nil {
		from = *in.start
	}
	if in.end != nil {
		until = *in.end
	}
	c := startCalendar(from, g, zone)
	at, next := c.start(), c.next()
	for !next.After(from) { // a day that comes twice
		at, next = next, c.next()
	}
	out.all = append(out.all, period{before: -1}) // before the first start is nothing
	add := func(start, end time.Time, reported bool, before int) int {
		out.starts = append(out.starts, start)
		out.all = append(out.all, period{span: span{&start, &end}, reported: reported, before: before})
		return len(out.all) - 1
	}
	out.read, out.cutStart = in, in.start != nil && at.Before(from)
	before := -1
	if in.start != nil {
		if last := startCalendar(at.Add(-time.Nanosecond), g, zone).start(); last.Year() > 0 {
			before, out.read.start = add(last, at, false, -1), &last
		}
		if out.cutStart {
			add(at, from, false, -1) // the part of the first that is before the interval
			at = from
		}
	}
	for ; at.Before(until); at, next = next, c.next() {
		if len(out.all) > maxPeriods {
			return out, false
		}
		end := next
		if in.end != nil && end.After(*in.end) {
			end, out.cutEnd = *in.end, true
		}
		if at.Before(end) { // a zone can skip a day
			before = add(at, end, true, before)
		}
	}
	return out, true
}
