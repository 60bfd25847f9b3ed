package rest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// route is one binding of an RPC to an HTTP method and a path template, with what its
// request message says about bodies, parameters and headers.
type route struct {
	method   string // of HTTP
	template string
	rpc      string // the RPC's name without its service
	input    protoreflect.MessageDescriptor

	// body is the message that the body is decoded into, and bodyField the field of the
	// request that holds it: nil where the body is the request itself.
	body      protoreflect.MessageDescriptor
	bodyField protoreflect.FieldDescriptor
	// params are what the query may set, by each name that they go by.
	params map[string]param

	requestID    protoreflect.FieldDescriptor
	validateOnly protoreflect.FieldDescriptor
	updateMask   protoreflect.FieldDescriptor
	etag         []protoreflect.FieldDescriptor // the path to it

	stream *stream // of an RPC that answers with a stream; nil for the others
	draw   draw    // of a binding whose answer is drawn; nil for the others
}

// media is the media type of the answers, errors apart.
func (r *route) media() string {
	switch {
	case r.stream != nil:
		return ndjsonType
	case r.draw != nil:
		return svgType
	default:
		return jsonType
	}
}

// param is a field that a query parameter sets.
type param struct {
	path  string // of proto names
	field protoreflect.FieldDescriptor
}

// simpleVariable finds the variables of a template that the gateway writes as {x=*}.
var simpleVariable = regexp.MustCompile(`\{([^=}]+)\}`)

// newRoutes returns the routes of all RPCs of the files, by "METHOD template" in the
// form in which the gateway prints its patterns. An RPC without an HTTP rule has none.
func newRoutes(files ...protoreflect.FileDescriptor) (map[string]*route, error) {
	out := map[string]*route{}
	for _, file := range files {
		for i := range file.Services().Len() {
			rpcs := file.Services().Get(i).Methods()
			for j := range rpcs.Len() {
				rule, _ := proto.GetExtension(rpcs.Get(j).Options(), annotations.E_Http).(*annotations.HttpRule)
				for _, binding := range append([]*annotations.HttpRule{rule}, rule.GetAdditionalBindings()...) {
					if binding == nil {
						continue
					}
					r, err := newRoute(rpcs.Get(j), binding)
					if err != nil {
						return nil, err
					}
					out[r.method+" "+r.template] = r
				}
			}
		}
	}
	return out, nil
}

func newRoute(rpc protoreflect.MethodDescriptor, rule *annotations.HttpRule) (*route, error) {
	r := &route{rpc: string(rpc.Name()), input: rpc.Input(), params: map[string]param{}}
	switch p := rule.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		r.method, r.template = "GET", p.Get
	case *annotations.HttpRule_Post:
		r.method, r.template = "POST", p.Post
	case *annotations.HttpRule_Patch:
		r.method, r.template = "PATCH", p.Patch
	case *annotations.HttpRule_Put:
		r.method, r.template = "PUT", p.Put
	case *annotations.HttpRule_Delete:
		r.method, r.template = "DELETE", p.Delete
	default:
		return nil, fmt.Errorf("%s has an HTTP binding of an unknown kind", rpc.FullName())
	}
	if rpc.IsStreamingServer() || rpc.IsStreamingClient() {
		var err error
		if r.stream, err = newStream(rpc); err != nil {
			return nil, err
		}
		if rule.GetBody() != "" {
			return nil, fmt.Errorf("%s: an RPC with a stream has a body", rpc.FullName())
		}
	}
	if strings.HasSuffix(r.template, svgSuffix) {
		if r.draw = drawings[rpc.Output().FullName()]; r.draw == nil {
			return nil, fmt.Errorf("%s: nothing draws its answer", rpc.FullName())
		}
	}
	r.template = simpleVariable.ReplaceAllString(r.template, "{$1=*}")
	fields := rpc.Input().Fields()
	switch name := rule.GetBody(); name {
	case "":
	case "*":
		r.body = rpc.Input()
	default:
		r.bodyField = fields.ByName(protoreflect.Name(name))
		if r.bodyField == nil || r.bodyField.Message() == nil {
			return nil, fmt.Errorf("%s: the body %q is no message of the request", rpc.FullName(), name)
		}
		r.body = r.bodyField.Message()
	}
	r.requestID, r.validateOnly = fields.ByName("request_id"), fields.ByName("validate_only")
	r.updateMask = fields.ByName("update_mask")
	if fd := fields.ByName("etag"); fd != nil {
		r.etag = []protoreflect.FieldDescriptor{fd}
	} else if r.updateMask != nil && r.bodyField != nil {
		if fd := r.body.Fields().ByName("etag"); fd != nil {
			r.etag = []protoreflect.FieldDescriptor{r.bodyField, fd}
		}
	}
	if rule.GetBody() != "*" {
		r.addParams(rpc.Input(), "", "", pathVariables(r.template), 2)
	}
	return r, nil
}

// pathVariables returns the field paths that the template binds.
func pathVariables(template string) []string {
	var out []string
	for _, part := range strings.Split(template, "{")[1:] {
		name, _, _ := strings.Cut(part, "=")
		out = append(out, name)
	}
	return out
}

// addParams adds the fields of md that a query can set: scalars, lists of them, the
// well-known types that are one string, and those of messages inside, depth deep.
func (r *route) addParams(md protoreflect.MessageDescriptor, protoPrefix, jsonPrefix string, bound []string, depth int) {
	for i := range md.Fields().Len() {
		fd := md.Fields().Get(i)
		path, jsonPath := protoPrefix+string(fd.Name()), jsonPrefix+fd.JSONName()
		if fd == r.bodyField || slices.Contains(bound, path) || fd.IsMap() {
			continue
		}
		if m := fd.Message(); m != nil && m.FullName().Parent() != "google.protobuf" {
			if depth > 0 && !fd.IsList() {
				r.addParams(m, path+".", jsonPath+".", bound, depth-1)
			}
			continue
		}
		p := param{path: path, field: fd}
		r.params[path], r.params[jsonPath] = p, p
	}
}
