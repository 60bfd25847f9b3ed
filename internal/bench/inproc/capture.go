package inproc

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
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

// Captured holds the trips of the four calls that are measured.
type Captured struct{ Get, List, Create, Update []Trip }

// Calls are requests as the benchmark sends them, about the customer of a number; the
// serial makes what must be new.
func Calls(n, serial int) (*rapportv1.GetCustomerRequest, *rapportv1.ListCustomersRequest, *rapportv1.CreateCustomerRequest, *rapportv1.UpdateCustomerRequest) {
	return &rapportv1.GetCustomerRequest{Name: dataset.Name(n)},
		&rapportv1.ListCustomersRequest{PageSize: 50, PageToken: dataset.PageToken(n)},
		&rapportv1.CreateCustomerRequest{Customer: dataset.New(n, serial)},
		&rapportv1.UpdateCustomerRequest{Customer: dataset.Assigned(n, serial)}
}

// Capture makes each of the four calls once, on a database that dataset has filled,
// and returns what they sent.
func Capture(ctx context.Context, url string, customers int) (c Captured, err error) {
	t, err := Quiet(ctx)
	if err != nil {
		return c, err
	}
	defer func() { _ = t.Shutdown(ctx) }()
	var r recorder
	s, err := Start(ctx, url, &r, t)
	if err != nil {
		return c, err
	}
	defer s.Close()
	get, list, create, update := Calls(customers-1, 0)
	for _, call := range []struct {
		name string
		into *[]Trip
		make func() error
	}{
		{"get", &c.Get, func() error { _, err := s.Customers.GetCustomer(ctx, get); return err }},
		{"list", &c.List, func() error { _, err := s.Customers.ListCustomers(ctx, list); return err }},
		{"create", &c.Create, func() error { _, err := s.Customers.CreateCustomer(ctx, create); return err }},
		{"update", &c.Update, func() error { _, err := s.Customers.UpdateCustomer(ctx, update); return err }},
	} {
		if err := call.make(); err != nil {
			return c, fmt.Errorf("%s: %w", call.name, err)
		}
		*call.into = r.take()
	}
	return c, nil
}
