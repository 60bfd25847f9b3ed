package main

import (
	"fmt"
	"slices"
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"github.com/getkin/kin-openapi/openapi3"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// outsideComments describe the imported messages: their comments are not in the
// descriptors from which their .proto files are printed.
var outsideComments = map[string]string{
	"Money":         "An amount of money: `units` whole units of the currency (ISO 4217) and `nanos` billionths of one, of the same sign.",
	"Interval":      "A time interval as google.type.Interval defines it: from `startTime` on and before `endTime`; an end that is unset is open.",
	"Date":          "A date as google.type.Date defines it; where the field says so, the `year` may be 0.",
	"Status":        "Why something was refused, as google.rpc.Status tells it: the gRPC `code`, a `message`, and `details` with a google.rpc.ErrorInfo and, for wrong fields, a google.rpc.BadRequest.",
	"TimeOfDay":     "A time of day as google.type.TimeOfDay defines it.",
	"PostalAddress": "A postal address as google.type.PostalAddress defines it; `regionCode` is a CLDR region.",
}

// finishSchemas gives each schema the limits that the service enforces, and adds
// a variant for updates of each resource that can be updated.
func finishSchemas(schemas openapi3.Schemas, api *api) error {
	finishDates(schemas, api)
	for name, ref := range schemas {
		ref.Value.Description = unwrap(ref.Value.Description)
		if text, ok := outsideComments[name]; ok {
			ref.Value.Description = text
		}
		switch name {
		case "GoogleProtobufValue":
			ref.Value.Description = "Any JSON value."
			continue
		case "GoogleProtobufAny":
			ref.Value.Description = "A message of the type that `@type` names."
			continue
		}
		message := api.message(name)
		if message == nil {
			return fmt.Errorf("schema %s: no such message", name)
		}
		finishMessage(ref.Value, message)
	}
	for _, b := range api.bindings {
		if b.verb == "PATCH" && !b.additional {
			name := bodyField(b).Message().Name()
			schemas[string(name)+"Update"] = updateVariant(schemas[string(name)].Value, bodyField(b).Message())
			// In a batch the request is a message of its own; what it changes is partial too.
			if batched := schemas[string(b.method.Input().Name())]; batched != nil {
				batched.Value.Properties[b.body] = &openapi3.SchemaRef{Ref: "#/components/schemas/" + string(name) + "Update"}
			}
		}
		if b.verb != "POST" {
			continue
		}
		// A body of `*` shares its message with the path, which wins: a field bound
		// there is no part of the body. A create in a batch may leave the parent to it.
		for _, bound := range []string{"name", "parent"} {
			request := schemas[string(b.method.Input().Name())]
			if request == nil || !strings.Contains(b.template, "{"+bound+"=") {
				continue
			}
			if b.body == "*" {
				delete(request.Value.Properties, bound)
			}
			request.Value.Required = slices.DeleteFunc(request.Value.Required, func(s string) bool { return s == bound })
		}
	}
	return nil
}

func finishMessage(schema *openapi3.Schema, message protoreflect.MessageDescriptor) {
	response := strings.HasSuffix(string(message.Name()), "Response")
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		name := field.JSONName()
		property := schema.Properties[name].Value
		property.Description = unwrap(property.Description)
		readOnly := hasBehavior(field, annotations.FieldBehavior_OUTPUT_ONLY) || hasBehavior(field, annotations.FieldBehavior_IDENTIFIER)
		if schema.Properties[name].Ref == "" {
			property.ReadOnly = readOnly
			constrain(property, field)
		}
		// What has no presence is always written, at its zero value too.
		if (readOnly || response) && !field.HasPresence() && !slices.Contains(schema.Required, name) {
			schema.Required = append(schema.Required, name)
		}
	}
	// What is nothing but one of several things has just one property.
	if message.Oneofs().Len() == 1 && message.Oneofs().Get(0).Fields().Len() == message.Fields().Len() && !message.Oneofs().Get(0).IsSynthetic() {
		schema.MinProps, schema.MaxProps = 1, new(uint64(1))
	}
}

// updateVariant is the schema of a PATCH body: nothing is required, and null
// clears a field that can be unset.
func updateVariant(full *openapi3.Schema, message protoreflect.MessageDescriptor) *openapi3.SchemaRef {
	update := *full
	update.Required = nil
	update.Description = "The fields of " + string(message.Name()) + " to change. null clears a field; arrays are replaced whole."
	update.Properties = make(openapi3.Schemas, len(full.Properties))
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		ref := *full.Properties[field.JSONName()]
		if ref.Ref == "" && field.HasPresence() && !ref.Value.ReadOnly {
			property := *ref.Value
			property.Nullable = true
			if property.Type == nil { // a message; without a type nullable means nothing
				property.Type = &openapi3.Types{openapi3.TypeObject}
			}
			ref.Value = &property
		}
		if ref.Ref == "" && hasBehavior(field, annotations.FieldBehavior_IDENTIFIER) {
			property := *ref.Value
			property.ReadOnly = false // it says which one, where no path does
			ref.Value = &property
		}
		update.Properties[field.JSONName()] = &ref
	}
	return update.NewRef()
}

// constrain writes the protovalidate rules of a field into its schema.
func constrain(schema *openapi3.Schema, field protoreflect.FieldDescriptor) {
	switch field.Kind() {
	case protoreflect.Int64Kind, protoreflect.Uint64Kind:
		schema.Format = "int64" // as a string: a JSON number holds 53 bits
	case protoreflect.EnumKind:
		schema.Format = ""
		schema.Description += enumMeanings(field.Enum())
	default:
	}
	if field.Name() == "uid" {
		schema.Format = "uuid"
	}
	rules, _ := proto.GetExtension(field.Options(), validate.E_Field).(*validate.FieldRules)
	if r := rules.GetRepeated(); r != nil {
		schema.MinItems, schema.MaxItems = r.GetMinItems(), r.MaxItems
		if schema.Items.Ref == "" {
			constrainString(schema.Items.Value, r.GetItems().GetString())
		}
	}
	if r := rules.GetMap(); r != nil {
		schema.MaxProps = r.MaxPairs
		if values := schema.AdditionalProperties.Schema; values.Ref == "" {
			constrainString(values.Value, r.GetValues().GetString())
		}
	}
	if r := rules.GetInt32(); r.HasGte() {
		schema.Min = new(float64(r.GetGte()))
	}
	if r := rules.GetDouble(); r.HasGt() {
		schema.Min, schema.ExclusiveMin.Bool = new(r.GetGt()), new(true)
	}
	constrainString(schema, rules.GetString())
}

func constrainString(schema *openapi3.Schema, rules *validate.StringRules) {
	if rules == nil {
		return
	}
	schema.MinLength, schema.MaxLength, schema.Pattern = rules.GetMinLen(), rules.MaxLen, rules.GetPattern()
	if rules.GetUuid() {
		schema.Format = "uuid"
	}
}

// enumMeanings lists what each value means, as Markdown.
func enumMeanings(enum protoreflect.EnumDescriptor) string {
	out := "\n"
	for i := range enum.Values().Len() {
		value := enum.Values().Get(i)
		out += fmt.Sprintf("\n- `%s`: %s", value.Name(), comment(value))
	}
	return out
}

func hasBehavior(field protoreflect.FieldDescriptor, behavior annotations.FieldBehavior) bool {
	set, _ := proto.GetExtension(field.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	return slices.Contains(set, behavior)
}
