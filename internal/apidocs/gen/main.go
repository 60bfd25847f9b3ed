// Command gen writes the API reference from the .proto files.
//
// It takes the OpenAPI document that protoc-gen-openapi made, which knows paths
// and schemas, and a buf image of the same files, which knows all the rest:
// comments, limits, HTTP rules and error reasons. It adds what only this
// service's REST contract says (problem+json, ETag, Idempotency-Key, 201) and
// writes openapi.json and errors.html. It fails where the sources contradict each
// other, so that a wrong comment cannot become wrong documentation.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/getkin/kin-openapi/openapi3"
)

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: gen IMAGE OPENAPI_YAML DIR DOCS")
		os.Exit(2)
	}
	if err := generate(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, "apidocs/gen:", err)
		os.Exit(1)
	}
}

// generate writes openapi.json and errors.html into dir and errors.md into docs.
func generate(image, openapi, dir, docs string) error {
	api, err := readImage(image)
	if err != nil {
		return err
	}
	doc, err := openapi3.NewLoader().LoadFromFile(openapi)
	if err != nil {
		return err
	}
	if err := finish(doc, api); err != nil {
		return err
	}
	text, err := marshal(doc, api)
	if err != nil {
		return err
	}
	page, err := errorsPage(api.reasons)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "openapi.json"), text, 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "errors.html"), page, 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(docs, "errors.md"), errorsMarkdown(api.reasons), 0o600)
}

// finish turns the raw document into the published one.
func finish(doc *openapi3.T, api *api) error {
	describe(doc)
	if err := finishSchemas(doc.Components.Schemas, api); err != nil {
		return err
	}
	dropStreamed(doc.Components.Schemas, api)
	addShared(doc, api)
	return finishOperations(doc, api)
}

// marshal returns the document as JSON, checked as a reader would check it: it is
// a valid OpenAPI document and every example satisfies its schema.
func marshal(doc *openapi3.T, api *api) ([]byte, error) {
	raw, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	reread, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		return nil, err
	}
	if err := reread.Validate(context.Background(), openapi3.EnableExamplesValidation()); err != nil {
		return nil, fmt.Errorf("the document is not valid: %w", err)
	}
	if raw, err = orderProperties(raw, api); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}
