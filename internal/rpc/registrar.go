package rpc

import (
	"context"
	"fmt"
	"reflect"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
)

// Service is one registered service: as generated, before any wrapping, so that the
// in-process channel, which has no bytes to decode, can call it.
type Service struct {
	Desc *grpc.ServiceDesc
	Impl any
}

// Registrar collects the services of this process. It is filled first, by the
// generated Register functions; the chain, the gRPC server and the in-process
// channel are then made from it.
type Registrar struct {
	services []Service
	methods  map[string]bool
}

// RegisterService implements grpc.ServiceRegistrar. Like grpc.Server's it panics on
// an implementation that does not fit, which only a fault in the wiring can cause.
func (r *Registrar) RegisterService(desc *grpc.ServiceDesc, impl any) {
	want := reflect.TypeOf(desc.HandlerType).Elem()
	if !reflect.TypeOf(impl).Implements(want) {
		panic(fmt.Sprintf("rpc: %T does not implement %v", impl, want))
	}
	if r.methods == nil {
		r.methods = map[string]bool{}
	}
	for _, m := range desc.Methods {
		r.methods[fullMethod(desc, m.MethodName)] = true
	}
	for _, s := range desc.Streams {
		r.methods[fullMethod(desc, s.StreamName)] = true
	}
	r.services = append(r.services, Service{Desc: desc, Impl: impl})
}

// Services returns what was registered, in that order.
func (r *Registrar) Services() []Service { return r.services }

// Known says whether a full method name is one of a registered service.
func (r *Registrar) Known(method string) bool { return r.methods[method] }

// RegisterWith registers all services with the gRPC server, wrapped so that bytes
// which do not decode are answered with MALFORMED_MESSAGE. The server must have been
// made with ServerOptions, whose codec this needs.
func (r *Registrar) RegisterWith(server grpc.ServiceRegistrar) {
	for _, s := range r.services {
		desc := *s.Desc
		desc.Methods = nil
		for _, m := range s.Desc.Methods {
			desc.Methods = append(desc.Methods, grpc.MethodDesc{
				MethodName: m.MethodName,
				Handler:    decodeUnary(fullMethod(s.Desc, m.MethodName), m.Handler),
			})
		}
		desc.Streams = nil
		for _, m := range s.Desc.Streams {
			m.Handler = decodeStream(m.Handler)
			desc.Streams = append(desc.Streams, m)
		}
		server.RegisterService(&desc, s.Impl)
	}
}

// requests returns the descriptors of all request messages.
func (r *Registrar) requests() ([]protoreflect.MessageDescriptor, error) {
	var all []protoreflect.MessageDescriptor
	for _, s := range r.services {
		d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(s.Desc.ServiceName))
		if err != nil {
			return nil, fmt.Errorf("find the descriptor of %s: %w", s.Desc.ServiceName, err)
		}
		service, ok := d.(protoreflect.ServiceDescriptor)
		if !ok {
			return nil, fmt.Errorf("%s is not a service", s.Desc.ServiceName)
		}
		for i := range service.Methods().Len() {
			all = append(all, service.Methods().Get(i).Input())
		}
	}
	return all, nil
}

func fullMethod(desc *grpc.ServiceDesc, method string) string {
	return "/" + desc.ServiceName + "/" + method
}

// decodeUnary makes the generated handler see the true message while the server
// fills an envelope. A message that could not be taken is passed to the interceptor
// as an error of the handler, so that it is logged and counted like any other call.
func decodeUnary(method string, handler grpc.MethodHandler) grpc.MethodHandler {
	return func(srv any, ctx context.Context, dec func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
		var refused error
		resp, err := handler(srv, ctx, func(message any) error {
			e := envelope{message: message}
			refused = decoded(dec(&e), &e)
			return refused
		}, interceptor)
		if refused == nil || interceptor == nil {
			return resp, err
		}
		info := &grpc.UnaryServerInfo{Server: srv, FullMethod: method}
		return interceptor(ctx, nil, info, func(context.Context, any) (any, error) { return nil, refused })
	}
}

func decodeStream(handler grpc.StreamHandler) grpc.StreamHandler {
	return func(srv any, stream grpc.ServerStream) error {
		return handler(srv, &decodingStream{stream})
	}
}

// decodingStream is a stream whose messages arrive in envelopes.
type decodingStream struct{ grpc.ServerStream }

// RecvMsg implements grpc.ServerStream.
func (s *decodingStream) RecvMsg(message any) error {
	e := envelope{message: message}
	return decoded(s.ServerStream.RecvMsg(&e), &e)
}

// decoded returns the error of receiving into e.
func decoded(err error, e *envelope) error {
	switch {
	case err != nil && status.Code(err) == codes.ResourceExhausted && apierr.Info(err) == nil:
		// grpc-go has answered this itself already; what is made here is for the log.
		return apierr.New(codes.ResourceExhausted, rapportv1.ErrorReason_MESSAGE_TOO_LARGE,
			"the message is larger than the service takes", nil)
	case err != nil:
		return err
	case e.malformed:
		return apierr.New(codes.InvalidArgument, rapportv1.ErrorReason_MALFORMED_MESSAGE,
			"the bytes of the request do not decode into its message", nil)
	}
	return nil
}

// unknownMethod answers calls of methods that do not exist.
func unknownMethod(_ any, _ grpc.ServerStream) error {
	return apierr.New(codes.Unimplemented, rapportv1.ErrorReason_UNKNOWN_METHOD, "there is no such RPC", nil)
}
