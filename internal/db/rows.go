package db

import (
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// pooledRows gives its connection back when the last row was read. The first row
// has been asked for already (see Pool.query).
type pooledRows struct {
	pgx.Rows
	conn  *pgxpool.Conn
	ahead bool
	more  bool
}

func (r *pooledRows) Next() bool {
	if r.ahead {
		r.ahead = false
		return r.more
	}
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

func (r *pooledRows) Close() {
	r.Rows.Close()
	if r.conn != nil {
		r.conn.Release()
		r.conn = nil
	}
}

// oneRow is pgx.Row over rows: the first one, and an error where there is none.
type oneRow struct {
	rows pgx.Rows
	err  error
}

func (r oneRow) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return pgx.ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	r.rows.Close()
	return r.rows.Err()
}

// failedRows lets callers hand the result of a failed query straight to
// pgx.CollectRows, as pgx's own do.
type failedRows struct {
	pgx.Rows
	err error
}

func (failedRows) Close()                                       {}
func (failedRows) Next() bool                                   { return false }
func (r failedRows) Err() error                                 { return r.err }
func (failedRows) CommandTag() (t pgconn.CommandTag)            { return t }
func (failedRows) FieldDescriptions() []pgconn.FieldDescription { return nil }
func (r failedRows) Scan(...any) error                          { return r.err }
func (r failedRows) Values() ([]any, error)                     { return nil, r.err }
