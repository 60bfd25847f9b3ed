package satisfaction

import (
	"fmt"

	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
)

// scale is the range of a metric's ratings.
type scale struct{ min, max int32 }

// scales are those of all metrics.
var scales = map[rapportv1.SatisfactionScore_Metric]scale{
	rapportv1.SatisfactionScore_NPS:               {0, 10},
	rapportv1.SatisfactionScore_CSAT:              {1, 5},
	rapportv1.SatisfactionScore_CES:               {1, 7},
	rapportv1.SatisfactionScore_REPURCHASE_INTENT: {1, 5},
}

// normalise brings a whole score, as it would be stored, into its stored form in place, and
// returns all that is wrong with it beyond what the annotations state.
func (s *Server) normalise(score *rapportv1.SatisfactionScore) error {
	var wrong apierr.Violations
	checkRatings(&wrong, score)
	checkFactors(&wrong, score.GetFactors())
	now := s.scores.Mutations.Clock()
	if score.GetSubmitTime() == nil {
		score.SubmitTime = timestamppb.New(now)
	}
	aip.NormalisePast(&wrong, "satisfaction_score.submit_time", score.GetSubmitTime(), now)
	aip.CheckExternalID(&wrong, "satisfaction_score.external_id", score.GetExternalId())
	if score.GetSurvey() != "" {
		if _, err := aip.ParseSurveyName(surveyField, score.GetSurvey()); err != nil {
			wrong.Add(surveyField, "must be surveys/{survey}, the id a UUID in lower case")
		}
	}
	if score.GetSource() == rapportv1.SatisfactionScore_SOURCE_UNSPECIFIED {
		score.Source = rapportv1.SatisfactionScore_CUSTOMER
	}
	return wrong.Err()
}

// checkRatings adds what is wrong with the metric and with what is on its scale.
func checkRatings(wrong *apierr.Violations, score *rapportv1.SatisfactionScore) {
	on, known := scales[score.GetMetric()]
	if !known {
		wrong.Add("satisfaction_score.metric", "is required")
	}
	if score.Rating == nil && (len(score.GetFactors()) == 0 || score.Expectation != nil) {
		wrong.Add("satisfaction_score.rating", "is required, but where factors alone are rated")
	}
	for _, given := range []struct {
		field string
		set   bool
		value int32
	}{{"rating", score.Rating != nil, score.GetRating()}, {"expectation", score.Expectation != nil, score.GetExpectation()}} {
		if given.set && known && (given.value < on.min || given.value > on.max) {
			wrong.Add("satisfaction_score."+given.field, "must be %d to %d, as the scale of %s is", on.min, on.max, score.GetMetric())
		}
	}
}

// checkFactors adds which factors stand there more than once.
func checkFactors(wrong *apierr.Violations, factors []*rapportv1.SatisfactionScore_Factor) {
	seen := make(map[string]bool, len(factors))
	for i, f := range factors {
		if seen[f.GetFactor()] {
			wrong.Add(fmt.Sprintf("satisfaction_score.factors[%d].factor", i), "is there already; each factor stands once")
		}
		seen[f.GetFactor()] = true
	}
}
