package owned

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// shareCustomersSQL locks in the order of the key, as every transaction does that locks
// several customers, so that two cannot wait for each other in a circle.
const shareCustomersSQL = `-- name: ShareCustomers
SELECT customer.customer_id, customer.delete_time FROM customer JOIN (
    SELECT * FROM unnest($1::smallint[], $2::uuid[]) AS named (wanted_lane, wanted_id)
    UNION
    SELECT customer_lane, customer_id FROM external_id
    JOIN unnest($3::smallint[], $4::text[], $5::text[]) AS given (given_lane, given_source, given_id)
    ON key_lane = given_lane AND source = given_source AND id = given_id
) AS wanted ON lane = wanted_lane AND customer.customer_id = wanted_id
ORDER BY lane, customer.customer_id FOR SHARE OF customer`

// ownersSQL runs behind shareCustomersSQL, so it sees what that waited for.
const ownersSQL = `-- name: ListExternalIDOwners
SELECT source, id, customer_id FROM external_id
JOIN unnest($1::smallint[], $2::text[], $3::text[]) AS given (given_lane, given_source, given_id)
ON key_lane = given_lane AND source = given_source AND id = given_id`

// owner says whose a new record is: a customer by its id or, where key is set, by its id
// in another system.
type owner struct {
	customer uuid.UUID
	key      externalKey
}

type externalKey struct{ source, id string }

func keyOf(id *rapportv1.ExternalId) externalKey { return externalKey{id.GetSource(), id.GetId()} }

func (k externalKey) String() string { return "external id " + k.source + "/" + k.id }

// parseOwner returns whose the record of a create is that has this parent.
func parseOwner(req any, parent string) (o owner, err error) {
	if r, ok := req.(interface{ GetCustomerExternalId() *rapportv1.ExternalId }); ok && r.GetCustomerExternalId() != nil {
		if !aip.IsAnyCustomer(parent) {
			return o, apierr.InvalidField("customer_external_id", "needs the parent customers/-; any other one says which customer")
		}
		return owner{key: keyOf(r.GetCustomerExternalId())}, nil
	}
	o.customer, err = aip.ParseCustomerName("parent", parent)
	return o, err
}

// owners are the customers of new records, locked and read.
type owners struct {
	states map[uuid.UUID]CustomerState
	keys   map[externalKey]uuid.UUID
	byKey  bool // some are named by an external id
}

// share queues the locking and reading of them all.
func (o *owners) share(tx *mutation.Tx, all []owner) {
	o.states, o.keys = map[uuid.UUID]CustomerState{}, map[externalKey]uuid.UUID{}
	var (
		ids         []uuid.UUID
		keyLanes    = []int16{}
		sources, at = []string{}, []string{}
		seen        = map[owner]bool{}
	)
	for _, c := range all {
		switch {
		case seen[c]:
		case c.customer != uuid.Nil:
			ids = append(ids, c.customer)
		default:
			keyLanes, sources, at = append(keyLanes, db.KeyLane(c.key.source, c.key.id)), append(sources, c.key.source), append(at, c.key.id)
		}
		seen[c] = true
	}
	lanes, customers := db.LanesAndUUIDs(ids)
	tx.Queue(shareCustomersSQL, lanes, customers, keyLanes, sources, at).Query(func(rows pgx.Rows) error {
		var id uuid.UUID
		state := CustomerState{Found: true}
		_, err := pgx.ForEachRow(rows, []any{(*[16]byte)(&id), &state.DeleteTime}, func() error {
			o.states[id] = state
			return nil
		})
		return err
	})
	if o.byKey = len(at) > 0; !o.byKey {
		return
	}
	tx.Queue(ownersSQL, keyLanes, sources, at).Query(func(rows pgx.Rows) error {
		var (
			key externalKey
			id  uuid.UUID
		)
		_, err := pgx.ForEachRow(rows, []any{&key.source, &key.id, (*[16]byte)(&id)}, func() error {
			o.keys[key] = id
			return nil
		})
		return err
	})
}

// find returns the customer, where it is there and not deleted.
func (o *owners) find(c owner) (uuid.UUID, error) {
	id := c.customer
	if id == uuid.Nil {
		var ok bool
		if id, ok = o.keys[c.key]; !ok {
			return id, apierr.NotFound(rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, c.key.String())
		}
		if !o.states[id].Found {
			// It got the external id after the locks were taken.
			return id, mutation.ErrRaced
		}
	}
	state := o.states[id]
	return id, state.live(id)
}

// findOne locks and finds one customer.
func findOne(ctx context.Context, tx *mutation.Tx, c owner) (uuid.UUID, error) {
	var o owners
	o.share(tx, []owner{c})
	if err := tx.Fetch(ctx); err != nil {
		return uuid.Nil, err
	}
	return o.find(c)
}
