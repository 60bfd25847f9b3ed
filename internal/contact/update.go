package contact

import (
	"context"

	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/change"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// UpdateContact changes a contact, or makes it with allow_missing.
func (s *Server) UpdateContact(ctx context.Context, req *rapportv1.UpdateContactRequest) (*rapportv1.Contact, error) {
	in := req.GetContact()
	customer, id, err := aip.ParseContactName("contact.name", in.GetName())
	if err != nil {
		return nil, err
	}
	if s.RequireEtag && in.GetEtag() == "" && !req.GetAllowMissing() {
		return nil, apierr.EtagRequired(in.GetName())
	}
	mask, err := aip.ResolveMask(req.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	if mask.Empty() {
		return nil, apierr.Invalid(rapportv1.ErrorReason_EMPTY_UPDATE_MASK, apierr.Violation{
			Field: "update_mask", Description: "names no field, and the contact has none set that can be changed",
		})
	}
	claim, err := mutation.NewClaim(ctx, req)
	if err != nil {
		return nil, err
	}
	out, err := mutation.Run(ctx, s.Mutations, claim, func(ctx context.Context, tx *mutation.Tx) (*rapportv1.Contact, error) {
		l, err := lock(ctx, tx, customer, id)
		if err != nil {
			return nil, err
		}
		if err := l.customerLive(customer); err != nil {
			return nil, err
		}
		if l.found {
			return s.change(tx, &l.row, mask, in)
		}
		if !req.GetAllowMissing() || in.GetEtag() != "" {
			return nil, notFound(customer, id)
		}
		c := proto.CloneOf(in)
		aip.ClearUnsettable(c)
		if err := s.normalise(c); err != nil {
			return nil, err
		}
		made, err := create(tx, customer, id, c)
		if err == nil {
			tx.RaceOnRefusal()
		}
		return made, err
	})
	return out, s.explain(ctx, customer, err)
}

// change applies the update to the locked row.
func (s *Server) change(tx *mutation.Tx, r *row, mask aip.Mask, in *rapportv1.Contact) (*rapportv1.Contact, error) {
	if err := aip.CheckEtag(in.GetEtag(), r.name(), r.Revision); err != nil {
		return nil, err
	}
	if r.DeleteTime != nil {
		return nil, deleted(r)
	}
	before := r.proto()
	after := proto.CloneOf(before)
	mask.Apply(after, in)
	if err := s.normalise(after); err != nil {
		return nil, err
	}
	fields, err := change.Diff(before, after)
	if err != nil || len(fields) == 0 {
		// Nothing differs: no write, no new etag, no entry in the feed.
		return before, err
	}
	if err := r.set(after); err != nil {
		return nil, err
	}
	r.Revision++
	r.UpdateTime = tx.Later(r.UpdateTime)
	tx.OnRefusal(refused(r))
	update(tx, r)
	moveKeys(tx, r, before, after)
	tx.Record(change.Record{
		CustomerID: r.CustomerID, Resource: r.name(), Type: rapportv1.Change_UPDATED, Fields: fields, Time: r.UpdateTime,
	})
	return r.proto(), nil
}
