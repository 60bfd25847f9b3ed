package telemetry

import (
	"context"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc/stats"

	"github.com/rapport-crm/rapport/internal/rpc"
	"github.com/rapport-crm/rapport/internal/telemetry/names"
)

// ServerHandler returns the stats handler of the gRPC server and of the in-process
// channel: one span and one observation of rpc.server.call.duration per call, none
// for health checks and reflection. known says which full method names exist.
//
// A caller's trace is continued, unless public is set: then strangers call, and a
// trace of theirs is linked to a new one, so that they can neither join ours nor
// force it to be sampled. A call from our REST edge is always continued.
func (t *Telemetry) ServerHandler(known func(method string) bool, public bool) stats.Handler {
	return &methodGuard{known: known, Handler: otelgrpc.NewServerHandler(
		otelgrpc.WithTracerProvider(t.Tracer),
		otelgrpc.WithMeterProvider(t.Meter),
		otelgrpc.WithPropagators(t.Propagator),
		otelgrpc.WithFilter(func(info *stats.RPCTagInfo) bool { return !rpc.Quiet(info.FullMethodName) }),
		otelgrpc.WithPublicEndpointFn(func(ctx context.Context, _ *stats.RPCTagInfo) bool {
			return public && !rpc.FromREST(ctx)
		}),
	)}
}

// methodGuard keeps the names of methods that do not exist out of spans and metrics:
// otelgrpc takes the path as it came, and each would be a series of its own.
type methodGuard struct {
	stats.Handler

	known func(string) bool
}

// TagRPC implements stats.Handler.
func (g *methodGuard) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	if !g.known(info.FullMethodName) && !rpc.Quiet(info.FullMethodName) {
		info = &stats.RPCTagInfo{FullMethodName: "/" + names.Other, FailFast: info.FailFast}
	}
	return g.Handler.TagRPC(ctx, info)
}
