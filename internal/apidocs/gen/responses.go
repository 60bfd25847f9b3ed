package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// success adds the answer to a call that worked.
func success(op *openapi3.Operation, b binding) error {
	schema := "#/components/schemas/" + string(b.method.Output().Name())
	media := &openapi3.MediaType{
		Schema:  &openapi3.SchemaRef{Ref: schema},
		Example: responseExample(string(b.method.Output().Name())),
	}
	status, text := http.StatusOK, "OK"
	headers := openapi3.Headers{"X-Request-Id": headerRef("XRequestId")}
	if b.method.Output().Fields().ByName("etag") != nil {
		headers["ETag"] = headerRef("ETag")
	}
	if b.mutates() {
		headers["Idempotent-Replayed"] = headerRef("IdempotentReplayed")
	}
	if b.verb == http.MethodPost && strings.HasPrefix(string(b.method.Name()), "Create") {
		status, text = http.StatusCreated, "Created"
		headers["Location"] = headerRef("Location")
	}
	content := openapi3.Content{"application/json": media}
	if b.method.Output().FullName() == "google.protobuf.Empty" {
		status, text, content = http.StatusNoContent, "No Content", nil
	}
	if strings.HasSuffix(b.template, ".svg") {
		content = openapi3.Content{"image/svg+xml": &openapi3.MediaType{Schema: openapi3.NewStringSchema().NewRef()}}
	}
	if b.method.IsStreamingServer() {
		var err error
		if content, err = streamContent(b); err != nil {
			return err
		}
		text = unwrap(lineText)
	}
	op.Responses.Set(strconv.Itoa(status), &openapi3.ResponseRef{Value: &openapi3.Response{
		Description: &text, Headers: headers, Content: content,
	}})
	if status == http.StatusCreated {
		checked := "With validateOnly: what would have been made"
		op.Responses.Set("200", &openapi3.ResponseRef{Value: &openapi3.Response{
			Description: &checked, Headers: openapi3.Headers{"X-Request-Id": headerRef("XRequestId")}, Content: content,
		}})
	}
	return nil
}

// failures adds one response for each status of the reasons. One that is the same
// for every operation is a reference to the shared one.
func failures(op *openapi3.Operation, api *api, b binding, reasons []*reason) {
	byStatus := map[int][]*reason{}
	for _, r := range reasons {
		for _, status := range r.Statuses {
			// The body's etag answers 409, If-Match 412.
			byStatus[status] = append(byStatus[status], r)
		}
	}
	if b.verb == http.MethodGet {
		delete(byStatus, http.StatusRequestEntityTooLarge)
	}
	for status, group := range byStatus {
		op.Responses.Set(strconv.Itoa(status), problemResponse(api, status, group))
	}
}

func problemResponse(api *api, status int, reasons []*reason) *openapi3.ResponseRef {
	if slices.Equal(reasons, api.shared()[status]) {
		return &openapi3.ResponseRef{Ref: "#/components/responses/" + sharedName(status)}
	}
	return newProblemResponse(status, reasons)
}

func newProblemResponse(status int, reasons []*reason) *openapi3.ResponseRef {
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n", http.StatusText(status))
	for _, r := range reasons {
		fmt.Fprintf(&text, "\n- [%s](/docs/errors#%s): %s", r.Name, r.Name, r.Meaning)
	}
	description := text.String()
	headers := openapi3.Headers{"X-Request-Id": headerRef("XRequestId")}
	if status == http.StatusServiceUnavailable {
		headers["Retry-After"] = headerRef("RetryAfter")
	}
	return &openapi3.ResponseRef{Value: &openapi3.Response{
		Description: &description,
		Headers:     headers,
		Content: openapi3.Content{"application/problem+json": &openapi3.MediaType{
			Schema:  &openapi3.SchemaRef{Ref: "#/components/schemas/Problem"},
			Example: problemExample(status, reasons[0]),
		}},
	}}
}

// shared are the failures that mean the same in every operation.
func (a *api) shared() map[int][]*reason {
	out := map[int][]*reason{}
	for _, name := range strings.Fields(`DEADLINE_EXCEEDED INTERNAL_ERROR MESSAGE_TOO_LARGE
		NOT_ACCEPTABLE STORAGE_FULL UNSUPPORTED_MEDIA_TYPE REQUEST_ID_REUSED ETAG_MISMATCH ETAG_REQUIRED
		OVERLOADED DATABASE_UNAVAILABLE SHUTTING_DOWN`) {
		if r := a.reason(name); r != nil {
			out[r.Statuses[0]] = append(out[r.Statuses[0]], r)
		}
	}
	return out
}

func sharedName(status int) string {
	return strings.NewReplacer(" ", "", "-", "").Replace(http.StatusText(status))
}

// checkReasonsUsed finds reasons that nothing in the document mentions: an
// operation's comment has forgotten them, or they are dead.
func checkReasonsUsed(api *api) error {
	for _, r := range api.reasons {
		if len(r.Operations) == 0 && !r.Implied && !slices.Contains(transportReasons, r.Name) {
			return fmt.Errorf("no RPC's comment names the reason %s", r.Name)
		}
	}
	return nil
}

func headerRef(name string) *openapi3.HeaderRef {
	return &openapi3.HeaderRef{Ref: "#/components/headers/" + name}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
