package main

import (
	"encoding/json"
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// lineText describes an answer that is a stream.
const lineText = `OK

One JSON object a line, as the lines become known. The last one says how many there were; an answer without it is
 not complete. An error after the first line is the last line, and has the token with which to go on.`

// streamContent is the content of an answer that is a stream, whose schema is that of
// one line: OpenAPI 3.0 has no words for a sequence.
func streamContent(b binding) (openapi3.Content, error) {
	item := listItem(b.method.Output())
	if item == nil {
		return nil, fmt.Errorf("%s: its messages hold no list whose items could be lines", b.method.FullName())
	}
	count := openapi3.NewIntegerSchema().WithMin(0)
	count.Description = "How many lines came before this one, which is the last."
	last := openapi3.NewObjectSchema().WithProperty("exported", count)
	last.Required = []string{"exported"}
	token := openapi3.NewStringSchema()
	token.Description = "As `pageToken` it continues the export behind the lines that came."
	broken := openapi3.NewObjectSchema().WithProperty("nextPageToken", token)
	broken.Properties["error"] = &openapi3.SchemaRef{Ref: "#/components/schemas/Problem"}
	broken.Required = []string{"error"}
	line := openapi3.NewOneOfSchema()
	line.Description = "One line."
	line.OneOf = openapi3.SchemaRefs{{Ref: "#/components/schemas/" + string(item.Name())}, last.NewRef(), broken.NewRef()}
	return openapi3.Content{"application/x-ndjson": &openapi3.MediaType{Schema: line.NewRef(), Examples: openapi3.Examples{
		"item": {Value: &openapi3.Example{Summary: "A line", Value: responseExample(string(item.Name()))}},
		"last": {Value: &openapi3.Example{Summary: "The last line", Value: json.RawMessage(`{"exported":7043}`)}},
	}}}, nil
}

// listItem returns the message that the list in a message is of, or nil.
func listItem(message protoreflect.MessageDescriptor) protoreflect.MessageDescriptor {
	for i := range message.Fields().Len() {
		if field := message.Fields().Get(i); field.IsList() && field.Message() != nil {
			return field.Message()
		}
	}
	return nil
}

// dropStreamed takes the messages of streams out of the schemas: over REST only what is
// in them is seen.
func dropStreamed(schemas openapi3.Schemas, api *api) {
	for _, b := range api.bindings {
		if b.method.IsStreamingServer() {
			delete(schemas, string(b.method.Output().Name()))
		}
	}
}
