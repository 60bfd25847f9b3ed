package followup

import (
	"time"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// Whole days are as fine as a pace is; what has more of them is told apart no finer than a
// month: there are few paces, and a list reads the head of each.
const (
	fineDays   = 60
	coarseDays = 30
	maxDays    = 3600
)

// paceOf is the pace of what was to be done within this time.
func paceOf(given time.Duration) int32 {
	days := int64(given / day)
	if given%day > 0 {
		days++
	}
	switch {
	case days < 1:
		return 1
	case days <= fineDays:
		return int32(days)
	case days >= maxDays:
		return maxDays
	}
	return int32((days + coarseDays - 1) / coarseDays * coarseDays) //nolint:gosec // at most maxDays
}

// startOf is when the clock started of what is due then at this pace.
func startOf(due time.Time, pace int32) time.Time { return due.Add(-time.Duration(pace) * day) }

// taskRow is the one row of a task that is open and has a due time.
func taskRow(t *rapportv1.Task) []row {
	due, reason := t.GetDueTime(), rapportv1.FollowUp_TASK
	if t.GetPromised() {
		due, reason = t.GetPromiseDueTime(), rapportv1.FollowUp_PROMISE
	}
	if t == nil || due == nil || t.GetCompleteTime() != nil || t.GetCancelTime() != nil {
		return nil
	}
	pace := paceOf(due.AsTime().Sub(t.GetCreateTime().AsTime()))
	return []row{{
		reason: reason, subject: idOf(t.GetName()), title: t.GetTitle(), staff: t.GetAssignee(),
		outreach: reason == rapportv1.FollowUp_TASK && outreach(t.GetKind()),
		paceDays: pace, start: at(startOf(due.AsTime(), pace)), end: never,
	}}
}

// outreach tells the kinds of tasks that the company does of its own accord.
func outreach(kind rapportv1.Task_Kind) bool {
	switch kind {
	case rapportv1.Task_FOLLOW_UP, rapportv1.Task_VISIT, rapportv1.Task_GREETING,
		rapportv1.Task_THANK_YOU, rapportv1.Task_RENEWAL, rapportv1.Task_SURVEY:
		return true
	}
	return false
}
