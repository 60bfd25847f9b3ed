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
	"github.com/rapport-crm/rapport/internal/change"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// UpdateRequest is an update's.
type UpdateRequest interface {
	mutation.Request
	GetUpdateMask() *fieldmaskpb.FieldMask
	GetAllowMissing() bool
}

// UpdateMask returns the fields that an update names, and refuses one that lacks its etag or names
// none. The noun is the resource in texts.
func (s *Service) UpdateMask(req UpdateRequest, in interface {
	proto.Message
	GetName() string
	GetEtag() string
}, noun string,
) (aip.Mask, error) {
	if s.RequireEtag && in.GetEtag() == "" && !req.GetAllowMissing() {
		return aip.Mask{}, apierr.EtagRequired(in.GetName())
	}
	mask, err := aip.ResolveMask(req.GetUpdateMask(), in)
	if err == nil && mask.Empty() {
		err = apierr.Invalid(rapportv1.ErrorReason_EMPTY_UPDATE_MASK, apierr.Violation{
			Field: "update_mask", Description: "names no field, and the " + noun + " has none set that can be changed",
		})
	}
	return mask, err
}

// Update changes a record, or makes it with allow_missing.
func (r *Resource[M, R, P]) Update(ctx context.Context, req UpdateRequest, in M) (M, error) {
	var none M
	customer, id, err := r.Collection.ParseName(r.field()+".name", in.GetName())
	if err != nil {
		return none, err
	}
	mask, err := r.UpdateMask(req, in, r.Noun)
	if err != nil {
		return none, err
	}
	claim, err := mutation.NewClaim(ctx, req)
	if err != nil {
		return none, err
	}
	return mutation.Run(ctx, r.Mutations, claim, func(ctx context.Context, tx *mutation.Tx) (M, error) {
		l, err := r.lock(ctx, tx, customer, id)
		if err != nil {
			return none, err
		}
		if err := l.customer.live(customer); err != nil {
			return none, err
		}
		switch {
		case l.found:
			return r.change(tx, l.row, mask, in)
		case !req.GetAllowMissing() || in.GetEtag() != "":
			return none, r.notFound(customer, id)
		default:
			return r.makeMissing(ctx, tx, l.row, customer, id, in)
		}
	})
}

// makeMissing makes the record that allow_missing asks for. The mask then has no say:
// all that is populated counts (AIP-134).
func (r *Resource[M, R, P]) makeMissing(ctx context.Context, tx *mutation.Tx, row P, customer, id uuid.UUID, in M) (M, error) {
	made := proto.CloneOf(in)
	aip.ClearUnsettable(made)
	if err := r.normalise(made); err != nil {
		return made, err
	}
	tx.RaceOnRefusal()
	return r.makeLoaded(ctx, tx, row, customer, id, made)
}

// change applies the update to the locked row.
func (r *Resource[M, R, P]) change(tx *mutation.Tx, row P, mask aip.Mask, in M) (M, error) {
	before := r.proto(row, tx.Now)
	if err := r.changeable(row, in.GetEtag()); err != nil {
		return before, err
	}
	after := proto.CloneOf(before)
	mask.Apply(after, in)
	if err := r.normalise(after); err != nil {
		return before, err
	}
	refers, err := r.newlyNamed(row.Own().CustomerID, before, after)
	if err != nil {
		return before, err
	}
	if err := row.Set(after); err != nil {
		return before, err
	}
	m := r.revise(tx, row, before)
	if err := r.check(m); err != nil {
		return before, err
	}
	r.require(tx, row.Own().CustomerID, refers)
	return r.rewrite(tx, rapportv1.Change_UPDATED, m)
}

// revise gives a changed row its new revision.
func (r *Resource[M, R, P]) revise(tx *mutation.Tx, row P, before M) Moved[M, P] {
	h := row.Own()
	h.Revision++
	h.UpdateTime = tx.Later(h.UpdateTime)
	return Moved[M, P]{row, before, r.proto(row, tx.Now)}
}

// rewrite writes a changed record, and returns what it is then. Where nothing differs,
// nothing is queued: no write, no new etag, no entry in the feed.
func (r *Resource[M, R, P]) rewrite(tx *mutation.Tx, kind rapportv1.Change_Type, m Moved[M, P]) (M, error) {
	fields, err := change.Diff(m.Before, m.After)
	if err != nil || len(fields) == 0 {
		return m.Before, err
	}
	r.write(tx, r.sql.Update, kind, fields, r.refused(m.After.GetName()), m)
	r.follow(tx, []Moved[M, P]{m})
	return m.After, nil
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

// locked is a record that a transaction is about to change and its customer. Where there
// is no such record, the row holds no more than what Load read for it.
type locked[R any, M Message, P Row[R, M]] struct {
	row      P
	found    bool
	customer CustomerState
}

// lock reads and locks the customer and then the record.
func (r *Resource[M, R, P]) lock(ctx context.Context, tx *mutation.Tx, customer, id uuid.UUID) (*locked[R, M, P], error) {
	l := &locked[R, M, P]{row: P(new(R))}
	l.customer.Share(tx, customer)
	tx.Queue(r.sql.Lock, db.Lane(customer), db.UUID(customer), db.UUID(id)).Query(func(rows pgx.Rows) error {
		got, err := db.CollectRows[record[R, M, P]](rows)
		if l.found = err == nil && len(got) == 1; l.found {
			*l.row = got[0].row
		}
		return err
	})
	if r.Load != nil {
		r.Load(tx, customer, l.row)
	}
	return l, tx.Fetch(ctx)
}
