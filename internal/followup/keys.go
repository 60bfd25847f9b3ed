package followup

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
)

// key is a record of a customer or, where its id is nil, the customer.
type key struct{ customer, id uuid.UUID }

// compare orders keys as the tables do.
func (k key) compare(other key) int {
	return cmp.Or(
		cmp.Compare(db.Lane(k.customer), db.Lane(other.customer)),
		bytes.Compare(k.customer[:], other.customer[:]), bytes.Compare(k.id[:], other.id[:]),
	)
}

// keys are a set of records.
type keys struct{ all []key }

func (k *keys) add(customer, id uuid.UUID) { k.all = append(k.all, key{customer, id}) }

// arrays returns each key once, in their order, a slice a column.
func (k *keys) arrays() (lanes []int16, customers, ids []pgtype.UUID) {
	slices.SortFunc(k.all, key.compare)
	k.all = slices.Compact(k.all)
	for _, key := range k.all {
		lanes, customers, ids = append(lanes, db.Lane(key.customer)), append(customers, db.UUID(key.customer)), append(ids, db.UUID(key.id))
	}
	return lanes, customers, ids
}

// idOf is the id at the end of the name of a stored record.
func idOf(name string) uuid.UUID {
	id, err := uuid.Parse(aip.LastID(name))
	if err != nil {
		return uuid.Nil
	}
	return id
}
