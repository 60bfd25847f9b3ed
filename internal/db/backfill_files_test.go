package db_test

import (
	"context"
	"database/sql"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"

	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/pgtest"
)

// filesUpTo has a database at a version, and migrates it further. It knows the files alone: the
// steps in Go are about other tables.
func filesUpTo(t *testing.T, version int64) (*pgx.Conn, func(version int64)) {
	t.Helper()
	url := pgtest.Empty(t)
	conn, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	files, err := fs.Sub(db.Migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectPostgres, conn, files, goose.WithTableName("schema_version"), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	upTo := func(version int64) {
		if _, err := p.UpTo(context.WithoutCancel(t.Context()), version); err != nil {
			t.Fatal(err)
		}
	}
	upTo(version)
	return connect(t, url), upTo
}

// TestBackfillFollowUps migrates a database with interactions and purchases: one customer who
// was thanked for the last purchase, one who was not, and one of whom nothing counts.
func TestBackfillFollowUps(t *testing.T) {
	old, upTo := filesUpTo(t, 13)
	for _, statement := range []string{
		`INSERT INTO customer (lane, customer_id, revision, type, display_name, emails, phones, postal_addresses, external_ids, tags, attributes, owner, create_time, update_time)
		SELECT n, ('00000000-0000-0000-0000-00000000000' || n)::uuid, 1, 'INDIVIDUAL', 'c' || n, '[]', '[]', '[]', '{}', '{}', '{}', 'o' || n, now(), now()
		FROM generate_series(1, 3) AS n`,
		`INSERT INTO purchase (lane, customer_id, purchase_id, revision, purchase_time, amount_currency, amount_units, amount_nanos, items, void_time, create_time, update_time)
		SELECT lane, customer_id, ('00000000-0000-0000-0000-00000000001' || days)::uuid, 1, date_trunc('hour', now()) - days * interval '24 hours', 'EUR', 1, 0, '[]',
			CASE WHEN lane = 3 OR days = 1 THEN now() END, now(), now()
		FROM customer, unnest(ARRAY[1, 4, 7]) AS days`,
		`INSERT INTO interaction (lane, customer_id, interaction_id, revision, channel, direction, purpose, customer_reaction, attributes, occur_time, create_time, update_time, delete_time)
		SELECT lane, customer_id, gen_random_uuid(), 1, 'PHONE', direction, purpose, reaction, '{}', date_trunc('hour', now()) - days * interval '24 hours', now(), now(),
			CASE WHEN days = 1 THEN now() END
		FROM customer JOIN (VALUES
			(1, 'OUTBOUND', 'THANK_YOU', NULL, 3), (1, 'INBOUND', 'SALES', NULL, 2), (1, 'INBOUND', 'THANK_YOU', NULL, 1),
			(2, 'OUTBOUND', 'THANK_YOU', NULL, 5), (2, 'OUTBOUND', 'THANK_YOU', 'NO_RESPONSE', 2), (2, 'INTERNAL', 'THANK_YOU', NULL, 0),
			(3, 'INTERNAL', NULL, 'POSITIVE', 0), (3, 'OUTBOUND', NULL, 'NO_RESPONSE', 0)
		) AS i (n, direction, purpose, reaction, days) ON n = lane`,
	} {
		if _, err := old.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	upTo(14)
	for query, want := range map[string][]string{
		`SELECT concat_ws(' ', lane, 'contact', pg_temp.days(last_contact_time), 'thanks', pg_temp.days(last_thanks_time), 'purchase', pg_temp.days(last_purchase_time), right(last_purchase_id::text, 1))
		FROM customer_activity ORDER BY lane`: {"1 contact 2 thanks 3 purchase 4 4", "2 contact 5 thanks 5 purchase 4 4"},
		`SELECT concat_ws(' ', lane, reason, staff, right(subject_id::text, 1), pg_temp.days(start_time), hidden_until) FROM follow_up`: {"2 THANK_YOU o2 4 4 -infinity"},
	} {
		if _, err := old.Exec(t.Context(), `CREATE OR REPLACE FUNCTION pg_temp.days(timestamptz) RETURNS text LANGUAGE sql AS
			$$ SELECT round(extract(epoch FROM date_trunc('hour', now()) - $1) / 86400)::text $$`); err != nil {
			t.Fatal(err)
		}
		rows, _ := old.Query(t.Context(), query)
		got, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

// TestFactorsToArrays migrates a score with factors, one of them with an importance, one whose
// factors have none, and one without factors.
func TestFactorsToArrays(t *testing.T) {
	conn, upTo := filesUpTo(t, 19)
	for _, statement := range []string{
		`INSERT INTO customer (lane, customer_id, revision, type, display_name, emails, phones, postal_addresses, external_ids, tags, attributes, create_time, update_time)
		VALUES (1, '00000000-0000-0000-0000-000000000001', 1, 'INDIVIDUAL', 'c', '[]', '[]', '[]', '{}', '{}', '{}', now(), now())`,
		`INSERT INTO satisfaction_score (lane, customer_id, satisfaction_score_id, revision, metric, rating, factors, source, submit_time, create_time, update_time)
		SELECT lane, customer_id, gen_random_uuid(), 1, 'CSAT', rating, factors, 'CUSTOMER', now(), now(), now() FROM customer, (VALUES
			(1, '[{"factor": "b", "satisfaction": 2}, {"factor": "a", "satisfaction": 5, "importance": 4}]'::jsonb), (2, '[{"factor": "a", "satisfaction": 3}]'), (3, '[]')
		) AS s (rating, factors)`,
	} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	upTo(20)
	rows, _ := conn.Query(t.Context(), `SELECT concat_ws(' ', factor_names, factor_satisfactions, factor_importances) FROM satisfaction_score ORDER BY rating`)
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"{b,a} {2,5} {0,4}", "{a} {3} {}", "{} {} {}"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
