package satisfaction

import (
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
	"github.com/rapport-crm/rapport/internal/owned"
)

const metricsSQL = `-- name: ListMetricsOfSurveys
SELECT survey_id, metric FROM survey WHERE survey_id = ANY ($1::uuid[])`

// answeredSQL says which of the places have a score, by the expressions of the unique key
// satisfaction_score_survey_key.
const answeredSQL = `-- name: ListAnsweredSurveys
SELECT wanted.customer_id, wanted.survey_id, wanted.contact_id, wanted.interaction_id
FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[]) AS wanted (lane, customer_id, survey_id, contact_id, interaction_id)
WHERE EXISTS (
    SELECT FROM satisfaction_score AS s
    WHERE s.lane = wanted.lane AND s.customer_id = wanted.customer_id AND s.survey_id = wanted.survey_id
    AND coalesce(s.contact_id, '00000000-0000-0000-0000-000000000000') = wanted.contact_id
    AND coalesce(s.interaction_id, '00000000-0000-0000-0000-000000000000') = wanted.interaction_id
    AND (CASE WHEN s.interaction_id IS NULL THEN coalesce(s.survey_invitation_id, '00000000-0000-0000-0000-000000000000')
        ELSE '00000000-0000-0000-0000-000000000000' END) = '00000000-0000-0000-0000-000000000000')`

// answer is what there is one score of; contact and interaction may be no records.
type answer struct{ customer, survey, contact, interaction uuid.UUID }

func answerOf(w owned.Wanted[*rapportv1.SatisfactionScore]) answer {
	s := w.Value
	return answer{w.Customer, owned.IDIn(s.GetSurvey()).Bytes, owned.IDIn(s.GetContact()).Bytes, owned.IDIn(s.GetInteraction()).Bytes}
}

// look queues the reading of the surveys that a batch names and of what answers them already, and
// returns what refuses an entry.
func look(tx *mutation.Tx, entries []owned.Wanted[*rapportv1.SatisfactionScore]) (refuses func(i int) error) {
	metrics, taken := map[uuid.UUID]string{}, map[answer]bool{}
	var (
		lanes                                      []int16
		customers, surveys, contacts, interactions []pgtype.UUID
	)
	for _, e := range entries {
		if e.Value.GetSurvey() == "" {
			continue
		}
		a := answerOf(e)
		lanes, customers, surveys = append(lanes, db.Lane(a.customer)), append(customers, db.UUID(a.customer)), append(surveys, db.UUID(a.survey))
		contacts, interactions = append(contacts, db.UUID(a.contact)), append(interactions, db.UUID(a.interaction))
	}
	if len(lanes) > 0 {
		tx.Queue(metricsSQL, surveys).Query(func(rows pgx.Rows) error {
			var survey uuid.UUID
			var metric string
			_, err := pgx.ForEachRow(rows, []any{(*[16]byte)(&survey), &metric}, func() error { metrics[survey] = metric; return nil })
			return err
		})
		tx.Queue(answeredSQL, lanes, customers, surveys, contacts, interactions).Query(func(rows pgx.Rows) error {
			var a answer
			targets := []any{(*[16]byte)(&a.customer), (*[16]byte)(&a.survey), (*[16]byte)(&a.contact), (*[16]byte)(&a.interaction)}
			_, err := pgx.ForEachRow(rows, targets, func() error { taken[a] = true; return nil })
			return err
		})
	}
	return func(i int) error {
		e := entries[i]
		if e.Value.GetSurvey() == "" {
			return nil
		}
		switch a := answerOf(e); {
		case metrics[a.survey] != e.Value.GetMetric().String():
			return noSurvey()
		case taken[a]:
			return answered(e.Name)
		default:
			taken[a] = true // a second one of the batch finds it answered
			return nil
		}
	}
}
