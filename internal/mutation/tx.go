package mutation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/trace"

	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/change"
	"github.com/rapport-crm/rapport/internal/db"
)

// commitTimeout bounds a commit, which the caller's context must not cancel: under
// synchronous replication a cancelled wait reports a commit that a failover can lose.
const commitTimeout = 10 * time.Second

var (
	// errCommit marks an error after which the commit may have happened.
	errCommit = errors.New("commit")
	// errClaimGone says that a claim vanished between two looks; the call is repeated.
	errClaimGone = errors.New("the claim of the request id expired meanwhile")
)

// Tx is the transaction of one mutation. Statements are queued and travel together:
// a mutation that reads nothing takes one round trip, one that reads takes two.
type Tx struct {
	// Now is the time of the write, to the microsecond.
	Now time.Time
	// Attempt is 1 on the first run of the mutation.
	Attempt int

	pool    *db.Pool
	conn    *pgxpool.Conn // taken once it is needed
	claim   *Claim
	batch   pgx.Batch
	begun   bool
	changes []change.Record
	refused Refusal
	guards  []Refusal
	passed  int  // how many of the guarded statements ran
	raced   bool // what is refused is taken for a race
}

// connect takes a connection, unless there is one.
func (tx *Tx) connect(ctx context.Context) (err error) {
	if tx.conn == nil {
		tx.conn, err = tx.pool.Acquire(ctx)
	}
	return err
}

// release gives the connection back, the transaction rolled back where it did not commit.
func (tx *Tx) release(ctx context.Context) {
	if tx.conn != nil {
		tx.rollback(ctx)
		tx.conn.Release()
	}
}

// Queue adds a statement to those that travel next.
func (tx *Tx) Queue(sql string, args ...any) *pgx.QueuedQuery { return tx.batch.Queue(sql, args...) }

// Record adds a change to those that are appended at the commit.
func (tx *Tx) Record(r change.Record) { tx.changes = append(tx.changes, r) }

// Refusal says which error to answer where PostgreSQL refuses a statement, most often for
// a constraint; it returns nil for a refusal that it does not know.
type Refusal func(*pgconn.PgError) error

// QueueGuarded is Queue for a statement whose refusal has an error of its own, whatever
// else the transaction does.
func (tx *Tx) QueueGuarded(refused Refusal, sql string, args ...any) {
	tx.guards = append(tx.guards, refused)
	tx.Queue(sql, args...).Exec(tx.pass)
}

// pass counts the guarded statements that PostgreSQL took. It stops at the first one that
// it refuses, so that is the next one.
func (tx *Tx) pass(pgconn.CommandTag) error { tx.passed++; return nil }

// OnRefusal says what to answer for statements that have no guard of their own.
func (tx *Tx) OnRefusal(f Refusal) { tx.refused = f }

// RaceOnRefusal takes a refusal that is known, on the mutation's first run, for the work of
// a call that got in between: an update that found nothing makes the record, and meets
// the key of one made at this moment. To meet it is no error of a caller who allowed
// for both. The second run finds that record and changes it, or meets the key again,
// as where it is another's.
func (tx *Tx) RaceOnRefusal() { tx.raced = tx.Attempt == 1 }

// NewID returns a fresh id for a record that the transaction makes.
func (tx *Tx) NewID() (uuid.UUID, error) { return tx.claim.NewID(tx.Now) }

// Fetch sends what is queued, reads included, in one round trip. The first Fetch
// begins the transaction. Each looks behind the queued statements whether the request
// was answered before: by then a row lock among them has let an earlier run of the
// same request finish, and what they read may be that run's own work.
func (tx *Tx) Fetch(ctx context.Context) error {
	if err := tx.connect(ctx); err != nil {
		return err
	}
	first := !tx.begun
	queued := tx.take()
	var batch pgx.Batch
	if first {
		batch.Queue("begin")
		tx.begun = true
		tx.queueTimeout(ctx, &batch)
	}
	batch.QueuedQueries = append(batch.QueuedQueries, queued...)
	var found *replayed
	// Without the caller's id there can be an earlier run only where this one repeats it.
	if (tx.claim.given || tx.Attempt > 1) && !tx.claim.validateOnly {
		c := tx.claim
		batch.Queue(getClaimSQL, c.lane, c.principal, c.method, db.UUID(c.requestID)).QueryRow(func(row pgx.Row) error {
			var r replayed
			err := row.Scan(&r.fingerprint, &r.response)
			if errors.Is(err, pgx.ErrNoRows) {
				return nil
			}
			found = &r
			return err
		})
	}
	if err := tx.conn.SendBatch(ctx, &batch).Close(); err != nil {
		return tx.translate(err)
	}
	if found != nil {
		return found
	}
	return nil
}

// commit sends the claim, what is queued and the changes, and ends the transaction.
func (tx *Tx) commit(ctx context.Context, ttl time.Duration) error {
	c := tx.claim
	if c.repeatable && len(tx.batch.QueuedQueries) == 0 && len(tx.changes) == 0 {
		// Nothing is written, not even a claim: a repeat would find the same.
		return nil
	}
	if err := tx.connect(ctx); err != nil {
		return err
	}
	var batch pgx.Batch
	claimed := c.validateOnly
	explicit := tx.begun || c.validateOnly
	if explicit && !tx.begun {
		batch.Queue("begin")
	}
	tx.queueTimeout(ctx, &batch)
	if !c.validateOnly {
		tx.queueClaim(&batch, ttl).Exec(func(pgconn.CommandTag) error {
			claimed = true
			return nil
		})
	}
	batch.QueuedQueries = append(batch.QueuedQueries, tx.take()...)
	if err := tx.queueChanges(ctx, &batch); err != nil {
		return err
	}
	switch {
	case c.validateOnly:
		batch.Queue("rollback")
	case explicit:
		batch.Queue("commit")
	}
	tx.begun = explicit
	err := send(ctx, tx.conn.Conn(), &batch)
	switch {
	case err == nil:
	case errors.Is(err, errCommit):
		return err
	case isClaimed(err):
		// On this same connection: were each of many duplicates to wait for a second
		// one, all of the pool could be held by those that wait.
		tx.rollback(ctx)
		return stored(ctx, tx.conn.Conn(), c)
	case !claimed && isLockTimeout(err):
		return apierr.RequestInProgress()
	default:
		return tx.translate(err)
	}
	tx.begun = false
	return nil
}

func (tx *Tx) queueClaim(batch *pgx.Batch, ttl time.Duration) *pgx.QueuedQuery {
	c := tx.claim
	return batch.Queue(insertClaimSQL, c.lane, c.principal, c.method, db.UUID(c.requestID), c.fingerprint, c.response, tx.Now.Add(ttl))
}

// send sends what ends with a commit. It returns errCommit where that may have happened.
func send(ctx context.Context, conn *pgx.Conn, batch *pgx.Batch) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	err := conn.SendBatch(ctx, batch).Close()
	if err != nil && (apierr.ConnectionLost(err) || ctx.Err() != nil) && !pgconn.SafeToRetry(err) {
		return fmt.Errorf("%w: %w", errCommit, err)
	}
	return err
}

// queueChanges appends the changes.
func (tx *Tx) queueChanges(ctx context.Context, batch *pgx.Batch) error {
	if len(tx.changes) == 0 {
		return nil
	}
	origin := change.Origin{Actor: tx.claim.principal, RequestID: tx.claim.requestID}
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		origin.TraceID = span.TraceID().String()
	}
	if len(tx.changes) == 1 {
		return change.Append(batch, tx.changes[0], origin)
	}
	return change.AppendAll(batch, tx.changes, origin)
}

// timeoutMargin is how long before its caller a statement gives up, at most: a caller
// who goes first costs the connection.
const timeoutMargin = 10 * time.Millisecond

// queueTimeout lets PostgreSQL give up a little before a caller whose time is shorter
// than the session's limit, for a commit does not hear of the caller's going.
func (tx *Tx) queueTimeout(ctx context.Context, batch *pgx.Batch) {
	if left, short := tx.left(ctx); short {
		queueTimeout(batch, left)
	}
}

func queueTimeout(batch *pgx.Batch, left time.Duration) {
	left -= min(left/10, timeoutMargin)
	batch.Queue("-- name: SetTimeout\nSELECT set_config('statement_timeout', $1, true)",
		fmt.Sprintf("%d", max(left.Milliseconds(), 1)))
}

// left is the time that the caller gives, and whether it is shorter than the session's limit.
func (tx *Tx) left(ctx context.Context) (left time.Duration, short bool) {
	deadline, ok := ctx.Deadline()
	left = time.Until(deadline)
	return left, ok && left < tx.pool.StatementTimeout()
}

func (tx *Tx) take() []*pgx.QueuedQuery {
	queued := tx.batch.QueuedQueries
	tx.batch = pgx.Batch{}
	return queued
}

// Later returns the time to write into a record last changed at previous: Now, but
// never earlier than that, where the clock went back.
func (tx *Tx) Later(previous time.Time) time.Time {
	if tx.Now.Before(previous) {
		return previous
	}
	return tx.Now
}

// rollback ends a transaction that did not commit, so that the connection can be
// used again. A connection that is gone has been rolled back by the server.
func (tx *Tx) rollback(ctx context.Context) {
	if !tx.begun || tx.conn.Conn().IsClosed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if _, err := tx.conn.Exec(ctx, "rollback"); err != nil {
		// The pool throws a closed connection away.
		_ = tx.conn.Conn().Close(ctx)
	}
	tx.begun = false
}

// translate turns a refusal of PostgreSQL into the error its owner wants.
func (tx *Tx) translate(err error) error {
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		return err
	}
	var translated error
	if tx.passed < len(tx.guards) {
		translated = tx.guards[tx.passed](pgErr)
	}
	if translated == nil && tx.refused != nil {
		translated = tx.refused(pgErr)
	}
	switch {
	case translated == nil:
		return err
	case tx.raced:
		return ErrRaced
	}
	return translated
}

// isConflict reports whether a transaction failed only because of others that ran at
// the same time, so that running it again can succeed.
func isConflict(err error) bool {
	if errors.Is(err, errClaimGone) || errors.Is(err, ErrRaced) {
		return true
	}
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && (pgErr.Code == "40001" || pgErr.Code == "40P01")
}

func isLockTimeout(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && pgErr.Code == "55P03"
}

// ErrRaced is what an Act returns where another transaction got in between its reads,
// or between its read and its write: the mutation runs again.
var ErrRaced = errors.New("another transaction got in between")
