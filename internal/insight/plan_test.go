package insight

import (
	"strings"
	"testing"
	"time"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/owned"
	"github.com/rapport-crm/rapport/internal/pgtest"
	"github.com/rapport-crm/rapport/internal/satisfaction"
)

// seedSQL makes 200 customers with 200 scores each, over a year.
const seedSQL = `
INSERT INTO customer (lane, customer_id, revision, type, display_name, emails, phones, postal_addresses, external_ids, tags, attributes, create_time, update_time)
SELECT n % 64, gen_random_uuid(), 1, 'INDIVIDUAL', 'c' || n, '[]', '[]', '[]', '{}', '{}', '{}', now(), now() FROM generate_series(1, 200) AS n;
INSERT INTO satisfaction_score (lane, customer_id, satisfaction_score_id, revision, metric, rating, comment, source, submit_time, create_time, update_time)
SELECT lane, customer_id, gen_random_uuid(), 1, (ARRAY['NPS', 'CSAT', 'CES', 'REPURCHASE_INTENT'])[1 + n % 4], 1 + n % 5, repeat('What was said. ', 30), 'CUSTOMER',
    timestamptz '2025-01-01Z' + n * interval '1.8 days', now(), now() FROM customer, generate_series(1, 200) AS n`

// A report of one metric reads no scores of others, and none of other times.
func TestPlan(t *testing.T) {
	conn := pgtest.Connect(t)
	for _, sql := range []string{seedSQL, "VACUUM ANALYZE customer", "VACUUM ANALYZE satisfaction_score"} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	start, end := time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2025, 4, 1, 0, 0, 0, 0, time.UTC)
	r := &feelings{req: &rapportv1.GetSatisfactionReportRequest{Metrics: []rapportv1.SatisfactionScore_Metric{rapportv1.SatisfactionScore_NPS}}, zone: time.UTC}
	if err := r.parse(satisfaction.New(owned.Service{})); err != nil {
		t.Fatal(err)
	}
	r.periods = onePeriod(span{&start, &end})
	r.scores.during("submit_time", r.periods.read)
	sql, args := r.scoresSQL()
	plan := pgtest.Plan(t, conn, sql, args...)
	if !strings.Contains(plan, "satisfaction_score_metric_submit_time_idx") || !strings.Contains(plan, "Index Cond: ((metric = ANY") || strings.Contains(strings.ReplaceAll(plan, "Filter: (rating IS NOT NULL)", ""), "Filter") {
		t.Errorf("want a plan by metric and time:\n%s", plan)
	}
}
