package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/rpc"
)

// edge is the channel as the generated handlers see it: on the way it puts what came in
// headers, or follows from the body, into the request message.
type edge struct{ grpc.ClientConnInterface }

// Invoke implements grpc.ClientConnInterface.
func (e edge) Invoke(ctx context.Context, method string, req, reply any, options ...grpc.CallOption) error {
	x := exchangeOf(ctx)
	x.decoded = true
	if m, ok := req.(proto.Message); ok {
		x.request = m
		if err := x.complete(m.ProtoReflect()); err != nil {
			return err
		}
	}
	x.invoked = true
	return e.ClientConnInterface.Invoke(rpc.WithRequestID(ctx, ""), method, req, reply, options...)
}

// NewStream implements grpc.ClientConnInterface.
func (e edge) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, options ...grpc.CallOption) (grpc.ClientStream, error) {
	x := exchangeOf(ctx)
	x.decoded, x.invoked = true, true
	return e.ClientConnInterface.NewStream(rpc.WithRequestID(ctx, ""), desc, method, options...)
}

// complete puts Idempotency-Key, If-Match and the update mask into the request.
func (x *exchange) complete(m protoreflect.Message) error {
	r := x.route
	if r.requestID != nil && x.key != "" {
		if err := setOnce(m, r.requestID, x.key, "Idempotency-Key", strings.EqualFold); err != nil {
			return err
		}
	}
	if r.validateOnly != nil {
		x.validateOnly = m.Get(r.validateOnly).Bool()
	}
	if len(r.etag) > 0 && x.ifMatch != "" {
		holder := m
		if len(r.etag) == 2 {
			holder = m.Mutable(r.etag[0]).Message()
		}
		equal := func(a, b string) bool { return a == b }
		if err := setOnce(holder, r.etag[len(r.etag)-1], x.ifMatch, "If-Match", equal); err != nil {
			return err
		}
	}
	if r.updateMask != nil && !x.hasMask {
		mask, err := maskOf(r.body, x.body)
		if err != nil {
			return err
		}
		m.Set(r.updateMask, protoreflect.ValueOfMessage(mask.ProtoReflect()))
	}
	return nil
}

// setOnce sets a string field from a header, or checks that it says the same already.
func setOnce(m protoreflect.Message, fd protoreflect.FieldDescriptor, value, header string, equal func(a, b string) bool) error {
	if have := m.Get(fd).String(); have != "" && !equal(have, value) {
		return apierr.InvalidField(header, "differs from `%s` of the request", fd.JSONName())
	}
	m.Set(fd, protoreflect.ValueOfString(value))
	return nil
}

// maskOf returns the update mask that a PATCH body stands for: each field that it has,
// null and empty ones too. Values are replaced whole: the gateway would go inside of
// messages, and so mix the halves of two amounts of money. What a client may not set is
// left out, as an update without a mask leaves it out, so that what a GET returned can
// be sent back with one thing changed.
func maskOf(md protoreflect.MessageDescriptor, body []byte) (*fieldmaskpb.FieldMask, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return &fieldmaskpb.FieldMask{}, nil
	}
	var paths []string
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return nil, fmt.Errorf("read the fields of a body that did decode: %w", err)
	}
	for name := range members {
		fd := fieldByName(md, name)
		if fd != nil && aip.Settable(fd) {
			paths = append(paths, string(fd.Name()))
		}
	}
	slices.Sort(paths)
	return &fieldmaskpb.FieldMask{Paths: paths}, nil
}

// created tells whether the answer is that of a resource that was made.
func (x *exchange) created() bool {
	return x.route.method == http.MethodPost && strings.HasPrefix(x.route.rpc, "Create") && !x.validateOnly
}
