package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/rpc"
)

var getRequest = &rapportv1.GetCustomerRequest{Name: "customers/" + customerID}

func answers(err error) func(context.Context, *rapportv1.GetCustomerRequest) (*rapportv1.Customer, error) {
	return func(context.Context, *rapportv1.GetCustomerRequest) (*rapportv1.Customer, error) {
		return &rapportv1.Customer{}, err
	}
}

func TestEveryErrorHasOneReason(t *testing.T) {
	tests := map[string]struct {
		err    error
		code   codes.Code
		reason rapportv1.ErrorReason
		level  string
	}{
		"not found": {
			apierr.NotFound(rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, "customers/x"),
			codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, "INFO",
		},
		"wrapped": {
			fmt.Errorf("anna@example.com: %w", apierr.NotFound(rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, "customers/x")),
			codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, "INFO",
		},
		"anything":       {errors.New("anna@example.com"), codes.Internal, rapportv1.ErrorReason_INTERNAL_ERROR, "ERROR"},
		"plain status":   {status.Error(codes.NotFound, "anna@example.com"), codes.Internal, rapportv1.ErrorReason_INTERNAL_ERROR, "ERROR"},
		"internal":       {apierr.Internal(errors.New("anna@example.com")), codes.Internal, rapportv1.ErrorReason_INTERNAL_ERROR, "ERROR"},
		"deadline":       {fmt.Errorf("query: %w", context.DeadlineExceeded), codes.DeadlineExceeded, rapportv1.ErrorReason_DEADLINE_EXCEEDED, "INFO"},
		"cancelled":      {fmt.Errorf("query: %w", context.Canceled), codes.Canceled, rapportv1.ErrorReason_CANCELLED, "INFO"},
		"status timeout": {status.FromContextError(context.DeadlineExceeded).Err(), codes.DeadlineExceeded, rapportv1.ErrorReason_DEADLINE_EXCEEDED, "INFO"},
		"database away":  {&pgconn.PgError{Code: "57P01"}, codes.Unavailable, rapportv1.ErrorReason_DATABASE_UNAVAILABLE, "ERROR"},
		"unimplemented": {
			status.Error(codes.Unimplemented, "method GetCustomer not implemented"),
			codes.Unimplemented, rapportv1.ErrorReason_UNKNOWN_METHOD, "INFO",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := start(t)
			r.customers.get = answers(test.err)
			_, err := r.client().GetCustomer(t.Context(), getRequest)
			st := status.Convert(err)
			if st.Code() != test.code || apierr.Reason(err) != test.reason {
				t.Errorf("got %v %v, want %v %v", st.Code(), apierr.Reason(err), test.code, test.reason)
			}
			infos := 0
			for _, d := range st.Details() {
				if _, ok := d.(*errdetails.ErrorInfo); ok {
					infos++
				}
			}
			if infos != 1 {
				t.Errorf("%d ErrorInfo, want 1", infos)
			}
			if strings.Contains(st.String(), "anna") {
				t.Errorf("the answer tells what the error said: %v", st)
			}
			line := r.log.only(t)
			if line["level"] != test.level || line["reason"] != test.reason.String() {
				t.Errorf("logged %v", line)
			}
		})
	}
}

func TestCallIsLoggedOnce(t *testing.T) {
	r := start(t)
	r.customers.get = answers(nil)
	if _, err := r.client().GetCustomer(t.Context(), getRequest); err != nil {
		t.Fatal(err)
	}
	line := r.log.only(t)
	if d, ok := line["duration_ms"].(float64); !ok || d < 0 {
		t.Errorf("duration_ms is %v", line["duration_ms"])
	}
	if err := uuid.Validate(fmt.Sprint(line["request_id"])); err != nil {
		t.Errorf("request_id is %v: %v", line["request_id"], err)
	}
	for _, varying := range []string{"time", "duration_ms", "request_id"} {
		delete(line, varying)
	}
	want := map[string]any{
		"level": "INFO", "msg": "call", "method": "/rapport.v1.CustomerService/GetCustomer",
		"code": "OK", "principal": "anonymous", "peer": "grpc",
	}
	if diff := cmp.Diff(want, line); diff != "" {
		t.Errorf("log line (-want +got):\n%s", diff)
	}
}

func TestRequestID(t *testing.T) {
	const given = "0190A5D0-AC96-4F4B-8CCE-B302099A8057"
	tests := map[string]struct {
		req   *rapportv1.CreateCustomerRequest
		want  string
		given bool
	}{
		"of the request": {&rapportv1.CreateCustomerRequest{RequestId: given, Customer: valid()}, strings.ToLower(given), true},
		"made here":      {&rapportv1.CreateCustomerRequest{Customer: valid()}, "", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := start(t)
			var call rpc.Call
			r.customers.create = func(ctx context.Context, _ *rapportv1.CreateCustomerRequest) (*rapportv1.Customer, error) {
				call = rpc.CallFrom(ctx)
				return &rapportv1.Customer{}, nil
			}
			var header metadata.MD
			// A stranger's metadata must not become the exactly-once key.
			ctx := metadata.AppendToOutgoingContext(t.Context(), "x-request-id", "11111111-1111-4111-8111-111111111111")
			if _, err := r.client().CreateCustomer(ctx, test.req, grpc.Header(&header)); err != nil {
				t.Fatal(err)
			}
			if test.want != "" && call.RequestID != test.want || call.RequestIDGiven != test.given {
				t.Errorf("the handler's call is %+v", call)
			}
			if diff := cmp.Diff([]string{call.RequestID}, header.Get("x-request-id")); diff != "" {
				t.Errorf("header x-request-id (-want +got):\n%s", diff)
			}
			if line := r.log.only(t); line["request_id"] != call.RequestID {
				t.Errorf("logged request_id %v, the handler had %v", line["request_id"], call.RequestID)
			}
			if strings.HasPrefix(call.RequestID, "1111") {
				t.Error("the id was taken from metadata")
			}
		})
	}
}

func TestDeadlineIsClamped(t *testing.T) {
	for name, allowed := range map[string]time.Duration{"none": 0, "an hour": time.Hour, "five seconds": 5 * time.Second} {
		t.Run(name, func(t *testing.T) {
			r := start(t)
			var left time.Duration
			r.customers.get = func(ctx context.Context, _ *rapportv1.GetCustomerRequest) (*rapportv1.Customer, error) {
				deadline, ok := ctx.Deadline()
				if !ok {
					t.Error("the call has no deadline")
				}
				left = time.Until(deadline)
				return &rapportv1.Customer{}, nil
			}
			ctx, most := t.Context(), rpc.MaxDeadline
			if allowed != 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, allowed)
				defer cancel()
				most = min(most, allowed)
			}
			if _, err := r.client().GetCustomer(ctx, getRequest); err != nil {
				t.Fatal(err)
			}
			if left > most || left < most-4*time.Second {
				t.Errorf("the call has %v left, want just under %v", left, most)
			}
		})
	}
}

func TestPanicIsAnswered(t *testing.T) {
	r := start(t)
	r.customers.get = func(context.Context, *rapportv1.GetCustomerRequest) (*rapportv1.Customer, error) {
		panic("anna@example.com")
	}
	_, err := r.client().GetCustomer(t.Context(), getRequest)
	if status.Code(err) != codes.Internal || apierr.Reason(err) != rapportv1.ErrorReason_INTERNAL_ERROR {
		t.Fatalf("got %v", err)
	}
	line := r.log.only(t)
	if line["panic"] != "string" || !strings.Contains(fmt.Sprint(line["stack"]), "chain_test.go") {
		t.Errorf("logged %v", line)
	}
	if strings.Contains(r.log.text(), "anna") || strings.Contains(err.Error(), "chain_test") {
		t.Error("the panic's value is in the log, or its stack in the answer")
	}
	if !strings.Contains(r.metrics(t), "rapport_rpc_panics_total 1") {
		t.Error("the panic is not counted")
	}
	r.customers.get = answers(nil)
	if _, err := r.client().GetCustomer(t.Context(), getRequest); err != nil {
		t.Errorf("the next call: %v", err)
	}
}

// TestPanicOfAnotherGoroutine has its own stack in the log, and not the handler's.
func TestPanicOfAnotherGoroutine(t *testing.T) {
	r := start(t)
	r.customers.get = func(context.Context, *rapportv1.GetCustomerRequest) (*rapportv1.Customer, error) {
		panicked := make(chan error)
		go func() {
			defer func() { panicked <- rpc.Recovered(recover()) }()
			failFarAway()
		}()
		panic(<-panicked)
	}
	_, err := r.client().GetCustomer(t.Context(), getRequest)
	if apierr.Reason(err) != rapportv1.ErrorReason_INTERNAL_ERROR {
		t.Fatalf("got %v", err)
	}
	line := r.log.only(t)
	if line["panic"] != "string" || !strings.Contains(fmt.Sprint(line["stack"]), "failFarAway") || strings.Contains(r.log.text(), "anna") {
		t.Errorf("logged %v", line)
	}
	if !strings.Contains(r.metrics(t), "rapport_rpc_panics_total 1") {
		t.Error("the panic is not counted")
	}
}

func failFarAway() { panic("anna@example.com") }

func TestRuntimePanicSaysWhat(t *testing.T) {
	r := start(t)
	r.customers.get = func(context.Context, *rapportv1.GetCustomerRequest) (*rapportv1.Customer, error) {
		few := make([]string, 1)
		return &rapportv1.Customer{Name: few[len(getRequest.GetName())]}, nil
	}
	_, _ = r.client().GetCustomer(t.Context(), getRequest)
	if line := r.log.only(t); !strings.Contains(fmt.Sprint(line["panic"]), "index out of range") {
		t.Errorf("logged panic %v", line["panic"])
	}
}

func TestDatabaseErrorKeepsDataOutOfTheLog(t *testing.T) {
	r := start(t)
	pg := &pgconn.PgError{
		Severity: "ERROR", SeverityUnlocalized: "ERROR", Code: "XX001", ConstraintName: "customers_email_key", TableName: "customers",
		Message: `invalid value "anna@example.com"`, Detail: "Key (email)=(anna@example.com) already exists.", Where: "anna",
	}
	r.customers.get = answers(fmt.Errorf("read the customer: %w", errors.Join(pg, errors.New("and "+pg.Detail))))
	_, err := r.client().GetCustomer(t.Context(), getRequest)
	if apierr.Reason(err) != rapportv1.ErrorReason_INTERNAL_ERROR {
		t.Fatalf("got %v", err)
	}
	if strings.Contains(r.log.text(), "anna") {
		t.Errorf("the log tells a customer's data: %s", r.log.text())
	}
	line := r.log.only(t)
	for key, want := range map[string]string{"sqlstate": "XX001", "constraint": "customers_email_key", "severity": "ERROR", "cause": "read the customer: "} {
		if !strings.HasPrefix(fmt.Sprint(line[key]), want) {
			t.Errorf("%s is %v, want %v", key, line[key], want)
		}
	}
}

func TestTimeoutWithinIsNoFault(t *testing.T) {
	r := start(t)
	r.customers.get = func(ctx context.Context, _ *rapportv1.GetCustomerRequest) (*rapportv1.Customer, error) {
		<-ctx.Done()
		return nil, apierr.Internal(fmt.Errorf("read the customer: %w", ctx.Err()))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := r.client().GetCustomer(ctx, getRequest)
	if status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("got %v", err)
	}
	// The client's own timer may fire first, and cancel the call.
	line := r.log.only(t)
	if line["reason"] != "DEADLINE_EXCEEDED" && line["reason"] != "CANCELLED" || line["level"] != "INFO" {
		t.Errorf("logged %v", line)
	}
}

func TestPushback(t *testing.T) {
	r := start(t)
	r.customers.get = answers(apierr.Overloaded())
	var trailer metadata.MD
	_, err := r.client().GetCustomer(t.Context(), getRequest, grpc.Trailer(&trailer))
	if apierr.Reason(err) != rapportv1.ErrorReason_OVERLOADED {
		t.Fatalf("got %v", err)
	}
	if diff := cmp.Diff([]string{"100"}, trailer.Get("grpc-retry-pushback-ms")); diff != "" {
		t.Errorf("trailer (-want +got):\n%s", diff)
	}
}

func TestHealthIsQuietAndItsErrorsItsOwn(t *testing.T) {
	r := start(t)
	client := grpc_health_v1.NewHealthClient(r.conn)
	if _, err := client.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{}); err != nil {
		t.Fatal(err)
	}
	_, err := client.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: "nobody"})
	if status.Code(err) != codes.NotFound {
		t.Errorf("got %v, want NOT_FOUND", err)
	}
	if lines := r.log.lines(t); len(lines) != 0 {
		t.Errorf("logged %v", lines)
	}
	r.customers.get = answers(nil)
	if _, err := r.client().GetCustomer(t.Context(), getRequest); err != nil {
		t.Fatal(err)
	}
	if all := r.await(t, "rpc_server_call_duration_seconds_count"); strings.Contains(all, "ealth") {
		t.Errorf("health checks are counted:\n%s", all)
	}
}

func valid() *rapportv1.Customer {
	return &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Anna"}
}
