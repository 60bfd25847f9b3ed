package bench

import (
	"context"
	"net"

	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
)

// collector takes spans over OTLP and drops them, so that the service exports as it
// would, and nobody has to keep it.
type collector struct {
	collectortrace.UnimplementedTraceServiceServer

	server   *grpc.Server
	endpoint string
}

func startCollector(ctx context.Context) (*collector, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &collector{server: grpc.NewServer(), endpoint: "http://" + l.Addr().String()}
	collectortrace.RegisterTraceServiceServer(c.server, c)
	go func() { _ = c.server.Serve(l) }() // ends with Stop
	return c, nil
}

// Export implements TraceServiceServer.
func (*collector) Export(context.Context, *collectortrace.ExportTraceServiceRequest) (*collectortrace.ExportTraceServiceResponse, error) {
	return &collectortrace.ExportTraceServiceResponse{}, nil
}
