package contact

import (
	"context"

	"github.com/google/uuid"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/change"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
	"github.com/rapport-crm/rapport/internal/search"
)

// CreateContact makes a contact of a customer.
func (s *Server) CreateContact(ctx context.Context, req *rapportv1.CreateContactRequest) (*rapportv1.Contact, error) {
	customer, err := aip.ParseCustomerName("parent", req.GetParent())
	if err != nil {
		return nil, err
	}
	claim, err := mutation.NewClaim(ctx, req)
	if err != nil {
		return nil, err
	}
	id, err := s.newID(claim, req.GetContactId())
	if err != nil {
		return nil, err
	}
	c := req.GetContact()
	aip.ClearUnsettable(c)
	if err := s.normalise(c); err != nil {
		return nil, err
	}
	out, err := mutation.Run(ctx, s.Mutations, claim, func(_ context.Context, tx *mutation.Tx) (*rapportv1.Contact, error) {
		return create(tx, customer, id, c)
	})
	return out, s.explain(ctx, customer, err)
}

// newID returns the caller's id, or one of ours.
func (s *Server) newID(claim *mutation.Claim, given string) (uuid.UUID, error) {
	if given != "" {
		return aip.ParseID("contact_id", given)
	}
	return claim.NewID(s.Mutations.Clock())
}

// create queues all that makes the normalised contact c.
func create(tx *mutation.Tx, customer, id uuid.UUID, c *rapportv1.Contact) (*rapportv1.Contact, error) {
	r := row{
		Lane: db.Lane(customer), CustomerID: customer, ContactID: id,
		Revision: 1, CreateTime: tx.Now, UpdateTime: tx.Now,
	}
	if err := r.set(c); err != nil {
		return nil, err
	}
	tx.OnRefusal(refused(&r))
	tx.Queue(requireCustomerSQL, r.Lane, db.UUID(customer))
	insert(tx, &r)
	out := r.proto()
	moveKeys(tx, &r, nil, out)
	return out, record(tx, &r, rapportv1.Change_CREATED, nil, out)
}

// record queues the change from one state of the contact to another; a nil before is
// a contact that was not there.
func record(tx *mutation.Tx, r *row, kind rapportv1.Change_Type, before, after *rapportv1.Contact) error {
	fields, err := change.Diff(before, after)
	if err != nil {
		return err
	}
	tx.Record(change.Record{CustomerID: r.CustomerID, Resource: r.name(), Type: kind, Fields: fields, Time: r.UpdateTime})
	return nil
}

// moveKeys queues what changes in the keys by which the contact's customer is found.
func moveKeys(tx *mutation.Tx, r *row, before, after *rapportv1.Contact) {
	var keys search.Changes
	keys.MoveContact(r.CustomerID, r.ContactID, before, after)
	keys.Queue(tx)
}
