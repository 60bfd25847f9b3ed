package dataset

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// withoutIndexes takes a table's indexes, keys and foreign keys away for the work, and makes
// them anew after it, in the order in which they came: that is much faster than to keep them up
// with millions of rows. A key to which other tables refer stays.
func withoutIndexes(ctx context.Context, conn *pgx.Conn, table string, work func() error) error {
	rows, _ := conn.Query(ctx, `SELECT name, constraint_name, definition FROM (
SELECT i.indexrelid AS made, i.indexrelid::regclass::text AS name, coalesce(quote_ident(c.conname), '') AS constraint_name,
    coalesce(pg_get_constraintdef(c.oid), pg_get_indexdef(i.indexrelid)) AS definition
FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u')
WHERE i.indrelid = $1::regclass AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.conindid = i.indexrelid AND f.contype = 'f')
UNION ALL
SELECT oid, '', quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'f'
) AS all_made ORDER BY made`, table)
	type made struct{ Index, Constraint, Definition string }
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[made])
	if err != nil {
		return err
	}
	drop := func(m made) string {
		if m.Constraint != "" {
			return `ALTER TABLE ` + table + ` DROP CONSTRAINT ` + m.Constraint
		}
		return `DROP INDEX ` + m.Index
	}
	add := func(m made) string {
		if m.Constraint != "" {
			return `ALTER TABLE ` + table + ` ADD CONSTRAINT ` + m.Constraint + ` ` + m.Definition
		}
		return m.Definition
	}
	each := func(statement func(made) string) error {
		for _, m := range all {
			if _, err := conn.Exec(ctx, statement(m)); err != nil {
				return fmt.Errorf("%s: %w", statement(m), err)
			}
		}
		return nil
	}
	if err := each(drop); err != nil {
		return err
	}
	if err := work(); err != nil {
		return err
	}
	return each(add)
}
