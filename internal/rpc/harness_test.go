package rpc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/interop/grpc_testing"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/rpc"
	"github.com/rapport-crm/rapport/internal/telemetry"
	"github.com/rapport-crm/rapport/internal/telemetry/names"
)

const customerID = "01890a5d-ac96-774b-bcce-b302099a8057"

// customers answers as each test wants; a handler of the real service needs a
// database, and what is tested here comes before it.
type customers struct {
	rapportv1.UnimplementedCustomerServiceServer

	get    func(context.Context, *rapportv1.GetCustomerRequest) (*rapportv1.Customer, error)
	create func(context.Context, *rapportv1.CreateCustomerRequest) (*rapportv1.Customer, error)
}

func (c *customers) GetCustomer(ctx context.Context, req *rapportv1.GetCustomerRequest) (*rapportv1.Customer, error) {
	return c.get(ctx, req)
}

func (c *customers) CreateCustomer(ctx context.Context, req *rapportv1.CreateCustomerRequest) (*rapportv1.Customer, error) {
	return c.create(ctx, req)
}

// streams is a service with streams, which the first slice has none of.
type streams struct {
	grpc_testing.UnimplementedTestServiceServer

	duplex func(grpc_testing.TestService_FullDuplexCallServer) error
}

func (s *streams) FullDuplexCall(stream grpc_testing.TestService_FullDuplexCallServer) error {
	return s.duplex(stream)
}

// running is a real gRPC server on a loopback port, and a connection to it.
type running struct {
	conn      *grpc.ClientConn
	customers *customers
	streams   *streams
	telemetry *telemetry.Telemetry
	services  *rpc.Registrar
	chain     *rpc.Chain
	log       *logBuffer
}

func start(t *testing.T) *running {
	t.Helper()
	return startWith(t, false)
}

// startWith starts a server that strangers may call, or one only for our own.
func startWith(t *testing.T, public bool) *running {
	t.Helper()
	r := &running{customers: &customers{}, streams: &streams{}, services: &rpc.Registrar{}, log: &logBuffer{}}
	var err error
	if r.telemetry, err = telemetry.Setup(t.Context(), telemetry.Options{Version: "test", Log: r.log}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.telemetry.Shutdown(context.Background()) })
	rapportv1.RegisterCustomerServiceServer(r.services, r.customers)
	grpc_testing.RegisterTestServiceServer(r.services, r.streams)
	r.chain, err = rpc.NewChain(r.telemetry.Logger, r.telemetry.Meter.Meter(names.Scope), r.services)
	if err != nil {
		t.Fatal(err)
	}
	handler := r.telemetry.ServerHandler(r.services.Known, public)
	server := grpc.NewServer(rpc.ServerOptions(rpc.DefaultLimits(), r.chain, handler)...)
	r.services.RegisterWith(server)
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	r.conn = serve(t, server)
	return r
}

func serve(t *testing.T, server *grpc.Server) *grpc.ClientConn {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		server.Stop()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return conn
}

func (r *running) client() rapportv1.CustomerServiceClient {
	return rapportv1.NewCustomerServiceClient(r.conn)
}

// metrics returns what /metrics serves.
func (r *running) metrics(t *testing.T) string {
	t.Helper()
	w := httptest.NewRecorder()
	r.telemetry.MetricsHandler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	return w.Body.String()
}

// await returns what /metrics serves once it has a part: grpc-go tells of a call's end
// after the answer.
func (r *running) await(t *testing.T, part string) string {
	t.Helper()
	var all string
	for limit := time.Now().Add(5 * time.Second); time.Now().Before(limit); runtime.Gosched() {
		if all = r.metrics(t); strings.Contains(all, part) {
			return all
		}
	}
	t.Errorf("/metrics has no %s:\n%s", part, all)
	return all
}

// logBuffer holds the lines of the log.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// lines returns the records of calls.
func (b *logBuffer) lines(t *testing.T) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(b.text()) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatalf("log line %q: %v", line, err)
		}
		if record["msg"] == "call" {
			all = append(all, record)
		}
	}
	return all
}

// only returns the one line there must be. It waits for it, because grpc-go answers
// a message that is too large before the call's line is written.
func (b *logBuffer) only(t *testing.T) map[string]any {
	t.Helper()
	lines := b.lines(t)
	for limit := time.Now().Add(5 * time.Second); len(lines) == 0 && time.Now().Before(limit); lines = b.lines(t) {
		runtime.Gosched()
	}
	if len(lines) != 1 {
		t.Fatalf("%d lines of calls, want 1:\n%s", len(lines), b.text())
	}
	return lines[0]
}
