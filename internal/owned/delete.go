package owned

import (
	"context"
	"time"

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
	return r.alter(ctx, req, rapportv1.Change_DELETED, func(l *locked[R, M, P], now time.Time) error {
		h := l.row.Own()
		if h.DeleteTime != nil {
			return r.deleted(l.row)
		}
		purge := now.Add(r.PurgeAfter)
		h.DeleteTime, h.PurgeTime = &now, &purge
		return nil
	})
}

// Undelete takes a record back from deletion.
func (r *Resource[M, R, P]) Undelete(ctx context.Context, req AlterRequest) (M, error) {
	return r.alter(ctx, req, rapportv1.Change_UNDELETED, func(l *locked[R, M, P], _ time.Time) error {
		h := l.row.Own()
		if h.DeleteTime == nil {
			return apierr.AlreadyExists(rapportv1.ErrorReason_NOT_DELETED, r.name(l.row), "is not deleted")
		}
		h.DeleteTime, h.PurgeTime = nil, nil
		return l.customer.live(h.CustomerID)
	})
}

// Alter changes a record, of a live customer, by a method of the resource's own: set
// changes the row, or refuses to. What has not changed is not written.
func (r *Resource[M, R, P]) Alter(ctx context.Context, req AlterRequest, set func(row P, now time.Time) error) (M, error) {
	if r.RequireEtag && req.GetEtag() == "" {
		var none M
		return none, apierr.EtagRequired(req.GetName())
	}
	return r.alter(ctx, req, rapportv1.Change_UPDATED, func(l *locked[R, M, P], now time.Time) error {
		h := l.row.Own()
		if h.DeleteTime != nil {
			return r.deleted(l.row)
		}
		if err := l.customer.live(h.CustomerID); err != nil {
			return err
		}
		return set(l.row, now)
	})
}

// alter locks the named record, checks the etag, lets set change the row at the given
// time, and writes it.
func (r *Resource[M, R, P]) alter(ctx context.Context, req AlterRequest, kind rapportv1.Change_Type, set func(*locked[R, M, P], time.Time) error) (M, error) {
	var none M
	customer, id, err := r.Collection.ParseName("name", req.GetName())
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
		if l.row == nil {
			return none, r.notFound(customer, id)
		}
		h := l.row.Own()
		if err := aip.CheckEtag(req.GetEtag(), r.name(l.row), h.Revision); err != nil {
			return none, err
		}
		before := r.proto(l.row)
		if err := set(&l, tx.Later(h.UpdateTime)); err != nil {
			return none, err
		}
		return r.rewrite(tx, l.row, kind, before)
	})
}

func (r *Resource[M, R, P]) deleted(row P) error {
	return apierr.FailedPrecondition(r.Deleted, r.name(row),
		"was deleted at "+row.Own().DeleteTime.Format(time.RFC3339)+"; undelete it first")
}
