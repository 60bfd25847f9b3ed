package customer

import (
	"crypto/md5" //nolint:gosec // a test's ids
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/pgtest"
)

// seedSQL makes 20,000 customers whose values differ as those of real ones do.
const seedSQL = `
INSERT INTO service_tier (service_tier_id, revision, display_name, targets, create_time, update_time)
SELECT md5(n::text)::uuid, 1, 'Gold', '[]', now(), now() FROM generate_series(0, 299) AS n;
INSERT INTO customer (lane, customer_id, revision, type, display_name, emails, phones, postal_addresses, external_ids,
    tags, attributes, owner, referrer_lane, referrer_id, service_tier_id, create_time, update_time)
SELECT n % 64, gen_random_uuid(), 1, 'INDIVIDUAL', md5(n::text), jsonb_build_array(jsonb_build_object('address', n || '@example.com')),
    jsonb_build_array(jsonb_build_object('number', n::text)), '[]', '{}', ARRAY['tag' || n % 500],
    jsonb_build_object('plan', 'p' || n % 400, 'n', n), 'owner' || n % 300, 0, gen_random_uuid(), md5((n % 300)::text)::uuid,
    timestamptz '2026-01-01Z' + n * interval '1 second', timestamptz '2026-01-01Z' + (n * 7919 % 20000) * interval '1 second'
FROM generate_series(1, 20000) AS n;
INSERT INTO search_key (lane, customer_id, contact_id, key)
SELECT lane, customer_id, NULL, key FROM customer, unnest(ARRAY['n' || display_name,
    'e' || (emails -> 0 ->> 'address'), 'p' || reverse(phones -> 0 ->> 'number')]) AS key;
INSERT INTO external_id (key_lane, source, id, customer_lane, customer_id)
SELECT lane, 'erp', display_name, lane, customer_id FROM customer;`

// seeded returns a connection to a database with many customers.
func seeded(t *testing.T) *pgx.Conn {
	t.Helper()
	conn := pgtest.Connect(t)
	// VACUUM, as autovacuum would, also moves what the inserts left in the GIN index's
	// list of pending entries into the index; with a long list the planner avoids it.
	for _, sql := range []string{seedSQL, "VACUUM ANALYZE customer", "VACUUM ANALYZE external_id", "VACUUM ANALYZE search_key"} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	return conn
}

// wantPlan fails the test unless the plan uses the index and reads no whole table.
func wantPlan(t *testing.T, plan, index string) {
	t.Helper()
	if !strings.Contains(plan, index) || strings.Contains(plan, "Seq Scan") {
		t.Errorf("want a plan by %s, without a Seq Scan:\n%s", index, plan)
	}
}

func TestPlansOfSingleCustomers(t *testing.T) {
	conn := seeded(t)
	id := uuid.MustParse("0198c0de-0000-7000-8000-000000000001")
	wantPlan(t, pgtest.Plan(t, conn, getSQL, db.Lane(id), id), "customer_pkey")
	wantPlan(t, pgtest.Plan(t, conn, lockSQL, db.Lane(id), id), "customer_pkey")
	byKey := pgtest.Plan(t, conn, lockByExternalIDSQL, int16(1), "erp", "4711")
	wantPlan(t, byKey, "customer_pkey")
	wantPlan(t, byKey, "external_id_pkey")
	wantPlan(t, pgtest.Plan(t, conn, batchGetSQL, []int16{1, 2}, []uuid.UUID{id, id}), "customer_pkey")
	wantPlan(t, pgtest.Plan(t, conn, deleteExternalIDsSQL, []int16{1}, []string{"erp"}, []string{"1"}), "external_id_pkey")
	walk := pgtest.Plan(t, conn, referrersSQL, db.Lane(id), id, id, maxReferralDepth)
	wantPlan(t, walk, "customer_pkey")
	wantPlan(t, walk, "customer_referrer_idx")
}

// TestPlansOfOrders wants each page read off the index of its order, from its start and
// from a token, in both directions, without a sort.
func TestPlansOfOrders(t *testing.T) {
	conn := seeded(t)
	for _, orderBy := range []string{"", "create_time", "create_time desc", "update_time", "update_time desc", "display_name", "display_name desc"} {
		for _, req := range []*rapportv1.ListCustomersRequest{{}, {Filter: `language_code = "de"`}} {
			req.OrderBy = orderBy
			list, _, err := parseList(req)
			if err != nil {
				t.Fatal(err)
			}
			for _, cursor := range []*aip.Cursor{nil, {ID: uuid.New(), Key: "5", Time: time.Date(2026, 1, 1, 3, 0, 0, 0, time.UTC)}} {
				list.Cursor = cursor
				sql, args := list.SQL()
				plan := pgtest.Plan(t, conn, sql, args...)
				wantPlan(t, plan, "customer_"+list.Order.Field+"_idx")
				if strings.Contains(plan, "Sort") {
					t.Errorf("%v, from a token %t: a sort, though the index has the order:\n%s", req, cursor != nil, plan)
				}
			}
		}
	}
}

// TestPlansWithDeletedCustomers wants the live and the deleted each read off the index
// of the order; what is left to sort is at most two pages.
func TestPlansWithDeletedCustomers(t *testing.T) {
	conn := seeded(t)
	// Of a handful of deleted rows any index is as good as the next.
	for _, sql := range []string{`UPDATE customer SET delete_time = now() WHERE random() < 0.5`, `VACUUM ANALYZE customer`} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	for _, orderBy := range []string{"create_time", "update_time desc", "display_name"} {
		list, _, err := parseList(&rapportv1.ListCustomersRequest{OrderBy: orderBy, ShowDeleted: true})
		if err != nil {
			t.Fatal(err)
		}
		sql, args := list.SQL()
		plan := pgtest.Plan(t, conn, sql, args...)
		wantPlan(t, plan, "customer_"+list.Order.Field+"_idx")
		wantPlan(t, plan, "customer_deleted_"+list.Order.Field+"_idx")
	}
}

func TestPlansOfFilters(t *testing.T) {
	conn := seeded(t)
	for _, test := range []struct{ filter, index string }{
		{`attributes.plan = "p7"`, "customer_values_idx"},
		{`attributes.n = 4711`, "customer_values_idx"},
		{`tags:"tag7"`, "customer_values_idx"},
		{`tags:"tag7" OR tags:"tag8"`, "customer_values_idx"},
		{`emails.address = "7@example.com"`, "search_key_key_idx"},
		{`phones.number = "4711"`, "search_key_key_idx"},
		{`phones.e164 = "+4711"`, "search_key_key_idx"},
		{`emails.address = "7@example.com" OR phones.number = "4711" OR tags:"tag7"`, "search_key_key_idx"},
		{`owner = "owner7"`, "customer_owner_idx"},
		{`service_tier = "serviceTiers/` + uuid.UUID(md5.Sum([]byte("7"))).String() + `"`, "customer_service_tier_idx"}, //nolint:gosec // as in the seed
		{`external_ids.erp = "4711"`, "external_id_pkey"},
		{`create_time > "2026-01-01T05:33:00Z"`, "customer_create_time_idx"},
		{`referrer = "customers/0198c0de-0000-7000-8000-000000000001"`, "customer_referrer_idx"},
	} {
		filter, index := test.filter, test.index
		list, _, err := parseList(&rapportv1.ListCustomersRequest{Filter: filter})
		if err != nil {
			t.Fatal(err)
		}
		sql, args := list.SQL()
		plan := pgtest.Plan(t, conn, sql, args...)
		wantPlan(t, plan, index)
		if index != "customer_values_idx" && index != "external_id_pkey" && index != "search_key_key_idx" && strings.Contains(plan, "Sort") {
			t.Errorf("%s: a sort, though the index has the order:\n%s", filter, plan)
		}
		sql, args = list.CountSQL()
		wantPlan(t, pgtest.Plan(t, conn, sql, args...), index)
	}
}
