package rpc

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/telemetry/names"
)

// outcome is how a call failed: what the caller is told, and what only the log is.
type outcome struct {
	status *status.Status
	reason rapportv1.ErrorReason
	// cause is nil where the status says all there is.
	cause error
	// pushback is the trailer that tells clients when to retry, or nil.
	pushback metadata.MD
}

// conclude is the one place where an error of a handler becomes the answer.
func (c *Chain) conclude(ctx context.Context, err error) *outcome {
	final := finalError(ctx, err)
	o := &outcome{status: status.Convert(final), reason: apierr.Reason(final), cause: apierr.Cause(final)}
	if o.cause == nil && o.serverFault() && apierr.Info(err) == nil {
		// The database's own error, whose reason says what it means, but not what it was.
		o.cause = err
	}
	switch o.reason {
	case rapportv1.ErrorReason_OVERLOADED, rapportv1.ErrorReason_DATABASE_UNAVAILABLE:
		for _, d := range o.status.Details() {
			if retry, ok := d.(*errdetails.RetryInfo); ok {
				ms := retry.GetRetryDelay().AsDuration().Milliseconds()
				o.pushback = metadata.MD{"grpc-retry-pushback-ms": {strconv.FormatInt(ms, 10)}}
			}
		}
	}
	return o
}

// finalError returns the error that leaves. It always has one ErrorInfo.
func finalError(ctx context.Context, err error) error {
	var carrier interface{ GRPCStatus() *status.Status }
	if !errors.As(err, &carrier) {
		return apierr.From(ctx, err)
	}
	// Only the status itself is taken, not status.FromError's, whose text would be
	// that of all that wraps it.
	st := carrier.GRPCStatus()
	switch cause := apierr.Cause(err); {
	case cause != nil && ctx.Err() != nil && errors.Is(cause, ctx.Err()):
		// A fault only because the time ran out or the caller left.
		return apierr.From(ctx, ctx.Err())
	case cause != nil:
		return apierr.Internal(cause)
	case apierr.Info(st.Err()) != nil:
		return st.Err()
	}
	// A status that grpc-go made, such as that of a stream whose client has left.
	switch st.Code() {
	case codes.DeadlineExceeded:
		return apierr.From(ctx, context.DeadlineExceeded)
	case codes.Canceled:
		return apierr.From(ctx, context.Canceled)
	case codes.Unimplemented:
		return apierr.New(codes.Unimplemented, rapportv1.ErrorReason_UNKNOWN_METHOD,
			"this service does not answer this RPC", nil)
	}
	return apierr.Internal(err)
}

// record writes the call's log line and marks the span and the counters. The trace's
// and the request's ids come from the log handler, as on every line of the call.
func (c *Chain) record(ctx context.Context, call *Call, started time.Time, o *outcome) {
	span := trace.SpanFromContext(ctx)
	if span.IsRecording() {
		span.SetAttributes(attribute.String(names.RequestIDAttr, call.RequestID))
	}
	code, level := codes.OK, slog.LevelInfo
	if o != nil {
		code = o.status.Code()
		if o.serverFault() {
			level = slog.LevelError
		}
		c.errors.Add(ctx, 1, metric.WithAttributes(attribute.String(names.ErrorType, o.reason.String())))
		if span.IsRecording() {
			span.SetAttributes(attribute.String(names.ErrorType, o.reason.String()))
		}
	}
	if !c.log.Enabled(ctx, level) {
		return
	}
	// On the stack for the calls that succeed: this line is on the path of every call.
	var buf [12]slog.Attr
	attrs := append(buf[:0],
		slog.String(names.Method, call.Method),
		slog.String(names.Code, codeName(code)),
		slog.Float64(names.DurationMS, float64(time.Since(started).Microseconds())/1000),
		slog.String(names.Principal, call.Principal),
		slog.String(names.Peer, call.Peer),
	)
	if o != nil {
		attrs = append(attrs, slog.String(names.Reason, o.reason.String()))
		attrs = append(attrs, causeAttrs(o.cause)...)
	}
	c.log.LogAttrs(ctx, level, "call", attrs...)
}

// serverFault says whether somebody who runs the service should look.
func (o *outcome) serverFault() bool {
	switch o.status.Code() {
	case codes.Unavailable:
		// A stop that was asked for ends streams, and is no fault.
		return o.reason != rapportv1.ErrorReason_SHUTTING_DOWN
	case codes.Unknown, codes.Internal, codes.DataLoss:
		return true
	}
	return o.reason == rapportv1.ErrorReason_STORAGE_FULL
}

// codeName is the code as the gRPC specification writes it; Code.String is Go's own.
func codeName(code codes.Code) string {
	if int(code) < len(codeNames) {
		return codeNames[code]
	}
	return code.String()
}

var codeNames = [...]string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
	"PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
	"INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
}
