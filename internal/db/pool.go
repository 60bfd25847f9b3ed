// Package db reaches PostgreSQL: the pool, the schema's migrations, the lanes, and
// the check at start that the database is fit.
package db

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rapport-crm/rapport/internal/apierr"
)

// Querier is what a statement runs on: the pool, where it is a read of its own, or a
// transaction.
type Querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Options are the settings of a Pool.
type Options struct {
	// URL is the connection string of the primary.
	URL string
	// MaxConns bounds the connections, and so the statements that run at once.
	MaxConns int32
	// MinIdleConns are kept open, so that a burst need not wait for handshakes.
	MinIdleConns int32
	// AcquireTimeout is how long a call may wait for a connection before it is shed.
	AcquireTimeout time.Duration
	// StatementTimeout and LockTimeout are set on every session.
	StatementTimeout time.Duration
	LockTimeout      time.Duration
	// ApplicationName is what operators see in pg_stat_activity.
	ApplicationName string
	// Tracer sees each statement; nil for none.
	Tracer pgx.QueryTracer
}

// Pool is a bounded set of connections to the primary. Reads run on it directly;
// writes go through package mutation.
type Pool struct {
	*pgxpool.Pool
	options Options
}

// Open makes a pool. It does not wait for the database: connections are made when
// they are needed, so a service can start before its database is up.
func Open(ctx context.Context, o Options) (*Pool, error) {
	c, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, fmt.Errorf("database url: %w", err)
	}
	c.MaxConns = o.MaxConns
	c.MinIdleConns = o.MinIdleConns
	c.MaxConnLifetime = 30 * time.Minute
	c.MaxConnLifetimeJitter = 3 * time.Minute
	c.HealthCheckPeriod = 5 * time.Second
	// Without a bound, the ping of an idle connection to a host that vanished waits
	// for TCP to give up.
	c.PingTimeout = time.Second
	c.ConnConfig.ConnectTimeout = 3 * time.Second
	c.ConnConfig.Tracer = o.Tracer
	p := c.ConnConfig.RuntimeParams
	p["application_name"] = o.ApplicationName
	p["statement_timeout"] = milliseconds(o.StatementTimeout)
	p["lock_timeout"] = milliseconds(o.LockTimeout)
	p["idle_in_transaction_session_timeout"] = "10s"
	// Plans must not depend on who asks: names are compared and times are shown alike.
	p["timezone"] = "UTC"
	out := &Pool{options: o}
	onPgError := c.ConnConfig.OnPgError
	c.ConnConfig.OnPgError = func(conn *pgconn.PgConn, e *pgconn.PgError) bool {
		if e.Code == readOnlyTransaction {
			// A failover left this pool on the old primary: let every connection be
			// made anew, to wherever the URL leads now. Reset must not run on the
			// connection's own goroutine.
			go out.Reset()
			return false
		}
		return onPgError(conn, e)
	}
	if out.Pool, err = pgxpool.NewWithConfig(ctx, c); err != nil {
		return nil, fmt.Errorf("database pool: %w", err)
	}
	return out, nil
}

// readOnlyTransaction is the SQLSTATE of a write on a standby.
const readOnlyTransaction = "25006"

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// StatementTimeout is the session's limit for one statement.
func (p *Pool) StatementTimeout() time.Duration { return p.options.StatementTimeout }

// AcquireTimeout is how long a call may wait for a connection.
func (p *Pool) AcquireTimeout() time.Duration { return p.options.AcquireTimeout }

// Acquire takes a connection, waiting at most the pool's budget: a call that must
// wait longer is better refused while its caller still listens.
func (p *Pool) Acquire(ctx context.Context) (*pgxpool.Conn, error) {
	wait, cancel := context.WithTimeout(ctx, p.options.AcquireTimeout)
	defer cancel()
	conn, err := p.Pool.Acquire(wait)
	if err == nil || ctx.Err() != nil || wait.Err() == nil {
		return conn, err
	}
	// One that works, be it in use or free just now, shows that the database is there
	// and that it is work that is too much. Opening more takes a busy database longer
	// than the budget.
	if s := p.Stat(); s.AcquiredConns()+s.IdleConns() == 0 {
		return nil, apierr.DatabaseUnavailable()
	}
	return nil, apierr.Overloaded()
}

// Exec runs one statement that returns no rows.
func (p *Pool) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	conn, err := p.Acquire(ctx)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	defer conn.Release()
	return conn.Exec(ctx, sql, args...)
}

// Query runs one read. A connection that turns out to be dead before the first row
// is replaced once: a read may run twice.
func (p *Pool) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	r, err := p.query(ctx, sql, args)
	if err != nil && apierr.ConnectionLost(err) && ctx.Err() == nil {
		r, err = p.query(ctx, sql, args)
	}
	if err != nil {
		return failedRows{err: err}, err
	}
	return r, nil
}

// QueryRow runs one read of one row.
func (p *Pool) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	r, err := p.Query(ctx, sql, args...)
	return oneRow{rows: r, err: err}
}

func (p *Pool) query(ctx context.Context, sql string, args []any) (*pooledRows, error) {
	conn, err := p.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		conn.Release()
		return nil, err
	}
	r := &pooledRows{Rows: rows, conn: conn}
	// PostgreSQL answers only when the first row is asked for, so ask now: this is
	// the last moment at which the statement can be run again unseen.
	r.ahead, r.more = true, rows.Next()
	if !r.more {
		r.Close()
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	return r, nil
}
