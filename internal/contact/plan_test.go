package contact

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

// seedSQL makes 4,000 customers with five contacts each.
const seedSQL = `
INSERT INTO customer (lane, customer_id, revision, type, display_name, emails, phones, postal_addresses, external_ids,
    tags, attributes, create_time, update_time)
SELECT n % 64, gen_random_uuid(), 1, 'ORGANIZATION', 'c' || n, '[]', '[]', '[]', '{}', '{}', '{}', now(), now()
FROM generate_series(1, 4000) AS n;
INSERT INTO contact (lane, customer_id, contact_id, revision, display_name, emails, phones, is_primary, create_time, update_time)
SELECT lane, customer_id, gen_random_uuid(), 1, 'b' || n, jsonb_build_array(jsonb_build_object('address', md5(display_name || n) || '@example.com')),
    jsonb_build_array(jsonb_build_object('number', display_name || n)), false,
    timestamptz '2026-01-01Z' + random() * interval '300 days', timestamptz '2026-01-01Z' + random() * interval '300 days'
FROM customer, generate_series(1, 5) AS n;
INSERT INTO search_key (lane, customer_id, contact_id, key)
SELECT lane, customer_id, contact_id, 'e' || (emails -> 0 ->> 'address') FROM contact
UNION ALL SELECT lane, customer_id, contact_id, 'w' || (phones -> 0 ->> 'number') FROM contact;`

func TestPlans(t *testing.T) {
	conn := pgtest.Connect(t)
	// VACUUM moves what the inserts left pending into the GIN index, as autovacuum would.
	for _, sql := range []string{seedSQL, "VACUUM ANALYZE customer", "VACUUM ANALYZE contact", "VACUUM ANALYZE search_key"} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	want := func(index string, sorted bool, sql string, args ...any) {
		t.Helper()
		plan := pgtest.Plan(t, conn, sql, args...)
		if !strings.Contains(plan, index) || strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "Sort") && !sorted {
			t.Errorf("%s: want a plan by %s, without a Seq Scan, with a sort %t:\n%s", sql, index, sorted, plan)
		}
	}
	id := uuid.MustParse("0198c0de-0000-7000-8000-000000000001")
	// Either index that starts with the lane and the customer costs the same.
	contacts := &New(owned.Service{}, "").contacts
	sql := contacts.Statements()
	want("contact_", false, sql.Get, db.Lane(id), id, id)
	want("contact_", false, sql.Lock, db.Lane(id), id, id)
	want("customer_pkey", false, sql.RequireCustomer, db.Lane(id), id)
	for _, test := range []struct {
		parent, orderBy, filter, index string
		sorted                         bool
	}{
		{"customers/-", "", "", "contact_create_time_idx", false},
		{"customers/-", "create_time", "", "contact_create_time_idx", false},
		{"customers/-", "update_time desc", "", "contact_update_time_idx", false},
		{"customers/-", "", `title = "x"`, "contact_create_time_idx", false},
		{"customers/-", "", `emails.address = "x@example.com"`, "search_key_key_idx", true},
		{"customers/-", "", `phones.number = "c71"`, "search_key_key_idx", true},
		{aip.CustomerName(id), "", "", "contact_customer_create_time_idx", false},
		{aip.CustomerName(id), "create_time", `title = "x"`, "contact_customer_create_time_idx", false},
		{aip.CustomerName(id), "display_name", "", "contact_", true},
	} {
		list, _, err := contacts.ParseList(&rapportv1.ListContactsRequest{Parent: test.parent, OrderBy: test.orderBy, Filter: test.filter}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		for _, cursor := range []*aip.Cursor{nil, {ID: id, Key: "b", Time: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)}} {
			list.Cursor = cursor
			sql, args := list.SQL()
			want(test.index, test.sorted, sql, args...)
		}
	}
}
