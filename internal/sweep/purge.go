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
	remove     []string // the last one removes the records themselves
}

// A purge reads the records that go and, of customers, the contacts that go with them by
// their foreign key. A customer's external ids lie in lanes of their own, which no
// foreign key reaches. The parameters of each removal are the ids of what was read.
var purges = []purge{
	{
		"contacts", `-- name: ReadPurgedContacts
SELECT lane, customer_id, contact_id, '', emails, phones, delete_time IS NOT NULL FROM contact WHERE purge_time < now()
ORDER BY purge_time LIMIT $1 FOR UPDATE SKIP LOCKED`,
		[]string{`-- name: PurgeContacts
DELETE FROM contact USING unnest($1::smallint[], $2::uuid[], $3::uuid[]) AS gone (lane, customer_id, contact_id)
WHERE contact.lane = gone.lane AND contact.customer_id = gone.customer_id AND contact.contact_id = gone.contact_id`},
	},
	{
		"customers", `-- name: ReadPurgedCustomers
WITH gone AS (
    SELECT lane, customer_id, display_name, emails, phones FROM customer WHERE purge_time < now()
    ORDER BY purge_time LIMIT $1 FOR UPDATE SKIP LOCKED
)
SELECT lane, customer_id, NULL::uuid, display_name, emails, phones, true FROM gone
UNION ALL SELECT contact.lane, contact.customer_id, contact_id, '', contact.emails, contact.phones, delete_time IS NOT NULL
FROM gone JOIN contact ON contact.lane = gone.lane AND contact.customer_id = gone.customer_id`,
		[]string{`-- name: PurgeExternalIDs
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
		rows, _ := tx.Query(ctx, p.read, batchSize)
		records, err := db.CollectRows[record](rows)
		if err != nil || len(records) == 0 {
			return err
		}
		var keys search.Changes
		lanes, customers, contacts := make([]int16, len(records)), make([]pgtype.UUID, len(records)), make([]pgtype.UUID, len(records))
		for i, r := range records {
			r.stored.Contact = r.contact.Valid
			keys.Remove(r.customer, r.contact, r.stored)
			lanes[i], customers[i], contacts[i] = r.lane, db.UUID(r.customer), r.contact
		}
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
