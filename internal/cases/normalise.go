package cases

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
)

// normalise brings a whole case, as it would be stored, into its stored form in place, and
// returns all that is wrong with it beyond what the annotations state.
func (s *Server) normalise(c *rapportv1.Case) error {
	var wrong apierr.Violations
	if c.GetType() == rapportv1.Case_TYPE_UNSPECIFIED {
		wrong.Add("case.type", "is required")
	}
	if c.GetUid() == "" {
		history(c)
	}
	outcome(&wrong, c)
	for _, t := range times(c) {
		aip.NormalisePast(&wrong, t.field, t.at, s.cases.Mutations.Clock())
	}
	if len(wrong) == 0 {
		ordered(&wrong, c)
	}
	aip.CheckExternalID(&wrong, "case.external_id", c.GetExternalId())
	return wrong.Err()
}

// history completes the times of a case that was resolved or closed before it was recorded. An
// unset time of receipt is that of the transaction: by this clock a repeat of the call could be
// refused that was answered before.
func history(c *rapportv1.Case) {
	if c.Resolution != nil && c.GetResolveTime() == nil {
		c.ResolveTime = c.GetReceiveTime()
	}
	if c.GetCustomerConfirmed() && c.GetCloseTime() == nil {
		c.CloseTime = c.GetFeedbackTime()
	}
}

// outcome wants a resolution and its type together, for a case that is resolved.
func outcome(wrong *apierr.Violations, c *rapportv1.Case) {
	given, typed := c.Resolution != nil, c.GetResolutionType() != 0
	resolved := c.GetResolveTime() != nil
	if !given && (typed || resolved) {
		wrong.Add("case.resolution", "is required where the case is resolved")
	}
	if !typed && (given || resolved) {
		wrong.Add("case.resolution_type", "is required where the case is resolved")
	}
}

// event is a time of a case, which may be unset.
type event struct {
	field string
	at    *timestamppb.Timestamp
}

// times are those of a case in the order in which things happen.
func times(c *rapportv1.Case) []event {
	return []event{
		{"case.receive_time", c.GetReceiveTime()},
		{"case.resolve_time", c.GetResolveTime()},
		{"case.feedback_time", c.GetFeedbackTime()},
		{"case.close_time", c.GetCloseTime()},
	}
}

// ordered adds what of the valid times comes before what it follows.
func ordered(wrong *apierr.Violations, c *rapportv1.Case) {
	var before event
	for _, t := range times(c) {
		if t.at == nil {
			continue
		}
		if before.at != nil && t.at.AsTime().Before(before.at.AsTime()) {
			wrong.Add(t.field, "must not be before %s", before.field)
		}
		before = t
	}
}
