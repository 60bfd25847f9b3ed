package inproc

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/rapport-crm/rapport/internal/bench/dataset"
)

// Statement is one SQL statement as it was sent.
type Statement struct {
	// Name is that of the comment it begins with, or the statement itself where there
	// is none, such as commit.
	Name string
	// SQL is the text without that comment.
	SQL  string
	Args []any
}

// Trip is what travels to the database together.
type Trip []Statement

// recorder is a tracer that keeps what is sent.
type recorder struct {
	mu    sync.Mutex
	trips []Trip
}

func statement(sql string, args []any) Statement {
	name, found := strings.CutPrefix(sql, "-- name: ")
	if !found {
		return Statement{Name: sql, SQL: sql, Args: args}
	}
	name, text, _ := strings.Cut(name, "\n")
	return Statement{Name: name, SQL: text, Args: args}
}

func (r *recorder) add(t Trip) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trips = append(r.trips, t)
}

func (r *recorder) take() []Trip {
	r.mu.Lock()
	defer r.mu.Unlock()
	trips := r.trips
	r.trips = nil
	return trips
}

// TraceQueryStart implements pgx.QueryTracer.
func (r *recorder) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	r.add(Trip{statement(data.SQL, data.Args)})
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (*recorder) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TraceBatchStart implements pgx.BatchTracer.
func (r *recorder) TraceBatchStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	var t Trip
	for _, q := range data.Batch.QueuedQueries {
		t = append(t, statement(q.SQL, q.Arguments))
	}
	r.add(t)
	return ctx
}

// TraceBatchQuery implements pgx.BatchTracer.
func (*recorder) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd implements pgx.BatchTracer.
func (*recorder) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// Captured holds the trips of each call that pgbench repeats, by the name of the method.
type Captured map[string][]Trip

// Capture makes each call once, on a database of this size that dataset has filled, and
// returns what they sent; those about histories only where there are any.
func Capture(ctx context.Context, url string, size dataset.Size) (Captured, error) {
	t, err := Quiet(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = t.Shutdown(ctx) }()
	var r recorder
	s, err := Start(ctx, url, &r, t)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	calls := s.CustomerCalls(size)
	if size.Interactions > 0 {
		maps.Copy(calls, s.HistoryCalls(size))
	}
	c := Captured{}
	for name, call := range calls {
		r.take()
		if err := call(ctx, 0); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		c[name] = r.take()
	}
	return c, nil
}
