package timeline_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/rapport-crm/rapport/internal/cases"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/interaction"
	"github.com/rapport-crm/rapport/internal/owned"
	"github.com/rapport-crm/rapport/internal/pgtest"
	"github.com/rapport-crm/rapport/internal/purchase"
	"github.com/rapport-crm/rapport/internal/satisfaction"
	"github.com/rapport-crm/rapport/internal/task"
	"github.com/rapport-crm/rapport/internal/timeline"
)

// seedSQL makes 2,000 customers with 20 entries each, and one with 20,000.
const seedSQL = `
INSERT INTO customer (lane, customer_id, revision, type, display_name, emails, phones, postal_addresses, external_ids,
    tags, attributes, create_time, update_time)
SELECT n % 64, ('0198c0de-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 1, 'ORGANIZATION', 'c' || n, '[]', '[]', '[]', '{}', '{}', '{}', now(), now()
FROM generate_series(1, 2000) AS n;
CREATE TEMP TABLE fact AS SELECT lane, customer_id, gen_random_uuid() AS id, n, timestamptz '2026-01-01Z' + random() * interval '300 days' AS at
FROM customer, generate_series(1, CASE display_name WHEN 'c1' THEN 20000 ELSE 20 END) AS n;
INSERT INTO interaction (lane, customer_id, interaction_id, revision, channel, direction, attributes, occur_time, create_time, update_time)
SELECT lane, customer_id, id, 1, 'PHONE', 'INBOUND', '{}', at, at, at FROM fact WHERE n % 5 = 0;
INSERT INTO purchase (lane, customer_id, purchase_id, revision, purchase_time, amount_currency, amount_units, amount_nanos, items, create_time, update_time)
SELECT lane, customer_id, id, 1, at, 'EUR', 7, 0, '[]', at, at FROM fact WHERE n % 5 = 1;
INSERT INTO task (lane, customer_id, task_id, revision, title, customer_agreed, due_time, create_time, update_time)
SELECT lane, customer_id, id, 1, 'x', false, at, at, at FROM fact WHERE n % 5 = 2;
INSERT INTO support_case (lane, customer_id, case_id, revision, case_number, type, verified, waiting_on_customer, receive_time, customer_confirmed,
    reopen_count, first_response_breach_recorded, resolve_used_micros, resolve_breach_recorded, resolve_breached, create_time, update_time)
SELECT lane, customer_id, id, 1, id, 'ENQUIRY', false, false, at, false, 0, false, 0, false, false, at, at FROM fact WHERE n % 5 = 3;
INSERT INTO satisfaction_score (lane, customer_id, satisfaction_score_id, revision, metric, rating, source, submit_time, create_time, update_time)
SELECT lane, customer_id, id, 1, 'NPS', 7, 'CUSTOMER', at, at, at FROM fact WHERE n % 5 = 4;`

// TestOnePlan finds the longest history and a short one read by the same plan: the heads of
// five indexes, and the records of the page by their keys.
func TestOnePlan(t *testing.T) {
	conn := pgtest.Connect(t)
	for _, sql := range []string{seedSQL, "VACUUM ANALYZE"} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	tasks := task.New(owned.Service{})
	s := timeline.New(nil, time.Now, timeline.Records{
		Interactions: interaction.New(owned.Service{}).Reader(), Cases: cases.New(owned.Service{}, tasks).Reader(),
		Tasks: tasks.Reader(), Purchases: purchase.New(owned.Service{}).Reader(), Scores: satisfaction.New(owned.Service{}).Reader(),
	})
	var plans []string
	for _, mode := range []string{"force_generic_plan", "force_custom_plan"} {
		if _, err := conn.Exec(t.Context(), "SET plan_cache_mode = "+mode); err != nil {
			t.Fatal(err)
		}
		for lane, customer := range []string{"0198c0de-0000-7000-8000-000000000001", "0198c0de-0000-7000-8000-000000000002"} {
			for _, after := range []string{"infinity", "2026-05-01T00:00:00Z"} {
				plans = append(plans, pgtest.Plan(t, conn, s.SQL(), lane+1, customer, after, db.UUID(uuid.Max), int16(9), 21, []int16{1, 2, 3, 4, 5}))
			}
		}
	}
	for _, plan := range plans {
		for _, index := range []string{
			"interaction_customer_occur_time_idx", "support_case_customer_receive_time_idx", "task_customer_timeline_time_idx",
			"purchase_customer_purchase_time_idx", "satisfaction_score_customer_submit_time_idx",
		} {
			if !strings.Contains(plan, "Index Only Scan Backward using "+index) {
				t.Errorf("the heads are not read from %s alone", index)
			}
		}
		for _, slow := range []string{"Seq Scan", "Bitmap", "Materialize"} {
			if strings.Contains(plan, slow) {
				t.Errorf("there is a %s", slow)
			}
		}
		lines := strings.Split(plan, "\n")
		for n, line := range lines {
			if strings.Contains(line, "= page.id)") && !strings.Contains(line, "= page.place)") && !strings.Contains(lines[n-1], "_pkey") {
				t.Errorf("%s does not lead to one record", line)
			}
		}
		if t.Failed() {
			t.Fatal(plan)
		}
	}
}
