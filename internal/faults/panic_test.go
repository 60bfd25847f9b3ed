package faults_test

import (
	"context"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/rpc"
	"github.com/rapport-crm/rapport/internal/telemetry"
	"github.com/rapport-crm/rapport/internal/telemetry/names"
)

// faulty is a customer service some of whose methods are broken.
type faulty struct {
	rapportv1.UnimplementedCustomerServiceServer
	release chan struct{}
	missing *rapportv1.Customer
}

// GetCustomer reads through a nil pointer.
func (f *faulty) GetCustomer(_ context.Context, req *rapportv1.GetCustomerRequest) (*rapportv1.Customer, error) {
	f.missing.DisplayName = req.GetName()
	return f.missing, nil
}

// DeleteCustomer panics with what it should keep to itself.
func (*faulty) DeleteCustomer(_ context.Context, req *rapportv1.DeleteCustomerRequest) (*rapportv1.Customer, error) {
	panic("no such customer: " + req.GetName())
}

// ListCustomers is healthy, and takes its time.
func (f *faulty) ListCustomers(ctx context.Context, _ *rapportv1.ListCustomersRequest) (*rapportv1.ListCustomersResponse, error) {
	select {
	case <-f.release:
		return &rapportv1.ListCustomersResponse{NextPageToken: "alive"}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// startFaulty serves a faulty service behind the chain of the real one. Undelete's
// fault is an interceptor's.
func startFaulty(t *testing.T, f *faulty, log *apitest.Log) (rapportv1.CustomerServiceClient, *telemetry.Telemetry) {
	t.Helper()
	tel, err := telemetry.Setup(t.Context(), telemetry.Options{Version: "test", Log: log, LogFormat: "json"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tel.Shutdown(context.Background()) })
	var services rpc.Registrar
	rapportv1.RegisterCustomerServiceServer(&services, f)
	chain, err := rpc.NewChain(tel.Logger, tel.Meter.Meter(names.Scope), &services)
	if err != nil {
		t.Fatal(err)
	}
	interceptor := func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if info.FullMethod == rapportv1.CustomerService_UndeleteCustomer_FullMethodName {
			return strings.Split(info.FullMethod, "/")[len(info.FullMethod)], nil
		}
		return handler(ctx, req)
	}
	options := rpc.ServerOptions(rpc.DefaultLimits(), chain, tel.ServerHandler(services.Known, false))
	server := grpc.NewServer(append(options, grpc.ChainUnaryInterceptor(interceptor))...)
	services.RegisterWith(server)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return rapportv1.NewCustomerServiceClient(dial(t, listener.Addr().String())), tel
}

// TestPanic (F35): a call that panics is an internal error, the stack is the log's
// alone, and nobody else notices.
func TestPanic(t *testing.T) {
	begin(t)
	const id = "customers/01890a5d-ac96-774b-bcce-b302099a8057"
	log := &apitest.Log{}
	f := &faulty{release: make(chan struct{})}
	client, tel := startFaulty(t, f, log)
	var others sync.WaitGroup
	for range 20 {
		others.Go(func() {
			resp, err := client.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{})
			if err != nil || resp.GetNextPageToken() != "alive" {
				t.Errorf("a call beside the panics: %v", err)
			}
		})
	}
	rounds := pick(10, 1000)
	for range rounds {
		for name, call := range map[string]func() (*rapportv1.Customer, error){
			"nil pointer": func() (*rapportv1.Customer, error) {
				return client.GetCustomer(t.Context(), &rapportv1.GetCustomerRequest{Name: id})
			},
			"panic": func() (*rapportv1.Customer, error) {
				return client.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: id})
			},
			"interceptor": func() (*rapportv1.Customer, error) {
				return client.UndeleteCustomer(t.Context(), &rapportv1.UndeleteCustomerRequest{Name: id})
			},
		} {
			_, err := call()
			apitest.WantReason(t, err, codes.Internal, rapportv1.ErrorReason_INTERNAL_ERROR)
			if text := status.Convert(err).String() + apierr.Info(err).String(); strings.Contains(text, "goroutine") || strings.Contains(text, ".go") || strings.Contains(text, id) {
				t.Errorf("%s: the caller is told %s", name, text)
			}
		}
	}
	close(f.release)
	others.Wait()
	apitest.Eventually(t, 10*time.Second, func() bool { return metric(scrape(tel), "rapport_rpc_panics_total") == float64(3*rounds) })
	text := log.String()
	if n := strings.Count(text, `"stack":`); n != 3*rounds {
		t.Errorf("%d stacks in the log, want %d", n, 3*rounds)
	}
	if !strings.Contains(text, "panic_test.go") || strings.Contains(text, id) {
		t.Error("the log's stacks do not lead to the fault, or quote the panic's text")
	}
}

func scrape(tel *telemetry.Telemetry) string {
	w := httptest.NewRecorder()
	tel.MetricsHandler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil)) //nolint:noctx // it waits for nothing
	return w.Body.String()
}
