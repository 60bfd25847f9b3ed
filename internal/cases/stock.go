package cases

import (
	"context"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/mutation"
	"github.com/rapport-crm/rapport/internal/owned"
)

// notifyWithin is how soon a customer hears of a stock request without a target.
const notifyWithin = 7 * 24 * time.Hour

// brings notes when the customer of a stock request was promised to hear of it.
func brings(r *row, req owned.CreateRequest) error {
	const field = "notify_due_time"
	create, ok := req.(*rapportv1.CreateCaseRequest)
	if !ok || create.GetNotifyDueTime() == nil {
		return nil
	}
	var wrong apierr.Violations
	at := create.GetNotifyDueTime()
	aip.NormaliseTime(&wrong, field, at)
	if create.GetCase().GetType() != rapportv1.Case_STOCK_REQUEST {
		wrong.Add(field, "is for stock requests only")
	}
	r.notifyDueTime = aip.FromTimestamp(at)
	return wrong.Err()
}

// notify opens the task that a stock request promises. One that was resolved before it was
// recorded promises nothing more.
func (s *Server) notify(ctx context.Context, tx *mutation.Tx, m owned.Moved[*rapportv1.Case, *row]) error {
	c := m.After
	if c.GetType() != rapportv1.Case_STOCK_REQUEST || c.GetResolveTime() != nil {
		return nil
	}
	id, err := tx.NewID()
	if err != nil {
		return err
	}
	_, err = s.tasks.Make(ctx, tx, m.Row.CustomerID, id, &rapportv1.Task{
		Title: notifyTitle(c.GetItem()), Kind: rapportv1.Task_NOTIFY, Assignee: c.Assignee, Case: proto.String(c.GetName()),
		DueTime: timestamppb.New(m.Row.notifyDue(tx.Now)), Promised: true,
	})
	return err
}

// notifyDue is when the customer of a stock request is to hear of it. A promise that nobody
// could keep any more is none, unless it was given.
func (r *row) notifyDue(now time.Time) time.Time {
	if r.notifyDueTime != nil {
		return *r.notifyDueTime
	}
	due := r.ReceiveTime.Add(notifyWithin)
	if r.ResolveDueTime != nil {
		due = *r.ResolveDueTime
	}
	if due.Before(now) {
		return now.Add(notifyWithin)
	}
	return due
}

// notifyTitle is the title of the task about an item, which takes up to 200 characters itself.
func notifyTitle(item string) string {
	const before, after, most = "Tell the customer: ", " is in stock", 200
	if item == "" {
		return "Tell the customer that it is in stock"
	}
	if runes, room := []rune(item), most-len(before)-len(after); len(runes) > room {
		item = string(runes[:room-1]) + "…"
	}
	return before + item + after
}
