package task

import (
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/owned"
)

// row is a task as the table holds it. That it is promised is said by PromiseDueTime.
type row struct {
	owned.Permanent

	Title                      string
	Description, Assignee      pgtype.Text
	Kind                       pgtype.Text // by name, NULL where it is unset
	DueTime, PromiseDueTime    *time.Time
	CustomerAgreed             bool
	CompleteTime, CancelTime   *time.Time
	CaseID, InteractionID      pgtype.UUID // of the same customer
	ExternalSource, ExternalID pgtype.Text
}

// columns are the row's own, in the order of Args and Targets.
var columns = []string{
	"title", "description", "kind", "assignee", "due_time", "promise_due_time", "customer_agreed", "complete_time", "cancel_time",
	"case_id", "interaction_id", "external_id_source", "external_id_id",
}

// Args implements owned.Row.
func (r *row) Args() []any {
	return []any{
		r.Title, r.Description, r.Kind, r.Assignee, r.DueTime, r.PromiseDueTime, r.CustomerAgreed, r.CompleteTime, r.CancelTime,
		r.CaseID, r.InteractionID, r.ExternalSource, r.ExternalID,
	}
}

// Targets implements owned.Row.
func (r *row) Targets() []any {
	return []any{
		&r.Title, &r.Description, &r.Kind, &r.Assignee, &r.DueTime, &r.PromiseDueTime, &r.CustomerAgreed, &r.CompleteTime, &r.CancelTime,
		&r.CaseID, &r.InteractionID, &r.ExternalSource, &r.ExternalID,
	}
}

// Proto implements owned.Row.
func (r *row) Proto(name string, now time.Time) *rapportv1.Task {
	t := &rapportv1.Task{
		Name: name, Uid: aip.LastID(name), Etag: aip.Etag(r.Revision),
		Title: r.Title, Description: db.TextOrNil(r.Description), Assignee: db.TextOrNil(r.Assignee),
		// A column that is NULL reads as the enum's zero value.
		Kind:    rapportv1.Task_Kind(rapportv1.Task_Kind_value[r.Kind.String]),
		DueTime: aip.ToTimestamp(r.DueTime), Promised: r.PromiseDueTime != nil, PromiseDueTime: aip.ToTimestamp(r.PromiseDueTime),
		CustomerAgreed: r.CustomerAgreed, CompleteTime: aip.ToTimestamp(r.CompleteTime), CancelTime: aip.ToTimestamp(r.CancelTime),
		State: r.state(), PromiseState: r.promiseState(now),
		CreateTime: timestamppb.New(r.CreateTime), UpdateTime: timestamppb.New(r.UpdateTime),
	}
	if r.CaseID.Valid {
		named := aip.Cases.Name(r.CustomerID, r.CaseID.Bytes)
		t.Case = &named
	}
	if r.InteractionID.Valid {
		named := aip.Interactions.Name(r.CustomerID, r.InteractionID.Bytes)
		t.Interaction = &named
	}
	if r.ExternalSource.Valid {
		t.ExternalId = &rapportv1.ExternalId{Source: r.ExternalSource.String, Id: r.ExternalID.String}
	}
	return t
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
	r.ExternalSource, r.ExternalID = db.Text(t.GetExternalId().GetSource()), db.Text(t.GetExternalId().GetId())
	return nil
}
