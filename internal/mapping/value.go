package mapping

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// value is a text and how it is read. Texts that are empty are not read.
type value struct {
	source
	parse func(text string) (protoreflect.Value, error)
	// sum is the joined file of whose rows the values are added up by add; 0 where the
	// value is that of one row.
	sum int
	add func(a, b protoreflect.Value) (protoreflect.Value, error)
	// total makes the value of the sum; nil where that is it.
	total func(sum protoreflect.Value) protoreflect.Value
}

func parseText(text string) (protoreflect.Value, error) {
	return protoreflect.ValueOfString(text), nil
}

// words are how a yes or no is written where a mapping's values do not say it.
var words = map[string]bool{
	"true": true, "yes": true, "y": true, "t": true, "1": true,
	"false": false, "no": false, "n": false, "f": false, "0": false,
}

func parseBool(text string) (bool, error) {
	yes, ok := words[strings.ToLower(text)]
	if !ok {
		return false, errors.New("is neither yes nor no; the mapping's values can say what it means")
	}
	return yes, nil
}

func parseTruth(text string) (protoreflect.Value, error) {
	yes, err := parseBool(text)
	return protoreflect.ValueOfBool(yes), err
}

// parseEnum accepts the names of the values in any case, with spaces or hyphens.
func parseEnum(ed protoreflect.EnumDescriptor) func(string) (protoreflect.Value, error) {
	return func(text string) (protoreflect.Value, error) {
		name := strings.ToUpper(strings.NewReplacer(" ", "_", "-", "_").Replace(text))
		if v := ed.Values().ByName(protoreflect.Name(name)); v != nil {
			return protoreflect.ValueOfEnum(v.Number()), nil
		}
		var names []string
		for i := range ed.Values().Len() {
			if v := ed.Values().Get(i); v.Number() != 0 {
				names = append(names, string(v.Name()))
			}
		}
		return protoreflect.Value{}, fmt.Errorf("is none of %s", strings.Join(names, ", "))
	}
}

// attribute compiles a typed value of an attribute.
func (c *compiler) attribute(n *node) value {
	kind := c.textOf(n, "type")
	v := value{}
	switch kind {
	case "", "string":
		v.source = c.source(n, "type")
		v.parse = attributeText
	case "number":
		v = c.number(n, attributeNumber, "type")
	case "bool":
		v.source = c.source(n, "type")
		v.parse = attributeBool
	case "timestamp":
		v.source = c.source(n, append([]string{"type"}, instantKeys...)...)
		i := c.instants(n)
		v.parse = func(text string) (protoreflect.Value, error) {
			t, err := i.timestamp(text)
			return ofAttribute(&rapportv1.AttributeValue{Kind: &rapportv1.AttributeValue_TimestampValue{TimestampValue: t}}), err
		}
	default:
		c.add(n.get("type").line, "the type must be string, number, bool or timestamp, not %q", kind)
		v.parse = attributeText
	}
	return v
}

func attributeText(text string) (protoreflect.Value, error) {
	return ofAttribute(&rapportv1.AttributeValue{Kind: &rapportv1.AttributeValue_StringValue{StringValue: text}}), nil
}

func attributeBool(text string) (protoreflect.Value, error) {
	yes, err := parseBool(text)
	return ofAttribute(&rapportv1.AttributeValue{Kind: &rapportv1.AttributeValue_BoolValue{BoolValue: yes}}), err
}

func attributeNumber(f float64) protoreflect.Value {
	return ofAttribute(&rapportv1.AttributeValue{Kind: &rapportv1.AttributeValue_DoubleValue{DoubleValue: f}})
}

func ofAttribute(a *rapportv1.AttributeValue) protoreflect.Value {
	return protoreflect.ValueOfMessage(a.ProtoReflect())
}
