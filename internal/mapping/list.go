package mapping

import (
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

// once tells whether a list has each element only once by what a text alone sets: two
// columns often hold the same address or number.
func once(md protoreflect.MessageDescriptor) bool {
	return md.FullName() == "rapport.v1.EmailAddress" || md.FullName() == "rapport.v1.PhoneNumber"
}

// stands tells whether a list has an element already that it has once.
func stands(list protoreflect.List, element protoreflect.Value) bool {
	if !once(element.Message().Descriptor()) {
		return false
	}
	fd := shorthand(element.Message().Descriptor())
	for i := range list.Len() {
		if list.Get(i).Message().Get(fd).String() == element.Message().Get(fd).String() {
			return true
		}
	}
	return false
}

// messageElement compiles an element of several fields, or with `each` one for each row of
// a file that may have several.
func (c *compiler) messageElement(n *node, fd protoreflect.FieldDescriptor) filler {
	table := 0
	if each := n.get("each"); each != nil {
		if table = c.several(each.line, c.textOf(n, "each")); c.each != 0 {
			c.add(each.line, "each cannot stand in another one")
		}
		n = n.without("each")
		c.each = table
		defer func() { c.each = 0 }()
	}
	parts := c.fields(n, fd.Message())
	constant := allConstant(parts)
	add := func(b *build, m protoreflect.Message, path string) bool {
		list := m.Mutable(fd).List()
		child := list.NewElement()
		filled := fillAll(b, parts, child.Message(), b.index(b.path(path, fd), list.Len()))
		if (filled || constant) && !stands(list, child) {
			list.Append(child)
		}
		return filled
	}
	if table == 0 {
		return filler{constant: constant, fill: add}
	}
	return filler{fill: func(b *build, m protoreflect.Message, path string) (filled bool) {
		b.eachOf(table, func() { filled = add(b, m, path) || filled })
		return filled
	}}
}

// several returns the joined file of this name, which may have several rows for each.
func (c *compiler) several(line int, name string) int {
	for i, j := range c.joined {
		if j.join.name() == name && j.join.several {
			return i + 1
		}
	}
	c.add(line, "there is no joined file %q with `several: true`", name)
	return 0
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
