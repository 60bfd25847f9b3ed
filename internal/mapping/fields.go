package mapping

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/rapport-crm/rapport/internal/aip"
)

// filler sets a part of a message from a row. A message of a list, and one that is a
// field, is left out where no column put anything in it.
type filler struct {
	// fill reports whether a column had something for the part.
	fill func(b *build, m protoreflect.Message, path string) bool
	// constant tells that no column has a part in it.
	constant bool
}

// fields compiles the fields of a message that a map names. What can be set is read
// from the message's descriptor, so that a new field needs nothing here.
func (c *compiler) fields(n *node, md protoreflect.MessageDescriptor) (out []filler) {
	if !n.isMap() {
		c.add(n.line, "must have fields of %s: %s", md.Name(), strings.Join(slices.Sorted(names(md)), ", "))
		return nil
	}
	for _, e := range n.entries {
		fd := md.Fields().ByName(protoreflect.Name(e.key))
		switch {
		case fd == nil || !mappable(fd):
			c.add(e.line, "%q is no field that can be set%s", e.key, aip.DidYouMean(e.key, names(md)))
		default:
			out = append(out, c.field(e.value, fd))
		}
	}
	return out
}

// field compiles one field by its kind.
func (c *compiler) field(n *node, fd protoreflect.FieldDescriptor) filler {
	switch {
	case fd.IsMap():
		return c.mapField(n, fd)
	case fd.IsList():
		return c.list(n, fd)
	case fd.Message() == nil || isText(fd.Message()):
		return single(c.scalar(n, fd), fd)
	case fd.Message().FullName() == "google.type.Money":
		return c.money(n, fd)
	}
	parts := c.fields(n, fd.Message())
	return filler{constant: allConstant(parts), fill: func(b *build, m protoreflect.Message, path string) bool {
		child := m.NewField(fd).Message()
		filled := fillAll(b, parts, child, b.path(path, fd))
		if filled || allConstant(parts) {
			m.Set(fd, protoreflect.ValueOfMessage(child))
		}
		return filled
	}}
}

func single(v value, fd protoreflect.FieldDescriptor) filler {
	return filler{constant: v.constant(), fill: func(b *build, m protoreflect.Message, path string) bool {
		out, set, filled := b.value(v, b.path(path, fd))
		if set {
			m.Set(fd, out)
		}
		return filled
	}}
}

// The messages that a text says: a time, a number of days and a day.
const (
	timestampName protoreflect.FullName = "google.protobuf.Timestamp"
	durationName  protoreflect.FullName = "google.protobuf.Duration"
	dateName      protoreflect.FullName = "google.type.Date"
)

func isText(md protoreflect.MessageDescriptor) bool {
	return md.FullName() == timestampName || md.FullName() == durationName || md.FullName() == dateName
}

// scalar compiles a value that a text says.
func (c *compiler) scalar(n *node, fd protoreflect.FieldDescriptor) value {
	var v value
	switch {
	case fd.Message() != nil && fd.Message().FullName() == timestampName:
		v.source = c.source(n, instantKeys...)
		i := c.instants(n)
		v.parse = func(text string) (protoreflect.Value, error) {
			t, err := i.timestamp(text)
			return protoreflect.ValueOfMessage(t.ProtoReflect()), err
		}
	case fd.Message() != nil && fd.Message().FullName() == durationName:
		v.source = c.source(n, "unit")
		if v.parse = parseDuration(c.unit(n)); n.get("unit") == nil && fd.Name() == "contact_interval" {
			v.parse = parseDays
		}
	case fd.Message() != nil:
		v.source, v.parse = c.source(n, "layout"), parseDate(c.layouts(n))
	case fd.Kind() == protoreflect.EnumKind:
		v.source, v.parse = c.source(n), parseEnum(fd.Enum())
	case fd.Kind() == protoreflect.BoolKind:
		v.source, v.parse = c.source(n), parseTruth
	case fd.Kind() == protoreflect.Int32Kind:
		v.source, v.parse = c.source(n, "decimal", "thousands"), parseWhole(c.decimals(n))
	case fd.Kind() == protoreflect.DoubleKind:
		v = c.number(n, protoreflect.ValueOfFloat64)
	default:
		v.source, v.parse = c.source(n), parseText
	}
	c.checkConstant(n, v)
	return v
}

// checkConstant refuses a constant that every row would be rejected for.
func (c *compiler) checkConstant(n *node, v value) {
	if !v.constant() {
		return
	}
	if text, err := v.text(cells{}); err == nil && text != "" {
		if _, err := v.parse(text); err != nil {
			c.add(n.line, "%q %v", text, err)
		}
	}
}

// money compiles an amount and its currency.
func (c *compiler) money(n *node, fd protoreflect.FieldDescriptor) filler {
	if !n.isMap() || n.get("amount") == nil || n.get("currency_code") == nil {
		c.add(n.line, "%s must have the keys amount and currency_code", fd.Name())
		return filler{}
	}
	c.only(n, "amount", "currency_code")
	d := c.decimals(n.get("amount"))
	amount := c.summable(n.get("amount"), "decimal", "thousands")
	amount.parse = func(text string) (protoreflect.Value, error) {
		m, err := d.amount(text)
		return protoreflect.ValueOfMessage(m.ProtoReflect()), err
	}
	amount.add = addAmounts
	currency := value{source: c.source(n.get("currency_code")), parse: parseText}
	c.checkConstant(n.get("amount"), amount)
	return filler{constant: amount.constant(), fill: func(b *build, m protoreflect.Message, path string) bool {
		path = b.path(path, fd)
		out, set, filled := b.value(amount, path)
		if !set {
			return filled
		}
		if code, set, _ := b.value(currency, path+".currency_code"); set {
			out.Message().Set(out.Message().Descriptor().Fields().ByName("currency_code"), code)
		}
		m.Set(fd, out)
		return filled
	}}
}

// mapField compiles a map: attributes, or texts such as the external ids.
func (c *compiler) mapField(n *node, fd protoreflect.FieldDescriptor) filler {
	if !n.isMap() {
		c.add(n.line, "%s must have a key for each", fd.Name())
		return filler{}
	}
	var parts []filler
	for _, e := range n.entries {
		var v value
		if fd.MapValue().Message() != nil {
			v = c.attribute(e.value)
		} else {
			v = value{source: c.source(e.value), parse: parseText}
		}
		c.checkConstant(e.value, v)
		parts = append(parts, mapEntry(fd, e.key, v))
	}
	return filler{constant: allConstant(parts), fill: func(b *build, m protoreflect.Message, path string) bool {
		return fillAll(b, parts, m, path)
	}}
}

func mapEntry(fd protoreflect.FieldDescriptor, key string, v value) filler {
	return filler{constant: v.constant(), fill: func(b *build, m protoreflect.Message, path string) bool {
		out, set, filled := b.value(v, b.path(path, fd)+"."+key)
		if set {
			m.Mutable(fd).Map().Set(protoreflect.ValueOfString(key).MapKey(), out)
		}
		return filled
	}}
}

func fillAll(b *build, parts []filler, m protoreflect.Message, path string) (filled bool) {
	for _, p := range parts {
		if p.fill(b, m, path) {
			filled = true
		}
	}
	return filled
}

func allConstant(parts []filler) bool {
	for _, p := range parts {
		if !p.constant {
			return false
		}
	}
	return true
}

// mappable tells whether a client may set the field at all, and whether a text can say it.
func mappable(fd protoreflect.FieldDescriptor) bool {
	if fd.FullName() == "google.type.PostalAddress.revision" {
		return false // it is always 0
	}
	behaviors, _ := proto.GetExtension(fd.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	return !slices.Contains(behaviors, annotations.FieldBehavior_OUTPUT_ONLY)
}

// names are the fields of a message that can be mapped.
func names(md protoreflect.MessageDescriptor) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range md.Fields().Len() {
			if fd := md.Fields().Get(i); mappable(fd) && !yield(fmt.Sprint(fd.Name())) {
				return
			}
		}
	}
}
