package owned

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// UpdateRequest is an update's.
type UpdateRequest interface {
	mutation.Request
	GetUpdateMask() *fieldmaskpb.FieldMask
	GetAllowMissing() bool
}

// Update changes a record, or makes it with allow_missing.
func (r *Resource[M, R, P]) Update(ctx context.Context, req UpdateRequest, in M) (M, error) {
	var none M
	customer, id, err := r.Collection.ParseName(r.field()+".name", in.GetName())
	if err != nil {
		return none, err
	}
	if r.RequireEtag && in.GetEtag() == "" && !req.GetAllowMissing() {
		return none, apierr.EtagRequired(in.GetName())
	}
	mask, err := aip.ResolveMask(req.GetUpdateMask(), in)
	if err != nil {
		return none, err
	}
	if mask.Empty() {
		return none, apierr.Invalid(rapportv1.ErrorReason_EMPTY_UPDATE_MASK, apierr.Violation{
			Field: "update_mask", Description: "names no field, and the " + r.Table + " has none set that can be changed",
		})
	}
	claim, err := mutation.NewClaim(ctx, req)
	if err != nil {
		return none, err
	}
	out, err := mutation.Run(ctx, r.Mutations, claim, func(ctx context.Context, tx *mutation.Tx) (M, error) {
		l, err := r.lock(ctx, tx, customer, id)
		if err != nil {
			return none, err
		}
		if err := l.customer.live(customer); err != nil {
			return none, err
		}
		switch {
		case l.row != nil:
			return r.change(tx, l.row, mask, in)
		case !req.GetAllowMissing() || in.GetEtag() != "":
			return none, r.notFound(customer, id)
		default:
			return r.createMissing(tx, customer, id, in)
		}
	})
	return out, r.explain(ctx, customer, err)
}

// createMissing makes the record that allow_missing asks for. The mask then has no say:
// all that is populated counts (AIP-134).
func (r *Resource[M, R, P]) createMissing(tx *mutation.Tx, customer, id uuid.UUID, in M) (M, error) {
	made := proto.CloneOf(in)
	aip.ClearUnsettable(made)
	if err := r.Normalise(made); err != nil {
		return made, err
	}
	out, err := r.createOne(tx, customer, id, made)
	if err == nil {
		tx.RaceOnRefusal()
	}
	return out, err
}

// change applies the update to the locked row.
func (r *Resource[M, R, P]) change(tx *mutation.Tx, row P, mask aip.Mask, in M) (M, error) {
	before := r.proto(row)
	if err := r.changeable(row, in.GetEtag()); err != nil {
		return before, err
	}
	after := proto.CloneOf(before)
	mask.Apply(after, in)
	if err := r.Normalise(after); err != nil {
		return before, err
	}
	if err := row.Set(after); err != nil {
		return before, err
	}
	return r.rewrite(tx, row, rapportv1.Change_UPDATED, before)
}

// rewrite writes a changed row under a new revision, unless it is as it was before.
func (r *Resource[M, R, P]) rewrite(tx *mutation.Tx, row P, kind rapportv1.Change_Type, before M) (M, error) {
	h := row.Own()
	h.Revision++
	h.UpdateTime = tx.Later(h.UpdateTime)
	tx.OnRefusal(r.refused(r.name(row)))
	return r.write(tx, r.sql.Update, row, kind, before, nil)
}

// changeable refuses a change of what is deleted, or has changed since the caller saw it.
func (r *Resource[M, R, P]) changeable(row P, etag string) error {
	h := row.Own()
	if err := aip.CheckEtag(etag, r.name(row), h.Revision); err != nil {
		return err
	}
	if h.DeleteTime != nil {
		return r.deleted(row)
	}
	return nil
}

// locked is a record that a transaction is about to change, nil where there is none, and
// its customer.
type locked[R any, M Message, P Row[R, M]] struct {
	row      P
	customer customerState
}

// lock reads and locks the record.
func (r *Resource[M, R, P]) lock(ctx context.Context, tx *mutation.Tx, customer, id uuid.UUID) (l locked[R, M, P], err error) {
	tx.Queue(r.sql.Lock, db.Lane(customer), db.UUID(customer), db.UUID(id)).Query(func(rows pgx.Rows) error {
		got, err := db.CollectRows[record[R, M, P]](rows)
		if err == nil && len(got) == 1 {
			l.row = &got[0].row
		}
		return err
	})
	l.customer.queue(tx, customer)
	err = tx.Fetch(ctx) // which fills l
	return l, err
}
