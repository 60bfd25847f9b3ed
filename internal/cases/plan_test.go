package cases

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

// seedSQL makes 1,000 customers with ten cases each, and one with 15,000; one in ten is open, and
// of one in 50 something is to be recorded. No plan is left to chance: the seed is fixed, and the
// table is small enough (30,000 rows) for ANALYZE to read every row.
const seedSQL = `
SELECT setseed(0.5);
INSERT INTO customer (lane, customer_id, revision, type, display_name, emails, phones, postal_addresses, external_ids,
    tags, attributes, create_time, update_time)
SELECT n % 64, ('0198c0de-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 1, 'ORGANIZATION', 'c' || n, '[]', '[]', '[]', '{}', '{}', '{}', now(), now()
FROM generate_series(1, 1000) AS n;
INSERT INTO support_case (lane, customer_id, case_id, revision, case_number, type, priority, category, assignee, verified, waiting_on_customer,
    receive_time, resolve_time, close_time, customer_confirmed, reopen_count, first_response_breach_recorded, resolve_used_micros, resolve_breached,
    resolve_breach_recorded, next_event_time, external_id_source, external_id_id, create_time, update_time)
SELECT c.lane, c.customer_id, gen_random_uuid(), 1, md5(display_name || ' ' || n), 'COMPLAINT', 'P1', 'x', 's' || floor(random() * 10), false, false,
    timestamptz '2026-01-01Z' + random() * interval '300 days', CASE WHEN open > 0.1 THEN now() END, CASE WHEN open > 0.1 THEN now() END, false, 0, false, 0, false,
    false, CASE WHEN open < 0.02 THEN timestamptz '2026-01-01Z' + random() * interval '300 days' END, 'desk', n,
    timestamptz '2026-01-01Z' + random() * interval '300 days', timestamptz '2026-01-01Z' + random() * interval '300 days'
FROM (SELECT customer.*, n, random() AS open FROM customer, generate_series(1, CASE display_name WHEN 'c1' THEN 15000 ELSE 10 END) AS n) AS c;`

func TestPlans(t *testing.T) {
	conn := pgtest.Connect(t)
	for _, sql := range []string{seedSQL, "VACUUM ANALYZE customer", "VACUUM ANALYZE support_case"} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	want := func(index string, sorted bool, sql string, args ...any) {
		t.Helper()
		plan := pgtest.Plan(t, conn, sql, args...)
		if !strings.Contains(plan, index) || strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "Sort") != sorted {
			t.Errorf("%s: want a plan by %s, without a Seq Scan, with a sort %t:\n%s", sql, index, sorted, plan)
		}
	}
	cases := &New(owned.Service{}, nil).cases
	// The longest history and a short one are read by the same plan.
	long, short := uuid.MustParse("0198c0de-0000-7000-8000-000000000001"), uuid.MustParse("0198c0de-0000-7000-8000-000000000002")
	for _, id := range []uuid.UUID{long, short} {
		sql := cases.Statements()
		want("support_case_pkey", false, sql.Get, db.Lane(id), id, id)
		want("support_case_pkey", false, sql.Lock, db.Lane(id), id, id)
		lanes, ids := db.LanesAndUUIDs([]uuid.UUID{id})
		want("support_case_pkey", false, sql.Existing, lanes, ids, ids)
		want("support_case_external_id_key", false, sql.ExternalIDs, lanes, ids, []string{"desk"}, []string{"1"})
	}
	now := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	want("support_case_next_event_time_idx", false, dueSQL, now, 10)
	for _, test := range []struct {
		parent, orderBy, filter, index string
		sorted                         bool
	}{
		{"customers/-", "", "", "support_case_receive_time_idx", false},
		{"customers/-", "receive_time", "", "support_case_receive_time_idx", false},
		{"customers/-", "create_time", "", "support_case_create_time_idx", false},
		{"customers/-", "update_time desc", "", "support_case_update_time_idx", false},
		{"customers/-", "", `item = "x"`, "support_case_receive_time_idx", false},
		{"customers/-", "", `assignee = "s1"`, "support_case_receive_time_idx", false},
		{"customers/-", "", `state = IN_PROGRESS`, "support_case_open_idx", false},
		{"customers/-", "", `state = IN_PROGRESS AND resolve_breached = true`, "support_case_open_idx", false},
		{"customers/-", "", `assignee = "s1" AND state = IN_PROGRESS`, "support_case_assignee_idx", false},
		{"customers/-", "update_time", `assignee = "s1" AND state = IN_PROGRESS`, "support_case_assignee_idx", true},
		{"customers/-", "", `case_number = "7K3M-9QXP"`, "support_case_case_number_key", true},
		{aip.CustomerName(long), "", "", "support_case_customer_receive_time_idx", false},
		{aip.CustomerName(short), "", "", "support_case_customer_receive_time_idx", false},
		{aip.CustomerName(long), "receive_time", `channel = EMAIL`, "support_case_customer_receive_time_idx", false},
	} {
		list, _, err := cases.ParseList(&rapportv1.ListCasesRequest{Parent: test.parent, PageSize: 5, OrderBy: test.orderBy, Filter: test.filter}, now)
		if err != nil {
			t.Fatal(err)
		}
		for _, cursor := range []*aip.Cursor{nil, {ID: long, Time: now}} {
			list.Cursor = cursor
			sql, args := list.SQL()
			want(test.index, test.sorted, sql, args...)
		}
	}
}
