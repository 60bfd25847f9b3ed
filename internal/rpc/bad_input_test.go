package rpc_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
)

// raw sends bytes as they are.
type raw struct{}

func (raw) Marshal(v any) ([]byte, error) { return v.([]byte), nil }
func (raw) Unmarshal([]byte, any) error   { return nil }
func (raw) Name() string                  { return "proto" }

var malformed = map[string][]byte{
	"truncated":     {0x0a, 0xff, 'a'},
	"wrong wire":    {0x0f, 0x01},
	"not UTF-8":     {0x0a, 0x02, 0xff, 0xfe},
	"endless group": []byte(strings.Repeat("\x0b", 20000)),
}

func TestMalformedBytes(t *testing.T) {
	for name, sent := range malformed {
		t.Run(name, func(t *testing.T) {
			r := start(t)
			err := r.conn.Invoke(t.Context(), "/rapport.v1.CustomerService/GetCustomer", sent, &struct{}{}, grpc.ForceCodec(raw{}))
			if status.Code(err) != codes.InvalidArgument || apierr.Reason(err) != rapportv1.ErrorReason_MALFORMED_MESSAGE {
				t.Errorf("got %v", err)
			}
			line := r.log.only(t)
			if line["reason"] != "MALFORMED_MESSAGE" || line["method"] != "/rapport.v1.CustomerService/GetCustomer" {
				t.Errorf("logged %v", line)
			}
			r.await(t, `rpc_response_status_code="INVALID_ARGUMENT"`)
		})
	}
}

func TestMalformedBytesInAStream(t *testing.T) {
	r := start(t)
	r.streams.duplex = func(stream grpc_testing.TestService_FullDuplexCallServer) error {
		_, err := stream.Recv()
		return err
	}
	desc := &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}
	stream, err := r.conn.NewStream(t.Context(), desc, "/grpc.testing.TestService/FullDuplexCall", grpc.ForceCodec(raw{}))
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.SendMsg([]byte{0x0a, 0xff, 'a'}); err != nil {
		t.Fatal(err)
	}
	if err := stream.RecvMsg(&struct{}{}); apierr.Reason(err) != rapportv1.ErrorReason_MALFORMED_MESSAGE {
		t.Errorf("got %v", err)
	}
}

func TestTooLargeMessageIsLogged(t *testing.T) {
	r := start(t)
	_, err := r.client().GetCustomer(t.Context(), &rapportv1.GetCustomerRequest{Name: strings.Repeat("a", 5<<20)})
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("got %v", err)
	}
	if line := r.log.only(t); line["reason"] != "MESSAGE_TOO_LARGE" {
		t.Errorf("logged %v", line)
	}
}

func TestUnknownMethods(t *testing.T) {
	r := start(t)
	call := func(method string) error {
		return r.conn.Invoke(t.Context(), method, &emptypb.Empty{}, &emptypb.Empty{})
	}
	err := call("/rapport.v1.CustomerService/GetAnna")
	if status.Code(err) != codes.Unimplemented || apierr.Reason(err) != rapportv1.ErrorReason_UNKNOWN_METHOD {
		t.Fatalf("got %v", err)
	}
	before := strings.Count(r.await(t, `rpc_method="_OTHER"`), "\n")
	for i := range 1000 {
		if err := call(fmt.Sprintf("/anna%d.v1.Service/Method", i)); status.Code(err) != codes.Unimplemented {
			t.Fatalf("got %v", err)
		}
	}
	after := r.metrics(t)
	if n := strings.Count(after, "\n"); n > before {
		t.Errorf("%d lines of metrics became %d:\n%s", before, n, after)
	}
	if strings.Contains(after, "anna") || strings.Contains(r.log.text(), "nna") {
		t.Error("what the stranger called is in metrics or log")
	}
}

func TestViolations(t *testing.T) {
	long := strings.Repeat("x", 300)
	attribute := func(s string) *rapportv1.AttributeValue {
		return &rapportv1.AttributeValue{Kind: &rapportv1.AttributeValue_StringValue{StringValue: s}}
	}
	tests := map[string]struct {
		change func(*rapportv1.CreateCustomerRequest)
		want   []string
	}{
		"a rule": {
			func(r *rapportv1.CreateCustomerRequest) { r.Customer.DisplayName = long },
			[]string{"customer.display_name string.max_len"},
		},
		"NUL in a field": {
			func(r *rapportv1.CreateCustomerRequest) { r.Customer.DisplayName = "a\x00b" },
			[]string{"customer.display_name string.no_nul"},
		},
		"NUL in a list": {
			func(r *rapportv1.CreateCustomerRequest) { r.Customer.Tags = []string{"a", "b\x00"} },
			[]string{"customer.tags[1] string.no_nul"},
		},
		"NUL in a map's value": {
			func(r *rapportv1.CreateCustomerRequest) {
				r.Customer.Attributes = map[string]*rapportv1.AttributeValue{"plan": attribute("\x00")}
			},
			[]string{`customer.attributes["plan"].string_value string.no_nul`},
		},
		"all at once": {
			func(r *rapportv1.CreateCustomerRequest) {
				r.Customer.DisplayName = long
				r.Customer.Owner = proto.String("\x00")
				r.RequestId = "no uuid"
			},
			[]string{"customer.display_name string.max_len", "customer.owner string.no_nul", "request_id string.uuid"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := start(t)
			req := &rapportv1.CreateCustomerRequest{Customer: valid()}
			test.change(req)
			_, err := r.client().CreateCustomer(t.Context(), req)
			if apierr.Reason(err) != rapportv1.ErrorReason_INVALID_FIELD {
				t.Fatalf("got %v", err)
			}
			got := violations(err)
			for _, want := range test.want {
				if !slices.Contains(got, want) {
					t.Errorf("want %q among %q", want, got)
				}
			}
		})
	}
}

func TestNULInAMapKey(t *testing.T) {
	r := start(t)
	req := &rapportv1.CreateCustomerRequest{Customer: valid()}
	req.Customer.ExternalIds = map[string]string{"a\x00": "1"}
	_, err := r.client().CreateCustomer(t.Context(), req)
	if want := `customer.external_ids["a\x00"] string.no_nul`; !slices.Contains(violations(err), want) {
		t.Errorf("want %q among %q", want, violations(err))
	}
}

func TestViolationsAreBounded(t *testing.T) {
	r := start(t)
	req := &rapportv1.CreateCustomerRequest{Customer: valid()}
	req.Customer.Tags = slices.Repeat([]string{"\x00"}, 5000)
	// A cut in the middle of a character would make the answer undecodable.
	req.Customer.ExternalIds = map[string]string{strings.Repeat("é", 1000): "\x00"}
	_, err := r.client().CreateCustomer(t.Context(), req)
	got := violations(err)
	if diff := cmp.Diff(100, len(got)); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
	for _, v := range got {
		if len(v) > 300 {
			t.Errorf("a violation of %d bytes", len(v))
		}
	}
}

func TestStreamedMessagesAreValidated(t *testing.T) {
	r := start(t)
	r.streams.duplex = func(stream grpc_testing.TestService_FullDuplexCallServer) error {
		_, err := stream.Recv()
		return err
	}
	stream, err := grpc_testing.NewTestServiceClient(r.conn).FullDuplexCall(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	req := &grpc_testing.StreamingOutputCallRequest{ResponseStatus: &grpc_testing.EchoStatus{Message: "\x00"}}
	if err := stream.Send(req); err != nil {
		t.Fatal(err)
	}
	_, err = stream.Recv()
	if diff := cmp.Diff([]string{"response_status.message string.no_nul"}, violations(err)); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
}

func violations(err error) []string {
	var all []string
	for _, d := range status.Convert(err).Details() {
		if bad, ok := d.(*errdetails.BadRequest); ok {
			for _, v := range bad.GetFieldViolations() {
				all = append(all, v.GetField()+" "+v.GetReason())
			}
		}
	}
	return all
}
