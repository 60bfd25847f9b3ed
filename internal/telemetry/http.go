package telemetry

import (
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/rapport-crm/rapport/internal/telemetry/names"
)

// HTTPMiddleware gives each request of the REST edge a span and an observation of
// http.server.request.duration. The edge is public: a caller's trace is linked,
// never joined. Until SetRoute names the route, the span is named by the method.
func (t *Telemetry) HTTPMiddleware(next http.Handler) http.Handler {
	return otelhttp.NewMiddleware("",
		otelhttp.WithTracerProvider(t.Tracer),
		otelhttp.WithMeterProvider(t.Meter),
		otelhttp.WithPropagators(t.Propagator),
		otelhttp.WithPublicEndpointFn(func(*http.Request) bool { return true }),
	)(next)
}

// SetRoute names the span and the metrics of a request by the template of its route,
// such as /v1/{name=customers/*}. It is called by the REST edge with the request as
// it came from HTTPMiddleware, before the call begins.
func SetRoute(r *http.Request, template string) {
	route := attribute.String(names.HTTPRoute, template)
	if span := trace.SpanFromContext(r.Context()); span.IsRecording() {
		span.SetName(r.Method + " " + template)
		span.SetAttributes(route)
	}
	if labels, ok := otelhttp.LabelerFromContext(r.Context()); ok {
		labels.Add(route)
	}
}
