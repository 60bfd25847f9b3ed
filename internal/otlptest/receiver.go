// Package otlptest is an OTLP receiver for tests: what a collector would be told.
package otlptest

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	collectorlogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/grpc"
)

// waitLimit is how long the Wait functions wait.
const waitLimit = 15 * time.Second

// Receiver takes traces, metrics and logs over OTLP/gRPC on a loopback port.
type Receiver struct {
	address string

	mu      sync.Mutex
	spans   []Span
	logs    []Log
	metrics []*metricspb.ResourceMetrics
	// arrived is closed and made anew with each arrival.
	arrived chan struct{}
}

// Start runs a receiver until the test ends.
func Start(t testing.TB) *Receiver {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("otlptest: listen: %v", err)
	}
	r := &Receiver{address: listener.Addr().String(), arrived: make(chan struct{})}
	server := grpc.NewServer()
	collectortrace.RegisterTraceServiceServer(server, traces{r: r})
	collectormetrics.RegisterMetricsServiceServer(server, metrics{r: r})
	collectorlogs.RegisterLogsServiceServer(server, logs{r: r})
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-done; err != nil {
			t.Errorf("otlptest: serve: %v", err)
		}
	})
	return r
}

// Endpoint returns the receiver's URL, for OTEL_EXPORTER_OTLP_ENDPOINT.
func (r *Receiver) Endpoint() string { return "http://" + r.address }

// Environ returns the variables, NAME=value, that make a process export everything
// here, and soon: for exec.Cmd.Env.
func (r *Receiver) Environ() []string {
	return []string{
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + r.Endpoint(),
		"OTEL_EXPORTER_OTLP_PROTOCOL=grpc",
		"OTEL_BSP_SCHEDULE_DELAY=50",
		"OTEL_BLRP_SCHEDULE_DELAY=50",
		"OTEL_METRIC_EXPORT_INTERVAL=200",
	}
}

// Setenv sets Environ's variables for this process until the test ends.
func (r *Receiver) Setenv(t testing.TB) {
	t.Helper()
	for _, pair := range r.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
}

// Spans returns all spans that have arrived, in the order of their arrival.
func (r *Receiver) Spans() []Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Span(nil), r.spans...)
}

// Logs returns all log records that have arrived.
func (r *Receiver) Logs() []Log {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Log(nil), r.logs...)
}

// Metrics returns all that has arrived of metrics, as it came.
func (r *Receiver) Metrics() []*metricspb.ResourceMetrics {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*metricspb.ResourceMetrics(nil), r.metrics...)
}

// MetricNames returns the names of all metrics that have arrived.
func (r *Receiver) MetricNames() map[string]bool {
	all := map[string]bool{}
	for _, resource := range r.Metrics() {
		for _, scope := range resource.GetScopeMetrics() {
			for _, m := range scope.GetMetrics() {
				all[m.GetName()] = true
			}
		}
	}
	return all
}

// WaitSpans waits until the spans that have arrived satisfy done, and returns them.
func (r *Receiver) WaitSpans(t testing.TB, done func([]Span) bool) []Span {
	t.Helper()
	var spans []Span
	if !r.wait(func() bool { spans = r.Spans(); return done(spans) }) {
		t.Fatalf("otlptest: the spans awaited have not arrived; there are %+v", spans)
	}
	return spans
}

// WaitTrace waits until the trace has as many spans, and returns them.
func (r *Receiver) WaitTrace(t testing.TB, traceID string, spans int) []Span {
	t.Helper()
	var found []Span
	r.WaitSpans(t, func(all []Span) bool {
		found = found[:0]
		for _, s := range all {
			if s.TraceID == traceID {
				found = append(found, s)
			}
		}
		return len(found) >= spans
	})
	return found
}

// WaitLogs waits until the records that have arrived satisfy done, and returns them.
func (r *Receiver) WaitLogs(t testing.TB, done func([]Log) bool) []Log {
	t.Helper()
	var records []Log
	if !r.wait(func() bool { records = r.Logs(); return done(records) }) {
		t.Fatalf("otlptest: the log records awaited have not arrived; there are %+v", records)
	}
	return records
}

// WaitMetric waits until a metric of this name has arrived.
func (r *Receiver) WaitMetric(t testing.TB, name string) {
	t.Helper()
	if !r.wait(func() bool { return r.MetricNames()[name] }) {
		t.Fatalf("otlptest: metric %s has not arrived; there are %v", name, r.MetricNames())
	}
}

func (r *Receiver) wait(done func() bool) bool {
	limit := time.After(waitLimit)
	for {
		r.mu.Lock()
		arrived := r.arrived
		r.mu.Unlock()
		if done() {
			return true
		}
		select {
		case <-arrived:
		case <-limit:
			return false
		}
	}
}

func (r *Receiver) take(add func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	add()
	close(r.arrived)
	r.arrived = make(chan struct{})
}
