package bench_test

import (
	"context"
	"runtime"
	"testing"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/bench/dataset"
	"github.com/rapport-crm/rapport/internal/bench/inproc"
	"github.com/rapport-crm/rapport/internal/pgtest"
)

const gateCustomers = 300

// gates are the allocations and bytes that one call may cost inside the service: the
// interceptors, the handler, pgx, metrics and the log line, without the network. They
// are a tenth to a sixth above what was measured; whoever makes a call cheaper lowers
// its gate.
var gates = map[string]struct{ allocations, bytes float64 }{
	"get":    {160, 13_700},
	"list":   {2_750, 198_000},
	"create": {720, 68_000},
	"update": {590, 54_000},
}

// calls returns the measured calls on a filled database of their own. Each call gets
// another serial.
func calls(tb testing.TB) map[string]func(ctx context.Context, serial int) error {
	tb.Helper()
	url := pgtest.New(tb)
	if err := dataset.Fill(tb.Context(), url, gateCustomers); err != nil {
		tb.Fatal(err)
	}
	t, err := inproc.Quiet(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	tracer, err := t.SQLTracer()
	if err != nil {
		tb.Fatal(err)
	}
	s, err := inproc.Start(tb.Context(), url, tracer, t)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		s.Close()
		_ = t.Shutdown(context.Background()) // it exports nothing
	})
	return map[string]func(context.Context, int) error{
		"get": func(ctx context.Context, _ int) error {
			_, err := s.Customers.GetCustomer(ctx, &rapportv1.GetCustomerRequest{Name: dataset.Name(7)})
			return err
		},
		"list": func(ctx context.Context, _ int) error {
			_, err := s.Customers.ListCustomers(ctx, &rapportv1.ListCustomersRequest{PageSize: 50, PageToken: dataset.PageToken(200)})
			return err
		},
		"create": func(ctx context.Context, serial int) error {
			_, err := s.Customers.CreateCustomer(ctx, &rapportv1.CreateCustomerRequest{Customer: dataset.New(serial%1000, serial)})
			return err
		},
		"update": func(ctx context.Context, serial int) error {
			_, err := s.Customers.UpdateCustomer(ctx, &rapportv1.UpdateCustomerRequest{Customer: dataset.Assigned(7, serial)})
			return err
		},
	}
}

func TestAllocationsPerCall(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates too, and empties pools at random: this runs without it")
	}
	const warm, measured = 100, 400
	all := calls(t)
	for name, gate := range gates {
		t.Run(name, func(t *testing.T) {
			call := all[name]
			serial := 0
			repeat := func(n int) {
				for range n {
					serial++
					if err := call(t.Context(), serial); err != nil {
						t.Fatal(err)
					}
				}
			}
			repeat(warm)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			repeat(measured)
			runtime.ReadMemStats(&after)
			allocations := float64(after.Mallocs-before.Mallocs) / measured
			bytes := float64(after.TotalAlloc-before.TotalAlloc) / measured
			t.Logf("%.0f allocations and %.0f bytes a call", allocations, bytes)
			if allocations > gate.allocations || bytes > gate.bytes {
				t.Errorf("%.0f allocations and %.0f bytes a call, the gate is %.0f and %.0f", allocations, bytes, gate.allocations, gate.bytes)
			}
		})
	}
}

// BenchmarkCall is one call after the other, without the network: for profiles.
func BenchmarkCall(b *testing.B) {
	all := calls(b)
	for _, name := range []string{"get", "list", "create", "update"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				serial++
				if err := all[name](b.Context(), serial); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// serial keeps what benchmarks create apart, since each runs several times.
var serial = 1_000_000
