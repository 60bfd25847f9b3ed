// Package sweep removes what is past its time: deleted records behind their purge
// time, claims of requests behind their expiry, keys of attributes that no customer has any
// more and what there was to do. Occasions it moves on to the next year.
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
	// A purged customer's go with it, by their foreign key.
	{"interactions", `-- name: PurgeInteractions
DELETE FROM interaction WHERE (lane, customer_id, interaction_id) IN (
    SELECT lane, customer_id, interaction_id FROM interaction WHERE purge_time < now()
    ORDER BY purge_time LIMIT $1 FOR UPDATE SKIP LOCKED)`},
	// What is to be done only until then: memberships to renew, thanks to say.
	{"follow-ups", `-- name: SweepFollowUps
DELETE FROM follow_up WHERE (lane, customer_id, reason, subject_id, place) IN (
    SELECT lane, customer_id, reason, subject_id, place FROM follow_up WHERE end_time < now() AND reason <> 'OCCASION'
    ORDER BY end_time LIMIT $1 FOR UPDATE SKIP LOCKED)`},
	// What is shown again since a pause is over, so that no list has to look at it apart.
	{"pauses", `-- name: EndPauses
UPDATE follow_up SET hidden_until = '-infinity' WHERE (lane, customer_id, reason, subject_id, place) IN (
    SELECT lane, customer_id, reason, subject_id, place FROM follow_up
    WHERE hidden_until > '-infinity' AND hidden_until < 'infinity' AND hidden_until < now()
    ORDER BY hidden_until LIMIT $1 FOR UPDATE SKIP LOCKED)`},
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
	for _, p := range purges {
		if err := repeat(p.what, func() (int64, error) { return s.purge(ctx, p) }); err != nil {
			return err
		}
	}
	if err := repeat("occasions", func() (int64, error) { return s.occasions(ctx) }); err != nil {
		return err
	}
	for _, statement := range statements {
		if err := repeat(statement.what, func() (int64, error) { return s.batch(ctx, statement.sql) }); err != nil {
			return err
		}
	}
	return nil
}

// repeat runs batches until one is not full.
func repeat(what string, batch func() (int64, error)) error {
	for {
		n, err := batch()
		if err != nil {
			return fmt.Errorf("sweep %s: %w", what, err)
		}
		if n < batchSize {
			return nil
		}
	}
}

// batch runs one statement and returns how many records went.
func (s *Sweeper) batch(ctx context.Context, sql string) (int64, error) {
	tag, err := s.DB.Exec(ctx, sql, batchSize)
	return tag.RowsAffected(), err
}
