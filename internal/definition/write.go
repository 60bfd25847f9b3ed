package definition

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
	"github.com/rapport-crm/rapport/internal/owned"
)

// Create makes a record, of the caller's id or of one of ours.
func (r *Resource[M, R, P]) Create(ctx context.Context, req mutation.Request, given string, in M) (M, error) {
	var none M
	claim, err := mutation.NewClaim(ctx, req)
	if err != nil {
		return none, err
	}
	id, err := claim.NewID(r.Mutations.Clock())
	if given != "" {
		id, err = aip.ParseID(r.idColumn(), given)
	}
	if err != nil {
		return none, err
	}
	aip.ClearUnsettable(in)
	if err := r.normalise(in); err != nil {
		return none, err
	}
	return mutation.Run(ctx, r.Mutations, claim, func(_ context.Context, tx *mutation.Tx) (M, error) { return r.create(tx, id, in) })
}

// create queues all that makes the normalised record.
func (r *Resource[M, R, P]) create(tx *mutation.Tx, id uuid.UUID, in M) (M, error) {
	var none M
	tx.OnRefusal(func(e *pgconn.PgError) error {
		if !strings.HasPrefix(e.ConstraintName, r.Table+"_pkey") {
			return nil
		}
		return apierr.AlreadyExists(r.Exists, r.Name(id), "a "+r.noun()+" of this id exists")
	})
	row := P(new(R))
	*row.Own() = Head{ID: id, Revision: 1, CreateTime: tx.Now, UpdateTime: tx.Now}
	if err := row.Set(in); err != nil {
		return none, err
	}
	tx.Queue(r.sql.insert, args(row)...)
	out := r.whole(row)
	return out, r.note(tx, rapportv1.Change_CREATED, row, none, out)
}

// Update changes a record, or makes it with allow_missing.
func (r *Resource[M, R, P]) Update(ctx context.Context, req owned.UpdateRequest, in M) (M, error) {
	var none M
	id, err := r.ParseName(r.Table+".name", in.GetName())
	if err != nil {
		return none, err
	}
	mask, err := r.UpdateMask(req, in, r.noun())
	if err != nil {
		return none, err
	}
	claim, err := mutation.NewClaim(ctx, req)
	if err != nil {
		return none, err
	}
	return mutation.Run(ctx, r.Mutations, claim, func(ctx context.Context, tx *mutation.Tx) (M, error) {
		row, err := r.lock(ctx, tx, id)
		switch {
		case err != nil:
			return none, err
		case row != nil:
			return r.update(tx, row, mask, in)
		case !req.GetAllowMissing() || in.GetEtag() != "":
			return none, r.Missing(id)
		}
		return r.makeMissing(tx, id, in)
	})
}

// lock reads and locks the record, nil where there is none.
func (r *Resource[M, R, P]) lock(ctx context.Context, tx *mutation.Tx, id uuid.UUID) (row P, err error) {
	r.queue(tx, r.sql.lock, id, func(found P) { row = found })
	return row, tx.Fetch(ctx)
}

// makeMissing makes the record that allow_missing asks for. The mask then has no say: all that is
// populated counts (AIP-134).
func (r *Resource[M, R, P]) makeMissing(tx *mutation.Tx, id uuid.UUID, in M) (M, error) {
	made := proto.CloneOf(in)
	aip.ClearUnsettable(made)
	if err := r.normalise(made); err != nil {
		return made, err
	}
	out, err := r.create(tx, id, made)
	tx.RaceOnRefusal()
	return out, err
}

// update applies an update to the locked record. What does not differ is not written: no new
// etag, no entry in the feed.
func (r *Resource[M, R, P]) update(tx *mutation.Tx, row P, mask aip.Mask, in M) (M, error) {
	before, h := r.whole(row), row.Own()
	if err := aip.CheckEtag(in.GetEtag(), before.GetName(), h.Revision); err != nil {
		return before, err
	}
	after := proto.CloneOf(before)
	mask.Apply(after, in)
	if err := r.normalise(after); err != nil {
		return before, err
	}
	if proto.Equal(before, after) {
		return before, nil
	}
	if err := row.Set(after); err != nil {
		return before, err
	}
	h.Revision++
	h.UpdateTime = tx.Later(h.UpdateTime)
	tx.Queue(r.sql.update, args(row)...)
	out := r.whole(row)
	return out, r.note(tx, rapportv1.Change_UPDATED, row, before, out)
}

// DeleteRequest is a delete's.
type DeleteRequest interface {
	mutation.Request
	GetName() string
	GetEtag() string
}

// Delete removes a record that nothing refers to, for good.
func (r *Resource[M, R, P]) Delete(ctx context.Context, req DeleteRequest) (*emptypb.Empty, error) {
	id, err := r.ParseName("name", req.GetName())
	if err != nil {
		return nil, err
	}
	if r.RequireEtag && req.GetEtag() == "" {
		return nil, apierr.EtagRequired(req.GetName())
	}
	claim, err := mutation.NewClaim(ctx, req)
	if err != nil {
		return nil, err
	}
	return mutation.Run(ctx, r.Mutations, claim, func(ctx context.Context, tx *mutation.Tx) (*emptypb.Empty, error) {
		row, err := r.lock(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		if row == nil {
			return nil, r.Missing(id)
		}
		before := r.whole(row)
		if err := aip.CheckEtag(req.GetEtag(), before.GetName(), row.Own().Revision); err != nil {
			return nil, err
		}
		tx.OnRefusal(func(e *pgconn.PgError) error {
			used := func(key string) bool { return strings.HasPrefix(e.ConstraintName, key) }
			if !slices.ContainsFunc(r.Users, used) {
				return nil
			}
			return apierr.FailedPrecondition(r.Used, before.GetName(), r.InUse)
		})
		tx.Queue(r.sql.remove, db.UUID(id))
		var none M
		return &emptypb.Empty{}, r.note(tx, rapportv1.Change_DELETED, row, before, none)
	})
}
