package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
)

// variantTables are filled in a database of another schema, where it has them.
var variantTables = append([]string{"customer", "external_id", "search_key", "attribute_key"}, historyTables...)

// PrepareVariant returns the URL of a second database, of the schema that the function
// makes, with the customers of the first, which Prepare has made: what a program of
// another schema is compared on.
func (s Server) PrepareVariant(ctx context.Context, migrate func(url string) error) (string, error) {
	admin, err := pgx.Connect(ctx, s.AdminURL)
	if err != nil {
		return "", err
	}
	defer func() { _ = admin.Close(context.WithoutCancel(ctx)) }()
	for _, sql := range []string{`DROP DATABASE IF EXISTS bench_variant WITH (FORCE)`, `CREATE DATABASE bench_variant OWNER rapport`} {
		if _, err := admin.Exec(ctx, sql); err != nil {
			return "", err
		}
	}
	target, err := withDatabase(s.URL, "bench_variant")
	if err != nil {
		return "", err
	}
	if err := migrate(target); err != nil {
		return "", fmt.Errorf("migrate: %w", err)
	}
	source, err := withDatabase(s.URL, runDatabase)
	if err != nil {
		return "", err
	}
	if err := copyTables(ctx, source, target); err != nil {
		return "", err
	}
	_, err = admin.Exec(ctx, `CHECKPOINT`)
	return target, err
}

func copyTables(ctx context.Context, source, target string) error {
	from, err := pgx.Connect(ctx, source)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close(context.WithoutCancel(ctx)) }()
	to, err := pgx.Connect(ctx, target)
	if err != nil {
		return err
	}
	defer func() { _ = to.Close(context.WithoutCancel(ctx)) }()
	for _, table := range variantTables {
		var columns *string
		if err := to.QueryRow(ctx, `SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`, table).Scan(&columns); err != nil {
			return err
		}
		if columns == nil {
			continue
		}
		err := withoutIndexes(ctx, to, table, func() error { return copyTable(ctx, from, to, table, *columns) })
		if err != nil {
			return fmt.Errorf("%s: %w", table, err)
		}
	}
	_, err = to.Exec(ctx, `VACUUM ANALYZE`)
	return err
}

// copyTable copies a table from one database to another without keeping it.
func copyTable(ctx context.Context, from, to *pgx.Conn, table, columns string) error {
	r, w := io.Pipe()
	read := make(chan error, 1)
	go func() {
		_, err := from.PgConn().CopyTo(ctx, w, `COPY `+table+` (`+columns+`) TO STDOUT (FORMAT binary)`)
		_ = w.CloseWithError(err) // never fails
		read <- err
	}()
	_, err := to.PgConn().CopyFrom(ctx, r, `COPY `+table+` (`+columns+`) FROM STDIN (FORMAT binary)`)
	_ = r.CloseWithError(err) // never fails; it wakes a reader that still has something to give
	return errors.Join(err, <-read)
}
