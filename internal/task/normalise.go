package task

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
)

// normalise brings a whole task, as it would be stored, into its stored form in place, and
// returns all that is wrong with it beyond what the annotations state.
func (s *Server) normalise(t *rapportv1.Task) error {
	var wrong apierr.Violations
	s.check(&wrong, "task", t)
	return wrong.Err()
}

// check is normalise of a task that a request holds in this field.
func (s *Server) check(wrong *apierr.Violations, field string, t *rapportv1.Task) {
	if t.GetTitle() == "" {
		wrong.Add(field+".title", "is required")
	}
	aip.NormaliseTime(wrong, field+".due_time", t.GetDueTime())
	if t.GetPromised() && t.GetDueTime() == nil {
		wrong.Add(field+".due_time", "is required, as the task is promised")
	}
	s.happened(wrong, field+".complete_time", t.GetCompleteTime())
	s.happened(wrong, field+".cancel_time", t.GetCancelTime())
	switch {
	case t.GetCompleteTime() != nil && t.GetCancelTime() != nil:
		wrong.Add(field+".cancel_time", "cannot be set together with complete_time")
	case t.GetCustomerAgreed() && t.GetCancelTime() == nil:
		wrong.Add(field+".customer_agreed", "is about a cancellation: it needs a cancel_time")
	}
	aip.CheckExternalID(wrong, field+".external_id", t.GetExternalId())
}

// happened normalises the time, which may be unset, of what is said to have happened.
func (s *Server) happened(wrong *apierr.Violations, field string, at *timestamppb.Timestamp) {
	aip.NormalisePast(wrong, field, at, s.tasks.Mutations.Clock())
}
