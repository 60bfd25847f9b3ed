package demo

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/load"
)

var errands = []struct {
	kind  rapportv1.Task_Kind
	title string
	// promised is how often the customer was promised it.
	promised float64
}{
	{rapportv1.Task_FOLLOW_UP, "Call back about the offer", 0.5},
	{rapportv1.Task_DELIVER, "Deliver the loan machine", 0.95},
	{rapportv1.Task_VISIT, "Visit for the yearly service", 0.6},
	{rapportv1.Task_NOTIFY, "Tell when the grinder is back in stock", 0.9},
	{rapportv1.Task_THANK_YOU, "Send a bag of beans", 0},
	{rapportv1.Task_RENEWAL, "Offer the service contract anew", 0.1},
	{rapportv1.Task_GREETING, "Card for New Year", 0},
}

// Tasks returns what the company has to do for the customer, as creates: what was done, in
// time or late or never, and what is still open.
func (p *Persona) Tasks() (out []*load.Record) {
	r := p.random("tasks")
	every := 400.0
	if p.organization {
		every = 200
	}
	add := func(due time.Time, open bool) {
		errand := pick(r, errands)
		t := &rapportv1.Task{
			Title: errand.title, Kind: errand.kind, Assignee: proto.String(p.owner()), DueTime: p.stamp(due), Promised: chance(r, errand.promised),
		}
		lead := time.Duration(float64(3*aDay) * r.ExpFloat64())
		switch how := r.Float64(); {
		case open:
		case how < 0.75:
			t.CompleteTime = p.stamp(due.Add(-lead))
		case how < 0.9:
			t.CompleteTime = p.stamp(earlier(due.Add(lead), latest))
		default:
			t.CancelTime, t.CustomerAgreed = p.stamp(due.Add(-lead)), t.GetPromised() && chance(r, 0.5)
		}
		subject := fmt.Sprintf("task %d", len(out))
		out = append(out, &load.Record{Create: &rapportv1.CreateTaskRequest{Parent: p.parent(), TaskId: p.recordID(subject).String(), Task: t}})
	}
	for _, due := range p.moments(r, p.firstContact, every, 12) {
		add(due, false)
	}
	if chance(r, 0.25) {
		// From ten days ago to thirty days ahead.
		add(latest.AddDate(0, 0, r.IntN(40)-10).Add(time.Duration(8+r.IntN(10))*time.Hour), true)
	}
	return out
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
