package cases

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// check refuses a case in a state that it cannot be in, and a change that is not for an update.
func check(r *row, before, after *rapportv1.Case) error {
	if before == nil {
		if err := r.checkReceipt(after); err != nil {
			return err
		}
	} else {
		if before.GetState() == rapportv1.Case_CLOSED && after.GetState() == rapportv1.Case_CLOSED && !same(before, after) {
			return refusal(after, rapportv1.ErrorReason_CASE_CLOSED, "is closed; reopen it first")
		}
		if before.GetResolveTime() == nil && after.GetResolveTime() == nil && after.Resolution != nil && after.Assignee != nil {
			return refusal(after, rapportv1.ErrorReason_CASE_NOT_RESOLVED, "is not resolved; ResolveCase does that")
		}
	}
	return steps(after)
}

// checkReceipt refuses a new case with times before its receipt, which may be that of the
// transaction.
func (r *row) checkReceipt(c *rapportv1.Case) error {
	var wrong apierr.Violations
	ordered(&wrong, c)
	if at := r.notifyDueTime; at != nil && at.Before(r.ReceiveTime) {
		wrong.Add("notify_due_time", "must not be before case.receive_time")
	}
	return wrong.Err()
}

// same tells whether two states differ in nothing but the traces of a change.
func same(before, after *rapportv1.Case) bool {
	after = proto.CloneOf(after)
	after.Etag, after.UpdateTime = before.GetEtag(), before.GetUpdateTime()
	return proto.Equal(before, after)
}

// steps refuses a case which has what comes later without what comes before it.
func steps(c *rapportv1.Case) error {
	var (
		classified = c.Category != nil && c.GetPriority() != 0
		resolved   = c.Resolution != nil
		handled    = c.GetWaitingOnCustomer() || resolved
		told       = c.GetFeedbackTime() != nil
		closed     = c.GetCustomerConfirmed() || c.GetCloseTime() != nil
	)
	switch {
	case !classified && (handled || c.Assignee != nil):
		return refusal(c, rapportv1.ErrorReason_CASE_NOT_CLASSIFIED, "needs a category and a priority first")
	case handled && c.Assignee == nil:
		return refusal(c, rapportv1.ErrorReason_CASE_NOT_IN_PROGRESS, "needs an assignee first")
	case resolved && c.GetWaitingOnCustomer():
		return refusal(c, rapportv1.ErrorReason_CASE_NOT_IN_PROGRESS, "is resolved, so it waits for nobody")
	case !resolved && (told || closed):
		return refusal(c, rapportv1.ErrorReason_CASE_NOT_RESOLVED, "needs a resolution first")
	case !told && closed:
		return refusal(c, rapportv1.ErrorReason_CASE_FEEDBACK_MISSING, "needs feedback to the customer first")
	}
	return nil
}

func refusal(c *rapportv1.Case, reason rapportv1.ErrorReason, text string) error {
	return apierr.FailedPrecondition(reason, c.GetName(), text)
}

// ResolveCase resolves a case that is in progress or waiting. Where the customer was told before
// now, the case was resolved by then.
func (s *Server) ResolveCase(ctx context.Context, req *rapportv1.ResolveCaseRequest) (*rapportv1.Case, error) {
	if err := s.checkFeedback(req.GetFeedbackTime()); err != nil {
		return nil, err
	}
	return s.alter(ctx, req, func(r *row, now time.Time) error {
		name := aip.Cases.Name(r.CustomerID, r.ID)
		switch {
		case r.CloseTime != nil:
			return apierr.FailedPrecondition(rapportv1.ErrorReason_CASE_CLOSED, name, "is closed")
		case r.ResolveTime != nil:
			return apierr.FailedPrecondition(rapportv1.ErrorReason_CASE_RESOLVED, name, "was resolved at "+r.ResolveTime.Format(time.RFC3339))
		}
		told := aip.FromTimestamp(req.GetFeedbackTime())
		if told != nil && told.Before(r.ReceiveTime) {
			return apierr.InvalidField("feedback_time", "must not be before the receipt")
		}
		r.ResolveTime, r.FeedbackTime, r.Waiting = earliest(&now, told), told, false
		if r.ResolveTime.Before(r.ReceiveTime) { // received a little ahead of the clock
			r.ResolveTime = &r.ReceiveTime
		}
		r.Resolution, r.ResolutionType = db.Text(req.GetResolution()), db.Enum(req.GetResolutionType())
		return nil
	})
}

// CloseCase closes a resolved case whose customer was told and confirmed.
func (s *Server) CloseCase(ctx context.Context, req *rapportv1.CloseCaseRequest) (*rapportv1.Case, error) {
	if err := s.checkFeedback(req.GetFeedbackTime()); err != nil {
		return nil, err
	}
	return s.alter(ctx, req, func(r *row, now time.Time) error {
		name := aip.Cases.Name(r.CustomerID, r.ID)
		told := aip.FromTimestamp(req.GetFeedbackTime())
		switch {
		case r.CloseTime != nil:
			return apierr.FailedPrecondition(rapportv1.ErrorReason_CASE_CLOSED, name, "was closed at "+r.CloseTime.Format(time.RFC3339))
		case r.ResolveTime == nil:
			return apierr.FailedPrecondition(rapportv1.ErrorReason_CASE_NOT_RESOLVED, name, "needs a resolution first")
		case told != nil && r.FeedbackTime != nil && !told.Equal(*r.FeedbackTime):
			return apierr.InvalidField("feedback_time", "is recorded already, as another time; an update corrects it")
		case told != nil && told.Before(*r.ResolveTime):
			return apierr.InvalidField("feedback_time", "must not be before the resolution")
		case told == nil && r.FeedbackTime == nil:
			return apierr.FailedPrecondition(rapportv1.ErrorReason_CASE_FEEDBACK_MISSING, name, "needs feedback to the customer first")
		case told != nil:
			r.FeedbackTime = told
		}
		r.CustomerConfirmed, r.CloseTime = true, &now
		if now.Before(*r.FeedbackTime) { // told a little ahead of the clock
			r.CloseTime = r.FeedbackTime
		}
		return nil
	})
}

// ReopenCase takes a case back from its resolution: it is in progress again.
func (s *Server) ReopenCase(ctx context.Context, req *rapportv1.ReopenCaseRequest) (*rapportv1.Case, error) {
	return s.alter(ctx, req, func(r *row, _ time.Time) error {
		if r.ResolveTime == nil {
			return apierr.FailedPrecondition(rapportv1.ErrorReason_CASE_NOT_RESOLVED, aip.Cases.Name(r.CustomerID, r.ID), "is not resolved")
		}
		r.ToldTime = earliest(r.ToldTime, r.FeedbackTime)
		r.Resolution, r.ResolutionType = pgtype.Text{}, pgtype.Text{}
		r.ResolveTime, r.FeedbackTime, r.CloseTime, r.CustomerConfirmed = nil, nil, nil, false
		r.ReopenCount++
		return nil
	})
}

// alterRequest is a request that takes a case a step on.
type alterRequest interface {
	mutation.Request
	GetName() string
	GetEtag() string
}

// alter lets set change the facts, and brings what follows in line.
func (s *Server) alter(ctx context.Context, req alterRequest, set func(r *row, now time.Time) error) (*rapportv1.Case, error) {
	return s.cases.Alter(ctx, req, func(_ *mutation.Tx, r *row, now time.Time) error {
		was := r.breaches(now)
		if err := set(r, now); err != nil {
			return err
		}
		r.reckon(&r.facts, &r.loaded.terms, was, now)
		return nil
	})
}

// checkFeedback refuses a feedback that is no time, or still to come.
func (s *Server) checkFeedback(at *timestamppb.Timestamp) error {
	var wrong apierr.Violations
	aip.NormalisePast(&wrong, "feedback_time", at, s.cases.Mutations.Clock())
	return wrong.Err()
}
