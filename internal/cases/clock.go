package cases

import (
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/rapport-crm/rapport/internal/servicetier"
)

// derived is what follows from the facts, the service tier and the clock. It is computed where a
// case is made or changed, and kept, so that lists can be filtered by it and reads need no
// calendar.
type derived struct {
	FirstResponseDueTime  *time.Time
	FirstResponseRecorded bool // the breach is in the feed
	// ResolveTarget is the working time, in microseconds, that the resolution may take;
	// ResolveUsed is what it had taken when its clock started last. The clock stands still where
	// it has no start.
	ResolveTarget    pgtype.Int8
	ResolveUsed      int64
	ResolveStartTime *time.Time
	ResolveDueTime   *time.Time
	ResolveBreached  bool // when the clock stopped last
	ResolveRecorded  bool // the breach is in the feed
	SilenceCloseTime *time.Time
	// NextEventTime is when the clock next makes something of the case that is not recorded.
	NextEventTime *time.Time
}

// breaches are the clocks of a case that are past.
type breaches struct{ firstResponse, resolve bool }

// breaches tells which clocks are past at the time.
func (d *derived) breaches(f *facts, now time.Time) (b breaches) {
	if due := d.FirstResponseDueTime; due != nil {
		at := f.firstResponse()
		b.firstResponse = at != nil && at.After(*due) || at == nil && now.After(*due)
	}
	b.resolve = d.ResolveBreached || d.ResolveDueTime != nil && now.After(*d.ResolveDueTime)
	return b
}

// firstResponse is when the customer first heard of the company about the case.
func (f *facts) firstResponse() *time.Time {
	return earliest(f.ResponseTime, f.ToldTime, f.FeedbackTime)
}

// start starts the clock of the resolution.
func (d *derived) start(at time.Time) { d.ResolveStartTime = &at }

// reckon brings what follows in line with the facts, which have changed now. What was past
// before they changed is given: a breach that the change itself brings about stands in the
// feed with it; one that the clock has brought about still has to be recorded.
func (d *derived) reckon(f *facts, terms *servicetier.Terms, was breaches, now time.Time) {
	target := terms.Targets[f.priority()]
	d.FirstResponseDueTime = nil
	if due, ok := terms.Add(f.ReceiveTime, target.FirstResponse); ok && target.FirstResponse > 0 {
		d.FirstResponseDueTime = &due
	}
	d.resolveClock(f, terms, target.Resolve, now)
	d.SilenceCloseTime = nil
	if f.FeedbackTime != nil && f.CloseTime == nil && terms.Silence > 0 {
		at := f.FeedbackTime.Add(terms.Silence)
		d.SilenceCloseTime = &at
	}
	is := d.breaches(f, now)
	d.FirstResponseRecorded = is.firstResponse && (d.FirstResponseRecorded || !was.firstResponse)
	d.ResolveRecorded = is.resolve && (d.ResolveRecorded || !was.resolve)
	d.schedule(f, now)
}

// resolveClock reads, stops and starts the clock of the resolution, which runs while the case
// is neither waiting nor resolved.
func (d *derived) resolveClock(f *facts, terms *servicetier.Terms, target time.Duration, now time.Time) {
	before := d.ResolveTarget
	d.ResolveTarget = pgtype.Int8{Int64: target.Microseconds(), Valid: target > 0}
	if before != d.ResolveTarget {
		// Another target measures what has been used already.
		d.ResolveBreached = target > 0 && d.ResolveUsed > target.Microseconds()
	}
	runs := !f.Waiting && f.ResolveTime == nil
	if d.ResolveStartTime == nil && runs {
		d.start(now)
	}
	d.ResolveDueTime = nil
	if d.ResolveStartTime == nil {
		return
	}
	if target > 0 {
		left := target - time.Duration(d.ResolveUsed)*time.Microsecond
		if due, ok := terms.Add(*d.ResolveStartTime, left); ok {
			d.ResolveDueTime = &due
		}
	}
	if runs {
		return
	}
	stop := now
	if f.ResolveTime != nil {
		stop = *f.ResolveTime
	}
	d.ResolveBreached = d.ResolveBreached || d.ResolveDueTime != nil && stop.After(*d.ResolveDueTime)
	d.ResolveUsed += terms.Between(*d.ResolveStartTime, stop).Microseconds()
	d.ResolveStartTime, d.ResolveDueTime = nil, nil
}

// schedule says when the clock has something to record: a breach that is not in the feed, or the
// closing of a case whose customer keeps silent.
func (d *derived) schedule(f *facts, now time.Time) {
	d.NextEventTime = nil
	is := d.breaches(f, now)
	if due := d.FirstResponseDueTime; due != nil && !d.FirstResponseRecorded && (is.firstResponse || f.firstResponse() == nil) {
		d.NextEventTime = after(due)
	}
	switch {
	case d.ResolveRecorded:
	case d.ResolveBreached:
		d.NextEventTime = earliest(d.NextEventTime, &now)
	case d.ResolveDueTime != nil:
		d.NextEventTime = earliest(d.NextEventTime, after(d.ResolveDueTime))
	}
	d.NextEventTime = earliest(d.NextEventTime, d.SilenceCloseTime)
}

// after is the first instant at which what is due is past.
func after(due *time.Time) *time.Time {
	past := due.Add(time.Microsecond)
	return &past
}

// earliest is the first of the times that are set.
func earliest(times ...*time.Time) (first *time.Time) {
	for _, t := range times {
		if t != nil && (first == nil || t.Before(*first)) {
			first = t
		}
	}
	return first
}
