package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/rapport-crm/rapport/internal/otlptest"
	"github.com/rapport-crm/rapport/internal/telemetry"
)

func setup(t *testing.T, log *lockedBuffer) *telemetry.Telemetry {
	t.Helper()
	tel, err := telemetry.Setup(t.Context(), telemetry.Options{Version: "1.2.3", Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tel.Shutdown(context.Background()) })
	return tel
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func scrape(t *testing.T, tel *telemetry.Telemetry) string {
	t.Helper()
	w := httptest.NewRecorder()
	tel.MetricsHandler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

func TestNothingIsExportedByDefault(t *testing.T) {
	tel := setup(t, &lockedBuffer{})
	_, span := tel.Tracer.Tracer("test").Start(t.Context(), "span")
	if span.IsRecording() || span.SpanContext().IsValid() {
		t.Error("a span is recorded though no exporter is configured")
	}
	metrics := scrape(t, tel)
	for _, want := range []string{"go_goroutine_count", "go_memory_used_bytes", "process_cpu_seconds_total", "go_schedule_duration_seconds_bucket", `service_version="1.2.3"`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("/metrics has no %s:\n%s", want, metrics)
		}
	}
}

func TestAllSignalsAreExported(t *testing.T) {
	receiver := otlptest.Start(t)
	receiver.Setenv(t)
	t.Setenv("OTEL_SERVICE_NAME", "other")
	var log lockedBuffer
	tel := setup(t, &log)
	ctx, span := tel.Tracer.Tracer("test").Start(t.Context(), "span")
	tel.Logger.InfoContext(ctx, "hello")
	tel.Logger.DebugContext(ctx, "whisper")
	span.End()

	traceID := span.SpanContext().TraceID().String()
	got := receiver.WaitTrace(t, traceID, 1)[0]
	if got.Name != "span" || got.Resource["service.name"] != "other" || got.Resource["service.version"] != "1.2.3" {
		t.Errorf("got span %+v", got)
	}
	records := receiver.WaitLogs(t, func(all []otlptest.Log) bool { return len(all) > 0 })
	if len(records) != 1 || records[0].Body != "hello" || records[0].TraceID != traceID {
		t.Errorf("got records %+v", records)
	}
	receiver.WaitMetric(t, "go.goroutine.count")

	var line map[string]string
	if err := json.Unmarshal([]byte(log.String()), &line); err != nil {
		t.Fatal(err)
	}
	delete(line, "time")
	want := map[string]string{"level": "INFO", "msg": "hello", "trace_id": traceID, "span_id": span.SpanContext().SpanID().String()}
	if diff := cmp.Diff(want, line); diff != "" {
		t.Errorf("log line (-want +got):\n%s", diff)
	}
}

func TestExemplarsLeadToTraces(t *testing.T) {
	receiver := otlptest.Start(t)
	receiver.Setenv(t)
	tel := setup(t, &lockedBuffer{})
	tracer, err := tel.SQLTracer()
	if err != nil {
		t.Fatal(err)
	}
	ctx, span := tel.Tracer.Tracer("test").Start(t.Context(), "call")
	tracer.TraceQueryEnd(tracer.TraceQueryStart(ctx, nil, pgx.TraceQueryStartData{SQL: "-- name: Slow\nSELECT"}), nil, pgx.TraceQueryEndData{})
	span.End()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
	r.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	tel.MetricsHandler().ServeHTTP(w, r)
	if want := `trace_id="` + span.SpanContext().TraceID().String() + `"`; !strings.Contains(w.Body.String(), want) {
		t.Errorf("no exemplar with %s", want)
	}
}

func TestSDKDisabled(t *testing.T) {
	receiver := otlptest.Start(t)
	receiver.Setenv(t)
	t.Setenv("OTEL_SDK_DISABLED", "true")
	tel := setup(t, &lockedBuffer{})
	if _, span := tel.Tracer.Tracer("test").Start(t.Context(), "span"); span.IsRecording() {
		t.Error("a span is recorded though the SDK is disabled")
	}
	if metrics := scrape(t, tel); strings.Contains(metrics, "go_goroutine_count") || !strings.Contains(metrics, "process_cpu_seconds_total") {
		t.Errorf("/metrics is\n%s", metrics)
	}
}

func TestCollectorAway(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
	started := time.Now()
	tel := setup(t, &lockedBuffer{})
	for range 5000 {
		_, span := tel.Tracer.Tracer("test").Start(t.Context(), "span")
		span.End()
	}
	if took := time.Since(started); took > 3*time.Second {
		t.Errorf("setup and 5000 spans took %v", took)
	}
	started = time.Now()
	if err := tel.Shutdown(t.Context()); err == nil {
		t.Error("the shutdown tells nothing of what was lost")
	}
	if took := time.Since(started); took > 6*time.Second {
		t.Errorf("shutdown took %v", took)
	}
}

func TestWrongSettingsAreRefused(t *testing.T) {
	tests := map[string]struct{ name, value string }{
		"exporter": {"OTEL_TRACES_EXPORTER", "nonsense"},
		"protocol": {"OTEL_EXPORTER_OTLP_PROTOCOL", "nonsense"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
			t.Setenv(test.name, test.value)
			if _, err := telemetry.Setup(t.Context(), telemetry.Options{Log: &lockedBuffer{}}); err == nil {
				t.Error("no error")
			}
		})
	}
	if _, err := telemetry.Setup(t.Context(), telemetry.Options{Log: &lockedBuffer{}, LogFormat: "xml"}); err == nil {
		t.Error("no error for a log format of xml")
	}
}

func TestHTTPSpanIsLinkedAndSaysNothingOfTheRequest(t *testing.T) {
	receiver := otlptest.Start(t)
	receiver.Setenv(t)
	tel := setup(t, &lockedBuffer{})
	server := httptest.NewServer(tel.HTTPMiddleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		telemetry.SetRoute(r, "/v1/{name=customers/*}")
	})))
	t.Cleanup(server.Close)
	const strangers = "4bf92f3577b34da6a3ce929d0e0e4736"
	get := func(host string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/v1/customers/anna?filter=anna", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		req.Header.Set("Traceparent", "00-"+strangers+"-00f067aa0ba902b7-01")
		req.Header.Set("Baggage", "actor=anna")
		req.Header.Set("User-Agent", "anna")
		req.Header.Set("X-Forwarded-For", "anna")
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	get("anna.example")
	span := receiver.WaitSpans(t, func(all []otlptest.Span) bool { return len(all) > 0 })[0]
	if span.Name != "GET /v1/{name=customers/*}" || span.Attributes["http.route"] != "/v1/{name=customers/*}" {
		t.Errorf("got %+v", span)
	}
	if span.TraceID == strangers || span.ParentID != "" {
		t.Error("the span has joined the stranger's trace")
	}
	if diff := cmp.Diff([]string{strangers}, span.Links); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
	for key, value := range span.Attributes {
		if strings.Contains(value, "anna") {
			t.Errorf("attribute %s is %s", key, value)
		}
	}
	before := strings.Count(scrape(t, tel), "\n")
	get("otto.example")
	if after := scrape(t, tel); strings.Count(after, "\n") != before || !strings.Contains(after, `http_route="/v1/{name=customers/*}"`) {
		t.Errorf("another Host header made another series:\n%s", after)
	}
}
