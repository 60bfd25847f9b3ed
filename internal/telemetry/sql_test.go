package telemetry_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rapport-crm/rapport/internal/otlptest"
	"github.com/rapport-crm/rapport/internal/pgtest"
	"github.com/rapport-crm/rapport/internal/telemetry"
)

func openPool(t *testing.T, tel *telemetry.Telemetry) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(pgtest.Empty(t))
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns = 2
	if config.ConnConfig.Tracer, err = tel.SQLTracer(); err != nil {
		t.Fatal(err)
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if err := tel.PoolMetrics(pool.Stat, "primary"); err != nil {
		t.Fatal(err)
	}
	return pool
}

// describe says of each span what a reader of a trace sees, in the order given.
func describe(spans []otlptest.Span) []string {
	names := map[string]string{}
	for _, s := range spans {
		names[s.SpanID] = s.Name
	}
	var all []string
	for _, s := range spans {
		all = append(all, fmt.Sprintf("%s in %s state=%s error=%s failed=%v%s",
			s.Name, names[s.ParentID], s.Attributes["db.response.status_code"], s.Attributes["error.type"], s.Failed, s.Status))
	}
	return all
}

func TestSQLSpans(t *testing.T) {
	receiver := otlptest.Start(t)
	receiver.Setenv(t)
	tel := setup(t, &lockedBuffer{})
	pool := openPool(t, tel)
	exec := func(ctx context.Context, sql string, args ...any) {
		_, _ = pool.Exec(ctx, sql, args...)
	}
	// Without a recorded parent a statement has no span.
	exec(t.Context(), "CREATE TABLE people (email text CONSTRAINT people_key PRIMARY KEY)")

	ctx, span := tel.Tracer.Tracer("test").Start(t.Context(), "call")
	const insert = "-- name: InsertPerson\nINSERT INTO people VALUES ($1)"
	exec(ctx, insert, "anna@example.com")
	exec(ctx, insert, "anna@example.com")
	exec(ctx, "SELECT 'anna'")
	batch := &pgx.Batch{}
	batch.Queue("-- name: ReadPerson\nSELECT email FROM people WHERE email = $1", "anna@example.com")
	batch.Queue(insert, "anna@example.com")
	if err := pool.SendBatch(ctx, batch).Close(); err == nil {
		t.Error("the second insert of a key succeeded")
	}
	_, err := pool.CopyFrom(ctx, pgx.Identifier{"people"}, []string{"email"}, pgx.CopyFromRows([][]any{{"otto"}}))
	if err != nil {
		t.Error(err)
	}
	span.End()

	spans := receiver.WaitTrace(t, span.SpanContext().TraceID().String(), 8)
	want := []string{
		"InsertPerson in call state= error= failed=false",
		"InsertPerson in call state=23505 error=23505 failed=true",
		"SELECT in call state= error= failed=false",
		"ReadPerson in BATCH ReadPerson InsertPerson state= error= failed=false",
		"InsertPerson in BATCH ReadPerson InsertPerson state=23505 error=23505 failed=true",
		"BATCH ReadPerson InsertPerson in call state=23505 error=23505 failed=true",
		"COPY people in call state= error= failed=false",
		"call in  state= error= failed=false",
	}
	if diff := cmp.Diff(want, describe(spans)); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
	for _, s := range spans {
		if s.Scope == "test" {
			continue
		}
		if s.Kind != "CLIENT" || s.Attributes["db.system.name"] != "postgresql" || s.Attributes["db.query.summary"] != s.Name {
			t.Errorf("got span %+v", s)
		}
		if text := fmt.Sprint(s); strings.Contains(text, "anna") || strings.Contains(text, "$1") {
			t.Errorf("a span tells a value or a statement: %s", text)
		}
		if len(s.Events) != 0 {
			t.Errorf("span %s has events %v", s.Name, s.Events)
		}
	}
}

func TestSQLMetrics(t *testing.T) {
	tel := setup(t, &lockedBuffer{})
	pool := openPool(t, tel)
	for range 3 {
		if _, err := pool.Exec(t.Context(), "-- name: Nothing\nSELECT 1"); err != nil {
			t.Fatal(err)
		}
	}
	metrics := scrape(t, tel)
	for _, want := range []string{
		`db_client_operation_duration_seconds_count{db_query_summary="Nothing",db_system_name="postgresql"} 3`,
		`db_client_operation_duration_seconds_bucket{db_query_summary="Nothing",db_system_name="postgresql",le="0.0005"}`,
		`db_client_connection_count{db_client_connection_pool_name="primary",db_client_connection_state="idle"} 1`,
		`db_client_connection_count{db_client_connection_pool_name="primary",db_client_connection_state="used"} 0`,
		`db_client_connection_max{db_client_connection_pool_name="primary"} 2`,
		`rapport_db_pool_acquires_total{db_client_connection_pool_name="primary"} 3`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("/metrics has no %s", want)
		}
	}
	if t.Failed() {
		t.Log(metrics)
	}
}
