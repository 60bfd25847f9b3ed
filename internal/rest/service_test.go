package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/metric/noop"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apidocs"
	"github.com/rapport-crm/rapport/internal/inprocess"
	"github.com/rapport-crm/rapport/internal/rpc"
)

const (
	aName = "customers/0198c0de-0000-7000-8000-000000000001"
	aKey  = "6f1b1c1e-6d0c-4a1e-9d39-6f1b1c1e6d0c"
)

// service is a CustomerService without a database, for what only concerns the edge: it
// answers with the resource it was sent, keeps the last request, and fails or panics
// when told to. What it leaves out is UNIMPLEMENTED.
type service struct {
	rapportv1.UnimplementedCustomerServiceServer
	rapportv1.UnimplementedPurchaseServiceServer
	rapportv1.UnimplementedChangeServiceServer

	mu      sync.Mutex
	last    proto.Message
	md      metadata.MD
	fail    error
	fault   any
	answer  *rapportv1.Customer
	replays bool
	export  func(*rapportv1.ExportCustomersRequest, grpc.ServerStreamingServer[rapportv1.ExportCustomersResponse]) error
}

func (s *service) see(ctx context.Context, req proto.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = req
	s.md, _ = metadata.FromIncomingContext(ctx)
	if s.fault != nil {
		panic(s.fault)
	}
	if s.replays {
		_ = grpc.SetHeader(ctx, metadata.Pairs("idempotent-replayed", "true", "internal-detail", "secret"))
	}
	if s.fail == nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return s.fail
}

func (s *service) request() proto.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

func (s *service) customer(name string) *rapportv1.Customer {
	if s.answer != nil {
		return s.answer
	}
	return &rapportv1.Customer{Name: name, DisplayName: "Ada", Etag: `"7"`, CreateTime: &timestamppb.Timestamp{Seconds: 1, Nanos: 123_456_000}}
}

func (s *service) CreateCustomer(ctx context.Context, req *rapportv1.CreateCustomerRequest) (*rapportv1.Customer, error) {
	return s.customer(aName), s.see(ctx, req)
}

func (s *service) GetCustomer(ctx context.Context, req *rapportv1.GetCustomerRequest) (*rapportv1.Customer, error) {
	return s.customer(req.GetName()), s.see(ctx, req)
}

func (s *service) ListCustomers(ctx context.Context, req *rapportv1.ListCustomersRequest) (*rapportv1.ListCustomersResponse, error) {
	return &rapportv1.ListCustomersResponse{Customers: []*rapportv1.Customer{s.customer(aName)}}, s.see(ctx, req)
}

func (s *service) UpdateCustomer(ctx context.Context, req *rapportv1.UpdateCustomerRequest) (*rapportv1.Customer, error) {
	return s.customer(req.GetCustomer().GetName()), s.see(ctx, req)
}

func (s *service) DeleteCustomer(ctx context.Context, req *rapportv1.DeleteCustomerRequest) (*rapportv1.Customer, error) {
	return s.customer(req.GetName()), s.see(ctx, req)
}

func (s *service) UndeleteCustomer(ctx context.Context, req *rapportv1.UndeleteCustomerRequest) (*rapportv1.Customer, error) {
	return s.customer(req.GetName()), s.see(ctx, req)
}

func (s *service) BatchGetCustomers(ctx context.Context, req *rapportv1.BatchGetCustomersRequest) (*rapportv1.BatchGetCustomersResponse, error) {
	return &rapportv1.BatchGetCustomersResponse{}, s.see(ctx, req)
}

func (s *service) ExportCustomers(req *rapportv1.ExportCustomersRequest, stream grpc.ServerStreamingServer[rapportv1.ExportCustomersResponse]) error {
	if err := s.see(stream.Context(), req); err != nil || s.export == nil {
		return err
	}
	return s.export(req, stream)
}

// newHandler returns the REST handler over the service and the true interceptors.
func newHandler(tb testing.TB, s *service, log *slog.Logger, stats stats.Handler) http.Handler {
	tb.Helper()
	var services rpc.Registrar
	rapportv1.RegisterCustomerServiceServer(&services, s)
	rapportv1.RegisterPurchaseServiceServer(&services, s)
	rapportv1.RegisterChangeServiceServer(&services, s)
	chain, err := rpc.NewChain(log, noop.NewMeterProvider().Meter("test"), &services)
	if err != nil {
		tb.Fatal(err)
	}
	channel := inprocess.New(chain.Unary, chain.Stream, stats)
	for _, s := range services.Services() {
		channel.RegisterService(s.Desc, s.Impl)
	}
	h, err := New(Options{Conn: channel, Docs: apidocs.Handler(), Log: log, AllowedOrigins: []string{"https://crm.example.com"}})
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

// harness is a running REST port over the service.
type harness struct {
	t       *testing.T
	service *service
	server  *httptest.Server
}

func start(t *testing.T) *harness {
	t.Helper()
	s := &service{}
	log := slog.New(slog.DiscardHandler)
	server := httptest.NewUnstartedServer(nil)
	server.Config = NewServer(newHandler(t, s, log, nil), log)
	server.Start()
	t.Cleanup(server.Close)
	return &harness{t: t, service: s, server: server}
}

// answer is a response with its body.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// problem returns the body as a problem, after checking what every one must have.
func (a answer) problem(t *testing.T) problem {
	t.Helper()
	var p problem
	dec := json.NewDecoder(bytes.NewReader(a.body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		t.Fatalf("status %d with a body that is no problem: %v: %s", a.status, err, a.body)
	}
	if p.Status != a.status || p.Reason == "" || p.Code == "" || p.Title == "" || p.Domain != "rapport.dev" ||
		p.Type != "/docs/errors#"+p.Reason || p.Instance != "urn:uuid:"+a.header.Get("X-Request-Id") || len(p.Instance) != 45 {
		t.Errorf("status %d: incomplete problem: %s", a.status, a.body)
	}
	if ct := a.header.Get("Content-Type"); ct != problemType && ct != jsonType {
		t.Errorf("a problem came as %q", ct)
	}
	return p
}

// do sends a request; headers alternate names and values. A body is sent as JSON
// unless the headers say otherwise.
func (h *harness) do(method, path, body string, headers ...string) answer {
	h.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.server.URL+path, reader)
	if err != nil {
		h.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", jsonType)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] == "" {
			req.Header.Del(headers[i])
			continue
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		h.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return answer{status: resp.StatusCode, header: resp.Header, body: raw}
}

// refused sends a request that must be refused with the status and reason.
func (h *harness) refused(status int, reason rapportv1.ErrorReason, method, path, body string, headers ...string) (answer, problem) {
	h.t.Helper()
	a := h.do(method, path, body, headers...)
	if a.status != status {
		h.t.Fatalf("%s %s %.80s: status %d, want %d: %s", method, path, body, a.status, status, a.body)
	}
	p := a.problem(h.t)
	if p.Reason != reason.String() {
		h.t.Errorf("%s %s %.80s: reason %s, want %s", method, path, body, p.Reason, reason)
	}
	return a, p
}
