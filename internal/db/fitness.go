package db

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// minServerVersion is PostgreSQL 14, as server_version_num writes it.
const minServerVersion = 140000

// ErrUnfit says that the database cannot serve this binary.
var ErrUnfit = errors.New("the database is not fit")

const fitnessSQL = `-- name: CheckFitness
SELECT current_setting('server_version_num')::int, current_setting('server_encoding'),
    current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit')`

const schemaVersionSQL = `-- name: GetSchemaVersion
SELECT coalesce(max(version_id), 0) FROM schema_version WHERE is_applied`

// CheckFitness returns an error wrapping ErrUnfit where the database cannot serve this
// binary, and otherwise what is risky about it: settings with which an acknowledged
// write can be lost.
func CheckFitness(ctx context.Context, conn *pgx.Conn) (risks []string, err error) {
	var (
		version                                 int
		encoding, fsync, fullPages, synchronous string
	)
	err = conn.QueryRow(ctx, fitnessSQL).Scan(&version, &encoding, &fsync, &fullPages, &synchronous)
	if err != nil {
		return nil, fmt.Errorf("check the database: %w", err)
	}
	if version < minServerVersion {
		return nil, fmt.Errorf("%w: PostgreSQL 14 or newer is needed, this is %d", ErrUnfit, version/10000)
	}
	if encoding != "UTF8" {
		return nil, fmt.Errorf("%w: its encoding must be UTF8, not %s", ErrUnfit, encoding)
	}
	if err := checkSchema(ctx, conn); err != nil {
		return nil, err
	}
	for _, s := range []struct{ name, value, loses string }{
		{"fsync", fsync, "a power cut can corrupt the database"},
		{"full_page_writes", fullPages, "a power cut can corrupt the database"},
		{"synchronous_commit", synchronous, "a crash can lose writes that were acknowledged"},
	} {
		if s.value == "off" {
			risks = append(risks, s.name+" is off: "+s.loses)
		}
	}
	return risks, nil
}

func checkSchema(ctx context.Context, conn *pgx.Conn) error {
	want, err := latestVersion()
	if err != nil {
		return err
	}
	var have int64
	err = conn.QueryRow(ctx, schemaVersionSQL).Scan(&have)
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && strings.HasPrefix(pgErr.Code, "42") {
		// The table of versions is not there: nothing was ever migrated.
		err, have = nil, 0
	}
	switch {
	case err != nil:
		return fmt.Errorf("read the schema version: %w", err)
	case have < want:
		return fmt.Errorf("%w: its schema is at version %d, this binary needs %d; run `rapport migrate up`", ErrUnfit, have, want)
	}
	// A newer schema is fine: migrations only expand what older binaries use.
	return nil
}
