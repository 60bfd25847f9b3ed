package task

import (
	"time"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/owned"
)

// byDueTime has the tasks without a due time last.
var byDueTime = aip.OrNever("due_time")

func orders() map[string]aip.OrderColumn {
	all := owned.ByTime()
	all["due_time"] = aip.OrderColumn{Column: byDueTime, Kind: aip.TimeKey}
	return all
}

// Time implements owned.Timed: the one order by a time of its own is by due_time.
func (r *row) Time(string) time.Time {
	if r.DueTime == nil {
		return aip.Never
	}
	return *r.DueTime
}

// open is what the indexes of what is still to be done say of their rows.
const open = "complete_time IS NULL AND cancel_time IS NULL"

// fields are those that a filter can name whatever the time. Those of what is open are
// served by an index in the order by due_time, and together with an assignee in any.
var fields = aip.Fields{
	"title":            aip.Text("title"),
	"kind":             aip.Enum("kind", rapportv1.Task_KIND_UNSPECIFIED.Descriptor()),
	"assignee":         aip.IndexedWhere(open, aip.Text("assignee")),
	"due_time":         aip.OptionalTimestamp("due_time"),
	"promised":         aip.Bool("(promise_due_time IS NOT NULL)"),
	"promise_due_time": aip.Timestamp("promise_due_time"),
	"complete_time":    aip.Timestamp("complete_time"),
	"cancel_time":      aip.Timestamp("cancel_time"),
	"state":            aip.Derived(rapportv1.Task_STATE_UNSPECIFIED.Descriptor(), isState),
	"case":             owned.Named(aip.Cases, "case_id"),
	"interaction":      owned.Named(aip.Interactions, "interaction_id"),
}

func fieldsAt(now time.Time) aip.Fields {
	return aip.Fields{"promise_state": aip.Derived(rapportv1.Task_PROMISE_STATE_UNSPECIFIED.Descriptor(),
		func(t *aip.Term, value string) aip.Condition { return isPromise(t, value, now) })}
}

func isState(_ *aip.Term, value string) aip.Condition {
	switch value {
	case rapportv1.Task_OPEN.String():
		return aip.Condition{SQL: open}.Within(byDueTime, open)
	case rapportv1.Task_COMPLETED.String():
		return aip.Condition{SQL: "complete_time IS NOT NULL"}
	case rapportv1.Task_CANCELLED.String():
		return aip.Condition{SQL: "cancel_time IS NOT NULL"}
	default:
		return aip.Condition{SQL: "false"}
	}
}

// isPromise is what the row's promiseState says in Go.
func isPromise(t *aip.Term, value string, now time.Time) aip.Condition {
	switch value {
	case rapportv1.Task_PENDING.String():
		return aip.Condition{SQL: open + " AND promise_due_time >= " + t.Bind(now, "timestamptz")}.Within(byDueTime, open)
	case rapportv1.Task_OVERDUE.String():
		return aip.Condition{SQL: open + " AND promise_due_time < " + t.Bind(now, "timestamptz")}.Within(byDueTime, open)
	case rapportv1.Task_KEPT.String():
		return aip.Condition{SQL: "complete_time <= promise_due_time"}
	case rapportv1.Task_LATE.String():
		return aip.Condition{SQL: "complete_time > promise_due_time"}
	case rapportv1.Task_BROKEN.String():
		return aip.Condition{SQL: "promise_due_time IS NOT NULL AND cancel_time IS NOT NULL AND NOT customer_agreed"}
	case rapportv1.Task_RELEASED.String():
		return aip.Condition{SQL: "promise_due_time IS NOT NULL AND cancel_time IS NOT NULL AND customer_agreed"}
	default:
		return aip.Condition{SQL: "promise_due_time IS NULL"}
	}
}
