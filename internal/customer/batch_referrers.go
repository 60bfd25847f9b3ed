package customer

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
)

// readReferrersSQL reads the chains above the referrers of a batch, each customer once.
const readReferrersSQL = `-- name: ReadReferrers
WITH RECURSIVE up AS (
    SELECT c.customer_id, c.referrer_lane, c.referrer_id, c.delete_time IS NULL AS live
    FROM customer c JOIN unnest($1::smallint[], $2::uuid[]) AS given (lane, id) ON c.lane = given.lane AND c.customer_id = given.id
    UNION
    SELECT c.customer_id, c.referrer_lane, c.referrer_id, c.delete_time IS NULL
    FROM up JOIN customer c ON c.lane = up.referrer_lane AND c.customer_id = up.referrer_id
)
SELECT customer_id, referrer_id, live FROM up`

// countReferredSQL tells how long the longest chain below each customer is.
const countReferredSQL = `-- name: CountReferred
WITH RECURSIVE down AS (
    SELECT id AS top, id AS customer_id, 0::bigint AS depth FROM unnest($1::uuid[]) AS given (id)
    UNION ALL
    SELECT down.top, c.customer_id, down.depth + 1
    FROM down JOIN customer c ON c.referrer_id = down.customer_id WHERE down.depth <= $2
)
SELECT top, max(depth) FROM down GROUP BY top`

// referrers are the chains of referrers that a batch touches.
type referrers struct {
	// above and below are as the database has them.
	above map[uuid.UUID]referrerLink
	below map[uuid.UUID]int64
	// given has the customers to whom the batch gave a referrer, by that. Some may have
	// another one since.
	given map[uuid.UUID]map[uuid.UUID]struct{}
}

// referrerLink leads from a customer to its referrer, uuid.Nil where it has none.
type referrerLink struct {
	referrer uuid.UUID
	live     bool
}

// referrerIfMade returns the referrer that the update may set: where it makes the
// customer, the mask has no say.
func (u *parsedUpdate) referrerIfMade() uuid.UUID {
	if u.referrer != uuid.Nil || !u.req.GetAllowMissing() || u.req.GetCustomer().GetReferrer() == "" {
		return u.referrer
	}
	id, err := aip.ParseCustomerName("customer.referrer", u.req.GetCustomer().GetReferrer())
	if err != nil {
		return uuid.Nil // a customer with it is refused
	}
	return id
}

func newReferrers() referrers {
	return referrers{
		above: map[uuid.UUID]referrerLink{}, below: map[uuid.UUID]int64{}, given: map[uuid.UUID]map[uuid.UUID]struct{}{},
	}
}

// readReferrers reads the chains that the updates may make longer. A batch that changes
// no referrer reads nothing.
func (b *batch) readReferrers(ctx context.Context, updates []*parsedUpdate) error {
	var tops, customers []uuid.UUID
	changes := false
	for _, u := range updates {
		if u.req.GetCustomer().GetReferrer() == "" && !u.mask.Has("referrer") {
			continue
		}
		h, err := b.find(u)
		switch {
		case err != nil:
			return err
		case h == nil:
			if referrer := u.referrerIfMade(); referrer != uuid.Nil {
				tops, changes = append(tops, referrer), true
			}
		case u.mask.Has("referrer"):
			changes = changes || h.row.ReferrerID.Bytes != u.referrer
			if u.referrer != uuid.Nil {
				tops, customers = append(tops, u.referrer), append(customers, h.row.CustomerID)
			}
		}
	}
	if !changes || len(tops) == 0 {
		return nil
	}
	b.queueReferrers(tops, customers)
	return b.tx.Fetch(ctx)
}

func (b *batch) queueReferrers(tops, customers []uuid.UUID) {
	slices.SortFunc(tops, func(x, y uuid.UUID) int { return slices.Compare(x[:], y[:]) })
	tops = slices.Compact(tops)
	lanes, keys := db.LanesAndUUIDs(tops)
	b.tx.Queue(readReferrersSQL, lanes, keys).Query(func(rows pgx.Rows) error {
		var (
			id       uuid.UUID
			referrer pgtype.UUID
			live     bool
		)
		_, err := pgx.ForEachRow(rows, []any{(*[16]byte)(&id), &referrer, &live}, func() error {
			b.referrers.above[id] = referrerLink{referrer.Bytes, live}
			return nil
		})
		return err
	})
	if len(customers) == 0 {
		return
	}
	_, keys = db.LanesAndUUIDs(customers)
	b.tx.Queue(countReferredSQL, keys, maxReferralDepth).Query(func(rows pgx.Rows) error {
		var (
			id    uuid.UUID
			depth int64
		)
		_, err := pgx.ForEachRow(rows, []any{(*[16]byte)(&id), &depth}, func() error {
			b.referrers.below[id] = depth
			return nil
		})
		return err
	})
}

// link returns the customer's link as the batch has it, which overrules the database.
func (b *batch) link(id uuid.UUID) (link referrerLink, found bool) {
	if h, ok := b.customers[id]; ok {
		return referrerLink{h.row.ReferrerID.Bytes, h.row.DeleteTime == nil}, true
	}
	link, found = b.referrers.above[id]
	return link, found
}

// give notes that the batch gives a customer a referrer.
func (r *referrers) give(referrer, customer uuid.UUID) {
	if r.given[referrer] == nil {
		r.given[referrer] = map[uuid.UUID]struct{}{}
	}
	r.given[referrer][customer] = struct{}{}
}

// depthBelow is how long the longest chain below a customer is, in the database or by
// what the batch did.
func (b *batch) depthBelow(customer uuid.UUID) int64 {
	depth := b.referrers.below[customer]
	for referred := range b.referrers.given[customer] {
		if link, _ := b.link(referred); link.referrer == customer {
			depth = max(depth, 1+b.depthBelow(referred))
		}
	}
	return depth
}

// walk is walkReferrals in memory: it sees what earlier updates of the batch did.
func (b *batch) walk(customer, referrer uuid.UUID) referral {
	found := referral{below: b.depthBelow(customer)}
	for id := referrer; id != uuid.Nil && found.above <= maxReferralDepth; {
		link, ok := b.link(id)
		if !ok {
			break
		}
		found.above++
		if id == referrer && link.live {
			found.live = 1
		}
		if id == customer {
			found.cycle = 1
		}
		id = link.referrer
	}
	return found
}
