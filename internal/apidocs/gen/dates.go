package main

import (
	"github.com/getkin/kin-openapi/openapi3"
)

// finishDates describes days as they are: an object of year, month and day, of which the
// year may be 0. The raw document takes google.type.Date for a text, which JSON never
// writes it as.
func finishDates(schemas openapi3.Schemas, api *api) {
	date := &openapi3.SchemaRef{Ref: "#/components/schemas/Date"}
	used := false
	for name, schema := range schemas {
		message := api.message(name)
		for i := 0; message != nil && i < message.Fields().Len(); i++ {
			field := message.Fields().Get(i)
			if field.Message() == nil || field.Message().FullName() != "google.type.Date" {
				continue
			}
			used = true
			property := schema.Value.Properties[field.JSONName()].Value
			if field.IsList() {
				property.Items = date
				continue
			}
			property.Type, property.Format, property.AllOf = nil, "", openapi3.SchemaRefs{date}
		}
	}
	if used {
		schemas["Date"] = integers("year", "month", "day")
	}
}

func integers(names ...string) *openapi3.SchemaRef {
	schema := openapi3.NewObjectSchema()
	for _, name := range names {
		schema.WithProperty(name, openapi3.NewInt32Schema())
	}
	return schema.NewRef()
}
