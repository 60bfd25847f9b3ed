package invitation

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

// seedSQL makes 2,000 customers, whom one survey asked ten times each and twenty others now and
// then.
var seedSQL = []string{
	`INSERT INTO customer (lane, customer_id, revision, type, display_name, emails, phones, postal_addresses, external_ids, tags, attributes, create_time, update_time)
	SELECT CASE n WHEN 0 THEN $1::smallint ELSE n % 64 END, CASE n WHEN 0 THEN $2::uuid ELSE gen_random_uuid() END, 1, 'INDIVIDUAL', 'c' || n,
		'[]', '[]', '[]', '{}', '{}', '{}', now(), now() FROM generate_series(0, 2000) AS n`,
	`INSERT INTO survey (survey_id, revision, display_name, metric, texts, factors, ask_importance, ask_expectation, ask_comment, invitation_lifetime_micros, create_time, update_time)
	SELECT ('0198c0de-0000-7000-8000-0000000000' || lpad(n::text, 2, '0'))::uuid, 1, 's' || n, 'NPS', '[]', '{}', false, false, false, 1, now(), now() FROM generate_series(0, 20) AS n`,
	`INSERT INTO survey_invitation (lane, customer_id, survey_invitation_id, revision, survey_id, language_code, send_time, expire_time, create_time, update_time)
	SELECT lane, customer_id, gen_random_uuid(), 1, ('0198c0de-0000-7000-8000-0000000000' || lpad(CASE WHEN n < 10 THEN '0' ELSE (1 + ascii(customer_id::text) % 20)::text END, 2, '0'))::uuid,
		'en', at, at, at, at
	FROM customer, generate_series(0, 11) AS n, LATERAL (SELECT timestamptz '2026-01-01Z' + (ascii(right(customer_id::text, 1)) * 12 + n) * interval '3 hours' AS at) AS times`,
	"VACUUM ANALYZE customer", "VACUUM ANALYZE survey", "VACUUM ANALYZE survey_invitation",
}

// Each list, and each look for one invitation, is read by an index.
func TestPlans(t *testing.T) {
	conn := pgtest.Connect(t)
	who, asked := uuid.MustParse("0198c0de-0000-7000-8000-000000000001"), uuid.MustParse("0198c0de-0000-7000-8000-000000000000")
	for i, sql := range seedSQL {
		var args []any
		if i == 0 {
			args = []any{db.Lane(who), who}
		}
		if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	want := func(index, sql string, args ...any) {
		t.Helper()
		plan := pgtest.Plan(t, conn, sql, args...)
		if !strings.Contains(plan, index) || strings.Contains(plan, "Seq Scan on survey_invitation") {
			t.Errorf("%s: want a plan with %s:\n%s", sql, index, plan)
		}
	}
	want("Index Scan using survey_invitation_", lockSQL, db.Lane(who), who, uuid.New())
	want("survey_invitation_id_idx", getSQL, uuid.New(), asked)
	want("survey_invitation_id_idx", findSQL, uuid.New())
	want("survey_invitation_customer_survey_idx", lastInvitedSQL, db.Lane(who), who, asked, time.Now())
	one, all := aip.SurveyName(asked), "surveys/-"
	// A customer has few, be it by this index or that.
	const ofOne = "Index Cond: ((lane = '1'::smallint) AND (customer_id = "
	for _, test := range []struct{ parent, orderBy, filter, index string }{
		{all, "", "", "survey_invitation_create_time_idx"},
		{all, "create_time", "NOT answer_time:*", "survey_invitation_create_time_idx"},
		{one, "", "", "survey_invitation_survey_create_time_idx"},
		{one, "create_time", `send_time > "2026-02-01T00:00:00Z"`, "survey_invitation_survey_create_time_idx"},
		{all, "", `customer = "` + aip.CustomerName(who) + `"`, ofOne},
		{one, "", `customer = "` + aip.CustomerName(who) + `"`, ofOne},
		{all, "", `contact = "` + aip.Contacts.Name(who, uuid.New()) + `"`, ofOne},
	} {
		for _, later := range []bool{false, true} {
			list, _, err := parseList(&rapportv1.ListSurveyInvitationsRequest{Parent: test.parent, OrderBy: test.orderBy, Filter: test.filter, PageSize: 20})
			if err != nil {
				t.Fatal(err)
			}
			if later {
				list.Cursor = &aip.Cursor{Time: time.Date(2026, 4, 10, 0, 0, 0, 0, time.UTC), ID: who}
			}
			sql, args := list.SQL()
			want(test.index, sql, args...)
		}
	}
}
