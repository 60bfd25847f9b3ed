package satisfaction

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/mutation"
)

const surveyField = "satisfaction_score.survey"

// Scale returns the ends of a metric's scale.
func Scale(m rapportv1.SatisfactionScore_Metric) (low, high int32) {
	return scales[m].min, scales[m].max
}

// Answer queues all that makes the score of an answer to an invitation, in the transaction of
// that. Its caller has checked it, and named only what the invitation names, which may be deleted
// by now.
func (s *Server) Answer(ctx context.Context, tx *mutation.Tx, customer, id uuid.UUID, score *rapportv1.SatisfactionScore) (*rapportv1.SatisfactionScore, error) {
	return s.scores.MakeNaming(ctx, tx, customer, id, score)
}

// refused tells a second answer and a survey that is not there by the constraints that refuse them.
func refused(e *pgconn.PgError, name string) error {
	switch {
	case strings.HasPrefix(e.ConstraintName, "satisfaction_score_survey_key"):
		return answered(name)
	case strings.HasPrefix(e.ConstraintName, "satisfaction_score_survey_fkey"):
		return noSurvey()
	}
	return nil
}

func answered(name string) error {
	return apierr.AlreadyExists(rapportv1.ErrorReason_SURVEY_ALREADY_ANSWERED, name,
		"the customer has a score of the survey for the same contact and interaction")
}

func noSurvey() error { return apierr.InvalidField(surveyField, "is no survey of this metric") }
