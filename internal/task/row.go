package task

import (
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/owned"
)

// row is a task as the table holds it. That it is promised is said by PromiseDueTime.
type row struct {
	owned.Permanent

	Title                    string
	Description, Assignee    pgtype.Text
	Kind                     pgtype.Text // by name, NULL where it is unset
	DueTime, PromiseDueTime  *time.Time
	CustomerAgreed           bool
	CompleteTime, CancelTime *time.Time
	CaseID, InteractionID    pgtype.UUID // of the same customer
	External                 db.ExternalID
}

// columns are the row's own, in the order of Targets.
var columns = []string{
	"title", "description", "kind", "assignee", "due_time", "promise_due_time", "customer_agreed", "complete_time", "cancel_time",
	"case_id", "interaction_id", "external_id_source", "external_id_id",
}

// Targets implements owned.Row.
func (r *row) Targets() []any {
	return []any{
		&r.Title, &r.Description, &r.Kind, &r.Assignee, &r.DueTime, &r.PromiseDueTime, &r.CustomerAgreed, &r.CompleteTime, &r.CancelTime,
		&r.CaseID, &r.InteractionID, &r.External.Source, &r.External.ID,
	}
}

// Proto implements owned.Row.
func (r *row) Proto(now time.Time) *rapportv1.Task {
	return &rapportv1.Task{
		Title: r.Title, Description: db.TextOrNil(r.Description), Assignee: db.TextOrNil(r.Assignee),
		Kind:    db.EnumOf[rapportv1.Task_Kind](r.Kind.String),
		DueTime: aip.ToTimestamp(r.DueTime), Promised: r.PromiseDueTime != nil, PromiseDueTime: aip.ToTimestamp(r.PromiseDueTime),
		CustomerAgreed: r.CustomerAgreed, CompleteTime: aip.ToTimestamp(r.CompleteTime), CancelTime: aip.ToTimestamp(r.CancelTime),
		State: r.state(), PromiseState: r.promiseState(now),
		Case: owned.NameOut(aip.Cases, r.CustomerID, r.CaseID), Interaction: owned.NameOut(aip.Interactions, r.CustomerID, r.InteractionID),
		ExternalId: r.External.Proto(),
	}
}

func (r *row) state() rapportv1.Task_State {
	switch {
	case r.CompleteTime != nil:
		return rapportv1.Task_COMPLETED
	case r.CancelTime != nil:
		return rapportv1.Task_CANCELLED
	default:
		return rapportv1.Task_OPEN
	}
}

// promiseState is what a filter's isPromise says in SQL. To do it at the last moment is to
// keep the promise.
func (r *row) promiseState(now time.Time) rapportv1.Task_PromiseState {
	due := r.PromiseDueTime
	switch {
	case due == nil:
		return rapportv1.Task_PROMISE_STATE_UNSPECIFIED
	case r.CompleteTime != nil && r.CompleteTime.After(*due):
		return rapportv1.Task_LATE
	case r.CompleteTime != nil:
		return rapportv1.Task_KEPT
	case r.CancelTime != nil && r.CustomerAgreed:
		return rapportv1.Task_RELEASED
	case r.CancelTime != nil:
		return rapportv1.Task_BROKEN
	case due.Before(now):
		return rapportv1.Task_OVERDUE
	default:
		return rapportv1.Task_PENDING
	}
}

// Set implements owned.Row.
func (r *row) Set(t *rapportv1.Task) error {
	r.Title, r.Description, r.Kind, r.Assignee = t.GetTitle(), db.Text(t.GetDescription()), db.Enum(t.GetKind()), db.Text(t.GetAssignee())
	r.DueTime = aip.FromTimestamp(t.GetDueTime())
	if t.GetPromised() && r.PromiseDueTime == nil {
		// Once and for all: who moves the date does not move the promise.
		r.PromiseDueTime = r.DueTime
	}
	r.CompleteTime, r.CancelTime = aip.FromTimestamp(t.GetCompleteTime()), aip.FromTimestamp(t.GetCancelTime())
	r.CustomerAgreed = t.GetCustomerAgreed()
	r.CaseID, r.InteractionID = owned.IDIn(t.GetCase()), owned.IDIn(t.GetInteraction())
	r.External = db.ExternalIDOf(t.GetExternalId())
	return nil
}
