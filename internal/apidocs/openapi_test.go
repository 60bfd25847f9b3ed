package apidocs_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apidocs"
)

func document(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(apidocs.Document)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestDocumentAndItsExamplesAreValid(t *testing.T) {
	if err := document(t).Validate(t.Context(), openapi3.EnableExamplesValidation()); err != nil {
		t.Error(err)
	}
}

// A route that is not documented is a shadow endpoint, and one that is only
// documented is a lie.
func TestDocumentHasExactlyTheRoutesOfTheProtoFiles(t *testing.T) {
	variable := regexp.MustCompile(`\{[^}]*\}`)
	var documented []string
	for path, item := range document(t).Paths.Map() {
		for verb := range item.Operations() {
			documented = append(documented, verb+" "+variable.ReplaceAllString(path, "*"))
		}
	}
	slices.Sort(documented)
	if diff := cmp.Diff(routes(), documented); diff != "" {
		t.Errorf("routes (- proto files, + document):\n%s", diff)
	}
}

// routes lists `VERB path` of every HTTP rule of the linked rapport.v1 services.
func routes() []string {
	template := regexp.MustCompile(`\{[^}=]+=([^}]*)\}`)
	var out []string
	add := func(rule *annotations.HttpRule) {
		pattern := rule.ProtoReflect()
		field := pattern.WhichOneof(pattern.Descriptor().Oneofs().ByName("pattern"))
		path := template.ReplaceAllString(pattern.Get(field).String(), "$1")
		out = append(out, strings.ToUpper(string(field.Name()))+" "+path)
	}
	pkg := rapportv1.File_rapport_v1_customer_proto.Package()
	protoregistry.GlobalFiles.RangeFilesByPackage(pkg, func(fd protoreflect.FileDescriptor) bool {
		for i := range fd.Services().Len() {
			methods := fd.Services().Get(i).Methods()
			for j := range methods.Len() {
				rule, _ := proto.GetExtension(methods.Get(j).Options(), annotations.E_Http).(*annotations.HttpRule)
				if rule == nil {
					continue // gRPC only
				}
				add(rule)
				for _, more := range rule.GetAdditionalBindings() {
					add(more)
				}
			}
		}
		return true
	})
	slices.Sort(out)
	return out
}

func TestEveryOperationSaysHowItFails(t *testing.T) {
	for path, item := range document(t).Paths.Map() {
		for verb, op := range item.Operations() {
			for _, status := range []string{"400", "406", "500", "503", "504"} {
				if op.Responses.Value(status) == nil {
					t.Errorf("%s %s: no response %s", verb, path, status)
				}
			}
			for status, response := range op.Responses.Map() {
				media := response.Value.Content.Get("application/problem+json")
				if status >= "400" && (media == nil || media.Schema.Ref != "#/components/schemas/Problem") {
					t.Errorf("%s %s: response %s is not problem+json", verb, path, status)
				}
			}
		}
	}
}

func TestWritesDocumentTheHeadersThatMakeThemSafe(t *testing.T) {
	paths := document(t).Paths
	create := paths.Value("/v1/customers").Post
	update := paths.Value("/v1/customers/{customer}").Patch
	created := create.Responses.Value("201")
	if created == nil || created.Value.Headers["Location"] == nil || created.Value.Headers["ETag"] == nil {
		t.Error("CreateCustomer: want 201 with Location and ETag")
	}
	for name, op := range map[string]*openapi3.Operation{"create": create, "update": update} {
		if op.Parameters.GetByInAndName("header", "Idempotency-Key") == nil {
			t.Errorf("%s: no Idempotency-Key", name)
		}
	}
	if update.Parameters.GetByInAndName("header", "If-Match") == nil || update.Responses.Value("412") == nil {
		t.Error("UpdateCustomer: want If-Match and 412")
	}
	if required := update.RequestBody.Value.Content.Get("application/json").Schema.Value.Required; required != nil {
		t.Errorf("UpdateCustomer: a body may be partial, but %v are required", required)
	}
}

func TestEveryReasonIsExplained(t *testing.T) {
	documented := document(t).Components.Schemas["Problem"].Value.Properties["reason"].Value.Enum
	page := body(t, "/docs/errors")
	for number, name := range rapportv1.ErrorReason_name {
		if number == 0 {
			continue
		}
		if !slices.Contains(documented, any(name)) {
			t.Errorf("the document does not know the reason %s", name)
		}
		if !strings.Contains(page, `<section id="`+name+`">`) {
			t.Errorf("/docs/errors has no section %s", name)
		}
	}
}
