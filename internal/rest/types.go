package rest

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/rapport-crm/rapport/internal/aip"
)

// fieldByName finds a field by its JSON name or its proto name, both of which JSON
// takes.
func fieldByName(md protoreflect.MessageDescriptor, name string) protoreflect.FieldDescriptor {
	if fd := md.Fields().ByJSONName(name); fd != nil {
		return fd
	}
	return md.Fields().ByName(protoreflect.Name(name))
}

func jsonNames(md protoreflect.MessageDescriptor) []string {
	var out []string
	for i := range md.Fields().Len() {
		out = append(out, md.Fields().Get(i).JSONName())
	}
	return out
}

// mismatch says what a scalar field takes where it does not take the token.
func mismatch(token json.Token, fd protoreflect.FieldDescriptor) string {
	text, isText := token.(string)
	number, isNumber := token.(json.Number)
	if isNumber {
		text = number.String()
	}
	switch fd.Kind() {
	case protoreflect.StringKind:
		if !isText {
			return "a string"
		}
	case protoreflect.BoolKind:
		if _, ok := token.(bool); !ok {
			return "true or false"
		}
	case protoreflect.BytesKind:
		if _, err := base64.StdEncoding.DecodeString(text); !isText || err != nil {
			return "a string in base64"
		}
	case protoreflect.EnumKind:
		return badEnum(fd.Enum(), text, isText, isNumber)
	case protoreflect.DoubleKind, protoreflect.FloatKind:
		if _, err := strconv.ParseFloat(text, 64); err != nil || !isText && !isNumber {
			return "a number"
		}
	default: // whole numbers; 1e3 and 1.0 are ones too
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || f != float64(int64(f)) || !isText && !isNumber || narrow(fd.Kind()) && (f < -1<<31 || f > 1<<32-1) {
			return "a whole number within the range of the field"
		}
	}
	return ""
}

func narrow(k protoreflect.Kind) bool {
	switch k {
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind, protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return true
	default:
		return false
	}
}

func badEnum(e protoreflect.EnumDescriptor, text string, isText, isNumber bool) string {
	if isNumber {
		if _, err := strconv.ParseInt(text, 10, 32); err == nil {
			return "" // numbers are taken, and checked against the rules of the field
		}
	}
	if isText && e.Values().ByName(protoreflect.Name(text)) != nil {
		return ""
	}
	if !isText {
		return "the name of an enum value"
	}
	return "one of the field's enum values" + aip.DidYouMean(text, slices.Values(enumNames(e)))
}

// badWellKnown says what a well-known type takes where it does not take the token.
func badWellKnown(md protoreflect.MessageDescriptor, text string, isText bool) string {
	quoted, _ := json.Marshal(text)
	switch md.FullName() {
	case "google.protobuf.Timestamp":
		if !isText || protojson.Unmarshal(quoted, &timestamppb.Timestamp{}) != nil {
			return "a time in RFC 3339, such as 2026-11-21T09:30:00Z"
		}
	case "google.protobuf.Duration":
		if !isText || protojson.Unmarshal(quoted, &durationpb.Duration{}) != nil {
			return "a number of seconds such as 1.5s"
		}
	case "google.protobuf.FieldMask":
		if !isText {
			return "a string of paths with commas between"
		}
	}
	return ""
}
