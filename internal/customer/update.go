package customer

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/change"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// UpdateCustomer changes a customer, or makes it with allow_missing.
func (s *Server) UpdateCustomer(ctx context.Context, req *rapportv1.UpdateCustomerRequest) (*rapportv1.Customer, error) {
	claim, err := mutation.NewClaim(ctx, req)
	if err != nil {
		return nil, err
	}
	u, err := s.parseUpdate(claim, req)
	if err != nil {
		return nil, err
	}
	return mutation.Run(ctx, s.Mutations, claim, func(ctx context.Context, tx *mutation.Tx) (*rapportv1.Customer, error) {
		var (
			r        row
			found    bool
			referred referral
			known    tiers
		)
		if tier, named := u.tier(); named {
			known = readTiers(tx, tier)
		}
		if u.referrer != uuid.Nil && u.byName {
			walkReferrals(tx, &referred, u.id, u.referrer)
		}
		if u.byName {
			lockByID(tx, &r, &found, u.id)
		} else {
			lock(tx, &r, &found, lockByExternalIDSQL, db.KeyLane(u.source, u.externalID), u.source, u.externalID)
		}
		if err := tx.Fetch(ctx); err != nil {
			return nil, err
		}
		if !found {
			return s.createMissing(ctx, tx, &u, known)
		}
		return s.change(ctx, tx, &u, r, referred, known)
	})
}

// parsedUpdate is an UpdateCustomerRequest, parsed.
type parsedUpdate struct {
	req        *rapportv1.UpdateCustomerRequest
	mask       aip.Mask
	byName     bool
	id         uuid.UUID // by name: the customer's; else that of one to be made
	source     string
	externalID string
	referrer   uuid.UUID // where the mask sets one
}

func (s *Server) parseUpdate(claim *mutation.Claim, req *rapportv1.UpdateCustomerRequest) (u parsedUpdate, err error) {
	if req.GetCustomer() == nil {
		// As a body of null over REST: it names no field, and is refused for that.
		req.Customer = &rapportv1.Customer{}
	}
	c, external := req.GetCustomer(), req.GetExternalId()
	u = parsedUpdate{req: req, byName: c.GetName() != "", source: external.GetSource(), externalID: external.GetId()}
	switch {
	case u.byName && external != nil:
		return u, apierr.InvalidField("external_id", "is set together with customer.name; one of them says which customer")
	case u.byName:
		u.id, err = aip.ParseCustomerName("customer.name", c.GetName())
	case external != nil:
		u.id, err = claim.NewID(s.Mutations.Clock())
	default:
		err = apierr.InvalidField("customer.name", "is required, or external_id in its place")
	}
	if err != nil {
		return u, err
	}
	if err := s.requireEtag(c.GetEtag(), c.GetName()); err != nil && !req.GetAllowMissing() {
		return u, err
	}
	if u.mask, err = aip.ResolveMask(req.GetUpdateMask(), c); err != nil {
		return u, err
	}
	tags := len(req.GetAddTags()) + len(req.GetRemoveTags())
	switch {
	case tags > 0 && u.mask.Has("tags"):
		return u, apierr.InvalidField("add_tags", "and remove_tags cannot be combined with tags in the update mask")
	case tags == 0 && u.mask.Empty():
		return u, apierr.Invalid(rapportv1.ErrorReason_EMPTY_UPDATE_MASK, apierr.Violation{
			Field: "update_mask", Description: "names no field, and the customer has none set that can be changed",
		})
	}
	if u.mask.Has("referrer") && c.GetReferrer() != "" {
		u.referrer, err = aip.ParseCustomerName("customer.referrer", c.GetReferrer())
	}
	return u, err
}

// missing returns the customer to make, normalised, where the update found none. The
// mask then has no say: all that is populated counts (AIP-134). It returns NOT_FOUND
// where the caller wants none made.
func (s *Server) missing(u *parsedUpdate) (*rapportv1.Customer, error) {
	if !u.req.GetAllowMissing() || u.req.GetCustomer().GetEtag() != "" {
		if u.byName {
			return nil, notFound(u.id)
		}
		return nil, apierr.NotFound(rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, "external id "+u.source+"/"+u.externalID)
	}
	c := proto.CloneOf(u.req.GetCustomer())
	aip.ClearUnsettable(c)
	if !u.byName {
		if c.ExternalIds == nil {
			c.ExternalIds = map[string]string{}
		}
		c.ExternalIds[u.source] = u.externalID
	}
	c.Tags = changeTags(c.GetTags(), u.req.GetAddTags(), u.req.GetRemoveTags())
	return c, s.normalise(c)
}

func (s *Server) createMissing(ctx context.Context, tx *mutation.Tx, u *parsedUpdate, known tiers) (*rapportv1.Customer, error) {
	c, err := s.missing(u)
	if err != nil {
		return nil, err
	}
	out, err := create(ctx, tx, u.id, c, known)
	if err == nil {
		tx.RaceOnRefusal()
	}
	return out, err
}

// apply returns what the update makes of the customer in the row, normalised, and what
// differs: nothing, where there is nothing to write.
func (s *Server) apply(u *parsedUpdate, r *row, before *rapportv1.Customer) (*rapportv1.Customer, []change.Field, error) {
	if err := aip.CheckEtag(u.req.GetCustomer().GetEtag(), r.name(), r.Revision); err != nil {
		return nil, nil, err
	}
	if r.DeleteTime != nil {
		return nil, nil, deleted(r)
	}
	after := proto.CloneOf(before)
	u.mask.Apply(after, u.req.GetCustomer())
	after.Tags = changeTags(after.GetTags(), u.req.GetAddTags(), u.req.GetRemoveTags())
	if err := s.normalise(after); err != nil {
		return nil, nil, err
	}
	fields, err := change.Diff(before, after)
	return after, fields, err
}

// change applies the update to the locked row.
func (s *Server) change(ctx context.Context, tx *mutation.Tx, u *parsedUpdate, r row, referred referral, known tiers) (*rapportv1.Customer, error) {
	before := r.proto(tx.Now)
	if !u.byName && before.GetExternalIds()[u.source] != u.externalID {
		// While this call waited for the row, another one took the external id away.
		return nil, mutation.ErrRaced
	}
	after, fields, err := s.apply(u, &r, before)
	if err != nil || len(fields) == 0 {
		// Nothing differs: no write, no new etag, no entry in the feed.
		return before, err
	}
	if u.referrer != uuid.Nil && before.GetReferrer() != after.GetReferrer() {
		if !u.byName {
			walkReferrals(tx, &referred, r.CustomerID, u.referrer)
			if err := tx.Fetch(ctx); err != nil {
				return nil, err
			}
		}
		if err := referred.check(r.CustomerID, u.referrer); err != nil {
			return nil, err
		}
	}
	if err := known.check(before, after); err != nil {
		return nil, err
	}
	record, err := r.become(after, fields, tx.Later(r.UpdateTime), known)
	if err != nil {
		return nil, err
	}
	tx.OnRefusal(refused(r.name()))
	update(tx, &r)
	var by lookups
	by.move(r.CustomerID, before, after)
	by.queue(tx)
	tx.Record(record)
	return r.output(after, tx.Now), nil
}

// become takes over the updated customer, as of now, and returns the record of it.
func (r *row) become(after *rapportv1.Customer, fields []change.Field, now time.Time, known tiers) (change.Record, error) {
	tier := r.ServiceTierID
	if err := r.set(after); err != nil {
		return change.Record{}, err
	}
	if r.ServiceTierID != tier {
		r.TierIntervalDays = known.interval(r.ServiceTierID)
	}
	r.Revision++
	r.UpdateTime = now
	return change.Record{
		CustomerID: r.CustomerID, Resource: r.name(), Type: rapportv1.Change_UPDATED, Fields: fields, Time: now,
	}, nil
}

// changeTags adds and removes tags; where one stands in both lists, it goes.
func changeTags(tags, add, remove []string) []string {
	set := make(map[string]bool, len(tags)+len(add))
	for _, tag := range slices.Concat(tags, add) {
		set[tag] = true
	}
	for _, tag := range remove {
		delete(set, tag)
	}
	return slices.Sorted(maps.Keys(set))
}
