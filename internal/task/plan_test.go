package task

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

// seedSQL makes 2,000 customers with ten tasks each, and one with 20,000; one in 50 is open.
const seedSQL = `
INSERT INTO customer (lane, customer_id, revision, type, display_name, emails, phones, postal_addresses, external_ids,
    tags, attributes, create_time, update_time)
SELECT n % 64, ('0198c0de-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 1, 'ORGANIZATION', 'c' || n, '[]', '[]', '[]', '{}', '{}', '{}', now(), now()
FROM generate_series(1, 2000) AS n;
INSERT INTO task (lane, customer_id, task_id, revision, title, customer_agreed, assignee, due_time, promise_due_time, complete_time, external_id_source, external_id_id, create_time, update_time)
SELECT lane, customer_id, gen_random_uuid(), 1, 't', false, 's' || floor(random() * 3),
    CASE WHEN n % 5 > 0 THEN timestamptz '2026-01-01Z' + random() * interval '300 days' END, CASE WHEN n % 5 = 1 THEN timestamptz '2026-05-01Z' END,
    CASE WHEN random() < 0.98 THEN now() END, 'erp', n, timestamptz '2026-01-01Z' + random() * interval '300 days', timestamptz '2026-01-01Z' + random() * interval '300 days'
FROM customer, generate_series(1, CASE display_name WHEN 'c1' THEN 20000 ELSE 10 END) AS n;`

func TestPlans(t *testing.T) {
	conn := pgtest.Connect(t)
	for _, sql := range []string{seedSQL, "VACUUM ANALYZE customer", "VACUUM ANALYZE task"} {
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
	tasks := &New(owned.Service{}).tasks
	// The longest list and a short one are read by the same plan.
	long, short := uuid.MustParse("0198c0de-0000-7000-8000-000000000001"), uuid.MustParse("0198c0de-0000-7000-8000-000000000002")
	for _, id := range []uuid.UUID{long, short} {
		sql := tasks.Statements()
		want("task_pkey", false, sql.Get, db.Lane(id), id, id)
		want("task_pkey", false, sql.Lock, db.Lane(id), id, id)
		lanes, ids := db.LanesAndUUIDs([]uuid.UUID{id})
		want("task_pkey", false, sql.Existing, lanes, ids, ids)
		want("task_external_id_key", false, sql.ExternalIDs, lanes, ids, []string{"erp"}, []string{"1"})
	}
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		parent, orderBy, filter, index string
		sorted                         bool
	}{
		{"customers/-", "", "", "task_create_time_idx", false},
		{"customers/-", "create_time", "", "task_create_time_idx", false},
		{"customers/-", "update_time desc", "", "task_update_time_idx", false},
		{"customers/-", "due_time", "", "task_due_time_idx", false},
		{"customers/-", "due_time desc", "", "task_due_time_idx", false},
		{"customers/-", "due_time", `due_time > "2026-05-01T00:00:00Z" AND due_time < "2026-06-01T00:00:00Z"`, "task_due_time_idx", false},
		{"customers/-", "", `title = "x"`, "task_create_time_idx", false},
		{"customers/-", "due_time", `title = "x"`, "task_due_time_idx", false},
		{"customers/-", "due_time", `state = OPEN`, "task_open_due_time_idx", false},
		{"customers/-", "due_time", `state = OPEN AND due_time < "2026-06-01T00:00:00Z"`, "task_open_due_time_idx", false},
		{"customers/-", "due_time", `promise_state = OVERDUE`, "task_open_due_time_idx", false},
		{"customers/-", "due_time desc", `promise_state = PENDING AND title = "t"`, "task_open_due_time_idx", false},
		{"customers/-", "due_time", `assignee = "s1" AND state = OPEN`, "task_open_idx", false},
		{"customers/-", "due_time desc", `state = OPEN AND title = "t" AND assignee = "s1"`, "task_open_idx", false},
		{"customers/-", "", `assignee = "s1" AND promise_state = OVERDUE`, "task_open_idx", true},
		{aip.CustomerName(long), "", "", "task_customer_create_time_idx", false},
		{aip.CustomerName(short), "", "", "task_customer_create_time_idx", false},
		{aip.CustomerName(short), "create_time", `state = OPEN`, "task_customer_create_time_idx", false},
	} {
		list, _, err := tasks.ParseList(&rapportv1.ListTasksRequest{Parent: test.parent, OrderBy: test.orderBy, Filter: test.filter}, now)
		if err != nil {
			t.Fatal(err)
		}
		for _, cursor := range []*aip.Cursor{nil, {ID: long, Time: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)}} {
			list.Cursor = cursor
			sql, args := list.SQL()
			want(test.index, test.sorted, sql, args...)
		}
	}
	// A customer's few are sorted; nothing of other customers is read for them.
	for _, orderBy := range []string{"due_time", "update_time desc"} {
		list, _, err := tasks.ParseList(&rapportv1.ListTasksRequest{Parent: aip.CustomerName(short), OrderBy: orderBy}, now)
		if err != nil {
			t.Fatal(err)
		}
		sql, args := list.SQL()
		want("Index Cond: ((lane = ", true, sql, args...)
	}
}
