package followup

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/db"
)

// seedSQL makes 20,000 customers with a contact interval of one of twenty lengths and, half of
// them, a task. Every tenth customer wants no contact; these are the most overdue of all.
const seedSQL = `
INSERT INTO customer (lane, customer_id, revision, type, display_name, emails, phones, postal_addresses, external_ids, tags, attributes, create_time, update_time)
SELECT n % 64, ('0198c0de-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 1, 'ORGANIZATION', 'c' || n, '[]', '[]', '[]', '{}', '{}', '{}', now(), now()
FROM generate_series(1, 20000) AS n`

const seedRowsSQL = `
INSERT INTO follow_up (` + rowColumns + `)
SELECT lane, customer_id, 'CONTACT', customer_id, 0, '', 's' || lane % 10, true, true, 1 + n % 20, '00000000-0000-0000-0000-000000000000'::uuid,
    timestamptz '2026-11-26Z' - (CASE WHEN n % 10 = 0 THEN 1000 ELSE n % 97 END) * interval '1 day' - n * interval '1 second', 'infinity'::timestamptz, 0,
    CASE WHEN n % 10 = 0 THEN 'infinity' ELSE '-infinity' END::timestamptz
FROM (SELECT *, substr(display_name, 2)::int AS n FROM customer) c
UNION ALL
SELECT lane, customer_id, 'TASK', gen_random_uuid(), 0, 'x', 's' || lane % 10, true, false, 1 + n % 7, '00000000-0000-0000-0000-000000000000'::uuid,
    timestamptz '2026-11-26Z' + (n % 20 - 15) * interval '1 day' - n * interval '1 second', 'infinity'::timestamptz, 0, '-infinity'::timestamptz
FROM (SELECT *, substr(display_name, 2)::int AS n FROM customer) c WHERE n % 2 = 0`

// readRows are how many rows of follow_up a plan read, by an index.
var readRows = regexp.MustCompile(`Index (?:Only )?Scan using follow_up_\S+ on follow_up \S+ \(actual rows=(\d+) loops=(\d+)\)`)

// explain returns the plan of a list, as it was run.
func explain(t testing.TB, p *db.Pool, l *list) string {
	t.Helper()
	sql, args := l.sql()
	rows, _ := p.Query(t.Context(), "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) "+sql, args...)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

func TestPlans(t *testing.T) {
	p := pool(t)
	exec(t, p, seedSQL)
	exec(t, p, seedRowsSQL)
	for _, table := range []string{"customer", "follow_up"} {
		exec(t, p, "VACUUM ANALYZE "+table)
	}
	s := &Server{DB: p, Clock: func() time.Time { return asOf }}
	for name, req := range map[string]*rapportv1.ListFollowUpsRequest{
		"all":    {Parent: "customers/-"},
		"staff":  {Parent: "customers/-", Staff: "s7"},
		"reason": {Parent: "customers/-", Filter: "reason = TASK"},
	} {
		first, f, err := s.parse(req)
		if err != nil {
			t.Fatal(err)
		}
		first.size, first.window = 51, 51
		later := *first
		resp, err := s.ListFollowUps(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if err := later.goOn(resp.GetNextPageToken(), f); err != nil {
			t.Fatal(err)
		}
		for _, l := range []*list{first, &later} {
			plan, read := explain(t, p, l), 0
			for _, m := range readRows.FindAllStringSubmatch(plan, -1) {
				rows, _ := strconv.Atoi(m[1])
				loops, _ := strconv.Atoi(m[2])
				read += rows * loops
			}
			if strings.Contains(plan, "Seq Scan on follow_up") || strings.Contains(plan, "Seq Scan on customer") ||
				strings.Contains(plan, "Sort Key: f_") || read == 0 || read > 2000 {
				t.Errorf("%s: want a plan that reads few rows, not %d, and without a Seq Scan or a sort of heads:\n%s", name, read, plan)
			}
		}
	}
}

// TestForgedTokens has the list go on at places that no page ends at.
func TestForgedTokens(t *testing.T) {
	p := pool(t)
	scatter(t, p, rnd(1), 3, 50)
	s := &Server{DB: p, Clock: func() time.Time { return asOf }}
	req := &rapportv1.ListFollowUpsRequest{Parent: "customers/-", PageSize: 5}
	_, f, err := s.parse(req)
	if err != nil {
		t.Fatal(err)
	}
	old, late := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 30, 0, 0, 0, 0, time.UTC)
	for _, ratio := range []float64{0, math.Copysign(0, -1), 5e-324, 1e-9, 1, 1e9, math.MaxFloat64, -1, math.NaN(), math.Inf(1), math.Inf(-1)} {
		for _, due := range []time.Time{old, asOf, late, old.AddDate(-1, 0, 0), late.AddDate(1, 0, 0)} {
			for _, of := range []time.Time{old, time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), asOf, time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC), late} {
				c := cursor{ratio: ratio, due: due, customer: uuid.UUID{1}, reason: "TASK", subject: uuid.UUID{2}, place: -1}
				req.PageToken = c.token(of, f)
				resp, err := s.ListFollowUps(t.Context(), req)
				if err != nil && apierr.Reason(err) != rapportv1.ErrorReason_INVALID_PAGE_TOKEN {
					t.Errorf("%v, due %v, as of %v: %v", ratio, due, of, err)
				}
				if err == nil && len(resp.GetFollowUps()) > 5 {
					t.Errorf("%d rows", len(resp.GetFollowUps()))
				}
			}
		}
	}
	req.PageToken = aip.Cursor{Key: "x", Total: aip.UnknownTotal}.Token(f)
	if _, err := s.ListFollowUps(t.Context(), req); apierr.Reason(err) != rapportv1.ErrorReason_INVALID_PAGE_TOKEN {
		t.Error(err)
	}
}
