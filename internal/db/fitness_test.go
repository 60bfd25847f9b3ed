package db_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/pgtest"
)

func connect(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func TestFitness(t *testing.T) {
	empty, migrated := connect(t, pgtest.Empty(t)), connect(t, pgtest.New(t))
	if _, err := db.CheckFitness(t.Context(), empty); !errors.Is(err, db.ErrUnfit) || !strings.Contains(err.Error(), "rapport migrate up") {
		t.Errorf("a database without a schema: %v", err)
	}
	if _, err := db.CheckFitness(t.Context(), migrated); err != nil {
		t.Errorf("a migrated database: %v", err)
	}
	if _, err := migrated.Exec(t.Context(), `SET synchronous_commit = off`); err != nil {
		t.Fatal(err)
	}
	risks, err := db.CheckFitness(t.Context(), migrated)
	if err != nil || !strings.Contains(strings.Join(risks, "\n"), "synchronous_commit is off") {
		t.Errorf("risks %q, %v", risks, err)
	}
	if _, err := migrated.Exec(t.Context(), `INSERT INTO schema_version (version_id, is_applied) VALUES (999, true)`); err != nil {
		t.Fatal(err)
	}
	if _, err := db.CheckFitness(t.Context(), migrated); err != nil {
		t.Errorf("a newer schema, which only adds: %v", err)
	}
	if _, err := migrated.Exec(t.Context(), `DELETE FROM schema_version WHERE version_id >= 3`); err != nil {
		t.Fatal(err)
	}
	if _, err := db.CheckFitness(t.Context(), migrated); !errors.Is(err, db.ErrUnfit) {
		t.Errorf("an older schema: %v", err)
	}
}

func TestFitnessOfTheEncoding(t *testing.T) {
	admin := connect(t, pgtest.Empty(t))
	if _, err := admin.Exec(t.Context(), `CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`); err != nil {
		t.Fatal(err)
	}
	config := admin.Config().Copy()
	config.Database = "latin"
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.CheckFitness(t.Context(), conn); !errors.Is(err, db.ErrUnfit) || !strings.Contains(err.Error(), "UTF8") {
		t.Errorf("got %v", err)
	}
	_ = conn.Close(t.Context())
	if _, err := admin.Exec(t.Context(), `DROP DATABASE latin`); err != nil {
		t.Error(err)
	}
}

// TestMigrateTogether brings an empty database up from several processes' worth of
// callers at once; once more is no work.
func TestMigrateTogether(t *testing.T) {
	url := pgtest.Empty(t)
	status, err := db.MigrationStatus(t.Context(), url)
	if err != nil || len(status) < 3 || !status[0].AppliedAt.IsZero() {
		t.Fatalf("before: %v, %v", status, err)
	}
	var callers sync.WaitGroup
	for range 3 {
		callers.Go(func() {
			if err := db.Migrate(t.Context(), url); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	status, err = db.MigrationStatus(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range status {
		if step.AppliedAt.IsZero() || step.Name == "" {
			t.Errorf("step %d, %q, is pending", step.Version, step.Name)
		}
	}
	if _, err := db.CheckFitness(t.Context(), connect(t, url)); err != nil {
		t.Error(err)
	}
}

// TestConstraintsAreNamed keeps the schema such that an error can be told by the name of
// what refused, and that every key of a customer's table begins with its lane; what belongs to no customer has none.
func TestConstraintsAreNamed(t *testing.T) {
	conn := connect(t, pgtest.New(t))
	rows, _ := conn.Query(t.Context(), `
		SELECT c.relname || ' ' || i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = x.indkey[0]
		WHERE x.indisunique AND c.relnamespace = 'public'::regnamespace AND a.attname NOT LIKE '%lane'
		AND c.relname NOT IN ('schema_version', 'migration_lease', 'service_tier', 'survey', 'survey_keyset', 'lease')`)
	without, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(without) > 0 {
		t.Errorf("%v; unique indexes that do not begin with a lane: %q", err, without)
	}
	rows, _ = conn.Query(t.Context(), `
		SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace
		AND conname !~ '^(customer|contact|purchase|interaction|change|request|lane_feed|external_id|referral_guard|search_key|attribute_key|service_tier|support_case|task|customer_activity|follow_up|lease|satisfaction_score|survey|survey_invitation|survey_keyset|schema_version|migration_lease)_'`)
	unnamed, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(unnamed) > 0 {
		t.Errorf("%v; constraints without a name of ours: %q", err, unnamed)
	}
}
