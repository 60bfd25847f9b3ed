package bench_test

import (
	"context"
	"maps"
	"runtime"
	"slices"
	"testing"

	"github.com/rapport-crm/rapport/internal/bench/dataset"
	"github.com/rapport-crm/rapport/internal/bench/inproc"
	"github.com/rapport-crm/rapport/internal/pgtest"
)

var gateSize = dataset.Size{Customers: 300, Interactions: 3000}

// gates are the allocations and bytes that one call may cost inside the service: the
// interceptors, the handler, pgx, metrics and the log line, without the network. They
// are a tenth to a sixth above what was measured; whoever makes a call cheaper lowers
// its gate. A report by month has a month more with each that passes.
var gates = map[string]struct{ allocations, bytes float64 }{
	"get":    {160, 13_700},
	"list":   {2_950, 218_000},
	"create": {720, 68_000},
	"update": {620, 57_000},

	"interaction":         {350, 31_000},
	"timeline-20":         {1_090, 82_000},
	"timeline-20000":      {1_100, 83_000},
	"follow-ups":          {640, 122_000},
	"follow-ups-staff":    {200, 41_000},
	"score":               {370, 33_000},
	"satisfaction-report": {800, 72_000},
	"driver-report":       {530, 46_000},
	"batch-interaction":   {130_000, 22_400_000},
}

// calls returns the measured calls on a filled database of their own. Each call gets
// another serial.
func calls(tb testing.TB) map[string]inproc.Call {
	tb.Helper()
	url := pgtest.New(tb)
	if err := dataset.Fill(tb.Context(), url, gateSize.Customers); err != nil {
		tb.Fatal(err)
	}
	if err := dataset.FillHistories(tb.Context(), url, gateSize, func(string) {}); err != nil {
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
	all := s.CustomerCalls(gateSize)
	maps.Copy(all, s.HistoryCalls(gateSize))
	all["batch-interaction"] = s.BatchInteractions(gateSize)
	return all
}

func TestAllocationsPerCall(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates too, and empties pools at random: this runs without it")
	}
	all := calls(t)
	for name, gate := range gates {
		t.Run(name, func(t *testing.T) {
			call := all[name]
			warm, measured := 100, 400
			if name == "batch-interaction" { // of a thousand
				warm, measured = 3, 10
			}
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
			allocations := float64(after.Mallocs-before.Mallocs) / float64(measured)
			bytes := float64(after.TotalAlloc-before.TotalAlloc) / float64(measured)
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
	for _, name := range slices.Sorted(maps.Keys(all)) {
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
