package main

import (
	"github.com/getkin/kin-openapi/openapi3"
)

// describe fills in what the document says about itself.
func describe(doc *openapi3.T) {
	doc.Info = &openapi3.Info{
		Title:   "Rapport",
		Version: "v1",
		Contact: &openapi3.Contact{Name: "Rapport", URL: "https://github.com/rapport-crm/rapport"},
		Description: unwrap(`The REST face of Rapport, a customer-relationship service. Every call is also a gRPC call
 of the package rapport.v1 with the same meaning, checks and errors.

 **JSON.** Names are lowerCamelCase. Answers always carry scalars, lists and maps, at their zero value too; an
 unset message, time or optional field is left out. 64-bit integers are strings, times are RFC 3339 in UTC with
 up to six decimals. An unknown field, enum value or query parameter is refused, never ignored. Clients must
 accept fields and enum values that are new. Filters, orders and update masks use the snake_case names.

 **Errors** are application/problem+json (RFC 9457). Branch on ` + "`reason`" + `, never on the text;
 [/docs/errors](/docs/errors) explains each. Who accepts only application/json gets the same body under that name. A path that does not exist answers 404 NO_ROUTE, a wrong method on
 one that does 405 METHOD_NOT_ALLOWED with Allow.

 **Writing safely.** Send an Idempotency-Key with each change and repeat the call with the same key until it is
 answered: it happens once. Send the ETag you read as If-Match and the change happens only if nobody else made
 one since.`),
	}
	doc.Servers = openapi3.Servers{{URL: "/", Description: "The deployment that serves this document"}}
}

// addShared adds the parts that operations refer to.
func addShared(doc *openapi3.T, api *api) {
	doc.Components.Schemas["Problem"] = problemSchema(api).NewRef()
	doc.Components.Schemas["Violation"] = violationSchema().NewRef()
	doc.Components.Parameters = openapi3.ParametersMap{
		"IdempotencyKey": parameter("Idempotency-Key", "Makes the call exactly-once: a repeat with the same key within "+
			"24 hours gets the first one's answer. The same as `requestId`; where both are sent, they must be equal.",
			openapi3.NewUUIDSchema()),
		"IfMatch": parameter("If-Match", "The ETag the caller last saw, in its quotes, or `*` for any. "+
			"The call is refused with 412 where it is no longer the current one.",
			openapi3.NewStringSchema().WithMaxLength(64)),
	}
	doc.Components.Headers = openapi3.Headers{
		"ETag":               header("Moves with each change by a client. Send it back as If-Match.", openapi3.NewStringSchema(), exampleEtag),
		"Location":           header("The path of the new resource.", openapi3.NewStringSchema().WithFormat("uri-reference"), "/v1/"+exampleCustomerName),
		"XRequestId":         header("The id under which the service logged the call.", openapi3.NewStringSchema(), exampleRequestID),
		"IdempotentReplayed": header("`true` where this is the stored answer to an earlier call with the same key; else absent.", openapi3.NewStringSchema().WithEnum("true"), "true"),
		"RetryAfter":         header("How many seconds to wait before a repeat.", openapi3.NewIntegerSchema().WithMin(0), 1),
	}
	doc.Components.Responses = openapi3.ResponseBodies{}
	for status, reasons := range api.shared() {
		doc.Components.Responses[sharedName(status)] = newProblemResponse(status, reasons)
	}
}

// parameter has no example: Swagger UI would send it with each call that is tried
// out, and a repeated key or a stale etag is just what a caller must not send.
func parameter(name, description string, schema *openapi3.Schema) *openapi3.ParameterRef {
	return &openapi3.ParameterRef{Value: &openapi3.Parameter{
		Name: name, In: "header", Description: description, Schema: schema.NewRef(),
	}}
}

func header(description string, schema *openapi3.Schema, example any) *openapi3.HeaderRef {
	return &openapi3.HeaderRef{Value: &openapi3.Header{Parameter: openapi3.Parameter{
		Description: description, Schema: schema.NewRef(), Example: example,
	}}}
}

func problemSchema(api *api) *openapi3.Schema {
	text := func(description string) *openapi3.Schema {
		s := openapi3.NewStringSchema()
		s.Description = description
		return s
	}
	status := openapi3.NewIntegerSchema().WithMin(400).WithMax(599)
	status.Description = "The HTTP status."
	reason := text("Why, one word that never changes its meaning. New ones may be added.")
	for _, r := range api.reasons {
		reason.Enum = append(reason.Enum, r.Name)
	}
	metadata := openapi3.NewObjectSchema().WithAdditionalProperties(openapi3.NewStringSchema())
	metadata.Description = "What the text says, for programs: for example the current `etag`, or the `resource`."
	violations := openapi3.NewArraySchema()
	violations.Items = &openapi3.SchemaRef{Ref: "#/components/schemas/Violation"}
	violations.Description = "Each thing that is wrong with the request."
	retry := openapi3.NewIntegerSchema().WithMin(0)
	retry.Description = "How many seconds to wait before a repeat, as in Retry-After."
	s := openapi3.NewObjectSchema().WithProperties(map[string]*openapi3.Schema{
		"type":        text("Where this reason is explained: `/docs/errors#REASON`.").WithFormat("uri-reference"),
		"title":       text("The reason in words; the same for each problem of this reason."),
		"status":      status,
		"detail":      text("What went wrong this time, for people. It may change at any time."),
		"instance":    text("`urn:uuid:` and the id under which the service logged the call.").WithFormat("uri"),
		"code":        text("The google.rpc.Code, such as NOT_FOUND."),
		"reason":      reason,
		"domain":      text("Who defines the reason: rapport.dev."),
		"metadata":    metadata,
		"violations":  violations,
		"retry_after": retry,
	})
	s.Description = "An error (RFC 9457) with the members of google.rpc.ErrorInfo."
	s.Required = []string{"type", "title", "status", "detail", "instance", "code", "reason", "domain"}
	return s
}

func violationSchema() *openapi3.Schema {
	s := openapi3.NewObjectSchema().WithProperties(map[string]*openapi3.Schema{
		"field":   {Type: &openapi3.Types{"string"}, Description: "The path of the field in the request, in JSON names, such as `customer.emails[0].address`."},
		"rule":    {Type: &openapi3.Types{"string"}, Description: "The rule that was broken, such as `string.max_len`; it may be absent."},
		"message": {Type: &openapi3.Types{"string"}, Description: "What is wrong, for people."},
	})
	s.Description = "One thing that is wrong with one field of the request."
	s.Required = []string{"field", "message"}
	return s
}
