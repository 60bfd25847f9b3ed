package telemetry

import (
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"github.com/rapport-crm/rapport/internal/telemetry/names"
)

// buckets are the bounds of all durations, in seconds. Those of the conventions begin
// at 5 ms, which is more than most calls of this service take.
var buckets = []float64{
	0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
}

// views keep histograms comparable, and keep every label out of them whose values
// strangers choose, such as the Host header that otelhttp sends as server.address.
func views() []sdkmetric.View {
	return []sdkmetric.View{
		duration(names.RPCServerDuration, names.RPCSystem, names.RPCMethod, names.RPCStatusCode, names.ErrorType),
		duration(names.HTTPServerDuration, names.HTTPMethod, names.HTTPRoute, names.HTTPStatusCode, names.ErrorType),
		duration(names.DBDuration, names.DBSystem, names.DBQuerySummary, names.DBStatusCode, names.ErrorType),
		drop(names.HTTPServerRequestSize),
		drop(names.HTTPServerReplySize),
	}
}

func duration(name string, keep ...attribute.Key) sdkmetric.View {
	return sdkmetric.NewView(sdkmetric.Instrument{Name: name}, sdkmetric.Stream{
		Aggregation:     sdkmetric.AggregationExplicitBucketHistogram{Boundaries: buckets},
		AttributeFilter: attribute.NewAllowKeysFilter(keep...),
	})
}

func drop(name string) sdkmetric.View {
	return sdkmetric.NewView(sdkmetric.Instrument{Name: name}, sdkmetric.Stream{Aggregation: sdkmetric.AggregationDrop{}})
}
