package customer

import (
	"context"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/change"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// CreateCustomer makes a customer.
func (s *Server) CreateCustomer(ctx context.Context, req *rapportv1.CreateCustomerRequest) (*rapportv1.Customer, error) {
	claim, err := mutation.NewClaim(ctx, req)
	if err != nil {
		return nil, err
	}
	id, err := s.newID(claim, req.GetCustomerId())
	if err != nil {
		return nil, err
	}
	c := req.GetCustomer()
	aip.ClearUnsettable(c)
	if err := s.normalise(c); err != nil {
		return nil, err
	}
	return mutation.Run(ctx, s.Mutations, claim, func(ctx context.Context, tx *mutation.Tx) (*rapportv1.Customer, error) {
		return create(ctx, tx, id, c, nil)
	})
}

// newID returns the caller's id, or one of ours in the lane of the call's claim.
func (s *Server) newID(claim *mutation.Claim, given string) (uuid.UUID, error) {
	if given != "" {
		return aip.ParseID("customer_id", given)
	}
	return claim.NewID(s.Mutations.Clock())
}

// create queues all that makes the normalised customer c under the id. The known tiers
// have the one it names; nil where it is to be read first.
func create(ctx context.Context, tx *mutation.Tx, id uuid.UUID, c *rapportv1.Customer, known tiers) (*rapportv1.Customer, error) {
	n, err := newCustomer(c)
	if err != nil {
		return nil, err
	}
	tx.OnRefusal(refused(aip.CustomerName(id)))
	var referred referral
	if n.row.ReferrerID.Valid {
		walkReferrals(tx, &referred, id, n.row.ReferrerID.Bytes)
	}
	readTier := n.row.ServiceTierID.Valid && known == nil
	if readTier {
		known = readTiers(tx, n.row.ServiceTierID.Bytes)
	}
	if n.row.ReferrerID.Valid || readTier {
		if err := tx.Fetch(ctx); err != nil {
			return nil, err
		}
	}
	if n.row.ReferrerID.Valid {
		if err := referred.check(id, n.row.ReferrerID.Bytes); err != nil {
			return nil, err
		}
	}
	if err := known.check(nil, c); err != nil {
		return nil, err
	}
	record := n.make(id, tx.Now, known)
	insert(tx, &n.row)
	var by lookups
	by.move(id, nil, n.customer)
	by.queue(tx)
	tx.Record(record)
	return n.customer, nil
}

// newborn is a customer that is about to be made, with all that takes time to work out
// and depends on nothing but the request.
type newborn struct {
	row      row
	customer *rapportv1.Customer
	fields   []change.Field
}

// newCustomer works out what to write for a normalised customer, which it keeps.
func newCustomer(c *rapportv1.Customer) (n newborn, err error) {
	n.customer = c
	if err := n.row.set(c); err != nil {
		return n, err
	}
	c.State = rapportv1.Customer_ACTIVE
	n.fields, err = change.Diff(nil, c)
	return n, err
}

// make gives the customer its id and time, and returns the record of it.
func (n *newborn) make(id uuid.UUID, now time.Time, known tiers) change.Record {
	n.row.TierIntervalDays = known.interval(n.row.ServiceTierID)
	n.row.Lane, n.row.CustomerID, n.row.Revision = db.Lane(id), id, 1
	n.row.CreateTime, n.row.UpdateTime = now, now
	n.row.output(n.customer, now)
	return change.Record{
		CustomerID: id, Resource: n.customer.GetName(), Type: rapportv1.Change_CREATED, Fields: n.fields, Time: now,
	}
}

// output completes the normalised customer that the row was set from. It is what
// proto would decode from the row, without the decoding.
func (r *row) output(c *rapportv1.Customer, now time.Time) *rapportv1.Customer {
	c.Name, c.Uid, c.Etag = r.name(), r.CustomerID.String(), aip.Etag(r.Revision)
	c.CreateTime, c.UpdateTime = timestamppb.New(r.CreateTime), timestamppb.New(r.UpdateTime)
	c.DeleteTime, c.PurgeTime = aip.ToTimestamp(r.DeleteTime), aip.ToTimestamp(r.PurgeTime)
	c.State = rapportv1.Customer_ACTIVE
	if r.DeleteTime != nil {
		c.State = rapportv1.Customer_DELETED
	}
	r.due(c, now)
	return c
}
