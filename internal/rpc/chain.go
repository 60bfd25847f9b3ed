package rpc

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/rapport-crm/rapport/internal/telemetry/names"
)

// MaxDeadline is the longest that a unary call may run, whatever its caller allows.
const MaxDeadline = 30 * time.Second

// requestIDHeader is the response header that names the call.
const requestIDHeader = "x-request-id"

// Chain is what every call runs through. Its order is observe, recover, validate,
// handler: recover is inside observe, so that a panic too has its log line and its
// answer.
type Chain struct {
	log       *slog.Logger
	methods   *Registrar
	validator *validator
	panics    metric.Int64Counter
	errors    metric.Int64Counter
	inFlight  atomic.Int64 // calls that run now, streams included, health checks not
}

// NewChain returns the chain for the services collected so far. It compiles the
// rules of all their requests, which would cost the first callers milliseconds.
func NewChain(log *slog.Logger, meter metric.Meter, services *Registrar) (*Chain, error) {
	requests, err := services.requests()
	if err != nil {
		return nil, err
	}
	c := &Chain{log: log, methods: services}
	if c.validator, err = newValidator(requests); err != nil {
		return nil, err
	}
	if err := c.instrument(meter); err != nil {
		return nil, fmt.Errorf("make the instruments of calls: %w", err)
	}
	return c, nil
}

func (c *Chain) instrument(meter metric.Meter) (err error) {
	if c.panics, err = meter.Int64Counter(names.RPCPanics,
		metric.WithDescription("Calls that ended in a panic."), metric.WithUnit("{call}")); err != nil {
		return err
	}
	if c.errors, err = meter.Int64Counter(names.RPCErrors,
		metric.WithDescription("Answers that are errors, by reason."), metric.WithUnit("{call}")); err != nil {
		return err
	}
	_, err = meter.Int64ObservableUpDownCounter(names.RPCInFlight,
		metric.WithDescription("Calls that run now."), metric.WithUnit("{call}"),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(c.inFlight.Load())
			return nil
		}))
	return err
}

// Unary is the chain of a unary call; it is a grpc.UnaryServerInterceptor.
func (c *Chain) Unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	ctx, cancel := clampDeadline(ctx)
	defer cancel()
	if Quiet(info.FullMethod) {
		return c.recoverUnary(ctx, req, handler)
	}
	started := time.Now()
	call := &callContext{Context: ctx, call: newCall(ctx, c.known(info.FullMethod), req)}
	// SetHeader and not SendHeader: headers that have left commit the call, and the
	// client could not retry it. It fails only where there is no stream, as in tests.
	_ = grpc.SetHeader(call, metadata.MD{requestIDHeader: {call.call.RequestID}})

	c.inFlight.Add(1)
	defer c.inFlight.Add(-1)
	resp, err := c.recoverUnary(call, req, c.validateUnary(handler))
	if err == nil {
		c.record(call, &call.call, started, nil)
		return resp, nil
	}
	o := c.conclude(call, err)
	if o.pushback != nil {
		_ = grpc.SetTrailer(call, o.pushback)
	}
	c.record(call, &call.call, started, o)
	return nil, o.status.Err()
}

// Stream is the chain of a streaming call; it is a grpc.StreamServerInterceptor. It
// has no deadline but the caller's.
func (c *Chain) Stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	if Quiet(info.FullMethod) {
		return c.recoverStream(srv, stream, handler)
	}
	started := time.Now()
	call := &callContext{Context: stream.Context(), call: newCall(stream.Context(), c.known(info.FullMethod), nil)}
	_ = stream.SetHeader(metadata.MD{requestIDHeader: {call.call.RequestID}})

	c.inFlight.Add(1)
	defer c.inFlight.Add(-1)
	err := c.recoverStream(srv, &callStream{ServerStream: stream, ctx: call, validator: c.validator}, handler)
	if err == nil {
		c.record(call, &call.call, started, nil)
		return nil
	}
	o := c.conclude(call, err)
	if o.pushback != nil {
		stream.SetTrailer(o.pushback)
	}
	c.record(call, &call.call, started, o)
	return o.status.Err()
}

// known keeps what strangers call out of logs and metrics.
func (c *Chain) known(method string) string {
	if c.methods.Known(method) {
		return method
	}
	return names.Other
}

func clampDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= MaxDeadline {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, MaxDeadline)
}

// callStream is a stream of a call: with its context, and each message validated.
type callStream struct {
	grpc.ServerStream

	ctx       context.Context
	validator *validator
}

// Context implements grpc.ServerStream.
func (s *callStream) Context() context.Context { return s.ctx }

// RecvMsg implements grpc.ServerStream.
func (s *callStream) RecvMsg(message any) error {
	if err := s.ServerStream.RecvMsg(message); err != nil {
		return err
	}
	// Over gRPC the message is in an envelope, over the in-process channel it is not.
	if e, ok := message.(*envelope); ok {
		if e.malformed {
			return nil
		}
		message = e.message
	}
	return s.validator.check(message)
}
