package db

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/pressly/goose/v3"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/contactpoint"
	"github.com/rapport-crm/rapport/internal/searchkey"
)

// goSteps are the steps of the schema's history that SQL cannot take, between those of
// the files.
var goSteps = []goStep{{version: 5, name: "00005_backfill_search_keys.go", run: backfillSearchKeys}}

type goStep struct {
	version int64
	name    string
	run     func(context.Context, *sql.DB) error
}

func goMigrations() (out []*goose.Migration) {
	for _, s := range goSteps {
		out = append(out, goose.NewGoMigration(s.version, &goose.GoFunc{RunDB: s.run}, nil))
	}
	return out
}

// backfillBatch is how many records' keys are written in one transaction.
const backfillBatch = 1000

// The statements read in the order of the primary key, from the last record of the
// batch before on: no id comes before the first one's. A customer's own keys have the
// nil UUID as the contact, which is what $3 is there.
const readCustomersSQL = `-- name: BackfillCustomers
SELECT customer_id, $3::uuid, display_name, emails::text, phones::text, delete_time IS NOT NULL
FROM customer WHERE lane = $1 AND customer_id >= $2::uuid ORDER BY customer_id LIMIT $4::int`

const readContactsSQL = `-- name: BackfillContacts
SELECT customer_id, contact_id, '', emails::text, phones::text, delete_time IS NOT NULL
FROM contact WHERE lane = $1 AND (customer_id, contact_id) >= ($2::uuid, $3::uuid) ORDER BY customer_id, contact_id LIMIT $4::int`

const writeSearchKeysSQL = `-- name: BackfillSearchKeys
INSERT INTO search_key (lane, customer_id, contact_id, key)
SELECT $1::smallint, * FROM unnest($2::uuid[], $3::uuid[], $4::text[]) ON CONFLICT DO NOTHING`

// backfillSearchKeys writes the keys of the customers and contacts that are there. One
// that was broken off starts again and passes over what it has written.
func backfillSearchKeys(ctx context.Context, conn *sql.DB) error {
	for lane := range Lanes {
		for _, read := range []string{readCustomersSQL, readContactsSQL} {
			if err := backfillLane(ctx, conn, lane, read); err != nil {
				return fmt.Errorf("search keys of lane %d: %w", lane, err)
			}
		}
	}
	return nil
}

func backfillLane(ctx context.Context, conn *sql.DB, lane int, read string) error {
	var customer, contact uuid.UUID
	for {
		b, n, err := readBatch(ctx, conn, read, lane, customer, contact)
		if err != nil {
			return err
		}
		if n > 0 {
			if _, err := conn.ExecContext(ctx, writeSearchKeysSQL, lane, b.customers, b.contacts, b.keys); err != nil {
				return err
			}
			customer, contact = b.customer, b.contact
		}
		if n < backfillBatch {
			return nil
		}
	}
}

// keyBatch are the keys of a batch of records, and the ids of the last of them.
type keyBatch struct {
	customers, contacts []pgtype.UUID
	keys                []string
	customer, contact   uuid.UUID
}

// readBatch reads the records behind the given one and returns their keys, and how many
// records there were.
func readBatch(ctx context.Context, conn *sql.DB, read string, lane int, customer, contact uuid.UUID) (b keyBatch, n int, err error) {
	rows, err := conn.QueryContext(ctx, read, lane, customer, contact, backfillBatch)
	if err != nil {
		return b, 0, err
	}
	defer func() { _ = rows.Close() }()
	for ; rows.Next(); n++ {
		var (
			name, emails, phones string
			deleted              bool
		)
		if err := rows.Scan(&b.customer, &b.contact, &name, &emails, &phones, &deleted); err != nil {
			return b, n, err
		}
		keys := searchkey.Customer(&rapportv1.Customer{
			DisplayName: name, Emails: contactpoint.DecodeEmails(emails), Phones: contactpoint.DecodePhones(phones),
		})
		if deleted {
			keys = searchkey.Deleted(keys)
		}
		for _, key := range keys {
			b.customers, b.contacts, b.keys = append(b.customers, UUID(b.customer)), append(b.contacts, UUID(b.contact)), append(b.keys, key)
		}
	}
	return b, n, rows.Err()
}
