package server

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
)

// ErrCutOff says that calls were still running when the service stopped.
var ErrCutOff = errors.New("calls were cut off: they did not finish in time")

// drain ends the service in the order that loses no call: not ready, wait until
// balancers have noticed, tell streams, let calls finish.
func (s *Server) drain(abort context.Context) error {
	s.log.InfoContext(abort, "draining", "delay", *s.config.DrainDelay, "grace", s.config.DrainGrace)
	s.readiness.drain()
	delay := time.NewTimer(*s.config.DrainDelay)
	defer delay.Stop()
	select {
	case <-delay.C:
	case <-abort.Done():
		return ErrCutOff
	}
	ctx, cancel := context.WithTimeout(abort, s.config.DrainGrace)
	defer cancel()
	s.drains.tell()
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		// REST calls run in this process's services, so they end first.
		_ = s.http.Shutdown(ctx)
		s.grpc.GracefulStop()
	}()
	select {
	case <-finished:
		if ctx.Err() != nil {
			return ErrCutOff
		}
		s.log.InfoContext(abort, "drained")
		return nil
	case <-ctx.Done():
		return ErrCutOff
	}
}

// drains ends streams when the service stops: GracefulStop waits for them for ever,
// health watches included.
type drains struct {
	ctx  context.Context //nolint:containedctx // it lives as long as the service
	tell context.CancelFunc
}

func newDrains() *drains {
	ctx, cancel := context.WithCancel(context.Background())
	return &drains{ctx: ctx, tell: cancel}
}

// stream is an interceptor that ends a stream's context when the service stops and
// tells the client that another process will go on, unless it got all there was.
func (d *drains) stream(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	defer context.AfterFunc(d.ctx, cancel)()
	err := handler(srv, &drainedStream{stream, ctx})
	if err != nil && d.ctx.Err() != nil && stream.Context().Err() == nil {
		return apierr.Retryable(codes.Unavailable, rapportv1.ErrorReason_SHUTTING_DOWN,
			"this process is stopping; another one will answer", 100*time.Millisecond)
	}
	return err
}

// within returns the outer interceptor with this one inside of it, as the gRPC server
// has them: for the streams of REST, which do not pass that server.
func (d *drains) within(outer grpc.StreamServerInterceptor) grpc.StreamServerInterceptor {
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		return outer(srv, stream, info, func(srv any, stream grpc.ServerStream) error {
			return d.stream(srv, stream, info, handler)
		})
	}
}

type drainedStream struct {
	grpc.ServerStream
	ctx context.Context //nolint:containedctx // a stream has its context
}

// Context returns the context that ends when the service stops.
func (s *drainedStream) Context() context.Context { return s.ctx }
