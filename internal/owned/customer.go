package owned

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
)

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

// customerState is what counts of the customer of a record.
type customerState struct {
	found   bool
	deleted *time.Time
}

// queue queues the reading of the customer beside its record.
func (c *customerState) queue(tx *mutation.Tx, id uuid.UUID) {
	tx.Queue(customerSQL, db.Lane(id), db.UUID(id)).Query(func(rows pgx.Rows) error {
		c.found = rows.Next()
		if !c.found {
			return rows.Err()
		}
		return rows.Scan(&c.deleted)
	})
}

// live returns an error where the customer is gone or deleted.
func (c *customerState) live(id uuid.UUID) error {
	switch {
	case !c.found:
		return apierr.NotFound(rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, aip.CustomerName(id))
	case c.deleted != nil:
		return deletedCustomer(id)
	}
	return nil
}

// customer reads the customer by itself.
func (s *Service) customer(ctx context.Context, id uuid.UUID) (c customerState, err error) {
	err = s.DB.QueryRow(ctx, customerSQL, db.Lane(id), db.UUID(id)).Scan(&c.deleted)
	if errors.Is(err, pgx.ErrNoRows) {
		return c, nil
	}
	c.found = err == nil
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
