package purchase

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

// seedSQL makes 2,000 customers with ten purchases each, and one with 20,000.
const seedSQL = `
INSERT INTO customer (lane, customer_id, revision, type, display_name, emails, phones, postal_addresses, external_ids,
    tags, attributes, create_time, update_time)
SELECT CASE n WHEN 0 THEN $1::smallint ELSE n % 64 END, CASE n WHEN 0 THEN $2::uuid ELSE gen_random_uuid() END, 1, 'INDIVIDUAL',
    CASE n WHEN 0 THEN 'busy' ELSE 'c' || n END, '[]', '[]', '[]', '{}', '{}', '{}', now(), now()
FROM generate_series(0, 2000) AS n`

const purchasesSQL = `
INSERT INTO purchase (lane, customer_id, purchase_id, revision, purchase_time, amount_currency, amount_units, amount_nanos, items,
    external_source, external_id, create_time, update_time)
SELECT lane, customer_id, gen_random_uuid(), 1, timestamptz '2026-01-01Z' + random() * interval '300 days', 'EUR', n, 0,
    jsonb_build_array(jsonb_build_object('sku', 's' || n, 'quantity', 1)), 'till', 'R-' || n,
    timestamptz '2026-01-01Z' + random() * interval '300 days', now()
FROM customer, generate_series(1, CASE display_name WHEN 'busy' THEN 20000 ELSE 10 END) AS n`

func TestPlans(t *testing.T) {
	conn := pgtest.Connect(t)
	busy := uuid.MustParse("0198c0de-0000-7000-8000-000000000001")
	if _, err := conn.Exec(t.Context(), seedSQL, db.Lane(busy), busy); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{purchasesSQL, "VACUUM ANALYZE customer", "VACUUM ANALYZE purchase"} {
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
	purchases := &New(owned.Service{}).purchases
	sql := purchases.Statements()
	want("purchase_pkey", sql.Get, db.Lane(busy), busy, uuid.New())
	want("purchase_pkey", sql.Lock, db.Lane(busy), busy, uuid.New())
	want("customer_pkey", sql.RequireCustomer, db.Lane(busy), busy)
	one := aip.CustomerName(busy)
	for _, test := range []struct{ parent, orderBy, filter, index string }{
		{"customers/-", "", "", "purchase_create_time_idx"},
		{"customers/-", "create_time", "", "purchase_create_time_idx"},
		{"customers/-", "purchase_time desc", "", "purchase_purchase_time_idx"},
		{"customers/-", "purchase_time", `purchase_time > "2026-06-01T00:00:00Z"`, "purchase_purchase_time_idx"},
		{"customers/-", "purchase_time", `items.sku = "s7"`, "purchase_purchase_time_idx"},
		{"customers/-", "", `NOT void_time:*`, "purchase_create_time_idx"},
		{one, "", "", "purchase_customer_create_time_idx"},
		{one, "create_time", `external_id.id = "R-7"`, "purchase_customer_create_time_idx"},
		{one, "purchase_time desc", "", "purchase_customer_purchase_time_idx"},
		{one, "purchase_time", `NOT void_time:*`, "purchase_customer_purchase_time_idx"},
		{one, "purchase_time", `purchase_time > "2026-06-01T00:00:00Z"`, "purchase_customer_purchase_time_idx"},
	} {
		for _, later := range []bool{false, true} {
			list, _, err := purchases.ParseList(&rapportv1.ListPurchasesRequest{Parent: test.parent, OrderBy: test.orderBy, Filter: test.filter, PageSize: 20}, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(test.filter, "sku") && !list.Bounded() {
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
