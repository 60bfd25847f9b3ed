package cases

import (
	"time"

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
	made := c.GetUid() == ""
	if made && c.GetReceiveTime() == nil {
		c.ReceiveTime = timestamppb.New(s.cases.Mutations.Clock().Truncate(time.Microsecond))
	}
	if made {
		history(c)
	}
	s.outcome(&wrong, c)
	s.times(&wrong, c)
	aip.CheckExternalID(&wrong, "case.external_id", c.GetExternalId())
	return wrong.Err()
}

// history completes the times of a case that was resolved or closed before it was recorded.
func history(c *rapportv1.Case) {
	if c.Resolution != nil && c.GetResolveTime() == nil {
		c.ResolveTime = c.GetReceiveTime()
	}
	if c.GetCustomerConfirmed() && c.GetCloseTime() == nil {
		c.CloseTime = c.GetFeedbackTime()
	}
}

// outcome wants a resolution and its type together, for a case that is resolved.
func (s *Server) outcome(wrong *apierr.Violations, c *rapportv1.Case) {
	given, typed := c.Resolution != nil, c.GetResolutionType() != 0
	resolved := c.GetResolveTime() != nil
	if !given && (typed || resolved) {
		wrong.Add("case.resolution", "is required where the case is resolved")
	}
	if !typed && (given || resolved) {
		wrong.Add("case.resolution_type", "is required where the case is resolved")
	}
}

// times wants the times in the order in which things happen.
func (s *Server) times(wrong *apierr.Violations, c *rapportv1.Case) {
	before, earlier := "", (*timestamppb.Timestamp)(nil)
	for _, t := range []struct {
		field string
		at    *timestamppb.Timestamp
	}{
		{"case.receive_time", c.GetReceiveTime()},
		{"case.resolve_time", c.GetResolveTime()},
		{"case.feedback_time", c.GetFeedbackTime()},
		{"case.close_time", c.GetCloseTime()},
	} {
		if t.at == nil || !s.checkTime(wrong, t.field, t.at) {
			continue
		}
		if earlier != nil && t.at.AsTime().Before(earlier.AsTime()) {
			wrong.Add(t.field, "must not be before %s", before)
		}
		before, earlier = t.field, t.at
	}
}

// checkTime cuts a time, which may be unset, to the microsecond, and adds what is wrong with it.
func (s *Server) checkTime(wrong *apierr.Violations, field string, at *timestamppb.Timestamp) (ok bool) {
	return aip.NormalisePast(wrong, field, at, s.cases.Mutations.Clock())
}
