package dataset

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// FillHistories writes the histories of the customers that Fill wrote, and what follows from
// them. There are about as many interactions as the size says.
func FillHistories(ctx context.Context, url string, size Size, say func(string)) error {
	if size.Interactions < size.Customers {
		return errors.New("there must be as many interactions as customers at least")
	}
	conn, err := connectToFill(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	exec := func(sql string) error {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
		return nil
	}
	for _, sql := range []string{size.historySQL(fillerSQL, 0, 0), `ANALYZE filler`, wishesSQL} {
		if err := exec(sql); err != nil {
			return err
		}
	}
	for _, table := range historyTables {
		started := time.Now()
		err := withoutIndexes(ctx, conn, table, func() error {
			for _, sql := range size.historyStatements(table) {
				if err := exec(sql); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		say(fmt.Sprintf("filled %s in %.0f s", table, time.Since(started).Seconds()))
	}
	return exec(`VACUUM ANALYZE`)
}
