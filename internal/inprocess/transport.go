package inprocess

import (
	"errors"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// transport takes what the handler says beside its messages: grpc.SetHeader and
// grpc.SetTrailer end here.
type transport struct {
	method string

	mu      sync.Mutex
	header  metadata.MD
	trailer metadata.MD
	sent    bool
}

// Method implements grpc.ServerTransportStream.
func (t *transport) Method() string { return t.method }

// SetHeader implements grpc.ServerTransportStream.
func (t *transport) SetHeader(md metadata.MD) error { return t.setHeader(md, false) }

// SendHeader implements grpc.ServerTransportStream.
func (t *transport) SendHeader(md metadata.MD) error { return t.setHeader(md, true) }

func (t *transport) setHeader(md metadata.MD, send bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sent {
		return errors.New("the header was already sent")
	}
	t.header = join(t.header, md)
	t.sent = send
	return nil
}

// SetTrailer implements grpc.ServerTransportStream.
func (t *transport) SetTrailer(md metadata.MD) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.trailer = join(t.trailer, md)
	return nil
}

// join spares the usual case, the first metadata of a call, a copy.
func join(have, more metadata.MD) metadata.MD {
	if len(have) == 0 {
		return more
	}
	return metadata.Join(have, more)
}

// deliver hands header and trailer to the call options that ask for them.
func (t *transport) deliver(options []grpc.CallOption) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, option := range options {
		switch o := option.(type) {
		case grpc.HeaderCallOption:
			*o.HeaderAddr = t.header
		case grpc.TrailerCallOption:
			*o.TrailerAddr = t.trailer
		}
	}
}
