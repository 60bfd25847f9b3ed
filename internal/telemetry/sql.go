package telemetry

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/rapport-crm/rapport/internal/telemetry/names"
)

// SQLTracer gives each statement and each batch a span, where its caller's is
// recorded, and an observation of db.client.operation.duration. A statement is named
// by the comment it begins with, `-- name: GetCustomer`; its text, its parameters
// and what the database says about an error stay out.
//
// It is our own because otelpgx 0.13 puts the text of errors, and with it keys and
// values, into status and events of its spans, knows no db.query.summary and no
// db.response.status_code, and closes the spans of a batch's statements before a
// wrapper could mend that. Connecting, acquiring and preparing have no spans: the
// metrics of the pool show them.
type SQLTracer struct {
	tracer   trace.Tracer
	duration metric.Float64Histogram
	labels   labelCache
}

var (
	_ pgx.QueryTracer    = (*SQLTracer)(nil)
	_ pgx.BatchTracer    = (*SQLTracer)(nil)
	_ pgx.CopyFromTracer = (*SQLTracer)(nil)
)

// SQLTracer returns the tracer for the pool of the service.
func (t *Telemetry) SQLTracer() (*SQLTracer, error) {
	duration, err := t.Meter.Meter(names.Scope).Float64Histogram(names.DBDuration,
		metric.WithDescription("Duration of database client operations."), metric.WithUnit("s"))
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", names.DBDuration, err)
	}
	return &SQLTracer{tracer: t.Tracer.Tracer(names.Scope), duration: duration}, nil
}

type operationKey struct{}

// operation is a running statement or batch. It is a context of its own, like
// rpc.callContext, to cost one allocation.
type operation struct {
	context.Context

	started time.Time
	summary string
	// span is nil where the caller is not recorded.
	span trace.Span
}

// Value implements context.Context.
func (o *operation) Value(key any) any {
	if key == (operationKey{}) {
		return o
	}
	return o.Context.Value(key)
}

func (t *SQLTracer) start(ctx context.Context, summary string, attrs ...attribute.KeyValue) context.Context {
	o := &operation{Context: ctx, started: time.Now(), summary: summary}
	if !trace.SpanFromContext(ctx).IsRecording() {
		return o
	}
	ctx, span := t.tracer.Start(ctx, summary, //nolint:spancheck // ended by end
		trace.WithSpanKind(trace.SpanKindClient),
		trace.WithTimestamp(o.started),
		trace.WithAttributes(append(attrs,
			attribute.String(names.DBSystem, names.DBSystemValue),
			attribute.String(names.DBQuerySummary, summary))...))
	o.Context, o.span = ctx, span
	return o //nolint:spancheck // as above
}

func (t *SQLTracer) end(ctx context.Context, err error) {
	o, ok := ctx.Value(operationKey{}).(*operation)
	if !ok {
		return
	}
	state, kind := failure(err)
	t.duration.Record(ctx, time.Since(o.started).Seconds(), t.labels.get(o.summary, state, kind)...)
	if o.span != nil {
		fail(o.span, state, kind)
		o.span.End()
	}
}

// TraceQueryStart implements pgx.QueryTracer.
func (t *SQLTracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	return t.start(ctx, queryName(data.SQL))
}

// TraceQueryEnd implements pgx.QueryTracer.
func (t *SQLTracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	t.end(ctx, data.Err)
}

// TraceBatchStart implements pgx.BatchTracer.
func (t *SQLTracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	return t.start(ctx, batchName(data.Batch), attribute.Int(names.DBBatchSize, data.Batch.Len()))
}

// TraceBatchQuery implements pgx.BatchTracer. The statement's span covers the reading
// of its result: in a pipeline nobody on this side sees when it ran.
func (t *SQLTracer) TraceBatchQuery(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchQueryData) {
	o, ok := ctx.Value(operationKey{}).(*operation)
	if !ok || o.span == nil {
		return
	}
	name := queryName(data.SQL)
	_, span := t.tracer.Start(o.Context, name,
		trace.WithSpanKind(trace.SpanKindClient),
		trace.WithTimestamp(data.ReadStartTime),
		trace.WithAttributes(
			attribute.String(names.DBSystem, names.DBSystemValue),
			attribute.String(names.DBQuerySummary, name)))
	state, kind := failure(data.Err)
	fail(span, state, kind)
	span.End()
}

// TraceBatchEnd implements pgx.BatchTracer.
func (t *SQLTracer) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchEndData) {
	t.end(ctx, data.Err)
}

// TraceCopyFromStart implements pgx.CopyFromTracer.
func (t *SQLTracer) TraceCopyFromStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceCopyFromStartData) context.Context {
	return t.start(ctx, "COPY "+strings.Join(data.TableName, "."))
}

// TraceCopyFromEnd implements pgx.CopyFromTracer.
func (t *SQLTracer) TraceCopyFromEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceCopyFromEndData) {
	t.end(ctx, data.Err)
}

func fail(span trace.Span, state, kind string) {
	if kind == "" {
		return
	}
	if state != "" {
		span.SetAttributes(attribute.String(names.DBStatusCode, state))
	}
	span.SetAttributes(attribute.String(names.ErrorType, kind))
	span.SetStatus(codes.Error, "")
}

// failure returns the SQLSTATE of an error, if it has one, and its kind, a word of
// few values; both are empty where there is none.
func failure(err error) (state, kind string) {
	var pg *pgconn.PgError
	var connect *pgconn.ConnectError
	switch {
	case err == nil, errors.Is(err, pgx.ErrNoRows):
		return "", ""
	case errors.As(err, &pg):
		return pg.Code, pg.Code
	case errors.Is(err, context.DeadlineExceeded):
		return "", "timeout"
	case errors.Is(err, context.Canceled):
		return "", "cancelled"
	case errors.As(err, &connect):
		return "", "connect"
	}
	return "", names.Other
}
