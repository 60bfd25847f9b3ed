package rest

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/inprocess"
)

// binding is one way to call an RPC over REST, and that way's URL.
type binding struct{ rpc, method, template, path string }

var variable = regexp.MustCompile(`\{[^=}]+=([^}]+)\}`)

// bindings returns every REST binding of every RPC of the package rapport.v1, from the
// descriptors, so that an RPC that is added is tested without anyone's thinking of it.
func bindings(t *testing.T) []binding {
	t.Helper()
	var out []binding
	protoregistry.GlobalFiles.RangeFilesByPackage("rapport.v1", func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				m := service.Methods().Get(j)
				rule, _ := proto.GetExtension(m.Options(), annotations.E_Http).(*annotations.HttpRule)
				if rule == nil {
					if !m.IsStreamingClient() { // HTTP/1 and browsers have no such streams
						t.Errorf("%s has no REST binding", m.FullName())
					}
					continue
				}
				for _, b := range append([]*annotations.HttpRule{rule}, rule.GetAdditionalBindings()...) {
					r, err := newRoute(m, b)
					if err != nil {
						t.Fatal(err)
					}
					path := variable.ReplaceAllStringFunc(r.template, func(v string) string {
						return strings.ReplaceAll(variable.FindStringSubmatch(v)[1], "*", "0198c0de-0000-7000-8000-000000000001")
					})
					out = append(out, binding{"/" + string(service.FullName()) + "/" + string(m.Name()), r.method, r.template, path})
				}
			}
		}
		return true
	})
	if len(out) < 17 {
		t.Fatalf("found only %d bindings", len(out))
	}
	return out
}

// R13: each RPC runs through the interceptors and the stats handler on its way from
// REST, as one span within the HTTP request's, which is named by its route.
func TestEveryRouteRunsTheChain(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	var seen string
	see := func(ctx context.Context, method string) {
		seen = method
		if !trace.SpanContextFromContext(ctx).IsValid() {
			t.Errorf("%s runs in no span", method)
		}
	}
	channel := inprocess.New(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		see(ctx, info.FullMethod)
		return next(ctx, req)
	}, func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
		see(stream.Context(), info.FullMethod)
		return next(srv, stream)
	}, otelgrpc.NewServerHandler(otelgrpc.WithTracerProvider(provider)))
	rapportv1.RegisterCustomerServiceServer(channel, &service{})
	rapportv1.RegisterPurchaseServiceServer(channel, &service{})
	rapportv1.RegisterInteractionServiceServer(channel, rapportv1.UnimplementedInteractionServiceServer{})
	rapportv1.RegisterCaseServiceServer(channel, rapportv1.UnimplementedCaseServiceServer{})
	rapportv1.RegisterTaskServiceServer(channel, rapportv1.UnimplementedTaskServiceServer{})
	rapportv1.RegisterSatisfactionServiceServer(channel, rapportv1.UnimplementedSatisfactionServiceServer{})
	rapportv1.RegisterInsightServiceServer(channel, rapportv1.UnimplementedInsightServiceServer{})
	rapportv1.RegisterChangeServiceServer(channel, &service{})
	h, err := New(Options{Conn: channel, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	edge := otelhttp.NewMiddleware("", otelhttp.WithTracerProvider(provider))(h)
	for _, b := range bindings(t) {
		t.Run(b.method+" "+b.path, func(t *testing.T) {
			seen = ""
			recorder.Reset()
			var body *strings.Reader
			if b.method == http.MethodPost || b.method == http.MethodPatch {
				body = strings.NewReader("{}")
			} else {
				body = strings.NewReader("")
			}
			r := httptest.NewRequestWithContext(t.Context(), b.method, b.path, body)
			r.Header.Set("Content-Type", jsonType)
			w := httptest.NewRecorder()
			edge.ServeHTTP(w, r)
			if seen != b.rpc {
				t.Fatalf("the interceptor saw %q, want %s; answer %d %s", seen, b.rpc, w.Code, w.Body)
			}
			spans := recorder.Ended()
			if len(spans) != 2 {
				t.Fatalf("%d spans", len(spans))
			}
			call, request := spans[0], spans[1]
			if "/"+call.Name() != b.rpc || call.SpanKind() != trace.SpanKindServer || call.Parent().SpanID() != request.SpanContext().SpanID() {
				t.Errorf("the call's span is %s in %s", call.Name(), request.Name())
			}
			if request.Name() != b.method+" "+b.template {
				t.Errorf("the request's span is %q", request.Name())
			}
		})
	}
}

// A panic outside of any RPC is a problem too.
func TestPanicOutsideOfRPC(t *testing.T) {
	var log strings.Builder
	docs := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a secret") })
	h, err := New(Options{Conn: inprocess.New(nil, nil, nil), Docs: docs, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/docs/", nil))
	a := answer{status: w.Code, header: w.Header(), body: w.Body.Bytes()}
	if p := a.problem(t); w.Code != 500 || p.Reason != "INTERNAL_ERROR" {
		t.Errorf("status %d, %+v", w.Code, p)
	}
	if strings.Contains(w.Body.String()+log.String(), "secret") || !strings.Contains(log.String(), "TestPanicOutsideOfRPC") {
		t.Errorf("log: %s", log.String())
	}
}

// R16: whatever is sent, an error is a whole problem, and nothing is INTERNAL.
func FuzzRequest(f *testing.F) {
	h := newHandler(f, &service{}, slog.New(slog.DiscardHandler), nil)
	f.Add("GET", "/v1/customers", "pageSize=1", "", "", "", "")
	f.Add("POST", "/v1/customers", "", `{"displayName":"x","type":"INDIVIDUAL"}`, "application/json", `"7"`, aKey)
	f.Add("PATCH", "/v1/"+aName, "updateMask=a", `{"emails":[{"a":null}]}`, "*/*", "", "")
	f.Add("DELETE", "/v1/"+aName+"%2f", "a=%zz", "", "text/html", "*", "x")
	f.Add("POST", "/v1/customers:batchGet", "", `{"names":["a",1,{}]}`, "application/json;q=2", "", "")
	f.Add("OPTIONS", "/docs/x", "", `[`, "", "", "")
	f.Fuzz(func(t *testing.T, method, path, query, body, accept, ifMatch, key string) {
		r, err := http.NewRequestWithContext(t.Context(), method, "http://rapport.test/", strings.NewReader(body))
		if err != nil {
			return // not a request that net/http would pass on
		}
		if r.URL, err = r.URL.Parse("http://rapport.test" + path); err != nil || r.URL.Host != "rapport.test" {
			return
		}
		r.URL.RawQuery = query
		r.Header = http.Header{"Content-Type": {jsonType}, "Accept": {accept}}
		if ifMatch != "" {
			r.Header.Set("If-Match", ifMatch)
		}
		if key != "" {
			r.Header.Set("Idempotency-Key", key)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code >= 400 {
			a := answer{status: w.Code, header: w.Header(), body: w.Body.Bytes()}
			if p := a.problem(t); w.Code == 500 {
				t.Errorf("%s %s %s: %+v", method, path, body, p)
			}
		}
	})
}

func BenchmarkGetCustomer(b *testing.B) {
	h := newHandler(b, &service{}, slog.New(slog.DiscardHandler), nil)
	r := httptest.NewRequestWithContext(b.Context(), "GET", "/v1/"+aName, nil)
	r.Header.Set("Accept", "*/*")
	w := &sink{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		h.ServeHTTP(w, r)
	}
	if w.status != 200 {
		b.Fatal(w.status)
	}
}

// sink is a response that goes nowhere.
type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }
func (s *sink) WriteHeader(status int)      { s.status = status }
