package db

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/pressly/goose/v3"

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

// The statements read in the order of the primary key, from the last record of the batch
// before on, which is passed over. No record comes before the nil UUID.
const readCustomersSQL = `-- name: BackfillCustomers
SELECT customer_id, NULL::uuid, display_name, emails::text, phones::text, delete_time IS NOT NULL
FROM customer WHERE lane = $1 AND customer_id >= $2::uuid ORDER BY customer_id LIMIT $3::int`

const readContactsSQL = `-- name: BackfillContacts
SELECT customer_id, contact_id, '', emails::text, phones::text, delete_time IS NOT NULL
FROM contact WHERE lane = $1 AND (customer_id, contact_id) >= ($2::uuid, $4::uuid) ORDER BY customer_id, contact_id LIMIT $3::int`

const writeSearchKeysSQL = `-- name: BackfillSearchKeys
INSERT INTO search_key (lane, customer_id, contact_id, key)
SELECT $1::smallint, * FROM unnest($2::uuid[], $3::uuid[], $4::text[])`

// backfillSearchKeys writes the keys of the customers and contacts that are there. One
// that was broken off starts from nothing: no service runs on this schema before the
// steps behind this one, so what is in the table is that one's.
func backfillSearchKeys(ctx context.Context, conn *sql.DB) error {
	if _, err := conn.ExecContext(ctx, `-- name: EmptySearchKeys
TRUNCATE search_key`); err != nil {
		return err
	}
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
	last := keyBatch{}
	for {
		b, n, err := readBatch(ctx, conn, read, lane, last)
		if err != nil {
			return err
		}
		if len(b.keys) > 0 {
			if _, err := conn.ExecContext(ctx, writeSearchKeysSQL, lane, b.customers, b.contacts, b.keys); err != nil {
				return err
			}
		}
		if n < backfillBatch {
			return nil
		}
		last = b
	}
}

// keyBatch are the keys of a batch of records, and the ids of the last of them.
type keyBatch struct {
	customers, contacts []pgtype.UUID
	keys                []string
	customer            uuid.UUID
	contact             pgtype.UUID
}

// readBatch reads the records behind the last one of a batch and returns their keys, and
// how many records there were.
func readBatch(ctx context.Context, conn *sql.DB, read string, lane int, last keyBatch) (b keyBatch, n int, err error) {
	args := []any{lane, last.customer, backfillBatch}
	if read == readContactsSQL {
		args = append(args, UUID(last.contact.Bytes))
	}
	rows, err := conn.QueryContext(ctx, read, args...)
	if err != nil {
		return b, 0, err
	}
	defer func() { _ = rows.Close() }()
	for ; rows.Next(); n++ {
		var stored searchkey.Stored
		if err := rows.Scan(&b.customer, &b.contact, &stored.Name, &stored.Emails, &stored.Phones, &stored.Deleted); err != nil {
			return b, n, err
		}
		if n == 0 && len(last.keys) > 0 && b.customer == last.customer && b.contact == last.contact {
			continue
		}
		stored.Contact = b.contact.Valid
		for _, key := range stored.Keys() {
			b.customers, b.contacts, b.keys = append(b.customers, UUID(b.customer)), append(b.contacts, b.contact), append(b.keys, key)
		}
	}
	return b, n, rows.Err()
}
