package rest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// maxDepth is how deep the JSON of a request may be nested; what the API takes needs 5.
const maxDepth = 64

var strict = protojson.UnmarshalOptions{DiscardUnknown: false, RecursionLimit: maxDepth}

// jsonMarshaler is how the gateway reads bodies: strictly. It writes nothing, because
// reply and problem have written the answer when the gateway asks for it.
type jsonMarshaler struct{}

// ContentType implements runtime.Marshaler.
func (jsonMarshaler) ContentType(any) string { return jsonType }

// Marshal implements runtime.Marshaler.
func (jsonMarshaler) Marshal(any) ([]byte, error) { return nil, nil }

// NewEncoder implements runtime.Marshaler.
func (jsonMarshaler) NewEncoder(io.Writer) runtime.Encoder {
	return runtime.EncoderFunc(func(any) error { return nil })
}

// NewDecoder implements runtime.Marshaler.
func (m jsonMarshaler) NewDecoder(r io.Reader) runtime.Decoder {
	return runtime.DecoderFunc(func(v any) error {
		if body, ok := r.(*bodyReader); ok {
			return m.Unmarshal(body.all, v)
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			return fmt.Errorf("read the body: %w", err)
		}
		return m.Unmarshal(raw, v)
	})
}

// Unmarshal implements runtime.Marshaler. The generated handlers pass a message, or
// the address of a request's field that will hold one. An absent body and `null` leave
// it as it is, which io.EOF says.
func (jsonMarshaler) Unmarshal(raw []byte, v any) error {
	if trimmed := bytes.TrimSpace(raw); len(trimmed) == 0 || string(trimmed) == "null" {
		return io.EOF
	}
	if m, ok := v.(proto.Message); ok {
		return strict.Unmarshal(raw, m)
	}
	field := reflect.ValueOf(v)
	if field.Kind() != reflect.Pointer || field.Elem().Kind() != reflect.Pointer {
		return errors.New("a body is decoded into messages only")
	}
	made := reflect.New(field.Type().Elem().Elem())
	m, ok := made.Interface().(proto.Message)
	if !ok {
		return errors.New("a body is decoded into messages only")
	}
	field.Elem().Set(made)
	return strict.Unmarshal(raw, m)
}
