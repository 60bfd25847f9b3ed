package telemetry

import (
	"context"
	"os"
	"strings"

	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/contrib/instrumentation/runtime"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	noopmetric "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	nooptrace "go.opentelemetry.io/otel/trace/noop"
)

// cardinalityLimit is how many series one instrument may have; what comes later is
// folded into one. It is the SDK's own default, written down because /metrics and
// the alerts rely on staying below it.
const cardinalityLimit = 2000

// disabled says whether OTEL_SDK_DISABLED turns all of OpenTelemetry off.
func disabled() bool { return strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") }

// exports says whether the environment asks for a signal (TRACES, METRICS or LOGS)
// to be exported. By the specification OTLP to localhost is the default; here
// nothing leaves the process unless an exporter or an endpoint is named.
func exports(signal string) bool {
	if disabled() {
		return false
	}
	if exporter := os.Getenv("OTEL_" + signal + "_EXPORTER"); exporter != "" {
		return exporter != "none"
	}
	return os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_"+signal+"_ENDPOINT") != ""
}

func (t *Telemetry) setupTraces(ctx context.Context, res *resource.Resource) error {
	if !exports("TRACES") {
		t.Tracer = nooptrace.NewTracerProvider()
		return nil
	}
	exporter, err := autoexport.NewSpanExporter(ctx)
	if err != nil {
		return err
	}
	// The sampler is OTEL_TRACES_SAMPLER's, by default parentbased_always_on. The
	// batcher drops spans, and never waits, where its queue is full.
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(scrubber{exporter}), sdktrace.WithResource(res))
	t.Tracer = provider
	t.shutdown = append(t.shutdown, provider.Shutdown)
	return nil
}

func (t *Telemetry) setupMetrics(ctx context.Context, res *resource.Resource) error {
	if err := t.registry.Register(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})); err != nil {
		return err
	}
	if disabled() {
		t.Meter = noopmetric.NewMeterProvider()
		return nil
	}
	scrape, err := otelprometheus.New(
		otelprometheus.WithRegisterer(t.registry),
		otelprometheus.WithoutScopeInfo(),
		// The histogram of scheduling latencies comes as a producer, not as an instrument.
		otelprometheus.WithProducer(runtime.NewProducer()),
	)
	if err != nil {
		return err
	}
	options := []sdkmetric.Option{
		sdkmetric.WithResource(res),
		sdkmetric.WithReader(scrape),
		sdkmetric.WithCardinalityLimit(cardinalityLimit),
		sdkmetric.WithView(views()...),
	}
	if exports("METRICS") {
		reader, err := autoexport.NewMetricReader(ctx)
		if err != nil {
			return err
		}
		options = append(options, sdkmetric.WithReader(reader))
	}
	provider := sdkmetric.NewMeterProvider(options...)
	t.Meter = provider
	t.shutdown = append(t.shutdown, provider.Shutdown)
	return runtime.Start(runtime.WithMeterProvider(provider))
}
