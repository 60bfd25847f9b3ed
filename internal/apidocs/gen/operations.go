package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// extraNames are the operation ids and summaries of additional bindings, which
// would otherwise share those of the RPC's first one. They are part of the
// contract: generated clients name their functions after them.
var extraNames = map[string]struct{ id, summary string }{
	"PATCH /v1/customers":         {"CustomerService_UpsertCustomer", "Changes or makes a customer found by an external id"},
	"POST /v1/customers:batchGet": {"CustomerService_BatchGetCustomersByBody", "Returns up to 1,000 customers, named in the body"},

	"GET /v1/reports/satisfaction.svg": {"InsightService_DrawSatisfactionReport", "Draws what customers felt: the trend of a metric with its 95 % interval"},
	"GET /v1/reports/drivers.svg":      {"InsightService_DrawDriverReport", "Draws what drives satisfaction: importance against satisfaction, in four quadrants"},
}

// finishOperations completes every operation of the document, and fails where the
// document and the HTTP rules differ.
func finishOperations(doc *openapi3.T, api *api) error {
	found := map[string]*openapi3.Operation{}
	for path, item := range doc.Paths.Map() {
		for verb, op := range item.Operations() {
			found[verb+" "+pathVariable.ReplaceAllString(path, "{}")] = op
		}
	}
	if len(found) != len(api.bindings) {
		return fmt.Errorf("%d operations for %d HTTP rules", len(found), len(api.bindings))
	}
	tags := map[string]*openapi3.Tag{}
	for _, b := range api.bindings {
		op := found[b.key()]
		if op == nil {
			return fmt.Errorf("no operation for %s", b.key())
		}
		if err := finishOperation(op, b, api); err != nil {
			return err
		}
		tag := operationTag(b, api)
		op.Tags, tags[tag.Name] = []string{tag.Name}, tag
	}
	doc.Tags = nil
	for _, name := range sortedKeys(tags) {
		doc.Tags = append(doc.Tags, tags[name])
	}
	return checkReasonsUsed(api)
}

func finishOperation(op *openapi3.Operation, b binding, api *api) error {
	text, _, _ := strings.Cut(comment(b.method), "\n\nErrors: ")
	op.Description = text
	first, _, _ := strings.Cut(text+" ", ". ")
	op.Summary = strings.NewReplacer("`", "").Replace(strings.TrimSuffix(first, "."))
	if b.additional {
		extra, ok := extraNames[b.key()]
		if !ok {
			return fmt.Errorf("%s: an additional binding needs a name in extraNames", b.key())
		}
		op.OperationID, op.Summary = extra.id, extra.summary
	}
	reasons, err := api.operationReasons(b, op.OperationID)
	if err != nil {
		return err
	}
	finishParameters(op, b)
	finishBody(op, b)
	op.Responses = openapi3.NewResponses()
	if err := success(op, b); err != nil {
		return err
	}
	failures(op, api, b, reasons)
	return nil
}

// finishParameters describes path and query parameters and adds the headers that
// REST maps to fields of the request.
func finishParameters(op *openapi3.Operation, b binding) {
	kept := op.Parameters[:0]
	for _, ref := range op.Parameters {
		p := ref.Value
		switch {
		case p.In == "path":
			finishPathParameter(p, b)
		case strings.HasPrefix(p.Name, "externalId.") && !b.additional:
			continue // a name in the path leaves nothing for an external id to say
		default:
			finishQueryParameter(p, b)
		}
		kept = append(kept, ref)
	}
	op.Parameters = kept
	if b.mutates() {
		op.Parameters = append(op.Parameters, &openapi3.ParameterRef{Ref: "#/components/parameters/IdempotencyKey"})
	}
	if takesEtag(b) {
		op.Parameters = append(op.Parameters, &openapi3.ParameterRef{Ref: "#/components/parameters/IfMatch"})
	}
}

func finishPathParameter(p *openapi3.Parameter, b binding) {
	p.Description = "The id of the " + p.Name + ", a UUID in lower case."
	p.Schema.Value.Format = "uuid"
	p.Example = exampleIDs[p.Name]
	if parent := b.method.Input().Fields().ByName("parent"); parent != nil && strings.Contains(comment(parent), "customers/-") {
		p.Description = "The id of the " + p.Name + ", or `-` for all of them."
		p.Schema.Value.Format = ""
	}
	if b.method.Input().Fields().ByName("customer_external_id") != nil {
		p.Description = "The id of the " + p.Name + ", or `-` where `customerExternalId` says which."
	}
}

func finishQueryParameter(p *openapi3.Parameter, b binding) {
	p.Description = unwrap(p.Description)
	field := inputField(b.method.Input(), p.Name)
	constrain(p.Schema.Value, field)
	// What is required of an optional message is so only where that is sent.
	p.Required = hasBehavior(field, annotations.FieldBehavior_REQUIRED) && !strings.HasPrefix(p.Name, "customerExternalId.")
	if p.Name == "updateMask" {
		p.Description += "\n\nComma-separated paths in snake_case, such as `display_name,time_zone`. " +
			"Without it the keys of the JSON body are the mask, null and zero values included."
	}
	if p.Schema.Value.Type.Is("array") {
		p.Style, p.Explode = "form", new(true) // names=a&names=b
	}
}

// inputField finds a field by a path of JSON names, such as `externalId.source`.
func inputField(message protoreflect.MessageDescriptor, path string) protoreflect.FieldDescriptor {
	head, rest, nested := strings.Cut(path, ".")
	field := message.Fields().ByJSONName(head)
	if nested {
		return inputField(field.Message(), rest)
	}
	return field
}

// takesEtag says whether If-Match works: the request, or the resource in an
// update, has an etag.
func takesEtag(b binding) bool {
	if b.method.Input().Fields().ByName("etag") != nil {
		return true
	}
	return b.verb == http.MethodPatch && bodyField(b).Message().Fields().ByName("etag") != nil
}

func finishBody(op *openapi3.Operation, b binding) {
	if op.RequestBody == nil {
		return
	}
	media := op.RequestBody.Value.Content.Get("application/json")
	if b.verb == http.MethodPatch {
		media.Schema.Ref += "Update"
	}
	media.Example = requestExample(op.OperationID)
}

// operationTag groups operations by the innermost collection of their path.
func operationTag(b binding, api *api) *openapi3.Tag {
	if strings.HasPrefix(b.template, "/v1/reports/") {
		return &openapi3.Tag{Name: "Reports", Description: comment(b.method.Parent())}
	}
	var plural string
	for segment := range strings.SplitSeq(strings.TrimPrefix(b.key(), b.verb+" /v1/"), "/") {
		if name, _, _ := strings.Cut(segment, ":"); name != "{}" {
			plural = name
		}
	}
	tag := &openapi3.Tag{Name: strings.ToUpper(plural[:1]) + plural[1:]}
	if resource := api.message(strings.TrimSuffix(tag.Name, "s")); resource != nil {
		tag.Description = comment(resource)
	}
	return tag
}
