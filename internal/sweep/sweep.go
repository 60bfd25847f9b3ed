// Package sweep removes what is past its time: deleted records behind their purge
// time, claims of requests behind their expiry and keys of attributes that no customer
// has any more.
package sweep

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/rapport-crm/rapport/internal/db"
)

// batchSize keeps each transaction short: it holds row locks that writers may want.
const batchSize = 500

// The statements skip what another process sweeps at this moment, so that any number
// of processes can sweep one database. Times are compared by the database's clock.
var statements = []struct{ what, sql string }{
	{"requests", `-- name: SweepRequests
DELETE FROM request WHERE (lane, principal, method, request_id) IN (
    SELECT lane, principal, method, request_id FROM request WHERE expire_time < now()
    ORDER BY expire_time LIMIT $1 FOR UPDATE SKIP LOCKED)`},
	{"contacts", `-- name: PurgeContacts
WITH gone AS (
    DELETE FROM contact WHERE (lane, customer_id, contact_id) IN (
        SELECT lane, customer_id, contact_id FROM contact WHERE purge_time < now()
        ORDER BY purge_time LIMIT $1 FOR UPDATE SKIP LOCKED)
    RETURNING lane, customer_id, contact_id
), unfound AS (
    DELETE FROM search_key USING gone
    WHERE search_key.lane = gone.lane AND search_key.customer_id = gone.customer_id AND search_key.contact_id = gone.contact_id
)
SELECT count(*) FROM gone`},
	// A customer's contacts go with it by their foreign key. Its external ids lie in
	// lanes of their own, which no foreign key reaches, and search keys have none.
	{"customers", `-- name: PurgeCustomers
WITH gone AS (
    DELETE FROM customer WHERE (lane, customer_id) IN (
        SELECT lane, customer_id FROM customer WHERE purge_time < now()
        ORDER BY purge_time LIMIT $1 FOR UPDATE SKIP LOCKED)
    RETURNING lane, customer_id
), freed AS (
    DELETE FROM external_id USING gone
    WHERE external_id.customer_lane = gone.lane AND external_id.customer_id = gone.customer_id
), unfound AS (
    DELETE FROM search_key USING gone
    WHERE search_key.lane = gone.lane AND search_key.customer_id = gone.customer_id
)
SELECT count(*) FROM gone`},
	// A purged customer counted no more since its deletion. What goes here are the keys
	// of attributes that were tried once.
	{"attribute keys", `-- name: SweepAttributeKeys
DELETE FROM attribute_key WHERE (lane, key, value_type) IN (
    SELECT lane, key, value_type FROM attribute_key WHERE customer_count = 0
    LIMIT $1 FOR UPDATE SKIP LOCKED)`},
}

// Sweeper sweeps one database on a ticker.
type Sweeper struct {
	DB *db.Pool
	// Interval is the time between two sweeps.
	Interval time.Duration
	Log      *slog.Logger
}

// Run sweeps until the context ends. A failed sweep is logged and tried again at the
// next tick: what it removes does no harm by staying.
func (s *Sweeper) Run(ctx context.Context) {
	ticker := time.NewTicker(s.Interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
				s.Log.WarnContext(ctx, "sweep failed", "error", err)
			}
		}
	}
}

// Sweep removes all that is past its time now, in small batches.
func (s *Sweeper) Sweep(ctx context.Context) error {
	for _, statement := range statements {
		for {
			n, err := s.batch(ctx, statement.sql)
			if err != nil {
				return fmt.Errorf("sweep %s: %w", statement.what, err)
			}
			if n < batchSize {
				break
			}
		}
	}
	return nil
}

// batch runs one statement and returns how many records went. A statement that
// returns a row says so itself; for the others PostgreSQL counts.
func (s *Sweeper) batch(ctx context.Context, sql string) (n int64, err error) {
	conn, err := s.DB.Acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	rows, err := conn.Query(ctx, sql, batchSize)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	if rows.Next() {
		if err := rows.Scan(&n); err != nil {
			return 0, err
		}
		rows.Close()
		return n, rows.Err()
	}
	rows.Close()
	return rows.CommandTag().RowsAffected(), rows.Err()
}
