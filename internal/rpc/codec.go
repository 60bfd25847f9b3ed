package rpc

import (
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
)

// envelope is what handlers of this service receive into, so that bytes that do not
// decode are no error of the codec. grpc-go answers such an error on the wire itself,
// with INTERNAL, before the handler or an interceptor learns of it.
type envelope struct {
	message   any
	malformed bool
}

// codec is grpc-go's codec of Protobuf, which also fills envelopes.
type codec struct{}

// Marshal implements encoding.CodecV2.
func (codec) Marshal(v any) (mem.BufferSlice, error) {
	return encoding.GetCodecV2(proto.Name).Marshal(v)
}

// Unmarshal implements encoding.CodecV2.
func (codec) Unmarshal(data mem.BufferSlice, v any) error {
	inner := encoding.GetCodecV2(proto.Name)
	e, ok := v.(*envelope)
	if !ok {
		return inner.Unmarshal(data, v)
	}
	// The error's text is dropped: it may quote the bytes.
	e.malformed = inner.Unmarshal(data, e.message) != nil
	return nil
}

// Name implements encoding.CodecV2.
func (codec) Name() string { return proto.Name }
