package telemetry

import (
	"context"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// scrubber is the last gate before spans leave: it takes off what instrumentation
// libraries add by themselves and what can name a person or repeat what a stranger
// sent.
type scrubber struct{ sdktrace.SpanExporter }

// ExportSpans implements sdktrace.SpanExporter.
func (s scrubber) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	out := make([]sdktrace.ReadOnlySpan, len(spans))
	for i, span := range spans {
		out[i] = scrubbed{span}
	}
	return s.SpanExporter.ExportSpans(ctx, out)
}

type scrubbed struct{ sdktrace.ReadOnlySpan }

// Attributes implements sdktrace.ReadOnlySpan.
func (s scrubbed) Attributes() []attribute.KeyValue {
	all := s.ReadOnlySpan.Attributes()
	if !slices.ContainsFunc(all, personal) {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), personal)
}

// personal says whether an attribute may hold an address of a person or text of a
// stranger. The path is one: it has names of resources in it, as the caller wrote
// them; the route says the same without them.
func personal(kv attribute.KeyValue) bool {
	switch kv.Key {
	case "url.path", "url.query", "url.full", "client.address", "client.port",
		"network.peer.address", "network.peer.port", "user_agent.original",
		"http.request.method_original", "server.address", "enduser.id":
		return true
	}
	return false
}
