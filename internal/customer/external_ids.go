package customer

import (
	"cmp"
	"slices"

	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
)

const deleteExternalIDsSQL = `-- name: DeleteExternalIDs
DELETE FROM external_id USING unnest($1::smallint[], $2::text[], $3::text[]) AS gone (lane, source, id)
WHERE external_id.key_lane = gone.lane AND external_id.source = gone.source AND external_id.id = gone.id`

const insertExternalIDsSQL = `-- name: CreateExternalIDs
INSERT INTO external_id (key_lane, source, id, customer_lane, customer_id)
SELECT lane, source, id, $4::smallint, $5::uuid FROM unnest($1::smallint[], $2::text[], $3::text[]) AS added (lane, source, id)`

// keys are external ids in the order in which every transaction takes them, so that
// two that share some cannot wait for each other in a circle.
type keys struct {
	lanes       []int16
	sources     []string
	identifiers []string
}

// missing returns the keys of what stands in a but not, or not alike, in b.
func missing(a, b map[string]string) keys {
	type key struct {
		lane       int16
		source, id string
	}
	var found []key
	for source, id := range a {
		if other, ok := b[source]; !ok || other != id {
			found = append(found, key{db.KeyLane(source, id), source, id})
		}
	}
	slices.SortFunc(found, func(x, y key) int {
		return cmp.Or(cmp.Compare(x.lane, y.lane), cmp.Compare(x.source, y.source), cmp.Compare(x.id, y.id))
	})
	var out keys
	for _, k := range found {
		out.lanes, out.sources, out.identifiers = append(out.lanes, k.lane), append(out.sources, k.source), append(out.identifiers, k.id)
	}
	return out
}

// replaceExternalIDs queues what turns the old external ids of a customer into the new
// ones. Their unique key refuses one that another customer has.
func replaceExternalIDs(tx *mutation.Tx, r *row, old, now map[string]string) {
	if gone := missing(old, now); len(gone.lanes) > 0 {
		tx.Queue(deleteExternalIDsSQL, gone.lanes, gone.sources, gone.identifiers)
	}
	if added := missing(now, old); len(added.lanes) > 0 {
		tx.Queue(insertExternalIDsSQL, added.lanes, added.sources, added.identifiers, r.Lane, db.UUID(r.CustomerID))
	}
}
