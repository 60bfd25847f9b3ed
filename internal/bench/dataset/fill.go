package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/search"
)

// runDatabase is the copy that a run works on.
const runDatabase = "bench_run"

// fillVersion changes with whatever a fill writes.
const fillVersion = 4

// Version names a fill of this size by this source tree: it changes with the schema's
// migrations, with the way of filling and with the size.
func Version(customers int) (string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "%d %d\n", fillVersion, customers)
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

// Server is where the kept database lies.
type Server struct {
	// AdminURL is the superuser's, of any database; URL is that of the service's role.
	AdminURL, URL string
}

// withDatabase returns the URL of another database.
func withDatabase(raw, name string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", fmt.Errorf("database url: %w", err)
	}
	u.Path = "/" + name
	return u.String(), nil
}

// Prepare returns the URL of a fresh copy of the database of this size. The original
// is kept, and filled where there is none of this version; a benchmark writes to the
// copy, so that each run starts from the same state. The say function is told what
// takes time.
func (s Server) Prepare(ctx context.Context, customers int, say func(string)) (copied string, err error) {
	version, err := Version(customers)
	if err != nil {
		return "", err
	}
	admin, err := pgx.Connect(ctx, s.AdminURL)
	if err != nil {
		return "", err
	}
	defer func() { _ = admin.Close(context.WithoutCancel(ctx)) }()
	kept := fmt.Sprintf("bench_%d_%s", customers, version)
	var exists bool
	if err := admin.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, kept).Scan(&exists); err != nil {
		return "", err
	}
	if !exists {
		say(fmt.Sprintf("fill a database of %d customers, which is kept for later runs", customers))
		if err := s.fill(ctx, admin, kept, customers); err != nil {
			return "", fmt.Errorf("fill: %w", err)
		}
	}
	say("copy the kept database")
	strategy := "" // before version 15 files were copied always
	var number int
	if err := admin.QueryRow(ctx, `SELECT current_setting('server_version_num')::int`).Scan(&number); err != nil {
		return "", err
	}
	if number >= 150000 {
		strategy = " STRATEGY file_copy"
	}
	for _, sql := range []string{
		`DROP DATABASE IF EXISTS ` + runDatabase + ` WITH (FORCE)`,
		`CREATE DATABASE ` + runDatabase + ` OWNER rapport TEMPLATE ` + kept + strategy,
		`CHECKPOINT`,
	} {
		if _, err := admin.Exec(ctx, sql); err != nil {
			return "", fmt.Errorf("%s: %w", sql, err)
		}
	}
	return withDatabase(s.URL, runDatabase)
}

// fill makes the database under a name of its own and renames it at the end, so that
// one that was broken off is never taken for whole. Databases of this size and other
// versions go.
func (s Server) fill(ctx context.Context, admin *pgx.Conn, kept string, customers int) error {
	rows, _ := admin.Query(ctx, `SELECT datname FROM pg_database WHERE datname = 'bench_new' OR datname LIKE 'bench\_' || $1 || '\_%'`,
		strconv.Itoa(customers))
	old, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	var drops []string
	for _, name := range old {
		drops = append(drops, `DROP DATABASE `+pgx.Identifier{name}.Sanitize()+` WITH (FORCE)`)
	}
	for _, sql := range append(drops, `CREATE DATABASE bench_new OWNER rapport`) {
		if _, err := admin.Exec(ctx, sql); err != nil {
			return err
		}
	}
	u, err := withDatabase(s.URL, "bench_new")
	if err != nil {
		return err
	}
	if err := db.Migrate(ctx, u); err != nil {
		return err
	}
	if err := Fill(ctx, u, customers); err != nil {
		return err
	}
	_, err = admin.Exec(ctx, `ALTER DATABASE bench_new RENAME TO `+kept)
	return err
}

// Fill writes as many customers with their external ids and search keys into a migrated, empty
// database, and vacuums and analyses it. The log of changes and the claims of requests
// stay empty: both are only appended to, and lanes that start at zero agree with it.
func Fill(ctx context.Context, url string, customers int) error {
	if customers > MaxCustomers {
		return fmt.Errorf("%d customers are more than %d", customers, MaxCustomers)
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for _, sql := range []string{`SET synchronous_commit = off`, `SET maintenance_work_mem = '512MB'`} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
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

// withoutIndexes makes the indexes of a table, but for its keys, anew after the work:
// that is much faster than keeping them up with a million rows.
func withoutIndexes(ctx context.Context, conn *pgx.Conn, table string, work func() error) error {
	rows, _ := conn.Query(ctx, `SELECT i.indexname, i.indexdef FROM pg_indexes i
WHERE i.schemaname = 'public' AND i.tablename = $1
AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conname = i.indexname)`, table)
	type index struct{ Name, Definition string }
	indexes, err := pgx.CollectRows(rows, pgx.RowToStructByPos[index])
	if err != nil {
		return err
	}
	names := make([]string, len(indexes))
	for i, index := range indexes {
		names[i] = pgx.Identifier{index.Name}.Sanitize()
	}
	if len(names) > 0 {
		if _, err := conn.Exec(ctx, `DROP INDEX `+strings.Join(names, ", ")); err != nil {
			return err
		}
	}
	if err := work(); err != nil {
		return err
	}
	for _, index := range indexes {
		if _, err := conn.Exec(ctx, index.Definition); err != nil {
			return err
		}
	}
	return nil
}

// Prewarm reads the tables and indexes of a database into PostgreSQL's memory, where its
// extension for that is installed; else the first calls do. The URL says which database.
func (s Server) Prewarm(ctx context.Context, prepared string) error {
	which, err := url.Parse(prepared)
	if err != nil {
		return fmt.Errorf("database url: %w", err)
	}
	u, err := withDatabase(s.AdminURL, which.Path[1:])
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, u)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var available bool
	err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_prewarm')`).Scan(&available)
	if err != nil || !available {
		return err
	}
	if _, err := conn.Exec(ctx, `CREATE EXTENSION IF NOT EXISTS pg_prewarm`); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, `SELECT sum(pg_prewarm(oid::regclass)) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')`)
	return err
}
