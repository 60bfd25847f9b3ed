package customer

import (
	"cmp"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
)

const deleteExternalIDsSQL = `-- name: DeleteExternalIDs
DELETE FROM external_id USING unnest($1::smallint[], $2::text[], $3::text[]) AS gone (lane, source, id)
WHERE external_id.key_lane = gone.lane AND external_id.source = gone.source AND external_id.id = gone.id`

const insertExternalIDsSQL = `-- name: CreateExternalIDs
INSERT INTO external_id (key_lane, source, id, customer_lane, customer_id)
SELECT * FROM unnest($1::smallint[], $2::text[], $3::text[], $4::smallint[], $5::uuid[])`

// externalIDChanges are the keys that customers lose and gain. Their unique key
// refuses one that another customer has.
type externalIDChanges struct{ gone, added []externalIDKey }

// externalIDKey is a row of the table of keys.
type externalIDKey struct {
	lane         int16
	source, id   string
	customerLane int16
	customer     uuid.UUID
}

// move notes what turns the old external ids of a customer into the new ones.
func (c *externalIDChanges) move(customer uuid.UUID, old, now map[string]string) {
	c.gone = appendMissing(c.gone, customer, old, now)
	c.added = appendMissing(c.added, customer, now, old)
}

// appendMissing appends the keys of what stands in a but not, or not alike, in b.
func appendMissing(keys []externalIDKey, customer uuid.UUID, a, b map[string]string) []externalIDKey {
	for source, id := range a {
		if other, ok := b[source]; !ok || other != id {
			keys = append(keys, externalIDKey{db.KeyLane(source, id), source, id, db.Lane(customer), customer})
		}
	}
	return keys
}

// queue queues the changes. Keys are taken in the order of every transaction, so that
// two that share some cannot wait for each other in a circle.
func (c *externalIDChanges) queue(tx *mutation.Tx) {
	if len(c.gone) > 0 {
		lanes, sources, ids, _, _ := externalIDArrays(c.gone)
		tx.Queue(deleteExternalIDsSQL, lanes, sources, ids)
	}
	if len(c.added) > 0 {
		lanes, sources, ids, customerLanes, customers := externalIDArrays(c.added)
		tx.Queue(insertExternalIDsSQL, lanes, sources, ids, customerLanes, customers)
	}
}

func externalIDArrays(keys []externalIDKey) (lanes []int16, sources, ids []string, customerLanes []int16, customers []pgtype.UUID) {
	slices.SortFunc(keys, func(x, y externalIDKey) int {
		return cmp.Or(cmp.Compare(x.lane, y.lane), cmp.Compare(x.source, y.source), cmp.Compare(x.id, y.id))
	})
	for _, k := range keys {
		lanes, sources, ids = append(lanes, k.lane), append(sources, k.source), append(ids, k.id)
		customerLanes, customers = append(customerLanes, k.customerLane), append(customers, db.UUID(k.customer))
	}
	return lanes, sources, ids, customerLanes, customers
}
