package customer

import (
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/rapport-crm/rapport/internal/db"
)

// planAnewSQL has each statement of a batch planned for what it is about to do. The plan
// that a connection keeps for any number of rows reads small tables as a whole, and it
// would still do so when an import into an empty database has filled them.
const planAnewSQL = `-- name: PlanAnew
SELECT set_config('plan_cache_mode', 'force_custom_plan', true)`

// lockManySQL locks in the order of the key, as every transaction does that locks
// several customers, so that two cannot wait for each other in a circle.
const lockManySQL = `-- name: LockCustomers
SELECT ` + selected + ` FROM customer JOIN (
    SELECT * FROM unnest($1::smallint[], $2::uuid[]) AS named (wanted_lane, wanted_id)
    UNION
    SELECT customer_lane, customer_id FROM external_id
    JOIN unnest($3::smallint[], $4::text[], $5::text[]) AS given (given_lane, given_source, given_id)
    ON key_lane = given_lane AND source = given_source AND id = given_id
) AS wanted ON lane = wanted_lane AND customer.customer_id = wanted_id
ORDER BY lane, customer.customer_id FOR NO KEY UPDATE OF customer`

// ownersSQL runs behind lockManySQL, so it sees what that waited for.
const ownersSQL = `-- name: ListExternalIDOwners
SELECT source, id, customer_id FROM external_id
JOIN unnest($1::smallint[], $2::text[], $3::text[]) AS given (given_lane, given_source, given_id)
ON key_lane = given_lane AND source = given_source AND id = given_id`

// manyRows turns one array a column, of rowArrays, into rows. Lists travel as the text
// of their literals, for an array of arrays must be rectangular.
const manyRows = `SELECT lane, customer_id, revision, type, display_name, emails::jsonb, phones::jsonb, postal_addresses::jsonb,
    language_code, time_zone, external_ids::jsonb, tags::text[], attributes::jsonb, owner, acquisition_source,
    acquisition_cost_currency, acquisition_cost_units, acquisition_cost_nanos, referrer_lane, referrer_id,
    prospect_time, service_tier_id, occasions::jsonb, membership_number, membership_level, membership_start_time,
    membership_expire_time, preferred_channel, do_not_contact, pause_end_time, consents::jsonb, contact_interval_days,
    create_time, update_time, delete_time, purge_time
FROM unnest($1::smallint[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[],
    $16::text[], $17::bigint[], $18::integer[], $19::smallint[], $20::uuid[],
    $21::timestamptz[], $22::uuid[], $23::text[], $24::text[], $25::text[], $26::timestamptz[],
    $27::timestamptz[], $28::text[], $29::boolean[], $30::timestamptz[], $31::text[], $32::integer[],
    $33::timestamptz[], $34::timestamptz[], $35::timestamptz[], $36::timestamptz[])
    AS many (` + columns + `)`

const insertManySQL = `-- name: CreateCustomers
INSERT INTO customer (` + columns + `) ` + manyRows

// updateManySQL meets rows that the same transaction has locked.
const updateManySQL = `-- name: UpdateCustomers
UPDATE customer SET (` + columns + `) = (SELECT changed.*)
FROM (` + manyRows + `) AS changed
WHERE customer.lane = changed.lane AND customer.customer_id = changed.customer_id`

// lock queues the reading of all customers that the updates find.
func (b *batch) lock(updates []*parsedUpdate) {
	ids, find, _ := spoken(updates)
	lanes, keys := db.LanesAndUUIDs(ids)
	findLanes, sources, identifiers, _, _ := externalIDArrays(find)
	b.tx.Queue(lockManySQL, lanes, keys, findLanes, sources, identifiers).Query(func(rows pgx.Rows) error {
		found, err := db.CollectRows[row](rows)
		for _, r := range found {
			b.keep(r)
		}
		return err
	})
}

// readOwners queues the reading of whose the external ids are.
func (b *batch) readOwners(updates []*parsedUpdate) {
	_, _, all := spoken(updates)
	if len(all) == 0 {
		return
	}
	lanes, sources, ids, _, _ := externalIDArrays(all)
	b.tx.Queue(ownersSQL, lanes, sources, ids).Query(func(rows pgx.Rows) error {
		var (
			key   externalKey
			owner uuid.UUID
		)
		_, err := pgx.ForEachRow(rows, []any{&key.source, &key.id, (*[16]byte)(&owner)}, func() error {
			b.owners[key] = owner
			return nil
		})
		return err
	})
}

// columnArrays are the arguments of manyRows.
func columnArrays(rows []*row) []any {
	return []any{
		column(rows, func(r *row) int16 { return r.Lane }),
		column(rows, func(r *row) pgtype.UUID { return db.UUID(r.CustomerID) }),
		column(rows, func(r *row) int64 { return r.Revision }),
		column(rows, func(r *row) string { return r.Type }),
		column(rows, func(r *row) string { return r.DisplayName }),
		column(rows, func(r *row) string { return r.Emails }),
		column(rows, func(r *row) string { return r.Phones }),
		column(rows, func(r *row) string { return r.PostalAddresses }),
		column(rows, func(r *row) pgtype.Text { return r.LanguageCode }),
		column(rows, func(r *row) pgtype.Text { return r.TimeZone }),
		column(rows, func(r *row) string { return r.ExternalIDs }),
		column(rows, func(r *row) string { return arrayLiteral(r.Tags) }),
		column(rows, func(r *row) string { return r.Attributes }),
		column(rows, func(r *row) pgtype.Text { return r.Owner }),
		column(rows, func(r *row) pgtype.Text { return r.AcquisitionSource }),
		column(rows, func(r *row) pgtype.Text { return r.AcquisitionCostCurrency }),
		column(rows, func(r *row) pgtype.Int8 { return r.AcquisitionCost.Units }),
		column(rows, func(r *row) pgtype.Int4 { return r.AcquisitionCost.Nanos }),
		column(rows, func(r *row) pgtype.Int2 { return r.ReferrerLane }),
		column(rows, func(r *row) pgtype.UUID { return r.ReferrerID }),
		column(rows, func(r *row) *time.Time { return r.ProspectTime }),
		column(rows, func(r *row) pgtype.UUID { return r.ServiceTierID }),
		column(rows, func(r *row) string { return r.Occasions }),
		column(rows, func(r *row) pgtype.Text { return r.MembershipNumber }),
		column(rows, func(r *row) pgtype.Text { return r.MembershipLevel }),
		column(rows, func(r *row) *time.Time { return r.MembershipStartTime }),
		column(rows, func(r *row) *time.Time { return r.MembershipExpireTime }),
		column(rows, func(r *row) pgtype.Text { return r.PreferredChannel }),
		column(rows, func(r *row) bool { return r.DoNotContact }),
		column(rows, func(r *row) *time.Time { return r.PauseEndTime }),
		column(rows, func(r *row) string { return r.Consents }),
		column(rows, func(r *row) pgtype.Int4 { return r.ContactIntervalDays }),
		column(rows, func(r *row) time.Time { return r.CreateTime }),
		column(rows, func(r *row) time.Time { return r.UpdateTime }),
		column(rows, func(r *row) *time.Time { return r.DeleteTime }),
		column(rows, func(r *row) *time.Time { return r.PurgeTime }),
	}
}

func column[T any](rows []*row, value func(*row) T) []T {
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = value(r)
	}
	return out
}

var arrayEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// arrayLiteral is a text[] in PostgreSQL's own notation.
func arrayLiteral(texts []string) string {
	if len(texts) == 0 {
		return "{}"
	}
	var out strings.Builder
	for i, text := range texts {
		out.WriteByte("{,"[min(i, 1)])
		out.WriteByte('"')
		out.WriteString(arrayEscaper.Replace(text))
		out.WriteByte('"')
	}
	out.WriteByte('}')
	return out.String()
}
