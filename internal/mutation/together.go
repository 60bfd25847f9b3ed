package mutation

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel/trace"

	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/db"
)

// together commits mutations that read nothing several at a time, where there are more of them
// than are good for PostgreSQL: one transaction of four creates costs it, and the service, much
// less than four. Up to a few at once each is on its own, and none ever waits for company.
type together struct {
	mu      sync.Mutex
	waiting []*member
	running int // transactions
}

const (
	// groupSize is how many mutations are committed in one transaction at most: it holds the
	// feeds of their lanes to its end.
	groupSize = 16
	// fewestTransactions run at once before a mutation joins others.
	fewestTransactions = 4
)

// transactions is how many may run at once.
func transactions() int { return max(fewestTransactions, 2*runtime.GOMAXPROCS(0)) }

// member is a mutation that is ready to be committed.
type member struct {
	ctx  context.Context //nolint:containedctx // of the call that waits for it; it ends with that
	tx   *Tx
	done chan error
}

// leastTime is what a mutation's caller must give to those who share its transaction. They take
// far less, or are sent away after groupLockTimeout.
const leastTime = 500 * time.Millisecond

// sociable tells whether a mutation can share a transaction: it has read nothing, so it is in
// none yet; writes one change, so its locks are of one lane; has not failed before; and is in no
// hurry.
func (tx *Tx) sociable(ctx context.Context) bool {
	left, short := tx.left(ctx)
	return !tx.begun && !tx.claim.validateOnly && tx.Attempt == 1 && len(tx.changes) == 1 && (!short || left >= leastTime)
}

var (
	// errNext gives a member the place of a transaction that has ended.
	errNext = errors.New("it is the turn of this mutation")
	// errAlone sends a member away, to commit by itself.
	errAlone = errors.New("the transaction of several mutations was refused")
)

// commitTogether commits a mutation in a transaction of its own, or in one with others where too
// many run. Its wait for one is bounded as that for a connection is.
func (r *Runner) commitTogether(ctx context.Context, tx *Tx) error {
	m := &member{ctx, tx, make(chan error, 1)}
	if r.together.begin(m) {
		defer r.finish()
		return tx.commit(ctx, r.RequestTTL)
	}
	wait := time.NewTimer(r.Pool.AcquireTimeout())
	defer wait.Stop()
	var err error
	select {
	case err = <-m.done:
	case <-ctx.Done():
		if r.together.leave(m) {
			return ctx.Err()
		}
		err = <-m.done
	case <-wait.C:
		if r.together.leave(m) {
			return apierr.Overloaded()
		}
		err = <-m.done
	}
	switch {
	case errors.Is(err, errNext):
		defer r.finish()
		return tx.commit(ctx, r.RequestTTL)
	case errors.Is(err, errAlone):
		return tx.commit(ctx, r.RequestTTL)
	}
	return err
}

// begin tells whether one more transaction may run, or queues the member.
func (t *together) begin(m *member) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.running < transactions() {
		t.running++
		return true
	}
	t.waiting = append(t.waiting, m)
	return false
}

// leave takes a member out that nobody has taken yet.
func (t *together) leave(m *member) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.Index(t.waiting, m)
	if i < 0 {
		return false
	}
	t.waiting = slices.Delete(t.waiting, i, i+1)
	return true
}

// take returns who goes next in a transaction that has ended; where nobody waits, one fewer runs.
func (t *together) take() []*member {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := min(len(t.waiting), groupSize)
	if n == 0 {
		t.running--
		return nil
	}
	group := slices.Clone(t.waiting[:n])
	t.waiting = slices.Delete(t.waiting, 0, n)
	return group
}

// finish ends a transaction, and lets those who wait have its place.
func (r *Runner) finish() {
	group := r.together.take()
	switch len(group) {
	case 0:
	case 1:
		group[0].done <- errNext
	default:
		go r.commitGroup(group)
	}
}

// commitGroup commits the members in one transaction, and tells each what came of it.
func (r *Runner) commitGroup(group []*member) {
	defer r.finish()
	err := r.sendGroup(context.WithoutCancel(leader(group)), group)
	for _, m := range group {
		m.done <- err
	}
}

// leader is the context of the call under whose span the statements are: of one that is sampled,
// if any is, so that who looks at a trace finds them.
func leader(group []*member) context.Context {
	for _, m := range group {
		if trace.SpanContextFromContext(m.ctx).IsSampled() {
			return m.ctx
		}
	}
	return group[0].ctx
}

// queueShortest lets PostgreSQL give up before the caller whose time ends first.
func queueShortest(batch *pgx.Batch, group []*member) {
	var shortest time.Duration
	for _, m := range group {
		if left, short := m.tx.left(m.ctx); short && (shortest == 0 || left < shortest) {
			shortest = max(left, 1)
		}
	}
	if shortest > 0 {
		queueTimeout(batch, shortest)
	}
}

// groupLockTimeout is how long a group waits for a lock. Whose record is held by another call
// must not hold up the others.
const groupLockTimeout = 100 * time.Millisecond

// sendGroup commits the members as one transaction. Where that is refused nobody knows whose
// fault it is, so each is sent away to commit by itself, and gets its own answer. Locks are taken
// in the order of lanes and customers, and those of the feeds behind them all, so groups do not wait
// for each other in a circle. The statements are under the span of one of the calls; those of the
// others have a link to it.
func (r *Runner) sendGroup(ctx context.Context, group []*member) error {
	under := trace.SpanContextFromContext(ctx)
	slices.SortFunc(group, func(x, y *member) int {
		a, b := x.tx.changes[0].CustomerID, y.tx.changes[0].CustomerID
		return cmp.Or(cmp.Compare(db.Lane(a), db.Lane(b)), bytes.Compare(a[:], b[:]))
	})
	var batch pgx.Batch
	batch.Queue("-- name: SetLockTimeout\nSELECT set_config('lock_timeout', $1, true)", strconv.FormatInt(groupLockTimeout.Milliseconds(), 10))
	queueShortest(&batch, group)
	for _, m := range group {
		m.tx.queueClaim(&batch, r.RequestTTL)
		for _, q := range m.tx.batch.QueuedQueries { // a copy: it may be sent again, by another connection
			batch.Queue(q.SQL, q.Arguments...).Fn = q.Fn
		}
		if span := trace.SpanFromContext(m.ctx); span.SpanContext().SpanID() != under.SpanID() {
			span.AddLink(trace.Link{SpanContext: under})
		}
	}
	for _, m := range group {
		if err := m.tx.queueChanges(m.ctx, &batch); err != nil {
			return errAlone
		}
	}
	conn, err := r.Pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	err = send(ctx, conn.Conn(), &batch)
	if err == nil || errors.Is(err, errCommit) || apierr.ConnectionLost(err) {
		return err
	}
	for _, m := range group {
		m.tx.passed = 0
	}
	return errAlone
}
