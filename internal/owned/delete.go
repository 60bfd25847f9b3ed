package owned

import (
	"context"
	"time"

	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// AlterRequest is a request that changes one record by its name, such as a delete's.
type AlterRequest interface {
	mutation.Request
	GetName() string
	GetEtag() string
}

// Delete hides a record until it is undeleted or purged. That of a deleted customer can
// be deleted too.
func (r *Resource[M, R, P]) Delete(ctx context.Context, req AlterRequest) (M, error) {
	if r.RequireEtag && req.GetEtag() == "" {
		var none M
		return none, apierr.EtagRequired(req.GetName())
	}
	return alter(ctx, r, req, rapportv1.Change_DELETED, func(_ *mutation.Tx, l *locked[R, M, P], now time.Time) error {
		h := l.row.Own()
		if h.DeleteTime != nil {
			return r.deleted(l.row)
		}
		purge := now.Add(r.PurgeAfter)
		h.DeleteTime, h.PurgeTime = &now, &purge
		return nil
	}, itself)
}

// Undelete takes a record back from deletion.
func (r *Resource[M, R, P]) Undelete(ctx context.Context, req AlterRequest) (M, error) {
	return alter(ctx, r, req, rapportv1.Change_UNDELETED, func(_ *mutation.Tx, l *locked[R, M, P], _ time.Time) error {
		h := l.row.Own()
		if h.DeleteTime == nil {
			return apierr.AlreadyExists(rapportv1.ErrorReason_NOT_DELETED, r.name(l.row), "is not deleted")
		}
		h.DeleteTime, h.PurgeTime = nil, nil
		return l.customer.live(h.CustomerID)
	}, itself)
}

// Alter changes a record, of a live customer, by a method of the resource's own: set
// changes the row, or refuses to, and may queue what happens with it, such as Make of
// another resource. What has not changed is not written.
func (r *Resource[M, R, P]) Alter(ctx context.Context, req AlterRequest, set func(tx *mutation.Tx, row P, now time.Time) error) (M, error) {
	return AlterTo(ctx, r, req, set, itself)
}

// AlterTo is Alter for a method whose answer is another message than the record's, which
// wrap makes of it.
func AlterTo[M Message, R any, P Row[R, M], B proto.Message](
	ctx context.Context, r *Resource[M, R, P], req AlterRequest, set func(tx *mutation.Tx, row P, now time.Time) error, wrap func(M) B,
) (B, error) {
	if r.RequireEtag && req.GetEtag() == "" {
		var none B
		return none, apierr.EtagRequired(req.GetName())
	}
	return alter(ctx, r, req, rapportv1.Change_UPDATED, func(tx *mutation.Tx, l *locked[R, M, P], now time.Time) error {
		h := l.row.Own()
		if h.DeleteTime != nil {
			return r.deleted(l.row)
		}
		if err := l.customer.live(h.CustomerID); err != nil {
			return err
		}
		return set(tx, l.row, now)
	}, wrap)
}

func itself[M any](m M) M { return m }

// alter locks the named record, checks the etag, lets set change the row at the given
// time, and writes it.
func alter[M Message, R any, P Row[R, M], B proto.Message](
	ctx context.Context, r *Resource[M, R, P], req AlterRequest, kind rapportv1.Change_Type,
	set func(*mutation.Tx, *locked[R, M, P], time.Time) error, wrap func(M) B,
) (B, error) {
	var none B
	customer, id, err := r.Collection.ParseName("name", req.GetName())
	if err != nil {
		return none, err
	}
	claim, err := mutation.NewClaim(ctx, req)
	if err != nil {
		return none, err
	}
	return mutation.Run(ctx, r.Mutations, claim, func(ctx context.Context, tx *mutation.Tx) (B, error) {
		l, err := r.lock(ctx, tx, customer, id)
		if err != nil {
			return none, err
		}
		if !l.found {
			return none, r.notFound(customer, id)
		}
		h := l.row.Own()
		if err := aip.CheckEtag(req.GetEtag(), r.name(l.row), h.Revision); err != nil {
			return none, err
		}
		before := r.proto(l.row, tx.Now)
		if err := set(tx, l, tx.Later(h.UpdateTime)); err != nil {
			return none, err
		}
		m := r.revise(tx, l.row, before)
		if kind == rapportv1.Change_UPDATED {
			refers, err := r.newlyNamed(customer, before, m.After)
			if err == nil {
				err = r.check(m)
			}
			if err != nil {
				return none, err
			}
			r.require(tx, customer, refers)
		}
		out, err := r.rewrite(tx, kind, m)
		if err != nil {
			return none, err
		}
		return wrap(out), nil
	})
}

func (r *Resource[M, R, P]) deleted(row P) error {
	return apierr.FailedPrecondition(r.Deleted, r.name(row),
		"was deleted at "+row.Own().DeleteTime.Format(time.RFC3339)+"; undelete it first")
}
