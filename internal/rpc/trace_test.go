package rpc_test

import (
	"context"
	"testing"

	"google.golang.org/grpc/metadata"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/otlptest"
)

func TestCallersTraceIsContinued(t *testing.T) {
	receiver := otlptest.Start(t)
	receiver.Setenv(t)
	r := start(t)
	r.customers.get = func(ctx context.Context, _ *rapportv1.GetCustomerRequest) (*rapportv1.Customer, error) {
		r.telemetry.Logger.InfoContext(ctx, "within")
		return nil, apierr.NotFound(rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, "customers/anna")
	}
	const callers = "4bf92f3577b34da6a3ce929d0e0e4736"
	if _, err := r.client().GetCustomer(withTrace(t.Context(), callers), getRequest); err == nil {
		t.Fatal("no error")
	}
	span := receiver.WaitTrace(t, callers, 1)[0]
	line := r.log.only(t)
	if span.Name != "rapport.v1.CustomerService/GetCustomer" || span.Kind != "SERVER" || span.ParentID != "00f067aa0ba902b7" {
		t.Errorf("got span %+v", span)
	}
	want := map[string]string{
		"rpc.system.name": "grpc", "rpc.method": "rapport.v1.CustomerService/GetCustomer",
		"rpc.response.status_code": "NOT_FOUND", "error.type": "CUSTOMER_NOT_FOUND",
		"rapport.request_id": line["request_id"].(string),
	}
	for key, value := range want {
		if span.Attributes[key] != value {
			t.Errorf("attribute %s is %q, want %q", key, span.Attributes[key], value)
		}
	}
	if line["trace_id"] != callers || line["span_id"] != span.SpanID {
		t.Errorf("the call's line has trace %v and span %v", line["trace_id"], line["span_id"])
	}
	records := receiver.WaitLogs(t, func(all []otlptest.Log) bool { return len(all) >= 2 })
	for _, record := range records {
		if record.TraceID != callers || record.Attributes["request_id"] != line["request_id"] {
			t.Errorf("record %+v does not lead to the call", record)
		}
	}
}

// withTrace makes a call part of a trace, sampled by its caller.
func withTrace(ctx context.Context, traceID string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "traceparent", "00-"+traceID+"-00f067aa0ba902b7-01")
}
