// Package inprocess is a gRPC channel to services of the same process.
//
// REST's gateway handlers call through it, so that a REST call passes the very same
// interceptors and stats handler as one over gRPC, without HTTP/2, without bytes and,
// for unary calls, without a second goroutine: the handler runs in its caller's, with
// its caller's context. What the caller's context holds (the HTTP span, the deadline,
// the request id of the edge) the handler therefore has too.
package inprocess

import (
	"context"
	"fmt"
	"net"
	"reflect"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

// Channel is a grpc.ClientConnInterface. Register all services before the first call.
type Channel struct {
	unary   grpc.UnaryServerInterceptor
	stream  grpc.StreamServerInterceptor
	stats   stats.Handler
	methods map[string]method
}

// method is how one RPC is called: exactly one of the handlers is set.
type method struct {
	impl   any
	unary  grpc.MethodHandler
	stream *grpc.StreamDesc
}

// New returns a channel that runs the interceptors around each call and tells the
// stats handler of its begin and end. Each of the three may be nil.
func New(unary grpc.UnaryServerInterceptor, stream grpc.StreamServerInterceptor, handler stats.Handler) *Channel {
	return &Channel{unary: unary, stream: stream, stats: handler, methods: map[string]method{}}
}

// RegisterService implements grpc.ServiceRegistrar.
func (c *Channel) RegisterService(desc *grpc.ServiceDesc, impl any) {
	for _, m := range desc.Methods {
		c.methods[fmt.Sprintf("/%s/%s", desc.ServiceName, m.MethodName)] = method{impl: impl, unary: m.Handler}
	}
	for i := range desc.Streams {
		s := &desc.Streams[i]
		c.methods[fmt.Sprintf("/%s/%s", desc.ServiceName, s.StreamName)] = method{impl: impl, stream: s}
	}
}

// Invoke implements grpc.ClientConnInterface. The request and the response are handed
// over as shallow copies: the two sides have different structs that share what they
// point to, so neither may change it afterwards, as the gateway does not.
//
// Of the call options, grpc.Header and grpc.Trailer are honoured; the others speak of
// connections. A handler that ignores its context holds the caller up, since it runs
// in the caller's goroutine; a panic that no interceptor recovers is the caller's.
func (c *Channel) Invoke(ctx context.Context, name string, req, reply any, options ...grpc.CallOption) error {
	m, ok := c.methods[name]
	if !ok || m.unary == nil {
		return status.Errorf(codes.Unimplemented, "unknown method %s", name)
	}
	if err := ctx.Err(); err != nil {
		return status.FromContextError(err).Err()
	}
	t := &transport{method: name}
	ctx = c.begin(serverContext(ctx, t), name, false, false)
	start := time.Now()
	var err error
	finished := false
	defer func() {
		if !finished {
			err = status.Error(codes.Internal, "the handler panicked")
		}
		c.end(ctx, start, err)
	}()
	resp, err := m.unary(m.impl, ctx, func(into any) error { return hand(into, req) }, c.unary)
	if err == nil {
		err = hand(reply, resp)
	}
	finished = true
	t.deliver(options)
	return asStatus(err)
}

// asStatus gives every error a status, as crossing the wire would: the client side
// knows nothing of the server's error types.
func asStatus(err error) error {
	if err == nil {
		return nil
	}
	if st, ok := status.FromError(err); ok {
		return st.Err()
	}
	return status.FromContextError(err).Err()
}

// hand makes into a shallow copy of the message from. Generated messages are copied
// as structs: their type is the same on both sides.
func hand(into, from any) error {
	dst, src := reflect.ValueOf(into), reflect.ValueOf(from)
	if !src.IsValid() || src.Kind() != reflect.Pointer || src.IsNil() {
		return status.Error(codes.Internal, "there is no message")
	}
	if dst.Type() != src.Type() {
		return status.Errorf(codes.Internal, "a message is a %s and not a %s", src.Type(), dst.Type())
	}
	dst.Elem().Set(src.Elem())
	return nil
}

// copyOf returns a shallow copy of a message on its way through a stream, since its
// sender may use the struct again at once.
func copyOf(message any) any {
	src := reflect.ValueOf(message)
	if src.Kind() != reflect.Pointer || src.IsNil() {
		return nil // refused where it is received
	}
	dst := reflect.New(src.Type().Elem())
	dst.Elem().Set(src.Elem())
	return dst.Interface()
}

// address is the peer of every call.
type address struct{}

func (address) Network() string { return "inprocess" }
func (address) String() string  { return "inprocess" }

var (
	_    net.Addr = address{}
	self          = &peer.Peer{Addr: address{}, LocalAddr: address{}}
)

// serverContext is the handler's context: the caller's, whose outgoing metadata has
// come in.
func serverContext(ctx context.Context, t grpc.ServerTransportStream) context.Context {
	md, ok := metadata.FromOutgoingContext(ctx)
	if !ok {
		md = metadata.MD{}
	}
	ctx = metadata.NewIncomingContext(ctx, md)
	ctx = peer.NewContext(ctx, self)
	return grpc.NewContextWithServerTransportStream(ctx, t)
}

// begin tells the stats handler that a call begins. It is told neither of headers nor
// of messages: there is no wire whose bytes it could count.
func (c *Channel) begin(ctx context.Context, name string, fromClient, fromServer bool) context.Context {
	if c.stats == nil {
		return ctx
	}
	ctx = c.stats.TagRPC(ctx, &stats.RPCTagInfo{FullMethodName: name})
	c.stats.HandleRPC(ctx, &stats.Begin{BeginTime: time.Now(), IsClientStream: fromClient, IsServerStream: fromServer})
	return ctx
}

func (c *Channel) end(ctx context.Context, start time.Time, err error) {
	if c.stats == nil {
		return
	}
	c.stats.HandleRPC(ctx, &stats.End{BeginTime: start, EndTime: time.Now(), Error: err})
}
