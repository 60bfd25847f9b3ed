package customer

import (
	"context"
	"time"

	"github.com/google/uuid"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/change"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// DeleteCustomer hides a customer until it is undeleted or purged.
func (s *Server) DeleteCustomer(ctx context.Context, req *rapportv1.DeleteCustomerRequest) (*rapportv1.Customer, error) {
	if err := s.requireEtag(req.GetEtag(), req.GetName()); err != nil {
		return nil, err
	}
	return s.alter(ctx, req, rapportv1.Change_DELETED, func(r *row, now time.Time) error {
		if r.DeleteTime != nil {
			return deleted(r)
		}
		purge := now.Add(s.PurgeAfter)
		r.DeleteTime, r.PurgeTime = &now, &purge
		return nil
	})
}

// UndeleteCustomer takes a customer back from deletion.
func (s *Server) UndeleteCustomer(ctx context.Context, req *rapportv1.UndeleteCustomerRequest) (*rapportv1.Customer, error) {
	return s.alter(ctx, req, rapportv1.Change_UNDELETED, func(r *row, _ time.Time) error {
		if r.DeleteTime == nil {
			return apierr.AlreadyExists(rapportv1.ErrorReason_NOT_DELETED, r.name(), "is not deleted")
		}
		r.DeleteTime, r.PurgeTime = nil, nil
		return nil
	})
}

type alterRequest interface {
	mutation.Request
	GetName() string
	GetEtag() string
}

// alter locks the named customer, checks the etag, lets change set the row at the
// given time, and writes it.
func (s *Server) alter(ctx context.Context, req alterRequest, kind rapportv1.Change_Type, set func(*row, time.Time) error) (*rapportv1.Customer, error) {
	id, err := aip.ParseCustomerName("name", req.GetName())
	if err != nil {
		return nil, err
	}
	claim, err := mutation.NewClaim(ctx, req)
	if err != nil {
		return nil, err
	}
	return mutation.Run(ctx, s.Mutations, claim, func(ctx context.Context, tx *mutation.Tx) (*rapportv1.Customer, error) {
		r, err := locked(ctx, tx, id, req.GetEtag())
		if err != nil {
			return nil, err
		}
		before := r.proto(tx.Now)
		now := tx.Later(r.UpdateTime)
		if err := set(&r, now); err != nil {
			return nil, err
		}
		r.Revision++
		r.UpdateTime = now
		update(tx, &r)
		out := r.proto(tx.Now)
		var by lookups
		by.move(r.CustomerID, before, out)
		by.queue(tx)
		fields, err := change.Diff(before, out)
		if err != nil {
			return nil, err
		}
		tx.Record(change.Record{CustomerID: id, Resource: r.name(), Type: kind, Fields: fields, Time: now})
		return out, nil
	})
}

// locked reads the customer that the transaction will change and checks the etag.
func locked(ctx context.Context, tx *mutation.Tx, id uuid.UUID, etag string) (r row, err error) {
	var found bool
	lockByID(tx, &r, &found, id)
	if err := tx.Fetch(ctx); err != nil {
		return r, err
	}
	if !found {
		return r, notFound(id)
	}
	return r, aip.CheckEtag(etag, r.name(), r.Revision)
}

func (s *Server) requireEtag(etag, name string) error {
	if !s.RequireEtag || etag != "" {
		return nil
	}
	return apierr.EtagRequired(name)
}
