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

// Recovered is what a handler panics with in the place of a goroutine of its own that
// panicked with value. It is called where that was recovered, whose stack it keeps.
func Recovered(value any) error {
	what := fmt.Sprintf("%T", value)
	if fault, ok := value.(runtime.Error); ok {
		what += ": " + fault.Error()
	}
	return &panicError{what: what, stack: string(debug.Stack())}
}

func (c *Chain) panicked(ctx context.Context, value any) error {
	c.panics.Add(ctx, 1)
	if elsewhere, ok := value.(*panicError); ok {
		return apierr.Internal(elsewhere)
	}
	return apierr.Internal(Recovered(value))
}
