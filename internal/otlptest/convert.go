package otlptest

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	collectorlogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// Span is a span as it arrived, its values as text.
type Span struct {
	Name string
	// Kind is SERVER, CLIENT or INTERNAL.
	Kind string
	// TraceID, SpanID and ParentID are in hex; ParentID is empty at a root.
	TraceID, SpanID, ParentID string
	Start, End                time.Time
	Attributes                map[string]string
	// Links are the ids of the traces this span is linked to.
	Links []string
	// Events are the names of the span's events.
	Events []string
	// Failed says that the status is ERROR, Status what it says.
	Failed bool
	Status string
	// Resource holds the attributes of who sent it, Scope its instrumentation.
	Resource map[string]string
	Scope    string
}

// Log is a log record as it arrived.
type Log struct {
	Body       string
	Severity   string
	TraceID    string
	SpanID     string
	Attributes map[string]string
}

type traces struct {
	collectortrace.UnimplementedTraceServiceServer

	r *Receiver
}

// Export implements TraceServiceServer.
func (s traces) Export(_ context.Context, req *collectortrace.ExportTraceServiceRequest) (*collectortrace.ExportTraceServiceResponse, error) {
	s.r.take(func() {
		for _, resource := range req.GetResourceSpans() {
			for _, scope := range resource.GetScopeSpans() {
				for _, span := range scope.GetSpans() {
					one := convertSpan(span)
					one.Resource = attributes(resource.GetResource().GetAttributes())
					one.Scope = scope.GetScope().GetName()
					s.r.spans = append(s.r.spans, one)
				}
			}
		}
	})
	return &collectortrace.ExportTraceServiceResponse{}, nil
}

func convertSpan(span *tracepb.Span) Span {
	out := Span{
		Name:       span.GetName(),
		Kind:       span.GetKind().String()[len("SPAN_KIND_"):],
		TraceID:    hex.EncodeToString(span.GetTraceId()),
		SpanID:     hex.EncodeToString(span.GetSpanId()),
		ParentID:   hex.EncodeToString(span.GetParentSpanId()),
		Start:      time.Unix(0, int64(span.GetStartTimeUnixNano())),
		End:        time.Unix(0, int64(span.GetEndTimeUnixNano())),
		Attributes: attributes(span.GetAttributes()),
		Failed:     span.GetStatus().GetCode() == tracepb.Status_STATUS_CODE_ERROR,
		Status:     span.GetStatus().GetMessage(),
	}
	for _, link := range span.GetLinks() {
		out.Links = append(out.Links, hex.EncodeToString(link.GetTraceId()))
	}
	for _, event := range span.GetEvents() {
		out.Events = append(out.Events, event.GetName())
	}
	return out
}

type metrics struct {
	collectormetrics.UnimplementedMetricsServiceServer

	r *Receiver
}

// Export implements MetricsServiceServer.
func (s metrics) Export(_ context.Context, req *collectormetrics.ExportMetricsServiceRequest) (*collectormetrics.ExportMetricsServiceResponse, error) {
	s.r.take(func() { s.r.metrics = append(s.r.metrics, req.GetResourceMetrics()...) })
	return &collectormetrics.ExportMetricsServiceResponse{}, nil
}

type logs struct {
	collectorlogs.UnimplementedLogsServiceServer

	r *Receiver
}

// Export implements LogsServiceServer.
func (s logs) Export(_ context.Context, req *collectorlogs.ExportLogsServiceRequest) (*collectorlogs.ExportLogsServiceResponse, error) {
	s.r.take(func() {
		for _, resource := range req.GetResourceLogs() {
			for _, scope := range resource.GetScopeLogs() {
				for _, record := range scope.GetLogRecords() {
					s.r.logs = append(s.r.logs, Log{
						Body:       text(record.GetBody()),
						Severity:   record.GetSeverityText(),
						TraceID:    hex.EncodeToString(record.GetTraceId()),
						SpanID:     hex.EncodeToString(record.GetSpanId()),
						Attributes: attributes(record.GetAttributes()),
					})
				}
			}
		}
	})
	return &collectorlogs.ExportLogsServiceResponse{}, nil
}

func attributes(all []*commonpb.KeyValue) map[string]string {
	out := map[string]string{}
	for _, kv := range all {
		out[kv.GetKey()] = text(kv.GetValue())
	}
	return out
}

func text(value *commonpb.AnyValue) string {
	switch v := value.GetValue().(type) {
	case *commonpb.AnyValue_StringValue:
		return v.StringValue
	case *commonpb.AnyValue_IntValue:
		return fmt.Sprint(v.IntValue)
	case *commonpb.AnyValue_BoolValue:
		return fmt.Sprint(v.BoolValue)
	case *commonpb.AnyValue_DoubleValue:
		return fmt.Sprint(v.DoubleValue)
	case nil:
		return ""
	}
	return value.String()
}
