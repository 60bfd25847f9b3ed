package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	// Linked so that the field rules in the image are decoded.
	_ "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
)

// protoPackage is the package whose services are documented.
const protoPackage = "rapport.v1"

// api is what the image says about the service.
type api struct {
	files    *protoregistry.Files
	bindings []binding
	reasons  []*reason
}

// binding is one HTTP rule of one RPC.
type binding struct {
	method     protoreflect.MethodDescriptor
	verb       string
	template   string
	body       string // the request field that the body holds, or `*`, or nothing
	additional bool
}

// mutates says whether the RPC changes anything: those take a request id.
func (b binding) mutates() bool { return b.method.Input().Fields().ByName("request_id") != nil }

// bodyField returns the request field that the body holds, or nil.
func bodyField(b binding) protoreflect.FieldDescriptor {
	return b.method.Input().Fields().ByName(protoreflect.Name(b.body))
}

// key identifies a route whatever its path variables are called, such as
// `PATCH /v1/customers/{}`.
func (b binding) key() string {
	path := templateVariable.ReplaceAllString(b.template, "$1")
	return b.verb + " " + strings.ReplaceAll(path, "*", "{}")
}

var (
	templateVariable = regexp.MustCompile(`\{[^}=]+=([^}]*)\}`)
	pathVariable     = regexp.MustCompile(`\{[^}]*\}`)
)

// readImage reads what `buf build -o PATH` wrote.
func readImage(path string) (*api, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(raw, &set); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	files, err := protodesc.NewFiles(&set)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	out := &api{files: files}
	// In the image's order, which is that of the paths: the registry has none.
	for _, file := range set.GetFile() {
		fd, err := files.FindFileByPath(file.GetName())
		if err != nil {
			return nil, err
		}
		if fd.Package() != protoPackage {
			continue
		}
		for i := range fd.Services().Len() {
			out.bindings = append(out.bindings, serviceBindings(fd.Services().Get(i))...)
		}
	}
	out.reasons, err = readReasons(files)
	return out, err
}

func serviceBindings(service protoreflect.ServiceDescriptor) []binding {
	var out []binding
	for i := range service.Methods().Len() {
		method := service.Methods().Get(i)
		rule, _ := proto.GetExtension(method.Options(), annotations.E_Http).(*annotations.HttpRule)
		if rule == nil {
			continue
		}
		out = append(out, newBinding(method, rule, false))
		for _, more := range rule.GetAdditionalBindings() {
			out = append(out, newBinding(method, more, true))
		}
	}
	return out
}

func newBinding(method protoreflect.MethodDescriptor, rule *annotations.HttpRule, additional bool) binding {
	b := binding{method: method, body: rule.GetBody(), additional: additional}
	switch pattern := rule.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		b.verb, b.template = "GET", pattern.Get
	case *annotations.HttpRule_Post:
		b.verb, b.template = "POST", pattern.Post
	case *annotations.HttpRule_Put:
		b.verb, b.template = "PUT", pattern.Put
	case *annotations.HttpRule_Patch:
		b.verb, b.template = "PATCH", pattern.Patch
	case *annotations.HttpRule_Delete:
		b.verb, b.template = "DELETE", pattern.Delete
	}
	return b
}

// comment returns the comment above a declaration, one line a paragraph.
func comment(d protoreflect.Descriptor) string {
	return unwrap(d.ParentFile().SourceLocations().ByDescriptor(d).LeadingComments)
}

// unwrap joins the lines of each paragraph of a .proto comment: Markdown viewers
// disagree on whether a line end within a paragraph shows.
func unwrap(text string) string {
	var paragraphs []string
	for paragraph := range strings.SplitSeq(strings.ReplaceAll(text, "\n ", "\n"), "\n\n") {
		if joined := strings.Join(strings.Fields(paragraph), " "); joined != "" {
			paragraphs = append(paragraphs, joined)
		}
	}
	out := strings.Join(paragraphs, "\n\n")
	return strings.ReplaceAll(out, "docs/errors.md", "[/docs/errors](/docs/errors)")
}

// message returns the descriptor behind a schema of the document, or nil.
func (a *api) message(schema string) protoreflect.MessageDescriptor {
	name := strings.ReplaceAll(schema, "_", ".") // nested messages are written Outer_Inner
	for _, pkg := range []string{protoPackage, "google.type", "google.rpc"} {
		d, err := a.files.FindDescriptorByName(protoreflect.FullName(pkg + "." + name))
		if message, ok := d.(protoreflect.MessageDescriptor); err == nil && ok {
			return message
		}
	}
	return nil
}
