package contact

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
)

const getSQL = `-- name: GetContact
SELECT ` + columns + ` FROM contact WHERE lane = $1 AND customer_id = $2 AND contact_id = $3`

const lockSQL = `-- name: LockContact
SELECT ` + columns + ` FROM contact WHERE lane = $1 AND customer_id = $2 AND contact_id = $3 FOR NO KEY UPDATE`

const insertSQL = `-- name: CreateContact
INSERT INTO contact (` + columns + `)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`

const updateSQL = `-- name: UpdateContact
UPDATE contact SET (` + columns + `) = ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
WHERE lane = $1 AND customer_id = $2 AND contact_id = $3`

// customerSQL returns the customer's delete_time, and no row where there is none.
const customerSQL = `-- name: GetCustomerState
SELECT delete_time FROM customer WHERE lane = $1 AND customer_id = $2`

// requireCustomerSQL fails with a division by zero where there is no such customer
// that is not deleted. It lets a create check its customer without a trip of its own:
// the failure undoes the whole pipeline.
const requireCustomerSQL = `-- name: RequireCustomer
SELECT 1 / count(*) FROM customer WHERE lane = $1 AND customer_id = $2 AND delete_time IS NULL`

const divisionByZero = "22012"

// errNoCustomer says that requireCustomerSQL failed.
var errNoCustomer = errors.New("the customer does not exist or is deleted")

func get(ctx context.Context, q db.Querier, customer, contact uuid.UUID) (row, error) {
	rows, _ := q.Query(ctx, getSQL, db.Lane(customer), db.UUID(customer), db.UUID(contact))
	return db.CollectRow[row](rows)
}

// locked is a contact that a transaction is about to change, with what counts of its
// customer.
type locked struct {
	row
	found           bool
	customerFound   bool
	customerDeleted *time.Time
}

// lock reads and locks the contact.
func lock(ctx context.Context, tx *mutation.Tx, customer, contact uuid.UUID) (l locked, err error) {
	lane := db.Lane(customer)
	tx.Queue(lockSQL, lane, db.UUID(customer), db.UUID(contact)).Query(func(rows pgx.Rows) error {
		got, err := db.CollectRows[row](rows)
		if err == nil && len(got) == 1 {
			l.row, l.found = got[0], true
		}
		return err
	})
	tx.Queue(customerSQL, lane, db.UUID(customer)).Query(func(rows pgx.Rows) error {
		l.customerFound = rows.Next()
		if !l.customerFound {
			return rows.Err()
		}
		return rows.Scan(&l.customerDeleted)
	})
	err = tx.Fetch(ctx) // which fills l
	return l, err
}

// customerLive returns an error where the contact's customer is gone or deleted.
func (l *locked) customerLive(customer uuid.UUID) error {
	switch {
	case !l.customerFound:
		return customerNotFound(customer)
	case l.customerDeleted != nil:
		return customerDeleted(customer)
	}
	return nil
}

func insert(tx *mutation.Tx, r *row) { tx.Queue(insertSQL, r.args()...) }
func update(tx *mutation.Tx, r *row) { tx.Queue(updateSQL, r.args()...) }

// refused maps what PostgreSQL may refuse about the contact to errors.
func refused(r *row) func(*pgconn.PgError) error {
	return func(e *pgconn.PgError) error {
		switch {
		case e.Code == divisionByZero, strings.HasPrefix(e.ConstraintName, "contact_customer_fkey"):
			return errNoCustomer
		case strings.HasPrefix(e.ConstraintName, "contact_pkey"):
			return apierr.AlreadyExists(rapportv1.ErrorReason_CONTACT_ALREADY_EXISTS, r.name(), "a contact of this id exists")
		case strings.HasPrefix(e.ConstraintName, "contact_primary_key"):
			return apierr.FailedPrecondition(rapportv1.ErrorReason_PRIMARY_CONTACT_EXISTS, r.name(),
				"the customer has another primary contact")
		}
		return nil
	}
}

// explain tells a missing customer from a deleted one, after the fact.
func (s *Server) explain(ctx context.Context, customer uuid.UUID, err error) error {
	if !errors.Is(err, errNoCustomer) {
		return err
	}
	var deleted *time.Time
	err = s.DB.QueryRow(ctx, customerSQL, db.Lane(customer), db.UUID(customer)).Scan(&deleted)
	if errors.Is(err, pgx.ErrNoRows) {
		return customerNotFound(customer)
	}
	if err != nil {
		return err
	}
	return customerDeleted(customer)
}

func notFound(customer, contact uuid.UUID) error {
	return apierr.NotFound(rapportv1.ErrorReason_CONTACT_NOT_FOUND, aip.ContactName(customer, contact))
}

func customerNotFound(id uuid.UUID) error {
	return apierr.NotFound(rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, aip.CustomerName(id))
}

func customerDeleted(id uuid.UUID) error {
	return apierr.FailedPrecondition(rapportv1.ErrorReason_CUSTOMER_DELETED, aip.CustomerName(id),
		"is deleted; undelete it first")
}
