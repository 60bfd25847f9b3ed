package mapping

import (
	"errors"
	"maps"
	"slices"
	"strings"
)

// sourceKeys are the keys of a text that is more than a template.
var sourceKeys = []string{"column", "text", "first_of", "values", "others", "default", "trim"}

// source is where a text comes from. The zero value is the empty text.
type source struct {
	template template
	// firstOf are tried in their order where the template is empty.
	firstOf []template
	// values translates the text where it is set; one that it does not have becomes
	// others, or is refused where that is nil.
	values map[string]template
	others *template
	// fallback stands for an empty text.
	fallback string
	// asIs keeps white space, around the text and where there is nothing else.
	asIs bool
}

// template is literals with columns between them, such as "{First} {Last}".
type template []part

type part struct {
	literal string
	ref     ref
	column  bool
}

// isSource tells whether a map says where a text comes from; other maps have the fields
// of a message.
func isSource(n *node) bool {
	return n.get("column") != nil || n.get("text") != nil || n.get("first_of") != nil
}

// source compiles a template, or a map of the source keys and the more that its value's
// type allows.
func (c *compiler) source(n *node, more ...string) source {
	var s source
	switch {
	case n.text != nil:
		s.template = c.template(n)
		return s
	case !n.isMap():
		c.add(n.line, "must be a text such as \"{Column}\", not a list")
		return s
	}
	c.only(n, append(more, sourceKeys...)...)
	given := 0
	if v := n.get("column"); v != nil {
		given++
		s.template = template{{column: true, ref: c.column(v.line, c.textOf(n, "column"))}}
	}
	if v := n.get("text"); v != nil {
		given++
		s.template = c.template(v)
	}
	if v := n.get("first_of"); v != nil {
		given++
		for _, item := range v.items {
			s.firstOf = append(s.firstOf, c.template(item))
		}
		if !v.isList {
			c.add(v.line, "first_of must be a list")
		}
	}
	if given != 1 {
		c.add(n.line, "must have one of column, text and first_of")
	}
	if v := n.get("values"); v != nil {
		s.values = c.values(v)
	}
	if v := n.get("others"); v != nil {
		others := c.template(v)
		s.others = &others
		if s.values == nil {
			c.add(v.line, "others goes with values")
		}
	}
	s.fallback = c.textOf(n, "default")
	s.asIs = n.get("trim") != nil && !c.flag(n, "trim")
	return s
}

// values compiles the texts of a table.
func (c *compiler) values(n *node) map[string]template {
	if !n.isMap() {
		c.add(n.line, "must be a table of words and what they mean")
		return nil
	}
	out := map[string]template{}
	for _, e := range n.entries {
		out[e.key] = c.template(e.value)
	}
	return out
}

// template compiles a text with columns in braces; two braces stand for one.
func (c *compiler) template(n *node) (out template) {
	if n.text == nil {
		c.add(n.line, "must be a text such as \"{Column}\"")
		return nil
	}
	var literal strings.Builder
	for rest := *n.text; rest != ""; {
		at := strings.IndexAny(rest, "{}")
		if at < 0 {
			literal.WriteString(rest)
			break
		}
		literal.WriteString(rest[:at])
		brace := rest[at]
		rest = rest[at+1:]
		if rest != "" && rest[0] == brace {
			literal.WriteByte(brace)
			rest = rest[1:]
			continue
		}
		end := strings.IndexByte(rest, '}')
		if brace == '}' || end < 0 {
			c.add(n.line, "a { in %q is not closed, or a } not opened; one that is meant as such is written twice", *n.text)
			return nil
		}
		out = append(out, part{literal: literal.String()}, part{column: true, ref: c.column(n.line, rest[:end])})
		literal.Reset()
		rest = rest[end+1:]
	}
	return append(out, part{literal: literal.String()})
}

// constant tells whether no column has a part in the text.
func (s source) constant() bool {
	return !slices.ContainsFunc(s.templates(), func(t template) bool { return !t.constant() })
}

// templates are all that have a part in the text, in the order in which they stand.
func (s source) templates() []template {
	out := append([]template{s.template}, s.firstOf...)
	for _, word := range slices.Sorted(maps.Keys(s.values)) {
		out = append(out, s.values[word])
	}
	if s.others != nil {
		out = append(out, *s.others)
	}
	return out
}

func (t template) constant() bool {
	for _, p := range t {
		if p.column {
			return false
		}
	}
	return true
}

// text returns the template with the row's cells, and the empty text where all its
// columns are empty: "+49 {Phone}" of no phone is none. White space alone is nothing,
// unless it is to be kept as it is.
func (t template) text(row cells, asIs bool) string {
	var b strings.Builder
	filled := t.constant()
	for _, p := range t {
		text := p.literal
		if p.column {
			text = row.get(p.ref)
			filled = filled || asIs && text != "" || strings.TrimSpace(text) != ""
		}
		b.WriteString(text)
	}
	if !filled {
		return ""
	}
	return b.String()
}

// text returns the row's text. The error says why there is none for what the row has.
func (s source) text(row cells) (string, error) {
	text := s.raw(row)
	if s.values != nil {
		switch value, ok := s.values[text]; {
		case ok:
			text = s.trimmed(value.text(row, s.asIs))
		case text == "":
		case s.others != nil:
			text = s.trimmed(s.others.text(row, s.asIs))
		default:
			return "", errors.New("is not one of the mapping's values")
		}
	}
	if text == "" {
		text = s.fallback
	}
	return text, nil
}

func (s source) raw(row cells) string {
	text := s.trimmed(s.template.text(row, s.asIs))
	for _, t := range s.firstOf {
		if text != "" {
			break
		}
		text = s.trimmed(t.text(row, s.asIs))
	}
	return text
}

func (s source) trimmed(text string) string {
	if s.asIs {
		return text
	}
	return strings.TrimSpace(text)
}

// refs are the columns that have a part in the text.
func (s source) refs() (out []ref) {
	for _, t := range s.templates() {
		for _, p := range t {
			if p.column {
				out = append(out, p.ref)
			}
		}
	}
	return out
}
