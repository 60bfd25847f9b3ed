package customer

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// batch is the customers of one transaction that updates many. They are locked and
// read at once, changed in memory one update after the other, and written at once. An
// update that is refused leaves no trace, so its neighbours can go on without it.
type batch struct {
	server    *Server
	tx        *mutation.Tx
	customers map[uuid.UUID]*held
	// owners are the customers that have the external ids of which an update speaks.
	owners map[externalKey]uuid.UUID
	// tiers are the service tiers of which an update speaks.
	tiers     tiers
	referrers referrers
}

type externalKey struct{ source, id string }

// held is one customer of a batch.
type held struct {
	row row
	// stored is the customer as the database has it; nil for one that the batch makes.
	stored *rapportv1.Customer
	now    *rapportv1.Customer
	dirty  bool
}

// newBatch locks and reads all that the updates speak of.
func (s *Server) newBatch(ctx context.Context, tx *mutation.Tx, updates []*parsedUpdate) (*batch, error) {
	b := &batch{
		server: s, tx: tx, customers: make(map[uuid.UUID]*held, len(updates)), owners: map[externalKey]uuid.UUID{},
		referrers: newReferrers(),
	}
	// What the constraints refuse was not there a moment ago: it is another call's work.
	tx.OnRefusal(func(e *pgconn.PgError) error {
		if refused("")(e) != nil {
			return mutation.ErrRaced
		}
		return nil
	})
	tx.Queue(planAnewSQL)
	if slices.ContainsFunc(updates, func(u *parsedUpdate) bool { return u.referrerIfMade() != uuid.Nil }) {
		tx.Queue(guardReferralsSQL)
	}
	b.lock(updates)
	b.readOwners(updates)
	b.readTiers(updates)
	if err := tx.Fetch(ctx); err != nil {
		return nil, err
	}
	for key, owner := range b.owners {
		if h, ok := b.customers[owner]; ok && h.now.GetExternalIds()[key.source] != key.id {
			return nil, mutation.ErrRaced
		}
	}
	return b, b.readReferrers(ctx, updates)
}

// find returns the customer of an update, or nil where there is none yet.
func (b *batch) find(u *parsedUpdate) (*held, error) {
	id := u.id
	if !u.byName {
		owner, ok := b.owners[externalKey{u.source, u.externalID}]
		if !ok {
			return nil, nil
		}
		id = owner
	}
	h := b.customers[id]
	if h == nil && !u.byName {
		// It was made after the locks were taken.
		return nil, mutation.ErrRaced
	}
	return h, nil
}

// apply does one update, and returns the customer as it is then. It may be given what
// missing and newCustomer made of the update, where that was worked out before.
func (b *batch) apply(u *parsedUpdate, n *newborn) (*rapportv1.Customer, rapportv1.ImportCustomersResponse_Outcome_Result, error) {
	h, err := b.find(u)
	if err != nil {
		return nil, 0, err
	}
	if h == nil {
		out, err := b.create(u, n)
		return out, rapportv1.ImportCustomersResponse_Outcome_CREATED, err
	}
	after, fields, err := b.server.apply(u, &h.row, h.now)
	if err != nil {
		return nil, 0, err
	}
	if len(fields) == 0 {
		return h.now, rapportv1.ImportCustomersResponse_Outcome_UNCHANGED, nil
	}
	if err := b.check(h.row.CustomerID, h.now, after); err != nil {
		return nil, 0, err
	}
	b.own(h.row.CustomerID, h.now, after)
	record, err := h.row.become(after, fields, b.tx.Later(h.row.UpdateTime), b.tiers)
	if err != nil {
		return nil, 0, err
	}
	h.now, h.dirty = h.row.output(after, b.tx.Now), true
	b.tx.Record(record)
	return h.now, rapportv1.ImportCustomersResponse_Outcome_UPDATED, nil
}

func (b *batch) create(u *parsedUpdate, n *newborn) (*rapportv1.Customer, error) {
	if n == nil {
		c, err := b.server.missing(u)
		if err != nil {
			return nil, err
		}
		made, err := newCustomer(c)
		if err != nil {
			return nil, err
		}
		n = &made
	}
	if err := b.check(u.id, nil, n.customer); err != nil {
		return nil, err
	}
	record := n.make(u.id, b.tx.Now, b.tiers)
	b.own(u.id, nil, n.customer)
	b.customers[u.id] = &held{row: n.row, now: n.customer, dirty: true}
	b.tx.Record(record)
	return n.customer, nil
}

// check refuses a customer with another one's external id, with a service tier that there
// is not, or with a referrer that it cannot have.
func (b *batch) check(id uuid.UUID, before, after *rapportv1.Customer) error {
	for source, key := range after.GetExternalIds() {
		if owner, taken := b.owners[externalKey{source, key}]; taken && owner != id {
			return apierr.AlreadyExists(rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, aip.CustomerName(id), "another customer has one of these external ids")
		}
	}
	if err := b.tiers.check(before, after); err != nil {
		return err
	}
	if after.GetReferrer() == "" || after.GetReferrer() == before.GetReferrer() {
		return nil
	}
	referrer, err := aip.ParseCustomerName("customer.referrer", after.GetReferrer())
	if err != nil {
		return err
	}
	if err := b.walk(id, referrer).check(id, referrer); err != nil {
		return err
	}
	b.referrers.give(referrer, id)
	return nil
}

// own notes whose the external ids are from now on.
func (b *batch) own(id uuid.UUID, before, after *rapportv1.Customer) {
	for source, key := range before.GetExternalIds() {
		delete(b.owners, externalKey{source, key})
	}
	for source, key := range after.GetExternalIds() {
		b.owners[externalKey{source, key}] = id
	}
}

// write queues what makes the database as the batch is. Rows are written in the order
// of their keys, as they are locked: two batches that make the same customers wait for
// each other one way only.
func (b *batch) write() {
	var (
		made, changed []*row
		by            lookups
	)
	ids := slices.SortedFunc(maps.Keys(b.customers), func(x, y uuid.UUID) int {
		return cmp.Or(cmp.Compare(db.Lane(x), db.Lane(y)), slices.Compare(x[:], y[:]))
	})
	for _, id := range ids {
		h := b.customers[id]
		switch {
		case !h.dirty:
			continue
		case h.stored == nil:
			made = append(made, &h.row)
		default:
			changed = append(changed, &h.row)
		}
		by.move(id, h.stored, h.now)
	}
	if len(made) > 0 {
		b.tx.Queue(insertManySQL, columnArrays(made)...)
	}
	if len(changed) > 0 {
		b.tx.Queue(updateManySQL, columnArrays(changed)...)
	}
	by.queue(b.tx)
}

// keep takes over a row that was locked.
func (b *batch) keep(r row) {
	c := r.proto(b.tx.Now)
	b.customers[r.CustomerID] = &held{row: r, stored: c, now: c}
}

// spoken returns the names and the external ids of which the updates speak: those by
// which they find their customers, and those that they give to them.
func spoken(updates []*parsedUpdate) (ids []uuid.UUID, find, all []externalIDKey) {
	for _, u := range updates {
		if u.byName {
			ids = append(ids, u.id)
		} else {
			find = append(find, externalIDKey{lane: db.KeyLane(u.source, u.externalID), source: u.source, id: u.externalID})
		}
		for source, id := range u.req.GetCustomer().GetExternalIds() {
			all = append(all, externalIDKey{lane: db.KeyLane(source, id), source: source, id: id})
		}
	}
	return ids, find, append(all, find...)
}
