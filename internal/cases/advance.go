package cases

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/emptypb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// Key says which case.
type Key struct{ Customer, Case uuid.UUID }

// dueSQL is one of the few reads over all lanes: the index holds open events only.
const dueSQL = `-- name: ListDueCases
SELECT customer_id, case_id FROM support_case WHERE next_event_time <= $1 ORDER BY next_event_time LIMIT $2`

// Due returns the cases of which the clock has something to record, the longest due first.
func (s *Server) Due(ctx context.Context, limit int) (keys []Key, err error) {
	rows, _ := s.cases.DB.Query(ctx, dueSQL, s.cases.Mutations.Clock(), limit)
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (k Key, err error) {
		err = row.Scan((*[16]byte)(&k.Customer), (*[16]byte)(&k.Case))
		return k, err
	})
}

// Outcome is what Advance recorded of a case.
type Outcome struct{ Breached, Closed bool }

// Advance records what the clock has made of a case: that a response or a resolution is overdue,
// or that the customer kept silent. Of two who do it at once one finds it done. The guard
// runs first in the transaction, and ends it where it fails.
func (s *Server) Advance(ctx context.Context, key Key, guard func(*mutation.Tx)) (done Outcome, err error) {
	claim, err := mutation.NewOwnClaim("AdvanceCase")
	if err != nil {
		return done, err
	}
	_, err = mutation.Run(ctx, s.cases.Mutations, claim, func(ctx context.Context, tx *mutation.Tx) (*emptypb.Empty, error) {
		guard(tx)
		done = Outcome{}
		return &emptypb.Empty{}, s.cases.Advance(ctx, tx, key.Customer, key.Case, func(r *row, now time.Time) (before *rapportv1.Case, revised, changed bool) {
			if r.NextEventTime == nil || r.NextEventTime.After(now) {
				return nil, false, false
			}
			before = r.whole(now)
			done = r.advance(before, now)
			return before, done.Closed, true
		})
	})
	return done, err
}

// advance takes the row to where the clock is now. The feed does not know of a breach before it
// is recorded, so that is taken out of what the case was before.
func (r *row) advance(before *rapportv1.Case, now time.Time) (done Outcome) {
	is := r.breaches(now)
	if is.firstResponse && !r.FirstResponseRecorded {
		before.FirstResponseBreached, r.FirstResponseRecorded, done.Breached = false, true, true
	}
	if is.resolve && !r.ResolveRecorded {
		before.ResolveBreached, r.ResolveRecorded, done.Breached = false, true, true
	}
	if at := r.SilenceCloseTime; at != nil && !at.After(now) {
		r.CloseTime, r.SilenceCloseTime, done.Closed = at, nil, true
	}
	r.schedule(&r.facts, now)
	return done
}
