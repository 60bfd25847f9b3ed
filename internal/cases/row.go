package cases

import (
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/owned"
	"github.com/rapport-crm/rapport/internal/servicetier"
)

// row is a case as the table holds it. Enums are stored by name, and unset ones as NULL.
type row struct {
	owned.Permanent
	facts
	derived

	External db.ExternalID

	// loaded is what a change has read beside the row.
	loaded struct {
		terms servicetier.Terms
		now   time.Time
	}
	// notifyDueTime is what a create says of the promise of a stock request.
	notifyDueTime *time.Time
}

// facts are what was told about a case.
type facts struct {
	CaseNumber        string
	Type              string
	Priority          pgtype.Text
	Category          pgtype.Text
	Item              pgtype.Text
	Description       pgtype.Text
	Channel           pgtype.Text
	Assignee          pgtype.Text
	Verified          bool
	Waiting           bool
	ReceiveTime       time.Time
	Resolution        pgtype.Text
	ResolutionType    pgtype.Text
	ResolveTime       *time.Time
	FeedbackTime      *time.Time
	CustomerConfirmed bool
	CloseTime         *time.Time
	ReopenCount       int32
	// ToldTime is the first feedback before the case was reopened: it was a response.
	ToldTime *time.Time
	// ResponseTime follows from the case's interactions; see internal/followup.
	ResponseTime *time.Time
}

// columns are the row's own, in the order of Targets.
var columns = []string{
	"case_number", "type", "priority", "category", "item", "description", "channel", "assignee", "verified", "waiting_on_customer",
	"receive_time", "resolution", "resolution_type", "resolve_time", "feedback_time", "customer_confirmed", "close_time",
	"reopen_count", "told_time", "response_time",
	"first_response_due_time", "first_response_breach_recorded", "resolve_target_micros", "resolve_used_micros",
	"resolve_clock_start_time", "resolve_due_time", "resolve_breached", "resolve_breach_recorded", "silence_close_time",
	"next_event_time", "external_id_source", "external_id_id",
}

// Targets implements owned.Row.
func (r *row) Targets() []any {
	return []any{
		&r.CaseNumber, &r.Type, &r.Priority, &r.Category, &r.Item, &r.Description, &r.Channel, &r.Assignee, &r.Verified, &r.Waiting,
		&r.ReceiveTime, &r.Resolution, &r.ResolutionType, &r.ResolveTime, &r.FeedbackTime, &r.CustomerConfirmed, &r.CloseTime,
		&r.ReopenCount, &r.ToldTime, &r.ResponseTime,
		&r.FirstResponseDueTime, &r.FirstResponseRecorded, &r.ResolveTarget, &r.ResolveUsed,
		&r.ResolveStartTime, &r.ResolveDueTime, &r.ResolveBreached, &r.ResolveRecorded, &r.SilenceCloseTime,
		&r.NextEventTime, &r.External.Source, &r.External.ID,
	}
}

// Proto implements owned.Row.
func (r *row) Proto(now time.Time) *rapportv1.Case {
	breached := r.breaches(now)
	return &rapportv1.Case{
		CaseNumber: r.CaseNumber,
		Type:       db.EnumOf[rapportv1.Case_Type](r.Type),
		Priority:   r.priority(),
		Category:   db.TextOrNil(r.Category), Item: db.TextOrNil(r.Item), Description: db.TextOrNil(r.Description),
		Channel:  db.EnumOf[rapportv1.Channel](r.Channel.String),
		Assignee: db.TextOrNil(r.Assignee), Verified: r.Verified, WaitingOnCustomer: r.Waiting,
		ReceiveTime:    timestamppb.New(r.ReceiveTime),
		Resolution:     db.TextOrNil(r.Resolution),
		ResolutionType: db.EnumOf[rapportv1.Case_ResolutionType](r.ResolutionType.String),
		ResolveTime:    aip.ToTimestamp(r.ResolveTime), FeedbackTime: aip.ToTimestamp(r.FeedbackTime),
		CustomerConfirmed: r.CustomerConfirmed, CloseTime: aip.ToTimestamp(r.CloseTime),
		State: r.state(), ReopenCount: r.ReopenCount,
		FirstResponseTime:     aip.ToTimestamp(r.firstResponse()),
		FirstResponseDueTime:  aip.ToTimestamp(r.FirstResponseDueTime),
		FirstResponseBreached: breached.firstResponse,
		ResolveDueTime:        aip.ToTimestamp(r.ResolveDueTime),
		ResolveBreached:       breached.resolve,
		SilenceCloseTime:      aip.ToTimestamp(r.SilenceCloseTime),
		ExternalId:            r.External.Proto(),
	}
}

// whole is the case as a message, with what its head says.
func (r *row) whole(now time.Time) *rapportv1.Case {
	return owned.Whole[*rapportv1.Case](aip.Cases, r, now)
}

func (f *facts) priority() rapportv1.Priority {
	return db.EnumOf[rapportv1.Priority](f.Priority.String)
}

// state says where the case stands, as the column of that name does for filters.
func (f *facts) state() rapportv1.Case_State {
	switch {
	case f.CloseTime != nil:
		return rapportv1.Case_CLOSED
	case f.ResolveTime != nil:
		return rapportv1.Case_RESOLVED
	case f.Waiting:
		return rapportv1.Case_WAITING
	case f.Assignee.Valid:
		return rapportv1.Case_IN_PROGRESS
	case f.Category.Valid && f.Priority.Valid:
		return rapportv1.Case_CLASSIFIED
	}
	return rapportv1.Case_NEW
}

// Set implements owned.Row. What changes nothing does not look at the clock either: so a
// new service tier counts from the next change on, and the etag stays.
func (r *row) Set(c *rapportv1.Case) error {
	now := r.now()
	made := r.CaseNumber == ""
	if !made && proto.Equal(c, r.whole(r.loaded.now)) {
		return nil
	}
	was := r.breaches(now)
	r.Priority, r.Channel = db.Enum(c.GetPriority()), db.Enum(c.GetChannel())
	r.Category, r.Item, r.Description = db.Text(c.GetCategory()), db.Text(c.GetItem()), db.Text(c.GetDescription())
	r.Assignee, r.Verified, r.Waiting = db.Text(c.GetAssignee()), c.GetVerified(), c.GetWaitingOnCustomer()
	r.Resolution, r.ResolutionType = db.Text(c.GetResolution()), db.Enum(c.GetResolutionType())
	r.FeedbackTime = aip.FromTimestamp(c.GetFeedbackTime())
	r.External = db.ExternalIDOf(c.GetExternalId())
	if made {
		r.CaseNumber, r.Type, r.ReceiveTime = newNumber(r.Lane), c.GetType().String(), now
		if at := aip.FromTimestamp(c.GetReceiveTime()); at != nil {
			r.ReceiveTime = *at
		}
		r.ResolveTime, r.CloseTime = aip.FromTimestamp(c.GetResolveTime()), aip.FromTimestamp(c.GetCloseTime())
		if r.ResolveTime == nil && r.Resolution.Valid {
			r.ResolveTime = &now
		}
		r.CustomerConfirmed = c.GetCustomerConfirmed()
		r.start(r.ReceiveTime)
	}
	r.reckon(&r.facts, &r.loaded.terms, was, now)
	return nil
}

// now is the time of the change, as owned has it.
func (r *row) now() time.Time {
	if r.UpdateTime.After(r.loaded.now) {
		return r.UpdateTime
	}
	return r.loaded.now
}

// breaches are what of the clocks is past at the time.
func (r *row) breaches(now time.Time) breaches { return r.derived.breaches(&r.facts, now) }
