// Package telemetry sets up traces, metrics and logs, and says what of a call goes
// into them: names, times and outcomes, never what customers' records hold.
//
// Export is configured by the standard OTEL_* variables. Without them nothing leaves
// the process: there is no tracer at all, and metrics are only served at /metrics.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/trace"

	"github.com/rapport-crm/rapport/internal/telemetry/names"
)

// shutdownTimeout bounds how long a collector that is away can hold up the exit.
const shutdownTimeout = 5 * time.Second

// Options are the settings of Setup that are not OpenTelemetry's own.
type Options struct {
	// Version is the service's, for the resource.
	Version string
	// Log is where log lines go; JSON, or text where it is a terminal.
	Log io.Writer
	// LogFormat is "json" or "text"; empty chooses by what Log is.
	LogFormat string
	// LogLevel is the least level that is logged; nil is INFO.
	LogLevel slog.Leveler
}

// Telemetry is what the service sends its signals to.
type Telemetry struct {
	// Logger writes to Options.Log and, where one is configured, to the exporter of
	// logs. It adds the ids of the trace and of the request to each record.
	Logger *slog.Logger
	// Tracer provides no-op tracers where no exporter is configured.
	Tracer trace.TracerProvider
	Meter  metric.MeterProvider
	// Propagator is W3C Trace Context alone: baggage of strangers is dropped.
	Propagator propagation.TextMapPropagator

	registry *prometheus.Registry
	shutdown []func(context.Context) error
}

// Setup makes the providers. A wrong OTEL_* value is an error; a collector that
// cannot be reached is not, neither now nor later.
func Setup(ctx context.Context, o Options) (*Telemetry, error) {
	res, err := newResource(ctx, o.Version)
	if err != nil {
		return nil, fmt.Errorf("telemetry resource: %w", err)
	}
	t := &Telemetry{Propagator: propagation.TraceContext{}, registry: prometheus.NewRegistry()}
	if err := t.setup(ctx, o, res); err != nil {
		// What was started before the wrong value was met must not stay behind.
		return nil, errors.Join(err, t.Shutdown(ctx))
	}
	// The SDK reports what it could not export to a global handler, by default as
	// plain text on standard error.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		t.Logger.Warn("telemetry", slog.String("error", err.Error()))
	}))
	return t, nil
}

func (t *Telemetry) setup(ctx context.Context, o Options, res *resource.Resource) error {
	if err := t.setupLogs(ctx, o, res); err != nil {
		return fmt.Errorf("telemetry logs: %w", err)
	}
	if err := t.setupTraces(ctx, res); err != nil {
		return fmt.Errorf("telemetry traces: %w", err)
	}
	if err := t.setupMetrics(ctx, res); err != nil {
		return fmt.Errorf("telemetry metrics: %w", err)
	}
	return nil
}

func newResource(ctx context.Context, version string) (*resource.Resource, error) {
	return resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithHost(),
		resource.WithAttributes(
			attribute.String("service.name", names.ServiceName),
			attribute.String("service.version", version),
			attribute.String("service.instance.id", uuid.NewString()),
		),
		// Last, so that OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
		resource.WithFromEnv(),
	)
}

// MetricsHandler serves the metrics to Prometheus, with exemplars for those scrapers
// that ask for OpenMetrics.
func (t *Telemetry) MetricsHandler() http.Handler {
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{Registry: t.registry, EnableOpenMetrics: true})
}

// Shutdown sends what is still held back and ends the exporters. It takes five
// seconds at most, whatever the context allows.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	results := make(chan error, len(t.shutdown))
	for _, stop := range t.shutdown {
		go func() { results <- stop(ctx) }()
	}
	var errs []error
	for range t.shutdown {
		errs = append(errs, <-results)
	}
	return errors.Join(errs...)
}
