package change

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/pgtest"
)

// seedSQL makes 20,000 changes of 100 customers by 50 actors.
const seedSQL = `
INSERT INTO change (lane, change_id, sequence, customer_id, resource, type, fields, actor, request_id, trace_id, change_time)
SELECT n % 64, gen_random_uuid(), n, md5((n % 100)::text)::uuid, 'customers/' || n % 100, 'UPDATED', '[]', 'a' || n % 50, gen_random_uuid(), '',
    timestamptz '2026-01-01Z' + n * interval '1 minute'
FROM generate_series(1, 20000) AS n;`

// TestPlans wants every page read off an index in its order.
func TestPlans(t *testing.T) {
	conn := pgtest.Connect(t)
	if _, err := conn.Exec(t.Context(), seedSQL+"ANALYZE change;"); err != nil {
		t.Fatal(err)
	}
	want := func(index, sql string, args ...any) {
		t.Helper()
		if plan := pgtest.Plan(t, conn, sql, args...); !strings.Contains(plan, index) || strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "Sort") {
			t.Errorf("want a plan by %s, without a Seq Scan and without a Sort:\n%s", index, plan)
		}
	}
	id := uuid.MustParse("0198c0de-0000-7000-8000-000000000001")
	want("change_pkey", getSQL, db.Lane(id), id)
	customer := `"` + aip.CustomerName(id) + `"`
	for filter, index := range map[string]string{
		"": "change_time_idx", `change_time > "2026-01-10T00:00:00Z"`: "change_time_idx", `type = CREATED`: "change_time_idx",
		`customer = ` + customer: "change_customer_idx", `resource = ` + customer: "change_customer_idx",
		`customer = ` + customer + ` AND change_time < "2026-01-10T00:00:00Z"`: "change_customer_idx",
		`actor = "a7"`: "change_actor_idx",
	} {
		list, _, err := parseList(&rapportv1.ListChangesRequest{Filter: filter})
		if err != nil {
			t.Fatal(err)
		}
		for _, cursor := range []*aip.Cursor{nil, {ID: id, Time: time.Date(2026, 1, 9, 0, 0, 0, 0, time.UTC)}} {
			list.Cursor = cursor
			sql, args := list.SQL()
			want(index, sql, args...)
		}
	}
}
