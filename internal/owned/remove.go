package owned

import (
	"context"

	"google.golang.org/protobuf/types/known/emptypb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/change"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// Remove deletes a record for good: of what has a Permanent for its head nothing is left but
// the change. That of a deleted customer can be removed too.
func (r *Resource[M, R, P]) Remove(ctx context.Context, req AlterRequest) (*emptypb.Empty, error) {
	if r.RequireEtag && req.GetEtag() == "" {
		return nil, apierr.EtagRequired(req.GetName())
	}
	customer, id, err := r.Collection.ParseName("name", req.GetName())
	if err != nil {
		return nil, err
	}
	claim, err := mutation.NewClaim(ctx, req)
	if err != nil {
		return nil, err
	}
	return mutation.Run(ctx, r.Mutations, claim, func(ctx context.Context, tx *mutation.Tx) (*emptypb.Empty, error) {
		l, err := r.lock(ctx, tx, customer, id)
		if err != nil {
			return nil, err
		}
		if !l.found {
			return nil, r.notFound(customer, id)
		}
		h := l.row.Own()
		if err := aip.CheckEtag(req.GetEtag(), r.name(l.row), h.Revision); err != nil {
			return nil, err
		}
		var none M
		m := Moved[M, P]{l.row, r.proto(l.row, tx.Now), none}
		fields, err := change.Diff(m.Before, none)
		if err != nil {
			return nil, err
		}
		tx.Queue(r.sql.Remove, db.Lane(customer), db.UUID(customer), db.UUID(id))
		tx.Record(change.Record{
			CustomerID: customer, Resource: r.name(l.row), Type: rapportv1.Change_DELETED, Fields: fields, Time: tx.Later(h.UpdateTime),
		})
		r.follow(tx, []Moved[M, P]{m})
		return &emptypb.Empty{}, nil
	})
}
