package rpc_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/inprocess"
	"github.com/rapport-crm/rapport/internal/otlptest"
	"github.com/rapport-crm/rapport/internal/rpc"
	"github.com/rapport-crm/rapport/internal/telemetry"
)

func TestRESTCallIsOneTrace(t *testing.T) {
	receiver := otlptest.Start(t)
	receiver.Setenv(t)
	r := start(t)
	const edgeID = "0190a5d0-ac96-7f4b-8cce-b302099a8057"
	var call rpc.Call
	r.customers.get = func(ctx context.Context, _ *rapportv1.GetCustomerRequest) (*rapportv1.Customer, error) {
		call = rpc.CallFrom(ctx)
		return &rapportv1.Customer{}, nil
	}
	// Even where strangers' traces are only linked, our own edge's are continued.
	channel := inprocess.New(r.chain.Unary, r.chain.Stream, r.telemetry.ServerHandler(r.services.Known, true))
	for _, s := range r.services.Services() {
		channel.RegisterService(s.Desc, s.Impl)
	}
	client := rapportv1.NewCustomerServiceClient(channel)
	edge := r.telemetry.HTTPMiddleware(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		telemetry.SetRoute(req, "/v1/{name=customers/*}")
		if _, err := client.GetCustomer(rpc.WithRequestID(req.Context(), edgeID), getRequest); err != nil {
			t.Error(err)
		}
		_, err := client.GetCustomer(req.Context(), &rapportv1.GetCustomerRequest{Name: "\xff"})
		if status.Code(err) != codes.InvalidArgument || apierr.Reason(err) != rapportv1.ErrorReason_INVALID_FIELD {
			t.Errorf("a name that is not UTF-8: %v", err)
		}
	}))
	edge.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/customers/x", nil))

	if call.Peer != "rest" || call.RequestID != edgeID || call.RequestIDGiven {
		t.Errorf("the handler's call is %+v", call)
	}
	line := r.log.lines(t)[0]
	if line["peer"] != "rest" || line["request_id"] != edgeID {
		t.Errorf("logged %v", line)
	}
	spans := receiver.WaitTrace(t, line["trace_id"].(string), 2)
	byName := map[string]otlptest.Span{}
	for _, s := range spans {
		byName[s.Name] = s
	}
	web, inner := byName["GET /v1/{name=customers/*}"], byName["rapport.v1.CustomerService/GetCustomer"]
	if web.ParentID != "" || inner.SpanID == "" || inner.ParentID != web.SpanID {
		t.Errorf("the trace is %+v", spans)
	}
}

func TestStrangersTraceIsLinkedWherePublic(t *testing.T) {
	receiver := otlptest.Start(t)
	receiver.Setenv(t)
	r := startWith(t, true)
	r.customers.get = answers(nil)
	const strangers = "4bf92f3577b34da6a3ce929d0e0e4736"
	if _, err := r.client().GetCustomer(withTrace(t.Context(), strangers), getRequest); err != nil {
		t.Fatal(err)
	}
	span := receiver.WaitSpans(t, func(all []otlptest.Span) bool { return len(all) > 0 })[0]
	if span.TraceID == strangers || len(span.Links) != 1 || span.Links[0] != strangers {
		t.Errorf("got %+v", span)
	}
}
