package mapping

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// value is a text and how it is read. Texts that are empty are not read.
type value struct {
	source
	parse func(text string) (protoreflect.Value, error)
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

// decimals are how numbers are written.
type decimals struct{ point, thousands string }

var decimal = regexp.MustCompile(`^([+-]?)([0-9]+)(\.[0-9]*)?([eE][+-]?[0-9]{1,4})?$`)

// plain returns the number as Go writes it.
func (d decimals) plain(text string) (string, error) {
	if d.thousands != "" {
		// Groups have three digits, in India some have two; 1.2.3 is a date or a version.
		whole, _, _ := strings.Cut(text, d.point)
		for i, group := range strings.Split(whole, d.thousands) {
			if i > 0 && len(group) != 2 && len(group) != 3 {
				return "", errors.New("is not a number")
			}
		}
		text = strings.ReplaceAll(text, d.thousands, "")
	}
	if d.point != "." && strings.Contains(text, ".") {
		return "", errors.New("is not a number")
	}
	text = strings.Replace(text, d.point, ".", 1)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "-.") || strings.HasPrefix(text, "+.") {
		text = strings.Replace(text, ".", "0.", 1)
	}
	if !decimal.MatchString(text) {
		return "", errors.New("is not a number")
	}
	return text, nil
}

func (d decimals) number(text string) (float64, error) {
	plain, err := d.plain(text)
	if err != nil {
		return 0, err
	}
	f, err := strconv.ParseFloat(plain, 64)
	if err != nil || math.IsInf(f, 0) {
		return 0, errors.New("is a number beyond all bounds")
	}
	return f, nil
}

// amount reads an amount of money without the loss that floating point has.
func (d decimals) amount(text string) (*money.Money, error) {
	plain, err := d.plain(text)
	if err != nil {
		return nil, err
	}
	found := decimal.FindStringSubmatch(plain)
	fraction := strings.TrimPrefix(found[3], ".")
	if found[4] != "" || len(fraction) > 9 {
		return nil, errors.New("is not an amount of money: at most nine places")
	}
	units, err := strconv.ParseInt(found[1]+found[2], 10, 64)
	if err != nil {
		return nil, errors.New("is an amount beyond all bounds")
	}
	nanos, err := strconv.ParseInt(fraction+strings.Repeat("0", 9-len(fraction)), 10, 32)
	if err != nil {
		return nil, fmt.Errorf("is not an amount of money: %w", err)
	}
	if found[1] == "-" {
		nanos = -nanos
	}
	return &money.Money{Units: units, Nanos: int32(nanos)}, nil
}

// instants are how times are written: a layout of Go's time package, unix or unix_ms,
// and the zone of those that name none.
type instants struct {
	layout string
	zone   *time.Location
}

func (i instants) timestamp(text string) (*timestamppb.Timestamp, error) {
	var t time.Time
	var err error
	switch i.layout {
	case "unix", "unix_ms":
		var n int64
		if n, err = strconv.ParseInt(text, 10, 64); err == nil && i.layout == "unix" {
			t = time.Unix(n, 0)
		} else {
			t = time.UnixMilli(n)
		}
	default:
		t, err = time.ParseInLocation(i.layout, text, i.zone)
	}
	out := timestamppb.New(t)
	if err != nil || out.CheckValid() != nil {
		return nil, fmt.Errorf("is not a time written as %s", i.layout)
	}
	return out, nil
}

// instants reads layout and zone of a source.
func (c *compiler) instants(n *node) instants {
	out := instants{layout: time.RFC3339, zone: time.UTC}
	if layout := c.textOf(n, "layout"); layout != "" {
		out.layout = layout
		unix := layout == "unix" || layout == "unix_ms"
		if !unix && time.Date(1999, 11, 30, 22, 59, 58, 7, time.UTC).Format(layout) == layout {
			c.add(n.get("layout").line, "%q shows no time; write 2 January 2006, 15:04:05 in it as the file would", layout)
		}
	}
	if zone := c.textOf(n, "zone"); zone != "" {
		var err error
		if out.zone, err = time.LoadLocation(zone); err != nil || zone == "Local" {
			c.add(n.get("zone").line, "%q is not an IANA time zone such as Europe/Berlin", zone)
			out.zone = time.UTC
		}
	}
	return out
}

// decimals reads decimal and thousands of a source.
func (c *compiler) decimals(n *node) decimals {
	out := decimals{point: ".", thousands: c.textOf(n, "thousands")}
	if point := c.textOf(n, "decimal"); point != "" {
		out.point = point
	}
	if out.point == out.thousands {
		c.add(n.line, "decimal and thousands must differ")
	}
	return out
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
		v.source = c.source(n, "type", "decimal", "thousands")
		d := c.decimals(n)
		v.parse = func(text string) (protoreflect.Value, error) {
			f, err := d.number(text)
			return ofAttribute(&rapportv1.AttributeValue{Kind: &rapportv1.AttributeValue_DoubleValue{DoubleValue: f}}), err
		}
	case "bool":
		v.source = c.source(n, "type")
		v.parse = attributeBool
	case "timestamp":
		v.source = c.source(n, "type", "layout", "zone")
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

func ofAttribute(a *rapportv1.AttributeValue) protoreflect.Value {
	return protoreflect.ValueOfMessage(a.ProtoReflect())
}
