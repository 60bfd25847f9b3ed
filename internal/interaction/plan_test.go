package interaction

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

// seedSQL makes 2,000 customers with ten interactions each, and one with 20,000.
const seedSQL = `
INSERT INTO customer (lane, customer_id, revision, type, display_name, emails, phones, postal_addresses, external_ids,
    tags, attributes, create_time, update_time)
SELECT n % 64, ('0198c0de-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 1, 'ORGANIZATION', 'c' || n, '[]', '[]', '[]', '{}', '{}', '{}', now(), now()
FROM generate_series(1, 2000) AS n;
INSERT INTO interaction (lane, customer_id, interaction_id, revision, channel, direction, staff, attributes, occur_time, create_time, update_time)
SELECT lane, customer_id, gen_random_uuid(), 1, 'PHONE', 'INBOUND', 's' || n || display_name, jsonb_build_object('plan', md5(display_name || n)),
    timestamptz '2026-01-01Z' + random() * interval '300 days', timestamptz '2026-01-01Z' + random() * interval '300 days',
    timestamptz '2026-01-01Z' + random() * interval '300 days'
FROM customer, generate_series(1, CASE display_name WHEN 'c1' THEN 20000 ELSE 10 END) AS n;`

func TestPlans(t *testing.T) {
	conn := pgtest.Connect(t)
	// VACUUM moves what the inserts left pending into the GIN index, as autovacuum would.
	for _, sql := range []string{seedSQL, "VACUUM ANALYZE customer", "VACUUM ANALYZE interaction"} {
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
	interactions := &New(owned.Service{}).interactions
	// The longest history and a short one are read by the same plan.
	long, short := uuid.MustParse("0198c0de-0000-7000-8000-000000000001"), uuid.MustParse("0198c0de-0000-7000-8000-000000000002")
	for _, id := range []uuid.UUID{long, short} {
		sql := interactions.Statements()
		want("interaction_pkey", false, sql.Get, db.Lane(id), id, id)
		want("interaction_pkey", false, sql.Lock, db.Lane(id), id, id)
		lanes, ids := db.LanesAndUUIDs([]uuid.UUID{id})
		want("customer_pkey", true, sql.ShareCustomers, lanes, ids, []int16{1}, []string{"crm"}, []string{"17"})
		want("interaction_pkey", false, sql.Existing, lanes, ids, ids)
		want("interaction_external_id_key", false, sql.ExternalIDs, lanes, ids, []string{"pbx"}, []string{"1"})
	}
	for _, test := range []struct {
		parent, orderBy, filter, index string
		sorted                         bool
	}{
		{"customers/-", "", "", "interaction_occur_time_idx", false},
		{"customers/-", "occur_time", "", "interaction_occur_time_idx", false},
		{"customers/-", "create_time", "", "interaction_create_time_idx", false},
		{"customers/-", "update_time desc", "", "interaction_update_time_idx", false},
		{"customers/-", "", `subject = "x"`, "interaction_occur_time_idx", false},
		{"customers/-", "", `staff = "s1c7"`, "interaction_staff_idx", false},
		{"customers/-", "", `attributes.plan = "x"`, "interaction_attributes_idx", true},
		{aip.CustomerName(long), "", "", "interaction_customer_occur_time_idx", false},
		{aip.CustomerName(short), "", "", "interaction_customer_occur_time_idx", false},
		{aip.CustomerName(long), "occur_time", `channel = EMAIL`, "interaction_customer_occur_time_idx", false},
	} {
		list, _, err := interactions.ParseList(&rapportv1.ListInteractionsRequest{Parent: test.parent, OrderBy: test.orderBy, Filter: test.filter}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		for _, cursor := range []*aip.Cursor{nil, {ID: long, Time: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)}} {
			list.Cursor = cursor
			sql, args := list.SQL()
			want(test.index, test.sorted, sql, args...)
		}
	}
}
