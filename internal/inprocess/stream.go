package inprocess

import (
	"context"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// pipe is one stream between a client and the goroutine of its handler. The channels
// of messages hold one each: a side that does not receive holds the other one up, as
// flow control does on a wire.
type pipe struct {
	transport

	serverCtx context.Context // with the metadata, for the handler
	clientCtx context.Context
	cancel    context.CancelFunc

	requests  chan any
	responses chan any
	closed    chan struct{} // by the client's CloseSend
	headers   chan struct{} // closed when the header is known
	done      chan struct{} // closed when the handler has returned err
	err       error
}

// NewStream implements grpc.ClientConnInterface. The handler runs in a goroutine of
// its own until it returns or ctx ends; a client that leaves a stream before its end
// must cancel ctx, as grpc-go demands too.
func (c *Channel) NewStream(ctx context.Context, _ *grpc.StreamDesc, name string, options ...grpc.CallOption) (grpc.ClientStream, error) {
	m, ok := c.methods[name]
	if !ok || m.stream == nil {
		return nil, status.Errorf(codes.Unimplemented, "unknown stream %s", name)
	}
	ctx, cancel := context.WithCancel(ctx)
	p := &pipe{
		transport: transport{method: name}, clientCtx: ctx, cancel: cancel,
		requests: make(chan any, 1), responses: make(chan any, 1),
		closed: make(chan struct{}), headers: make(chan struct{}), done: make(chan struct{}),
	}
	p.serverCtx = c.begin(serverContext(ctx, &p.transport), name, m.stream.ClientStreams, m.stream.ServerStreams)
	go c.serve(p, m, options)
	return &clientStream{pipe: p}, nil
}

// serve runs the handler. A panic that no interceptor recovered ends the process, as
// one in a goroutine of grpc-go's server would.
func (c *Channel) serve(p *pipe, m method, options []grpc.CallOption) {
	start := time.Now()
	stream := &serverStream{pipe: p}
	var err error
	if c.stream == nil {
		err = m.stream.Handler(m.impl, stream)
	} else {
		info := &grpc.StreamServerInfo{
			FullMethod: p.method, IsClientStream: m.stream.ClientStreams, IsServerStream: m.stream.ServerStreams,
		}
		err = c.stream(m.impl, stream, info, m.stream.Handler)
	}
	p.err = asStatus(err)
	c.end(p.serverCtx, start, p.err)
	p.deliver(options)
	p.sendHeader()
	close(p.done)
}

// sendHeader marks the header as sent; only the handler's goroutine calls it.
func (p *pipe) sendHeader() {
	select {
	case <-p.headers:
	default:
		p.mu.Lock()
		p.sent = true
		p.mu.Unlock()
		close(p.headers)
	}
}

// serverStream is the handler's side.
type serverStream struct{ *pipe }

// Context implements grpc.ServerStream.
func (s *serverStream) Context() context.Context { return s.serverCtx }

// SendHeader implements grpc.ServerStream.
func (s *serverStream) SendHeader(md metadata.MD) error {
	if err := s.transport.SetHeader(md); err != nil {
		return err
	}
	s.sendHeader()
	return nil
}

// SetTrailer implements grpc.ServerStream.
func (s *serverStream) SetTrailer(md metadata.MD) { _ = s.transport.SetTrailer(md) }

// SendMsg implements grpc.ServerStream.
func (s *serverStream) SendMsg(message any) error {
	s.sendHeader()
	select {
	case s.responses <- copyOf(message):
		return nil
	case <-s.clientCtx.Done():
		return status.FromContextError(s.clientCtx.Err()).Err()
	}
}

// RecvMsg implements grpc.ServerStream.
func (s *serverStream) RecvMsg(into any) error {
	select {
	case message := <-s.requests:
		return hand(into, message)
	case <-s.clientCtx.Done():
		return status.FromContextError(s.clientCtx.Err()).Err()
	case <-s.closed:
	}
	// What was sent before the client closed its side is still received.
	select {
	case message := <-s.requests:
		return hand(into, message)
	default:
		return io.EOF
	}
}

// clientStream is the caller's side.
type clientStream struct {
	*pipe

	closedSend bool
}

// Context implements grpc.ClientStream.
func (c *clientStream) Context() context.Context { return c.clientCtx }

// Header implements grpc.ClientStream.
func (c *clientStream) Header() (metadata.MD, error) {
	select {
	case <-c.headers:
	case <-c.clientCtx.Done():
		select {
		case <-c.headers: // it had come: the end of a stream ends its context too
		default:
			return nil, status.FromContextError(c.clientCtx.Err()).Err()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.header, nil
}

// Trailer implements grpc.ClientStream.
func (c *clientStream) Trailer() metadata.MD {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.trailer
}

// CloseSend implements grpc.ClientStream.
func (c *clientStream) CloseSend() error {
	if !c.closedSend {
		c.closedSend = true
		close(c.closed)
	}
	return nil
}

// SendMsg implements grpc.ClientStream. Like grpc-go's it returns io.EOF once the
// handler has ended; RecvMsg then says why.
func (c *clientStream) SendMsg(message any) error {
	if c.closedSend {
		return fmt.Errorf("a message was sent after CloseSend")
	}
	select {
	case <-c.done:
		return io.EOF
	default:
	}
	select {
	case c.requests <- copyOf(message):
		return nil
	case <-c.done:
		return io.EOF
	case <-c.clientCtx.Done():
		return status.FromContextError(c.clientCtx.Err()).Err()
	}
}

// RecvMsg implements grpc.ClientStream. What the handler has sent and how it ended go
// before a context that ended since, so a client that cancels its context and receives
// until there is an error has seen the handler's end: it holds nothing any more.
func (c *clientStream) RecvMsg(into any) error {
	select {
	case message := <-c.responses:
		return hand(into, message)
	case <-c.done:
	}
	select {
	case message := <-c.responses:
		return hand(into, message)
	default:
	}
	c.cancel() // releases the context; nothing more can come
	if c.err != nil {
		return c.err
	}
	return io.EOF
}
