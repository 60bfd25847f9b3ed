package db

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
)

// FetchPage reads the rows of a page and, for the first page, counts the whole list,
// in one round trip. Later pages take the total from their token. The name is that of
// the query in traces and metrics.
func FetchPage[R any](ctx context.Context, p *Pool, name string, list aip.List) (rows []R, total int32, err error) {
	if list.Cursor != nil {
		rows, err = FetchUncounted[R](ctx, p, name, list)
		return rows, list.Cursor.Total, err
	}
	sql, args := list.SQL()
	sql = "-- name: " + name + "\n" + sql
	countSQL, countArgs := list.CountSQL()
	countSQL = "-- name: " + name + "Count\n" + countSQL
	err = p.Read(ctx, func(batch *pgx.Batch) {
		rows, total = nil, aip.UnknownTotal
		batch.Queue(sql, args...).Query(func(found pgx.Rows) (err error) {
			rows, err = pgx.CollectRows(found, pgx.RowToStructByName[R])
			return err
		})
		batch.Queue(countSQL, countArgs...).QueryRow(func(row pgx.Row) error {
			var counted *int32
			if err := row.Scan(&counted); err != nil {
				return err
			}
			if counted != nil {
				total = *counted
			}
			return nil
		})
	})
	return rows, total, err
}

// FetchUncounted reads the rows of a page.
func FetchUncounted[R any](ctx context.Context, p *Pool, name string, list aip.List) ([]R, error) {
	sql, args := list.SQL()
	rows, _ := p.Query(ctx, "-- name: "+name+"\n"+sql, args...)
	return pgx.CollectRows(rows, pgx.RowToStructByName[R])
}

// Read sends several reads in one round trip. Like Query it tries a second connection
// where the first proves dead, so queue may run twice.
func (p *Pool) Read(ctx context.Context, queue func(*pgx.Batch)) error {
	err := p.read(ctx, queue)
	if err != nil && apierr.ConnectionLost(err) && ctx.Err() == nil {
		err = p.read(ctx, queue)
	}
	return err
}

func (p *Pool) read(ctx context.Context, queue func(*pgx.Batch)) error {
	conn, err := p.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	var batch pgx.Batch
	queue(&batch)
	return conn.SendBatch(ctx, &batch).Close()
}
