package customer

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
)

const getSQL = `-- name: GetCustomer
SELECT ` + selected + ` FROM customer WHERE lane = $1 AND customer_id = $2`

const lockSQL = `-- name: LockCustomer
SELECT ` + selected + ` FROM customer WHERE lane = $1 AND customer_id = $2 FOR NO KEY UPDATE`

// lockByExternalIDSQL reads the key's row in its own lane and the customer in its.
const lockByExternalIDSQL = `-- name: LockCustomerByExternalID
SELECT ` + selected + ` FROM customer WHERE (lane, customer_id) IN
(SELECT customer_lane, customer_id FROM external_id WHERE key_lane = $1 AND source = $2 AND id = $3) FOR NO KEY UPDATE`

const batchGetSQL = `-- name: BatchGetCustomers
SELECT ` + selected + ` FROM customer
JOIN unnest($1::smallint[], $2::uuid[]) AS wanted (wanted_lane, wanted_id) ON lane = wanted_lane AND customer_id = wanted_id`

const insertSQL = `-- name: CreateCustomer
INSERT INTO customer (` + columns + `)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
$23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36)`

// updateSQL writes the whole row: one statement whatever the mask. It meets the row
// that the same transaction has locked.
const updateSQL = `-- name: UpdateCustomer
UPDATE customer SET (` + columns + `) =
($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
$23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36)
WHERE lane = $1 AND customer_id = $2`

func get(ctx context.Context, q db.Querier, id uuid.UUID) (row, error) {
	rows, _ := q.Query(ctx, getSQL, db.Lane(id), db.UUID(id))
	return db.CollectRow[row](rows)
}

func batchGet(ctx context.Context, q db.Querier, ids []uuid.UUID) ([]row, error) {
	lanes, keys := db.LanesAndUUIDs(ids)
	rows, _ := q.Query(ctx, batchGetSQL, lanes, keys)
	return db.CollectRows[row](rows)
}

// lock queues the read of a row that the transaction is about to change. The row is
// there once tx.Fetch has returned; found stays false where there is none.
func lock(tx *mutation.Tx, into *row, found *bool, sql string, args ...any) {
	tx.Queue(sql, args...).Query(func(rows pgx.Rows) error {
		got, err := db.CollectRows[row](rows)
		if err != nil || len(got) == 0 {
			return err
		}
		*into, *found = got[0], true
		return nil
	})
}

func lockByID(tx *mutation.Tx, into *row, found *bool, id uuid.UUID) {
	lock(tx, into, found, lockSQL, db.Lane(id), db.UUID(id))
}

func insert(tx *mutation.Tx, r *row) { tx.Queue(insertSQL, r.args()...) }
func update(tx *mutation.Tx, r *row) { tx.Queue(updateSQL, r.args()...) }

// refused maps the constraints of this package's tables to errors about the named
// customer. Under Citus a constraint's name ends with a shard's number.
func refused(name string) func(*pgconn.PgError) error {
	return func(e *pgconn.PgError) error {
		switch {
		case strings.HasPrefix(e.ConstraintName, "customer_pkey"):
			return apierr.AlreadyExists(rapportv1.ErrorReason_CUSTOMER_ALREADY_EXISTS, name, "a customer of this id exists")
		case strings.HasPrefix(e.ConstraintName, "external_id_pkey"):
			return apierr.AlreadyExists(rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, name, "another customer has one of these external ids")
		case strings.HasPrefix(e.ConstraintName, "customer_service_tier_fkey"):
			return noTier()
		}
		return nil
	}
}

func notFound(id uuid.UUID) error {
	return apierr.NotFound(rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, aip.CustomerName(id))
}

func deleted(r *row) error {
	return apierr.FailedPrecondition(rapportv1.ErrorReason_CUSTOMER_DELETED, r.name(),
		fmt.Sprintf("was deleted at %s; undelete it first", r.DeleteTime.Format("2006-01-02T15:04:05Z07:00")))
}
