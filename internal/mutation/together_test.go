package mutation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/types/known/wrapperspb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/change"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/pgtest"
)

// crowd is many mutations at once, of which the first ones are held up in PostgreSQL until all
// others wait for company.
type crowd struct {
	runner *Runner
	conn   *pgx.Conn
	joined sync.WaitGroup

	mu   sync.Mutex
	errs []error
}

var errTaken = errors.New("taken")

func newCrowd(t *testing.T) *crowd {
	t.Helper()
	url := pgtest.New(t)
	pool, err := db.Open(t.Context(), db.Options{
		URL: url, MaxConns: 16, AcquireTimeout: time.Minute, StatementTimeout: time.Minute, LockTimeout: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	c := &crowd{runner: &Runner{Pool: pool, Clock: time.Now, RequestTTL: time.Hour}}
	if c.conn, err = pgx.Connect(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.conn.Close(context.Background()) })
	c.exec(t, "CREATE TABLE made (id text PRIMARY KEY, transaction xid8 DEFAULT pg_current_xact_id())")
	return c
}

func (c *crowd) exec(t *testing.T, sql string) {
	t.Helper()
	if _, err := c.conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func (c *crowd) count(t *testing.T, sql string) (n int) {
	t.Helper()
	if err := c.conn.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// add starts such a mutation beside the others.
func (c *crowd) add(ctx context.Context, t *testing.T, id string, request uuid.UUID) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.errs)
	c.errs = append(c.errs, nil)
	c.joined.Go(func() {
		err := c.make(ctx, id, request)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.errs[n] = err
	})
}

// make is a mutation that makes a row of this id, under the request id.
func (c *crowd) make(ctx context.Context, id string, request uuid.UUID) error {
	claim := &Claim{principal: "test", method: "Make", requestID: request, fingerprint: []byte{fingerprintVersion}}
	_, err := Run(ctx, c.runner, claim, func(_ context.Context, tx *Tx) (*wrapperspb.StringValue, error) {
		tx.QueueGuarded(func(e *pgconn.PgError) error {
			if e.ConstraintName == "made_pkey" {
				return errTaken
			}
			return nil
		}, "INSERT INTO made (id) VALUES ($1)", id)
		tx.Record(change.Record{CustomerID: uuid.New(), Resource: id, Type: rapportv1.Change_CREATED, Time: tx.Now})
		return wrapperspb.String(id), nil
	})
	return err
}

// gather blocks as many mutations as may run, adds the others while they wait, and lets all go.
func (c *crowd) gather(t *testing.T, others int, add func()) {
	t.Helper()
	c.exec(t, "BEGIN")
	c.exec(t, "LOCK TABLE made IN SHARE MODE")
	for n := range transactions() {
		c.add(t.Context(), t, fmt.Sprintf("first %d", n), uuid.New())
	}
	c.until(t, func() bool { return c.runner.together.running == transactions() })
	add()
	c.until(t, func() bool { return len(c.runner.together.waiting) == others })
	c.exec(t, "COMMIT")
}

func (c *crowd) until(t *testing.T, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		c.runner.together.mu.Lock()
		met := condition()
		c.runner.together.mu.Unlock()
		if met {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("they did not gather")
		}
		time.Sleep(time.Millisecond)
	}
}

// Those who wait are committed together, and each has its row, its change and its claim.
func TestThoseWhoWaitCommitTogether(t *testing.T) {
	c := newCrowd(t)
	const others = 3 * groupSize
	c.gather(t, others, func() {
		for n := range others {
			c.add(t.Context(), t, fmt.Sprintf("other %d", n), uuid.New())
		}
	})
	c.joined.Wait()
	if err := errors.Join(c.errs...); err != nil {
		t.Fatal(err)
	}
	all := transactions() + others
	for _, sql := range []string{"SELECT count(*) FROM made", "SELECT count(*) FROM change", "SELECT count(*) FROM request", "SELECT sum(last_seq) FROM lane_feed"} {
		if n := c.count(t, sql); n != all {
			t.Errorf("%s: %d, want %d", sql, n, all)
		}
	}
	if n := c.count(t, "SELECT count(DISTINCT transaction) FROM made"); n > transactions()+others/4 {
		t.Errorf("%d transactions made %d rows", n, all)
	}
	if n := c.count(t, "SELECT count(*) FROM lane_feed f WHERE last_seq <> (SELECT count(DISTINCT sequence) FROM change c WHERE c.lane = f.lane)"); n != 0 {
		t.Errorf("the feeds of %d lanes have holes", n)
	}
	c.until(t, func() bool { return c.runner.together.running == 0 })
}

// What is wrong with one of them is told to that one alone.
func TestOneOfManyIsRefused(t *testing.T) {
	c := newCrowd(t)
	c.exec(t, "INSERT INTO made (id) VALUES ('taken')")
	same := uuid.New()
	const others = 10
	c.gather(t, others, func() {
		c.add(t.Context(), t, "taken", uuid.New())
		for range 2 { // a call and its repeat
			c.add(t.Context(), t, "twice", same)
		}
		for n := range others - 3 {
			c.add(t.Context(), t, fmt.Sprintf("other %d", n), uuid.New())
		}
	})
	c.joined.Wait()
	for n, err := range c.errs {
		if wrong := n == transactions(); wrong != errors.Is(err, errTaken) || !wrong && err != nil {
			t.Errorf("mutation %d: %v", n, err)
		}
	}
	if n := c.count(t, "SELECT count(*) FROM made"); n != transactions()+others-1 {
		t.Errorf("%d rows", n)
	}
}

// Who gives up while it waits leaves nothing behind, and holds up nobody.
func TestOneOfManyGivesUp(t *testing.T) {
	c := newCrowd(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.gather(t, 1, func() {
		c.add(ctx, t, "impatient", uuid.New())
		c.add(t.Context(), t, "patient", uuid.New())
		c.until(t, func() bool { return len(c.runner.together.waiting) == 2 })
		cancel()
	})
	c.joined.Wait()
	if err := c.errs[transactions()]; !errors.Is(err, context.Canceled) {
		t.Errorf("who gave up got %v", err)
	}
	if n := c.count(t, "SELECT count(*) FROM made WHERE id LIKE '%patient'"); n != 1 {
		t.Errorf("%d rows, want that of the patient one", n)
	}
}

// Callers whose time is shorter than a statement may take share a transaction too, but for those
// in a hurry, who never wait for others.
func TestDeadlinesOfMany(t *testing.T) {
	c := newCrowd(t)
	unhurried, cancel := context.WithTimeout(t.Context(), 50*time.Second)
	defer cancel()
	const others = 8
	c.gather(t, others, func() {
		for n := range others {
			c.add(unhurried, t, fmt.Sprintf("unhurried %d", n), uuid.New())
		}
		hurried, cancel := context.WithTimeout(t.Context(), leastTime/2)
		t.Cleanup(cancel)
		c.add(hurried, t, "hurried", uuid.New())
		c.until(t, func() bool { return int(c.runner.Pool.Stat().AcquiredConns()) == transactions()+1 })
	})
	c.joined.Wait()
	// The one in a hurry may have come too late for the table, which was locked.
	if err := errors.Join(c.errs[:transactions()+others]...); err != nil {
		t.Error(err)
	}
	if n := c.count(t, "SELECT count(DISTINCT transaction) FROM made WHERE id LIKE 'unhurried%'"); n > others/4 {
		t.Errorf("%d transactions made %d rows", n, others)
	}
}

// The statements of several calls are under the span of one of them; the others lead to it.
func TestSpansOfMany(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder)).Tracer("test")
	c := newCrowd(t)
	const others = 6
	c.gather(t, others, func() {
		for n := range others {
			ctx, span := tracer.Start(t.Context(), "call")
			t.Cleanup(func() { span.End() })
			c.add(ctx, t, fmt.Sprintf("other %d", n), uuid.New())
		}
	})
	c.joined.Wait()
	if err := errors.Join(c.errs...); err != nil {
		t.Fatal(err)
	}
	linked := map[trace.SpanID]int{}
	for _, span := range recorder.Started() {
		for _, link := range span.Links() {
			linked[link.SpanContext.SpanID()]++
		}
	}
	if len(linked) != 1 || slices.Collect(maps.Values(linked))[0] != others-1 {
		t.Errorf("links by the span they lead to: %v, want %d to one", linked, others-1)
	}
}

// Of several calls one that is sampled has the statements.
func TestLeader(t *testing.T) {
	spans := func(flags ...trace.TraceFlags) (group []*member) {
		for n, f := range flags {
			s := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{byte(n + 1)}, TraceFlags: f})
			group = append(group, &member{ctx: trace.ContextWithSpanContext(t.Context(), s)})
		}
		return group
	}
	for want, group := range map[byte][]*member{3: spans(0, 0, trace.FlagsSampled, trace.FlagsSampled), 1: spans(0, 0)} {
		if got := trace.SpanContextFromContext(leader(group)).SpanID()[0]; got != want {
			t.Errorf("the leader is %d, want %d", got, want)
		}
	}
}
