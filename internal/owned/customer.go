package owned

import (
	"context"
	"errors"
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

// Whatever adds to or changes what a customer owns holds the customer FOR SHARE first, and
// only then locks the record. What follows from several records and their customer is then
// right: a change of the customer, which locks it FOR NO KEY UPDATE, and one of what it
// owns take turns, while those of what it owns run side by side. The foreign key takes a
// lock of the row anyway, KEY SHARE, which does not keep changes of the customer out.

// customerSQL returns the customer's delete_time, and no row where there is none.
const customerSQL = `-- name: GetCustomerState
SELECT delete_time FROM customer WHERE lane = $1 AND customer_id = $2`

const shareCustomerSQL = `-- name: ShareCustomer
SELECT delete_time FROM customer WHERE lane = $1 AND customer_id = $2 FOR SHARE`

// requireCustomerSQL fails with a division by zero where there is no such customer
// that is not deleted. It lets a create check its customer without a trip of its own:
// the failure undoes the whole pipeline.
const requireCustomerSQL = `-- name: RequireCustomer
SELECT 1 / count(*) FROM (
    SELECT FROM customer WHERE lane = $1 AND customer_id = $2 AND delete_time IS NULL FOR SHARE
) AS live`

const divisionByZero = "22012"

// errNoCustomer says that requireCustomerSQL failed.
var errNoCustomer = errors.New("the customer does not exist or is deleted")

// requireCustomer queues the check of the customer, which it also locks.
func requireCustomer(tx *mutation.Tx, id uuid.UUID) {
	tx.QueueGuarded(func(e *pgconn.PgError) error {
		if e.Code != divisionByZero {
			return nil
		}
		return errNoCustomer
	}, requireCustomerSQL, db.Lane(id), db.UUID(id))
}

// CustomerState is what counts of the customer of a record.
type CustomerState struct {
	Found bool
	// DeleteTime is nil for one that is not deleted.
	DeleteTime *time.Time
}

// Share queues the reading of the customer, locked, before its record.
func (c *CustomerState) Share(tx *mutation.Tx, id uuid.UUID) {
	tx.Queue(shareCustomerSQL, db.Lane(id), db.UUID(id)).Query(func(rows pgx.Rows) error {
		c.Found = rows.Next()
		if !c.Found {
			return rows.Err()
		}
		return rows.Scan(&c.DeleteTime)
	})
}

// live returns an error where the customer is gone or deleted.
func (c *CustomerState) live(id uuid.UUID) error {
	switch {
	case !c.Found:
		return apierr.NotFound(rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, aip.CustomerName(id))
	case c.DeleteTime != nil:
		return deletedCustomer(id)
	}
	return nil
}

// customer reads the customer by itself.
func (s *Service) customer(ctx context.Context, id uuid.UUID) (c CustomerState, err error) {
	err = s.DB.QueryRow(ctx, customerSQL, db.Lane(id), db.UUID(id)).Scan(&c.DeleteTime)
	if errors.Is(err, pgx.ErrNoRows) {
		return c, nil
	}
	c.Found = err == nil
	return c, err
}

// explain tells a missing customer from a deleted one, after the fact.
func (s *Service) explain(ctx context.Context, customer uuid.UUID, err error) error {
	if !errors.Is(err, errNoCustomer) {
		return err
	}
	c, err := s.customer(ctx, customer)
	if err != nil {
		return err
	}
	if err := c.live(customer); err != nil {
		return err
	}
	// It has been undeleted since.
	return deletedCustomer(customer)
}

func deletedCustomer(id uuid.UUID) error {
	return apierr.FailedPrecondition(rapportv1.ErrorReason_CUSTOMER_DELETED, aip.CustomerName(id), "is deleted; undelete it first")
}
