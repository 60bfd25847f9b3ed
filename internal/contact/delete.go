package contact

import (
	"context"
	"time"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// DeleteContact hides a contact until it is undeleted or purged. The contact of a
// deleted customer can be deleted too.
func (s *Server) DeleteContact(ctx context.Context, req *rapportv1.DeleteContactRequest) (*rapportv1.Contact, error) {
	if s.RequireEtag && req.GetEtag() == "" {
		return nil, apierr.EtagRequired(req.GetName())
	}
	return s.alter(ctx, req, rapportv1.Change_DELETED, func(l *locked, now time.Time) error {
		if l.DeleteTime != nil {
			return deleted(&l.row)
		}
		purge := now.Add(s.PurgeAfter)
		l.DeleteTime, l.PurgeTime = &now, &purge
		return nil
	})
}

// UndeleteContact takes a contact back from deletion.
func (s *Server) UndeleteContact(ctx context.Context, req *rapportv1.UndeleteContactRequest) (*rapportv1.Contact, error) {
	return s.alter(ctx, req, rapportv1.Change_UNDELETED, func(l *locked, _ time.Time) error {
		if l.DeleteTime == nil {
			return apierr.AlreadyExists(rapportv1.ErrorReason_NOT_DELETED, l.name(), "is not deleted")
		}
		l.DeleteTime, l.PurgeTime = nil, nil
		return l.customerLive(l.CustomerID)
	})
}

type alterRequest interface {
	mutation.Request
	GetName() string
	GetEtag() string
}

// alter locks the named contact, checks the etag, lets set change the row at the given
// time, and writes it.
func (s *Server) alter(ctx context.Context, req alterRequest, kind rapportv1.Change_Type, set func(*locked, time.Time) error) (*rapportv1.Contact, error) {
	customer, id, err := aip.ParseContactName("name", req.GetName())
	if err != nil {
		return nil, err
	}
	claim, err := mutation.NewClaim(ctx, req)
	if err != nil {
		return nil, err
	}
	return mutation.Run(ctx, s.Mutations, claim, func(ctx context.Context, tx *mutation.Tx) (*rapportv1.Contact, error) {
		l, err := lock(ctx, tx, customer, id)
		if err != nil {
			return nil, err
		}
		if !l.found {
			return nil, notFound(customer, id)
		}
		if err := aip.CheckEtag(req.GetEtag(), l.name(), l.Revision); err != nil {
			return nil, err
		}
		before, now := l.proto(), tx.Later(l.UpdateTime)
		if err := set(&l, now); err != nil {
			return nil, err
		}
		l.Revision++
		l.UpdateTime = now
		tx.OnRefusal(refused(&l.row))
		update(tx, &l.row)
		out := l.proto()
		moveKeys(tx, &l.row, before, out)
		return out, record(tx, &l.row, kind, before, out)
	})
}

func deleted(r *row) error {
	return apierr.FailedPrecondition(rapportv1.ErrorReason_CONTACT_DELETED, r.name(),
		"was deleted at "+r.DeleteTime.Format(time.RFC3339)+"; undelete it first")
}
