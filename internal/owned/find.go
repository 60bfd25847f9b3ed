package owned

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// Find is for resources that are none of this package and yet name records of a customer: it
// queues the look for the record that a message names, and adds what is wrong with the name. What
// is missing is added once the look is fetched.
func (ref *Reference[M]) Find(tx *mutation.Tx, customer uuid.UUID, m M, wrong *apierr.Violations) {
	name := ref.Name(m)
	if name == "" {
		return
	}
	owner, id, err := ref.Collection.ParseName(ref.Field, name)
	if err != nil || owner != customer {
		wrong.Add(ref.Field, "must be the name of one of the customer's %s", ref.Collection)
		return
	}
	tx.Queue(ref.findSQL(), db.Lane(customer), db.UUID(customer), db.UUID(id)).Query(func(rows pgx.Rows) error {
		if !rows.Next() {
			wrong.Add(ref.Field, "%s", ref.missingText())
		}
		rows.Close()
		return rows.Err()
	})
}

func (ref *Reference[M]) findSQL() string {
	return fmt.Sprintf("-- name: Find%s\nSELECT 1 FROM %s WHERE lane = $1 AND customer_id = $2 AND %s = $3%s",
		ref.camel(), ref.Table, ref.IDColumn, ref.live())
}
