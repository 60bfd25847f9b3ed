// Package rpc is what every call passes through, over gRPC and over the in-process
// channel that REST uses alike: observe, then recover, then validate, then the
// handler.
package rpc

import (
	"context"
	"strings"

	"github.com/google/uuid"
)

// Anonymous is the principal of every caller while authentication is off.
const Anonymous = "anonymous"

// What Call.Peer says.
const (
	PeerGRPC = "grpc"
	PeerREST = "rest"
)

// Call is what is known of the running call. It holds facts, never dependencies.
type Call struct {
	// RequestID is a UUID in lower case: the request's own request_id, else the one
	// our REST edge gave, else a new one. It is the key of exactly-once writes.
	RequestID string
	// RequestIDGiven says that RequestID is the request's own, so that the caller
	// can repeat the call under it.
	RequestIDGiven bool
	// Method is the full name, such as /rapport.v1.CustomerService/GetCustomer, and
	// names.Other where there is no such method.
	Method string
	// Principal is the verified caller.
	Principal string
	// Peer is PeerGRPC or PeerREST.
	Peer string
}

type (
	callKey struct{}
	edgeKey struct{}
)

// callContext carries a Call. It is a type of its own because a context.WithValue
// would cost every call a second allocation.
type callContext struct {
	context.Context

	call Call
}

// Value implements context.Context.
func (c *callContext) Value(key any) any {
	if key == (callKey{}) {
		return &c.call
	}
	return c.Context.Value(key)
}

// CallFrom returns the running call, or a zero Call outside of one.
func CallFrom(ctx context.Context) Call {
	if call, ok := ctx.Value(callKey{}).(*Call); ok {
		return *call
	}
	return Call{}
}

// WithRequestID marks the context of a call that our own REST edge makes over the
// in-process channel, with the id it has for the request; an empty one makes the
// service choose. Metadata is never read for this: the id is the exactly-once key,
// and a stranger must not choose it beside the request's own field.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, edgeKey{}, id)
}

// FromREST says whether the context came through WithRequestID.
func FromREST(ctx context.Context) bool {
	_, ok := ctx.Value(edgeKey{}).(string)
	return ok
}

func newCall(ctx context.Context, method string, req any) Call {
	call := Call{Method: method, Principal: Anonymous, Peer: PeerGRPC}
	edgeID, rest := ctx.Value(edgeKey{}).(string)
	if rest {
		call.Peer = PeerREST
	}
	if r, ok := req.(interface{ GetRequestId() string }); ok {
		if id, ok := canonicalUUID(r.GetRequestId()); ok {
			call.RequestID, call.RequestIDGiven = id, true
			return call
		}
	}
	if id, ok := canonicalUUID(edgeID); ok {
		call.RequestID = id
		return call
	}
	// Version 7, so that request rows of the same minutes lie together in the index.
	id, err := uuid.NewV7()
	if err != nil {
		id = uuid.New()
	}
	call.RequestID = id.String()
	return call
}

// canonicalUUID takes the plain form only: uuid.Parse would also take braces and
// urn:uuid:.
func canonicalUUID(s string) (string, bool) {
	if len(s) != 36 {
		return "", false
	}
	if err := uuid.Validate(s); err != nil {
		return "", false
	}
	return strings.ToLower(s), true
}

// Quiet says whether calls of this method are neither logged nor traced nor
// counted: health checks and reflection, whose errors are their own too.
func Quiet(method string) bool {
	return strings.HasPrefix(method, "/grpc.health.") || strings.HasPrefix(method, "/grpc.reflection.")
}
