package mapping

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// list compiles a list: its elements one by one, or one text that holds several.
func (c *compiler) list(n *node, fd protoreflect.FieldDescriptor) filler {
	items := n.items
	if !n.isList {
		items = []*node{n}
	}
	var parts []filler
	for _, item := range items {
		switch {
		case fd.Message() == nil:
			parts = append(parts, c.scalarElements(item, fd, fd))
		case item.isMap() && !isSource(item):
			parts = append(parts, c.messageElement(item, fd))
		default:
			first := shorthand(fd.Message())
			if first == nil {
				c.add(item.line, "each of %s must have fields, not be a text", fd.Name())
				continue
			}
			parts = append(parts, c.scalarElements(item, fd, first))
		}
	}
	return filler{constant: allConstant(parts), fill: func(b *build, m protoreflect.Message, path string) bool {
		return fillAll(b, parts, m, path)
	}}
}

// shorthand is the field that a text alone sets: the address of an e-mail, the number of
// a phone. It is the first one, where that is a required text.
func shorthand(md protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	if fd := md.Fields().ByNumber(1); fd != nil && fd.Kind() == protoreflect.StringKind && !fd.IsList() {
		return fd
	}
	return nil
}

// stands tells whether a list has an element of the same address or number already: two
// columns often hold the same one, and a customer has each once.
func stands(list protoreflect.List, element protoreflect.Value) bool {
	fd := shorthand(element.Message().Descriptor())
	if fd == nil {
		return false
	}
	for i := range list.Len() {
		if list.Get(i).Message().Get(fd).String() == element.Message().Get(fd).String() {
			return true
		}
	}
	return false
}

// messageElement compiles an element of several fields.
func (c *compiler) messageElement(n *node, fd protoreflect.FieldDescriptor) filler {
	parts := c.fields(n, fd.Message())
	constant := allConstant(parts)
	return filler{constant: constant, fill: func(b *build, m protoreflect.Message, path string) bool {
		list := m.Mutable(fd).List()
		child := list.NewElement()
		filled := fillAll(b, parts, child.Message(), b.index(b.path(path, fd), list.Len()))
		if (filled || constant) && !stands(list, child) {
			list.Append(child)
		}
		return filled
	}}
}

// scalarElements compiles elements that a text sets, or the pieces of a text: elements of
// the list as they are, or that field of them.
func (c *compiler) scalarElements(n *node, fd, element protoreflect.FieldDescriptor) filler {
	split := c.textOf(n, "split")
	v := value{source: c.source(n, "split"), parse: parseText}
	return filler{constant: v.constant(), fill: func(b *build, m protoreflect.Message, path string) bool {
		list := m.Mutable(fd).List()
		text, filled := b.text(v.source)
		pieces := []string{text}
		if split != "" {
			pieces = strings.Split(text, split)
		}
		for _, piece := range pieces {
			if split != "" {
				piece = strings.TrimSpace(piece)
			}
			if piece == "" {
				continue
			}
			at := b.index(b.path(path, fd), list.Len())
			out := protoreflect.ValueOfString(piece)
			if element != fd {
				at = b.path(at, element)
				child := list.NewElement()
				child.Message().Set(element, out)
				out = child
				if stands(list, out) {
					continue
				}
			}
			b.note(at, v.source)
			list.Append(out)
		}
		return filled
	}}
}

// build is the making of one row.
type build struct {
	row cells
	// raw is the record as it is written, of NDJSON.
	raw      string
	problems []Problem
	// origins are the columns that each field came from, where that is asked for.
	origins map[string]Problem
}

// path and index lead to a field and an element, where origins are noted.
func (b *build) path(path string, fd protoreflect.FieldDescriptor) string {
	if b.origins == nil {
		return ""
	}
	return path + "." + string(fd.Name())
}

func (b *build) index(path string, i int) string {
	if b.origins == nil {
		return ""
	}
	return fmt.Sprintf("%s[%d]", path, i)
}

// text returns a source's text, and whether a column had something for it.
func (b *build) text(s source) (text string, filled bool) {
	filled = !s.constant() && s.raw(b.row) != ""
	text, err := s.text(b.row)
	if err != nil {
		b.problem(s, err)
	}
	return text, filled
}

// value returns a value, whether it is set, and whether a column had something for it.
func (b *build) value(v value, path string) (out protoreflect.Value, set, filled bool) {
	b.note(path, v.source)
	text, filled := b.text(v.source)
	if text == "" {
		return out, false, filled
	}
	out, err := v.parse(text)
	if err != nil {
		b.problem(v.source, err)
		return out, false, filled
	}
	return out, true, filled
}

func (b *build) problem(s source, err error) {
	p := b.origin(s)
	p.Reason = err.Error()
	b.problems = append(b.problems, p)
}

func (b *build) note(path string, s source) {
	if b.origins != nil {
		b.origins[path] = b.origin(s)
	}
}

// origin names the columns of a source and what they hold.
func (b *build) origin(s source) Problem {
	var columns, values []string
	for _, r := range s.refs() {
		columns, values = append(columns, r.name), append(values, b.row.get(r))
	}
	return Problem{Column: strings.Join(columns, ", "), Value: strings.Join(values, ", ")}
}
