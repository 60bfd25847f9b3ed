package db

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/rapport-crm/rapport/internal/aip"
)

// Listed is a row of a page: a row of the table with aip.Scan embedded, that knows its
// place in an order.
type Listed[R any] interface {
	Row[R]
	Place(order aip.Order) (aip.Scan, aip.Cursor)
}

// Page is a page of a list as a response tells it.
type Page[R any] struct {
	Rows []R
	// NextToken asks for the next page; empty on the last one.
	NextToken string
	// Total is the size of the whole list; nil where it is not known.
	Total *int32
}

// ReadPage reads a page and, for the first one, counts the whole list, in one round
// trip. Later pages take the total from their token. The name is that of the query in
// traces and metrics.
func ReadPage[R any, L Listed[R]](ctx context.Context, p *Pool, name string, list aip.List, f aip.Fingerprint) (Page[R], error) {
	rows, total, err := fetchPage[R, L](ctx, p, name, list)
	if err != nil {
		return Page[R]{}, err
	}
	return newPage[R, L](rows, total, list.Order, f), nil
}

// ReadUncountedPage is ReadPage for lists whose size nobody asks for.
func ReadUncountedPage[R any, L Listed[R]](ctx context.Context, p *Pool, name string, list aip.List, f aip.Fingerprint) (Page[R], error) {
	rows, err := fetch[R, L](ctx, p, name, list)
	if err != nil {
		return Page[R]{}, err
	}
	return newPage[R, L](rows, aip.UnknownTotal, list.Order, f), nil
}

func newPage[R any, L Listed[R]](read fetched[R], total int32, order aip.Order, f aip.Fingerprint) (page Page[R]) {
	scan := func(r *R) aip.Scan { s, _ := L(r).Place(order); return s }
	cursor := func(r *R) aip.Cursor { _, c := L(r).Place(order); return c }
	var next *aip.Cursor
	page.Rows, next = aip.Page(read.rows, read.size, scan, cursor)
	page.NextToken, page.Total = aip.PageEnd(next, total, f)
	return page
}

// MaxPageBytes is what the rows of a page may take in PostgreSQL's form. As a message
// they take up to two and a half times that, and gRPC clients refuse 4 MiB unless told
// otherwise: a page of huge records is cut short instead.
const MaxPageBytes = 3 << 19

// expectedRows bounds the room made for a page before it is known whether it is full.
const expectedRows = 100

// fetched are the rows of a page, with one more where there are more, and how many of
// them the page may hold.
type fetched[R any] struct {
	rows []R
	size int
}

func collectPage[R any, L Listed[R]](rows pgx.Rows, size int) (read fetched[R], err error) {
	found, cut, err := collect[R, L](rows, min(size, expectedRows)+1, MaxPageBytes)
	if cut {
		size = min(size, len(found)-1)
	}
	return fetched[R]{rows: found, size: size}, err
}

func fetchPage[R any, L Listed[R]](ctx context.Context, p *Pool, name string, list aip.List) (read fetched[R], total int32, err error) {
	if list.Cursor != nil {
		read, err = fetch[R, L](ctx, p, name, list)
		return read, list.Cursor.Total, err
	}
	sql, args := list.SQL()
	sql = "-- name: " + name + "\n" + sql
	countSQL, countArgs := list.CountSQL()
	countSQL = "-- name: " + name + "Count\n" + countSQL
	err = p.Read(ctx, func(batch *pgx.Batch) {
		total = aip.UnknownTotal
		batch.Queue(sql, args...).Query(func(found pgx.Rows) (err error) {
			read, err = collectPage[R, L](found, list.Size)
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
	return read, total, err
}

func fetch[R any, L Listed[R]](ctx context.Context, p *Pool, name string, list aip.List) (fetched[R], error) {
	sql, args := list.SQL()
	rows, _ := p.Query(ctx, "-- name: "+name+"\n"+sql, args...)
	return collectPage[R, L](rows, list.Size)
}
