package customer_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/searchkey"
	"github.com/rapport-crm/rapport/internal/server"
	"github.com/rapport-crm/rapport/internal/sweep"
)

// TestLookupsFollowFromRecords lets clients make random calls on the same few customers
// and contacts, while a sweeper purges what was deleted. Whatever they did to each other,
// the tables by which customers are found must hold what follows from the records.
func TestLookupsFollowFromRecords(t *testing.T) {
	const clients, rounds, calls = 6, 3, 60
	s := apitest.StartWith(t, func(c *server.Config) { c.SweepInterval = time.Hour })
	sw := sweeper(t, s)
	gold := tier(t, s, 30)
	ids := times(6, func(int) string { return newID(t) })
	seed := rand.Uint64() //nolint:gosec // a test
	t.Logf("seed %d", seed)
	done := map[string]int{}
	for round := range rounds {
		running, stop := context.WithCancel(t.Context())
		var all, purging sync.WaitGroup
		purging.Go(func() { purgeUntil(t, running, s, sw) })
		players := times(clients, func(n int) *player {
			return &player{s: s, ids: ids, tier: gold, rand: rand.New(rand.NewPCG(seed, uint64(round*clients+n))), done: map[string]int{}} //nolint:gosec // a test
		})
		for _, p := range players {
			all.Go(func() {
				for range calls {
					p.play(t)
				}
			})
		}
		all.Wait()
		stop()
		purging.Wait()
		for _, p := range players {
			for what, n := range p.done {
				done[what] += n
			}
		}
		wantLookups(t, s)
		if t.Failed() {
			return
		}
	}
	for _, what := range kindsOfCalls {
		if done[what.name] == 0 {
			t.Errorf("no %s succeeded: %v", what.name, done)
		}
	}
}

func sweeper(t *testing.T, s *apitest.Service) *sweep.Sweeper {
	t.Helper()
	pool, err := db.Open(t.Context(), db.Options{
		URL: s.DatabaseURL, MaxConns: 2, AcquireTimeout: time.Second, StatementTimeout: 5 * time.Second, LockTimeout: 2 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return &sweep.Sweeper{DB: pool, Interval: time.Hour, Log: slog.New(slog.DiscardHandler)}
}

// purgeUntil purges what is deleted, some of it at a time so that the rest can be undeleted.
func purgeUntil(t *testing.T, running context.Context, s *apitest.Service, sw *sweep.Sweeper) { //nolint:revive // the context says until when
	for running.Err() == nil {
		for _, table := range []string{"customer", "contact"} {
			// What a call holds is passed over: two that wait for several rows could wait for each other.
			if _, err := s.DB.Exec(t.Context(), `UPDATE `+table+` SET purge_time = now() - interval '1 second' WHERE ctid IN
				(SELECT ctid FROM `+table+` WHERE purge_time > now() AND random() < 0.05 FOR UPDATE SKIP LOCKED)`); err != nil {
				t.Errorf("make due: %v", err)
				return
			}
		}
		if err := sw.Sweep(t.Context()); err != nil {
			t.Errorf("sweep: %v", err)
			return
		}
	}
}

// wantLookups works out from the records what must be in the tables of look-ups, and
// compares. An import that was left may still be committing.
func wantLookups(t *testing.T, s *apitest.Service) {
	t.Helper()
	apitest.Eventually(t, 10*time.Second, func() bool {
		var writing int
		if err := s.DB.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'
			AND pid <> pg_backend_pid()`).Scan(&writing); err != nil {
			t.Fatal(err)
		}
		return writing == 0
	})
	tx, err := s.DB.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	want, got := wantedKeys(t, tx), tally(t, tx, `SELECT concat_ws(' ', lane, customer_id, contact_id, key) FROM search_key`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("search keys (-want +got):\n%s", diff)
	}
	want = tally(t, tx, `SELECT concat_ws(' ', lane, attribute.key, CASE jsonb_typeof(attribute.value)
		WHEN 'string' THEN 'STRING' WHEN 'number' THEN 'DOUBLE' WHEN 'boolean' THEN 'BOOL' ELSE 'TIMESTAMP' END)
		FROM customer, jsonb_each(attributes) AS attribute WHERE delete_time IS NULL`)
	got = tally(t, tx, `SELECT concat_ws(' ', lane, key, value_type) FROM attribute_key, generate_series(1, abs(customer_count))`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("attribute keys (-want +got):\n%s", diff)
	}
	want = tally(t, tx, `SELECT concat_ws(' ', key, value, lane, customer_id) FROM customer, jsonb_each_text(external_ids)`)
	got = tally(t, tx, `SELECT concat_ws(' ', source, id, customer_lane, customer_id) FROM external_id`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("external ids (-want +got):\n%s", diff)
	}
	want = tally(t, tx, `SELECT concat_ws(' ', lane, n) FROM lane_feed, generate_series(1, last_seq) AS n`)
	got = tally(t, tx, `SELECT concat_ws(' ', lane, sequence) FROM change`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sequences (-want +got):\n%s", diff)
	}
}

// tally counts how often a query returns each text.
func tally(t *testing.T, tx pgx.Tx, sql string) map[string]int {
	t.Helper()
	rows, _ := tx.Query(t.Context(), sql)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for _, line := range lines {
		out[line]++
	}
	return out
}

func wantedKeys(t *testing.T, tx pgx.Tx) map[string]int {
	t.Helper()
	rows, _ := tx.Query(t.Context(), `SELECT customer_id, NULL::uuid, display_name, emails::text, phones::text, delete_time IS NOT NULL FROM customer
		UNION ALL SELECT customer_id, contact_id, '', emails::text, phones::text, delete_time IS NOT NULL FROM contact`)
	var (
		customer uuid.UUID
		contact  pgtype.UUID
		stored   searchkey.Stored
	)
	out := map[string]int{}
	_, err := pgx.ForEachRow(rows, []any{&customer, &contact, &stored.Name, &stored.Emails, &stored.Phones, &stored.Deleted}, func() error {
		of := fmt.Sprint(db.Lane(customer), " ", customer)
		if stored.Contact = contact.Valid; contact.Valid {
			of += " " + uuid.UUID(contact.Bytes).String()
		}
		for _, key := range stored.Keys() {
			out[of+" "+key]++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
