package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/grpc-ecosystem/grpc-gateway/v2/utilities"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/rapport-crm/rapport/internal/apierr"
)

// stream is what the descriptors say of an RPC that answers with a stream. The gateway
// would write each message as {"result":...}; here each item of the list that a message
// holds is a line of its own.
type stream struct {
	method        string // the RPC's full name
	input, output protoreflect.MessageType
	items         protoreflect.FieldDescriptor // the list in each message
	token         protoreflect.FieldDescriptor // next_page_token in each message, or nil
	// counted names the number of lines in the closing line, as in {"exported":3}: its
	// absence shows an answer that was cut off.
	counted string
}

func newStream(rpc protoreflect.MethodDescriptor) (*stream, error) {
	verb, isExport := strings.CutPrefix(string(rpc.Name()), "Export")
	if rpc.IsStreamingClient() || !isExport || verb == "" {
		return nil, fmt.Errorf("%s: of the RPCs with streams only exports have a form in REST", rpc.FullName())
	}
	s := &stream{method: fmt.Sprintf("/%s/%s", rpc.Parent().FullName(), rpc.Name()), counted: "exported"}
	var err error
	if s.input, err = protoregistry.GlobalTypes.FindMessageByName(rpc.Input().FullName()); err != nil {
		return nil, fmt.Errorf("%s: %w", rpc.FullName(), err)
	}
	if s.output, err = protoregistry.GlobalTypes.FindMessageByName(rpc.Output().FullName()); err != nil {
		return nil, fmt.Errorf("%s: %w", rpc.FullName(), err)
	}
	fields := s.output.Descriptor().Fields()
	s.token = fields.ByName("next_page_token")
	for i := range fields.Len() {
		if fd := fields.Get(i); fd.IsList() && fd.Message() != nil {
			s.items = fd
		}
	}
	if s.items == nil {
		return nil, fmt.Errorf("%s: its messages hold no list whose items could be lines", rpc.FullName())
	}
	return s, nil
}

// serveStream answers with the stream as lines of JSON. An error before the first line
// is a problem as everywhere; after it, the status has left, and the error is the last
// line.
func (h *handler) serveStream(w http.ResponseWriter, r *http.Request, x *exchange, pathParams map[string]string) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	s := x.route.stream
	call, err := h.openStream(ctx, r, s, pathParams)
	if err != nil {
		h.problem(w, x, 0, err)
		return
	}
	message := s.output.New().Interface()
	defer func() {
		cancel()
		awaitEnd(call, message)
	}()
	err = call.RecvMsg(message)
	md, _ := call.Header() // it is there once something was received
	passHeaders(w.Header(), runtime.ServerMetadata{HeaderMD: md, TrailerMD: call.Trailer()})
	if err != nil && !errors.Is(err, io.EOF) {
		h.problem(w, x, 0, err)
		return
	}
	x.wrote = true
	w.Header()["Content-Type"] = contentNDJSON
	w.WriteHeader(http.StatusOK)
	if x.outer.Method == http.MethodHead {
		return
	}
	out := h.newLines(w)
	token := ""
	for ; err == nil; err = call.RecvMsg(message) {
		// Each time anew: receiving replaces what the message knows of its own type too.
		m := message.ProtoReflect()
		if err = out.items(m.Get(s.items).List()); err != nil {
			break
		}
		if s.token != nil {
			token = m.Get(s.token).String()
		}
	}
	switch {
	case errors.Is(err, errClientGone):
	case errors.Is(err, io.EOF):
		out.last(map[string]int{s.counted: out.n})
	default:
		out.last(brokenOff{Error: h.newProblem(w.Header(), x, 0, err), NextPageToken: token})
	}
}

// awaitEnd waits for the end of a call that was cancelled, so that no RPC outlives its
// request, and with it the service. The message takes what is still on its way.
func awaitEnd(call grpc.ClientStream, message proto.Message) {
	for {
		if call.RecvMsg(message) != nil {
			return
		}
	}
}

// openStream makes the request message, of the path and of the query, which were
// checked, and sends it.
func (h *handler) openStream(ctx context.Context, r *http.Request, s *stream, pathParams map[string]string) (grpc.ClientStream, error) {
	req := s.input.New().Interface()
	for path, value := range pathParams {
		if err := runtime.PopulateFieldFromPath(req, path, value); err != nil {
			return nil, apierr.InvalidField("path", "has a malformed escape")
		}
	}
	if err := runtime.PopulateQueryParameters(req, r.Form, utilities.NewDoubleArray(nil)); err != nil {
		return nil, apierr.InvalidField("query", "does not fit the method")
	}
	call, err := h.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, s.method)
	if err != nil {
		return nil, err
	}
	if err := call.SendMsg(req); err != nil && !errors.Is(err, io.EOF) { // of io.EOF RecvMsg knows the cause
		return nil, err
	}
	return call, call.CloseSend()
}

// brokenOff is the last line of a stream that ended with an error.
type brokenOff struct {
	Error problem `json:"error"`
	// NextPageToken continues the stream behind the lines that were sent.
	NextPageToken string `json:"nextPageToken,omitempty"`
}
