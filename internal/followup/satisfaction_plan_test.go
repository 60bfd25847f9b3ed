package followup

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// seedScoresSQL gives the first customer 20,000 scores, and the others five each.
const seedScoresSQL = `
INSERT INTO satisfaction_score (lane, customer_id, satisfaction_score_id, revision, metric, rating, source, submit_time, create_time, update_time)
SELECT lane, customer_id, gen_random_uuid(), 1, CASE WHEN n % 2 = 0 THEN 'NPS' ELSE 'CSAT' END, 1, 'CUSTOMER',
    timestamptz '2026-01-01Z' + random() * interval '300 days', now(), now()
FROM customer, generate_series(1, CASE display_name WHEN 'c1' THEN 20000 ELSE 5 END) AS n`

// TestPlanOfLatestScores: the latest are found by a probe of an index each, however many scores
// there are, and also of metrics of which there are none.
func TestPlanOfLatestScores(t *testing.T) {
	p := pool(t)
	exec(t, p, strings.Replace(seedSQL, "20000", "2000", 1))
	exec(t, p, seedScoresSQL)
	exec(t, p, "INSERT INTO customer_activity (lane, customer_id) SELECT lane, customer_id FROM customer")
	for _, table := range []string{"customer", "customer_activity", "satisfaction_score"} {
		exec(t, p, "VACUUM ANALYZE "+table)
	}
	var (
		lane     int16
		customer pgtype.UUID
	)
	if err := p.QueryRow(t.Context(), "SELECT lane, customer_id FROM customer WHERE display_name = 'c1'").Scan(&lane, &customer); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"force_generic_plan", "force_custom_plan"} {
		var plan string
		err := pgx.BeginFunc(t.Context(), p, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), "SET LOCAL plan_cache_mode = "+mode); err != nil {
				return err
			}
			rows, _ := tx.Query(t.Context(), "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) "+latestScoresSQL, []int16{lane}, []pgtype.UUID{customer})
			lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
			plan = strings.Join(lines, "\n")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(plan, "using satisfaction_score_customer_metric_idx on satisfaction_score (actual rows=") || !strings.Contains(plan, " loops=4)") ||
			!strings.Contains(plan, "customer_activity_pkey") || strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "Sort") {
			t.Errorf("%s: want four probes of the index of metrics:\n%s", mode, plan)
		}
	}
}
