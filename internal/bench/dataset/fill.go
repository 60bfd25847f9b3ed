package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"

	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/search"
)

// fillVersion changes with whatever a fill writes.
const fillVersion = 6

// Version names a fill by this source tree: it changes with the schema's migrations and with
// the way of filling.
func Version() (string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "%d\n", fillVersion)
	err := fs.WalkDir(db.Migrations, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := db.Migrations.ReadFile(path)
		fmt.Fprintf(h, "%s\n%s\n", path, text)
		return err
	})
	return hex.EncodeToString(h.Sum(nil))[:16], err
}

// Fill writes as many customers with their external ids and search keys into a migrated, empty
// database, and vacuums and analyses it. The log of changes and the claims of requests
// stay empty: both are only appended to, and lanes that start at zero agree with it.
func Fill(ctx context.Context, url string, customers int) error {
	if customers > MaxCustomers {
		return fmt.Errorf("%d customers are more than %d", customers, MaxCustomers)
	}
	conn, err := connectToFill(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	err = withoutIndexes(ctx, conn, "customer", func() error {
		_, err := conn.CopyFrom(ctx, pgx.Identifier{"customer"}, columns,
			pgx.CopyFromSlice(customers, func(n int) ([]any, error) { return customer(n), nil }))
		return err
	})
	if err != nil {
		return err
	}
	err = withoutIndexes(ctx, conn, "external_id", func() error {
		_, err := conn.CopyFrom(ctx, pgx.Identifier{"external_id"}, externalIDColumns,
			pgx.CopyFromSlice(customers, func(n int) ([]any, error) { return externalIDRow(n), nil }))
		return err
	})
	if err != nil {
		return err
	}
	err = withoutIndexes(ctx, conn, "search_key", func() error {
		_, err := conn.CopyFrom(ctx, pgx.Identifier{"search_key"}, search.Columns, &searchKeyRows{customers: customers})
		return err
	})
	if err != nil {
		return err
	}
	// What the service counts with each write, as the migration does for rows that were there.
	if _, err := conn.Exec(ctx, `INSERT INTO attribute_key (lane, key, value_type, customer_count)
SELECT lane, a.key, CASE jsonb_typeof(a.value) WHEN 'string' THEN 'STRING' WHEN 'number' THEN 'DOUBLE' ELSE 'BOOL' END, count(*)
FROM customer CROSS JOIN LATERAL jsonb_each(attributes) AS a GROUP BY 1, 2, 3`); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, `VACUUM ANALYZE`)
	return err
}

// searchKeyRows are the search keys of so many customers, as rows to copy.
type searchKeyRows struct {
	customers, next int
	keys            []search.Key
}

// Next implements pgx.CopyFromSource.
func (r *searchKeyRows) Next() bool {
	if len(r.keys) > 0 {
		r.keys = r.keys[1:]
	}
	for len(r.keys) == 0 && r.next < r.customers {
		r.keys = searchKeys(r.next)
		r.next++
	}
	return len(r.keys) > 0
}

// Values implements pgx.CopyFromSource.
func (r *searchKeyRows) Values() ([]any, error) { return r.keys[0].Values(), nil }

// Err implements pgx.CopyFromSource.
func (*searchKeyRows) Err() error { return nil }

// connectToFill connects for statements that may take memory, and are not needed after a crash.
func connectToFill(ctx context.Context, url string) (*pgx.Conn, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	_, err = conn.Exec(ctx, `SET synchronous_commit = off; SET maintenance_work_mem = '512MB'; SET work_mem = '512MB'`)
	if err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return conn, nil
}
