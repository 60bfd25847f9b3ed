package satisfaction

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/owned"
	"github.com/rapport-crm/rapport/internal/pgtest"
)

// seedSQL makes 2,000 customers with ten scores each, and one with 20,000.
const seedSQL = `
INSERT INTO customer (lane, customer_id, revision, type, display_name, emails, phones, postal_addresses, external_ids,
    tags, attributes, create_time, update_time)
SELECT CASE n WHEN 0 THEN $1::smallint ELSE n % 64 END, CASE n WHEN 0 THEN $2::uuid ELSE gen_random_uuid() END, 1, 'INDIVIDUAL',
    CASE n WHEN 0 THEN 'busy' ELSE 'c' || n END, '[]', '[]', '[]', '{}', '{}', '{}', now(), now()
FROM generate_series(0, 2000) AS n`

const scoresSQL = `
INSERT INTO satisfaction_score (lane, customer_id, satisfaction_score_id, revision, metric, rating, factor_names, factor_satisfactions, source, submit_time,
    external_id_source, external_id_id, create_time, update_time)
SELECT lane, customer_id, gen_random_uuid(), 1, (ARRAY['NPS', 'CSAT', 'CES', 'REPURCHASE_INTENT'])[1 + n % 4], 1 + n % 5,
    ARRAY['f' || n % 7], '{1}', 'CUSTOMER', timestamptz '2026-01-01Z' + random() * interval '300 days',
    'forms', 'A-' || n, timestamptz '2026-01-01Z' + random() * interval '300 days', now()
FROM customer, generate_series(1, CASE display_name WHEN 'busy' THEN 20000 ELSE 10 END) AS n`

func TestPlans(t *testing.T) {
	conn := pgtest.Connect(t)
	busy := uuid.MustParse("0198c0de-0000-7000-8000-000000000001")
	if _, err := conn.Exec(t.Context(), seedSQL, db.Lane(busy), busy); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{scoresSQL, "VACUUM ANALYZE customer", "VACUUM ANALYZE satisfaction_score"} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	want := func(index, sql string, args ...any) {
		t.Helper()
		plan := pgtest.Plan(t, conn, sql, args...)
		if !strings.Contains(plan, index) || strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "Sort") {
			t.Errorf("%s: want a plan by %s, without a Seq Scan or a sort:\n%s", sql, index, plan)
		}
	}
	scores := &New(owned.Service{}).scores
	sql := scores.Statements()
	for _, one := range []string{sql.Get, sql.Lock, sql.Remove} {
		want("satisfaction_score_pkey", one, db.Lane(busy), busy, uuid.New())
	}
	one := aip.CustomerName(busy)
	for _, test := range []struct{ parent, orderBy, filter, index string }{
		{"customers/-", "", "", "satisfaction_score_submit_time_idx"},
		{"customers/-", "create_time", "", "satisfaction_score_create_time_idx"},
		{"customers/-", "submit_time", `submit_time > "2026-06-01T00:00:00Z"`, "satisfaction_score_submit_time_idx"},
		{"customers/-", "", `factors.factor = "f3"`, "satisfaction_score_submit_time_idx"},
		{"customers/-", "create_time desc", "metric = NPS AND rating <= 2", "satisfaction_score_create_time_idx"},
		{one, "", "", "satisfaction_score_customer_submit_time_idx"},
		{one, "create_time", `external_id.id = "A-7"`, "satisfaction_score_customer_create_time_idx"},
		{one, "submit_time", `submit_time > "2026-06-01T00:00:00Z"`, "satisfaction_score_customer_submit_time_idx"},
	} {
		for _, later := range []bool{false, true} {
			list, _, err := scores.ParseList(&rapportv1.ListSatisfactionScoresRequest{Parent: test.parent, OrderBy: test.orderBy, Filter: test.filter, PageSize: 20}, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(test.filter, "factor") && !list.Bounded() {
				t.Errorf("a page of %s reads without a bound", test.filter)
			}
			if later {
				list.Cursor = &aip.Cursor{Time: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), ID: busy}
			}
			sql, args := list.SQL()
			want(test.index, sql, args...)
		}
	}
}
