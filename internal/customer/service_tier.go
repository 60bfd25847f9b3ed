package customer

import (
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
)

const serviceTierField = "customer.service_tier"

const readTiersSQL = `-- name: ReadServiceTiers
SELECT service_tier_id, contact_interval_days FROM service_tier WHERE service_tier_id = ANY ($1::uuid[])`

// tiers are service tiers that are there, each with its contact interval in days. What is
// given to a customer is read before, for the answer shows what follows from it. A foreign
// key stands behind it, where a tier is deleted meanwhile.
type tiers map[uuid.UUID]pgtype.Int4

// readTiers queues the reading of some tiers, and returns where they will be.
func readTiers(tx *mutation.Tx, ids ...uuid.UUID) tiers {
	into := tiers{}
	_, keys := db.LanesAndUUIDs(ids)
	tx.Queue(readTiersSQL, keys).Query(func(rows pgx.Rows) error {
		var (
			id   uuid.UUID
			days pgtype.Int4
		)
		_, err := pgx.ForEachRow(rows, []any{(*[16]byte)(&id), &days}, func() error {
			into[id] = days
			return nil
		})
		return err
	})
	return into
}

// check refuses a tier that a customer gets and that there is not.
func (t tiers) check(before, after *rapportv1.Customer) error {
	if after.GetServiceTier() == "" || after.GetServiceTier() == before.GetServiceTier() {
		return nil
	}
	id, err := aip.ParseServiceTierName(serviceTierField, after.GetServiceTier())
	if err != nil {
		return err
	}
	if _, there := t[id]; !there {
		return noTier()
	}
	return nil
}

func noTier() error {
	return apierr.InvalidField(serviceTierField, "is a service tier that does not exist")
}

// interval is the contact interval of a tier, and none of none.
func (t tiers) interval(id pgtype.UUID) pgtype.Int4 {
	if !id.Valid {
		return pgtype.Int4{}
	}
	return t[id.Bytes]
}

// tier returns the service tier that the update names. It may set none, where the mask
// leaves it out; whether the name is one is told by normalise.
func (u *parsedUpdate) tier() (id uuid.UUID, named bool) {
	name := u.req.GetCustomer().GetServiceTier()
	if name == "" {
		return uuid.Nil, false
	}
	id, err := aip.ParseServiceTierName(serviceTierField, name)
	return id, err == nil
}

// readTiers queues the reading of the tiers of which the updates speak.
func (b *batch) readTiers(updates []*parsedUpdate) {
	seen := map[uuid.UUID]bool{}
	var ids []uuid.UUID
	for _, u := range updates {
		if id, named := u.tier(); named && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	if len(ids) > 0 {
		b.tiers = readTiers(b.tx, ids...)
	}
}
