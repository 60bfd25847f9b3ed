package followup

import "github.com/google/uuid"

// latestScoresSQL looks for the latest score of each metric, a probe of an index each, as what
// is new may be old and what is gone may have been the latest. It runs behind the statement
// that locks the rows, so it sees what all who held them before have written. Times are written
// in UTC, whatever the zone of the session.
const latestScoresSQL = `-- name: FindLatestScores
UPDATE customer_activity AS a SET satisfaction = (
    SELECT jsonb_object_agg(m.metric, jsonb_build_object(
        'rating', s.rating, 'submit_time', to_json(s.submit_time AT TIME ZONE 'UTC') #>> '{}' || 'Z',
        'satisfaction_score_id', s.satisfaction_score_id))
    FROM (VALUES ('NPS'), ('CSAT'), ('CES'), ('REPURCHASE_INTENT')) AS m (metric)
    CROSS JOIN LATERAL (
        SELECT rating, submit_time, satisfaction_score_id FROM satisfaction_score
        WHERE lane = a.lane AND customer_id = a.customer_id AND metric = m.metric AND rating IS NOT NULL
        ORDER BY submit_time DESC, satisfaction_score_id DESC LIMIT 1
    ) AS s)
FROM unnest($1::smallint[], $2::uuid[]) AS w (lane, customer_id)
WHERE a.lane = w.lane AND a.customer_id = w.customer_id`

func (a *activities) satisfaction(customer uuid.UUID) {
	a.of(customer) // which makes and locks the row
	a.scored.add(customer, uuid.Nil)
}
