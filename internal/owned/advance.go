package owned

import (
	"context"
	"time"

	"github.com/google/uuid"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/change"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// Advance writes what time has made of a record, without a call of a client: step changes the
// row, or finds nothing to do. It returns what the feed says that the record was before, which
// may be other than what a read a moment ago derived, and whether the record has a new
// revision. The customer may be deleted: time goes on.
func (r *Resource[M, R, P]) Advance(ctx context.Context, tx *mutation.Tx, customer, id uuid.UUID, step func(row P, now time.Time) (before M, revised, changed bool)) error {
	l, err := r.lock(ctx, tx, customer, id)
	if err != nil || !l.found {
		return err
	}
	h := l.row.Own()
	now := tx.Later(h.UpdateTime)
	before, revised, changed := step(l.row, now)
	if !changed {
		return nil
	}
	if revised {
		h.Revision++
		h.UpdateTime = now
	}
	m := Moved[M, P]{l.row, before, r.proto(l.row, now)}
	fields, err := change.Diff(m.Before, m.After)
	if err != nil {
		return err
	}
	tx.QueueGuarded(r.refused(m.After.GetName()), r.sql.Update, args(l.row)...)
	if len(fields) == 0 {
		return nil
	}
	tx.Record(change.Record{CustomerID: h.CustomerID, Resource: m.After.GetName(), Type: rapportv1.Change_UPDATED, Fields: fields, Time: now})
	r.follow(tx, []Moved[M, P]{m})
	return nil
}
