package inprocess

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// service answers with what it was sent; a response size of -1 asks for an error, -2
// for a panic, -3 for waiting until the context ends.
type service struct {
	testpb.UnimplementedTestServiceServer
}

func (service) UnaryCall(ctx context.Context, req *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	_ = grpc.SetHeader(ctx, metadata.Pairs("echo", first(md.Get("question"))))
	_ = grpc.SetTrailer(ctx, metadata.Pairs("late", "yes"))
	switch req.GetResponseSize() {
	case -1:
		return nil, status.Error(codes.Aborted, "as asked")
	case -2:
		panic("as asked")
	case -3:
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return &testpb.SimpleResponse{Payload: req.GetPayload(), Username: "u"}, nil
}

func (service) FullDuplexCall(stream testpb.TestService_FullDuplexCallServer) error {
	if err := stream.SendHeader(metadata.Pairs("echo", "stream")); err != nil {
		return err
	}
	stream.SetTrailer(metadata.Pairs("late", "stream"))
	for {
		req, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(req.GetPayload().GetBody()) == 0 {
			return status.Error(codes.Aborted, "as asked")
		}
		if err := stream.Send(&testpb.StreamingOutputCallResponse{Payload: req.GetPayload()}); err != nil {
			return err
		}
	}
}

func first(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}

func client(c *Channel) testpb.TestServiceClient {
	testpb.RegisterTestServiceServer(c, service{})
	return testpb.NewTestServiceClient(c)
}

func TestUnary(t *testing.T) {
	var seen []string
	c := client(New(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		seen = append(seen, info.FullMethod)
		return next(ctx, req)
	}, nil, nil))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "question", "42")
	var header, trailer metadata.MD
	req := &testpb.SimpleRequest{Payload: &testpb.Payload{Body: []byte("hello")}}
	resp, err := c.UnaryCall(ctx, req, grpc.Header(&header), grpc.Trailer(&trailer))
	if err != nil {
		t.Fatal(err)
	}
	if string(resp.GetPayload().GetBody()) != "hello" || resp.GetUsername() != "u" {
		t.Errorf("got %v", resp)
	}
	if diff := cmp.Diff([]string{"/grpc.testing.TestService/UnaryCall"}, seen); diff != "" {
		t.Errorf("the interceptor saw (-want +got):\n%s", diff)
	}
	if header.Get("echo")[0] != "42" || trailer.Get("late")[0] != "yes" {
		t.Errorf("header %v, trailer %v", header, trailer)
	}
}

func TestUnaryErrors(t *testing.T) {
	c := client(New(nil, nil, nil))
	if _, err := c.UnaryCall(t.Context(), &testpb.SimpleRequest{ResponseSize: -1}); status.Code(err) != codes.Aborted {
		t.Errorf("got %v", err)
	}
	if _, err := c.EmptyCall(t.Context(), &testpb.Empty{}); status.Code(err) != codes.Unimplemented {
		t.Errorf("got %v", err)
	}
	if _, err := testpb.NewUnimplementedServiceClient(New(nil, nil, nil)).UnimplementedCall(t.Context(), &testpb.Empty{}); status.Code(err) != codes.Unimplemented {
		t.Errorf("an unknown service: %v", err)
	}
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := c.UnaryCall(short, &testpb.SimpleRequest{ResponseSize: -3}); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("past the deadline: %v", err)
	}
	gone, stop := context.WithCancel(t.Context())
	stop()
	if _, err := c.UnaryCall(gone, &testpb.SimpleRequest{}); status.Code(err) != codes.Canceled {
		t.Errorf("after a cancel: %v", err)
	}
}

// A panic is the recover interceptor's to catch, and the span ends all the same.
func TestPanicAndSpans(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	c := client(New(nil, nil, otelgrpc.NewServerHandler(otelgrpc.WithTracerProvider(provider))))
	ctx, parent := provider.Tracer("test").Start(t.Context(), "GET /v1/things")
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not reach the caller")
			}
		}()
		_, _ = c.UnaryCall(ctx, &testpb.SimpleRequest{ResponseSize: -2})
	}()
	if _, err := c.UnaryCall(ctx, &testpb.SimpleRequest{}); err != nil {
		t.Fatal(err)
	}
	stream, err := c.FullDuplexCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	ended := recorder.Ended()
	if len(ended) != 3 {
		t.Fatalf("%d spans ended", len(ended))
	}
	for _, span := range ended {
		if span.Parent().SpanID() != parent.SpanContext().SpanID() || span.SpanContext().TraceID() != parent.SpanContext().TraceID() {
			t.Errorf("%s is not a child of the HTTP span", span.Name())
		}
	}
	if ended[0].Name() != "grpc.testing.TestService/UnaryCall" || ended[2].Name() != "grpc.testing.TestService/FullDuplexCall" {
		t.Errorf("spans %s, %s", ended[0].Name(), ended[2].Name())
	}
}

func TestStream(t *testing.T) {
	var seen []string
	c := client(New(nil, func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
		seen = append(seen, info.FullMethod)
		return next(srv, stream)
	}, nil))
	stream, err := c.FullDuplexCall(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	header, err := stream.Header()
	if err != nil || header.Get("echo")[0] != "stream" {
		t.Fatalf("header %v, error %v", header, err)
	}
	req := &testpb.StreamingOutputCallRequest{}
	for _, text := range []string{"a", "b", "c"} {
		req.Payload = &testpb.Payload{Body: []byte(text)} // the same request struct each time
		if err := stream.Send(req); err != nil {
			t.Fatal(err)
		}
		resp, err := stream.Recv()
		if err != nil || string(resp.GetPayload().GetBody()) != text {
			t.Fatalf("got %v, %v", resp, err)
		}
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the end stays the end
		if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
			t.Fatalf("at the end: %v", err)
		}
	}
	for range 50 { // and the header what it was
		if _, err := stream.Header(); err != nil {
			t.Fatalf("the header at the end: %v", err)
		}
	}
	if stream.Trailer().Get("late")[0] != "stream" {
		t.Errorf("trailer %v", stream.Trailer())
	}
	if diff := cmp.Diff([]string{"/grpc.testing.TestService/FullDuplexCall"}, seen); diff != "" {
		t.Errorf("the interceptor saw (-want +got):\n%s", diff)
	}
}

func TestStreamErrorAndCancel(t *testing.T) {
	ended := make(chan error, 1)
	c := client(New(nil, func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
		err := next(srv, stream)
		ended <- err
		return err
	}, nil))
	stream, err := c.FullDuplexCall(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&testpb.StreamingOutputCallRequest{}); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); status.Code(err) != codes.Aborted {
		t.Errorf("got %v", err)
	}
	if err := <-ended; status.Code(err) != codes.Aborted {
		t.Errorf("the handler ended with %v", err)
	}
	if err := stream.Send(&testpb.StreamingOutputCallRequest{}); !errors.Is(err, io.EOF) {
		t.Errorf("a send after the end: %v", err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	stream, err = c.FullDuplexCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := stream.Recv(); status.Code(err) != codes.Canceled {
		t.Errorf("after a cancel: %v", err)
	}
	if err := <-ended; status.Code(err) != codes.Canceled {
		t.Errorf("the handler ended with %v", err)
	}
}

func BenchmarkUnary(b *testing.B) {
	c := client(New(nil, nil, nil))
	ctx := metadata.AppendToOutgoingContext(b.Context(), "question", "42")
	req := &testpb.SimpleRequest{Payload: &testpb.Payload{Body: []byte("hello")}}
	b.ReportAllocs()
	for b.Loop() {
		var header, trailer metadata.MD
		if _, err := c.UnaryCall(ctx, req, grpc.Header(&header), grpc.Trailer(&trailer)); err != nil {
			b.Fatal(err)
		}
	}
}
