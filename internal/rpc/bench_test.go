package rpc

import (
	"context"
	"io"
	"log/slog"
	"testing"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"google.golang.org/grpc"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// BenchmarkChain is what the chain adds to a GetCustomer, its log line included.
func BenchmarkChain(b *testing.B) {
	var services Registrar
	rapportv1.RegisterCustomerServiceServer(&services, rapportv1.UnimplementedCustomerServiceServer{})
	log := slog.New(slog.NewJSONHandler(io.Discard, nil))
	chain, err := NewChain(log, sdkmetric.NewMeterProvider().Meter("bench"), &services)
	if err != nil {
		b.Fatal(err)
	}
	info := &grpc.UnaryServerInfo{FullMethod: rapportv1.CustomerService_GetCustomer_FullMethodName}
	req := &rapportv1.GetCustomerRequest{Name: "customers/01890a5d-ac96-774b-bcce-b302099a8057"}
	answer := &rapportv1.Customer{}
	b.ReportAllocs()
	for b.Loop() {
		_, err := chain.Unary(context.Background(), req, info, func(context.Context, any) (any, error) { return answer, nil })
		if err != nil {
			b.Fatal(err)
		}
	}
}
