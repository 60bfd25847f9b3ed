package sweep

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/search"
	"github.com/rapport-crm/rapport/internal/searchkey"
)

// purge is how records go for good. Their search keys follow from what they hold, so
// they are read first, locked until the end.
type purge struct {
	what, read string
	// readOwned reads what goes with the records that were read; empty where nothing does.
	readOwned string
	remove    []string // the last one removes the records themselves
}

// A purge of customers takes the contacts along that their foreign key removes. They are
// locked by a statement of their own, behind the one that locked the customers: a contact
// that is changed meanwhile is read as it is then. A customer's external ids lie in lanes
// of their own, which no foreign key reaches. The parameters of each removal are the ids
// of what was read.
var purges = []purge{
	{
		what: "contacts", read: `-- name: ReadPurgedContacts
SELECT lane, customer_id, contact_id, '', emails, phones, delete_time IS NOT NULL FROM contact WHERE purge_time < now()
ORDER BY purge_time LIMIT $1 FOR UPDATE SKIP LOCKED`,
		remove: []string{`-- name: PurgeContacts
DELETE FROM contact USING unnest($1::smallint[], $2::uuid[], $3::uuid[]) AS gone (lane, customer_id, contact_id)
WHERE contact.lane = gone.lane AND contact.customer_id = gone.customer_id AND contact.contact_id = gone.contact_id`},
	},
	{
		what: "customers", read: `-- name: ReadPurgedCustomers
SELECT lane, customer_id, NULL::uuid, display_name, emails, phones, true FROM customer WHERE purge_time < now()
ORDER BY purge_time LIMIT $1 FOR UPDATE SKIP LOCKED`,
		readOwned: `-- name: ReadPurgedCustomersContacts
SELECT contact.lane, contact.customer_id, contact_id, '', emails, phones, delete_time IS NOT NULL FROM contact
JOIN unnest($1::smallint[], $2::uuid[]) AS gone (lane, customer_id) ON contact.lane = gone.lane AND contact.customer_id = gone.customer_id
FOR UPDATE OF contact`,
		remove: []string{`-- name: PurgeExternalIDs
DELETE FROM external_id USING unnest($1::smallint[], $2::uuid[], $3::uuid[]) AS gone (lane, customer_id, contact_id)
WHERE external_id.customer_lane = gone.lane AND external_id.customer_id = gone.customer_id AND gone.contact_id IS NULL`, `-- name: PurgeCustomers
DELETE FROM customer USING unnest($1::smallint[], $2::uuid[], $3::uuid[]) AS gone (lane, customer_id, contact_id)
WHERE customer.lane = gone.lane AND customer.customer_id = gone.customer_id AND gone.contact_id IS NULL`},
	},
}

// record is a customer or a contact that goes.
type record struct {
	lane     int16
	customer uuid.UUID
	contact  pgtype.UUID
	stored   searchkey.Stored
}

// Targets implements db.Row.
func (r *record) Targets() []any {
	return []any{&r.lane, (*[16]byte)(&r.customer), &r.contact, &r.stored.Name, &r.stored.Emails, &r.stored.Phones, &r.stored.Deleted}
}

// purge removes a batch of records and returns how many went.
func (s *Sweeper) purge(ctx context.Context, p purge) (n int64, err error) {
	conn, err := s.DB.Acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		records, err := p.lock(ctx, tx)
		if err != nil || len(records) == 0 {
			return err
		}
		var keys search.Changes
		for _, r := range records {
			r.stored.Contact = r.contact.Valid
			keys.Remove(r.customer, r.contact, r.stored)
		}
		lanes, customers, contacts := ids(records)
		var batch pgx.Batch
		keys.Queue(&batch)
		for _, sql := range p.remove {
			batch.Queue(sql, lanes, customers, contacts).Exec(func(tag pgconn.CommandTag) error {
				n = tag.RowsAffected()
				return nil
			})
		}
		return tx.SendBatch(ctx, &batch).Close()
	})
	return n, err
}

// lock locks and reads a batch of records and what goes with them.
func (p purge) lock(ctx context.Context, tx pgx.Tx) ([]record, error) {
	rows, _ := tx.Query(ctx, p.read, batchSize)
	records, err := db.CollectRows[record](rows)
	if err != nil || len(records) == 0 || p.readOwned == "" {
		return records, err
	}
	lanes, customers, _ := ids(records)
	rows, _ = tx.Query(ctx, p.readOwned, lanes, customers)
	owned, err := db.CollectRows[record](rows)
	return append(records, owned...), err
}

// ids returns the ids of the records, a slice a column.
func ids(records []record) (lanes []int16, customers, contacts []pgtype.UUID) {
	for _, r := range records {
		lanes, customers, contacts = append(lanes, r.lane), append(customers, db.UUID(r.customer)), append(contacts, r.contact)
	}
	return lanes, customers, contacts
}
