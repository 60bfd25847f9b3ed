package main

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// reason is one value of ErrorReason with what its comment says.
type reason struct {
	Name     string
	Code     string // the gRPC code, such as NOT_FOUND
	Statuses []int  // the HTTP statuses under which REST sends it
	RESTOnly bool   // gRPC never sends it
	Meaning  string
	// Implied says that it follows from what a call is, not from what it means.
	Implied bool
	// Operations are those that name it, in the order of the .proto files.
	Operations []operationLink
}

// operationLink is where an operation stands in the API reference.
type operationLink struct{ Tag, ID string }

// reasonComment is how each comment in error_reason.proto begins:
// `ABORTED, REST 409. `, `NOT_FOUND, REST only. `, `UNIMPLEMENTED, REST only, 405. ` or
// just `NOT_FOUND. `.
var reasonComment = regexp.MustCompile(`^([A-Z_]+)(?:, REST ([^.]*))?\. (.+)$`)

var httpStatus = regexp.MustCompile(`\b[45]\d\d\b`)

func readReasons(files *protoregistry.Files) ([]*reason, error) {
	d, err := files.FindDescriptorByName(protoPackage + ".ErrorReason")
	if err != nil {
		return nil, err
	}
	values := d.(protoreflect.EnumDescriptor).Values()
	var out []*reason
	for i := 1; i < values.Len(); i++ { // 0 is never sent
		r, err := parseReason(string(values.Get(i).Name()), comment(values.Get(i)))
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func parseReason(name, text string) (*reason, error) {
	match := reasonComment.FindStringSubmatch(text)
	if match == nil {
		return nil, fmt.Errorf("%s: the comment does not begin with a gRPC code and a full stop: %q", name, text)
	}
	var code codes.Code
	if err := code.UnmarshalJSON([]byte(strconv.Quote(match[1]))); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r := &reason{Name: name, Code: match[1], Meaning: match[3]}
	r.RESTOnly = strings.HasPrefix(match[2], "only")
	for _, s := range httpStatus.FindAllString(match[2], -1) {
		status, _ := strconv.Atoi(s)
		r.Statuses = append(r.Statuses, status)
	}
	if r.Statuses == nil {
		r.Statuses = []int{runtime.HTTPStatusFromCode(code)}
	}
	return r, nil
}

// transportReasons answer calls that reach no operation, so none names them.
var transportReasons = []string{"NO_ROUTE", "METHOD_NOT_ALLOWED", "UNKNOWN_METHOD", "CANCELLED"}

// methodErrors is one `CODE (REASON, REASON)` of the last paragraph of an RPC's
// comment.
var (
	methodErrors = regexp.MustCompile(`([A-Z_]+) \(([^)]*)\)`)
	reasonName   = regexp.MustCompile(`\b[A-Z][A-Z_]+[A-Z]\b`)
	// otherRPC names an RPC whose errors are this one's too.
	otherRPC = regexp.MustCompile(`\bthose of ([A-Z]\w+)`)
)

// errorsOf returns the `Errors:` paragraph of an RPC, with that of each other one that
// it refers to.
func errorsOf(rpc protoreflect.MethodDescriptor) (string, error) {
	_, paragraph, _ := strings.Cut(comment(rpc), "\n\nErrors: ")
	for _, match := range otherRPC.FindAllStringSubmatch(paragraph, -1) {
		service, _ := rpc.Parent().(protoreflect.ServiceDescriptor)
		other := service.Methods().ByName(protoreflect.Name(match[1]))
		if other == nil || other == rpc {
			return "", fmt.Errorf("%s: the errors are those of %s, which is no other RPC of the service", rpc.FullName(), match[1])
		}
		more, err := errorsOf(other)
		if err != nil {
			return "", err
		}
		paragraph += " " + more
	}
	return paragraph, nil
}

// named returns the reasons that an RPC's `Errors:` paragraph names.
func (a *api) named(paragraph string) ([]*reason, error) {
	var out []*reason
	for _, group := range methodErrors.FindAllStringSubmatch(paragraph, -1) {
		for _, name := range reasonName.FindAllString(group[2], -1) {
			r := a.reason(name)
			if r == nil {
				return nil, fmt.Errorf("no reason is called %s", name)
			}
			if r.Code != group[1] {
				return nil, fmt.Errorf("%s is %s here, but %s in error_reason.proto", name, group[1], r.Code)
			}
			out = append(out, r)
		}
	}
	return out, nil
}

// reason returns the reason of this name, or nil.
func (a *api) reason(name string) *reason {
	i := slices.IndexFunc(a.reasons, func(r *reason) bool { return r.Name == name })
	if i < 0 {
		return nil
	}
	return a.reasons[i]
}

// operationReasons returns every reason with which a binding can answer: those
// that its comment names and those that follow from what it is.
func (a *api) operationReasons(b binding, operation string) ([]*reason, error) {
	paragraph, err := errorsOf(b.method)
	if err != nil {
		return nil, err
	}
	out, err := a.named(paragraph)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.method.FullName(), err)
	}
	slices.SortFunc(out, a.inOrder)
	out = slices.Compact(out)
	for _, r := range out {
		r.Operations = append(r.Operations, operationLink{Tag: operationTag(b, a).Name, ID: operation})
	}
	for _, name := range impliedReasons(b) {
		r := a.reason(name)
		if r == nil {
			return nil, fmt.Errorf("no reason is called %s", name)
		}
		r.Implied = true
		out = append(out, r)
	}
	slices.SortFunc(out, a.inOrder)
	return slices.Compact(out), nil
}

// inOrder compares reasons by their place in the .proto file.
func (a *api) inOrder(x, y *reason) int {
	return slices.Index(a.reasons, x) - slices.Index(a.reasons, y)
}

func impliedReasons(b binding) []string {
	names := strings.Fields(`INVALID_FIELD UNKNOWN_PARAMETER NOT_ACCEPTABLE INTERNAL_ERROR
		OVERLOADED DATABASE_UNAVAILABLE SHUTTING_DOWN DEADLINE_EXCEEDED`)
	if b.verb == http.MethodPost || b.verb == http.MethodPatch {
		names = append(names, "MALFORMED_MESSAGE", "MESSAGE_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE")
	}
	if b.mutates() {
		names = append(names, "REQUEST_ID_REUSED", "REQUEST_IN_PROGRESS", "TRANSACTION_CONFLICT",
			"STORAGE_FULL", "COMMIT_OUTCOME_UNKNOWN")
	}
	if b.verb == http.MethodPatch || b.verb == http.MethodDelete {
		names = append(names, "ETAG_REQUIRED")
	}
	return names
}
