package rpc

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"google.golang.org/grpc"

	"github.com/rapport-crm/rapport/internal/apierr"
)

// panicError is a panic on its way to the log. It keeps the type of the panic's
// value, but its text only where the runtime made it: what code of ours passes to
// panic may hold a customer's data.
type panicError struct {
	what  string
	stack string
}

func (e *panicError) Error() string { return "panic: " + e.what }

func (c *Chain) recoverUnary(ctx context.Context, req any, handler grpc.UnaryHandler) (resp any, err error) {
	defer func() {
		if v := recover(); v != nil {
			resp, err = nil, c.panicked(ctx, v)
		}
	}()
	return handler(ctx, req)
}

func (c *Chain) recoverStream(srv any, stream grpc.ServerStream, handler grpc.StreamHandler) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = c.panicked(stream.Context(), v)
		}
	}()
	return handler(srv, stream)
}

func (c *Chain) panicked(ctx context.Context, value any) error {
	c.panics.Add(ctx, 1)
	what := fmt.Sprintf("%T", value)
	if fault, ok := value.(runtime.Error); ok {
		what += ": " + fault.Error()
	}
	return apierr.Internal(&panicError{what: what, stack: string(debug.Stack())})
}
