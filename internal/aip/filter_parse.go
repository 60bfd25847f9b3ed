package aip

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type nodeKind byte

const (
	nodeTerm nodeKind = iota
	nodeAnd
	nodeOr
	nodeNot
)

// node is a part of a parsed filter: a comparison, or others joined or negated.
type node struct {
	kind nodeKind
	kids []*node

	// Of a comparison: where it starts, in bytes, and what it says.
	at    int
	path  []string
	op    string
	value Literal
}

// parser reads a filter by recursive descent. What is a word depends on the side of a
// comparison it stands on, so there is no separate lexer.
type parser struct {
	filter string
	pos    int
	depth  int
	terms  int
}

// parseFilter returns the parsed filter, nil for one of nothing but spaces.
func parseFilter(filter string) (*node, error) {
	p := &parser{filter: filter}
	p.space()
	if p.end() {
		return nil, nil //nolint:nilnil // an empty filter is valid and has no conditions
	}
	root, err := p.expression()
	if err != nil {
		return nil, err
	}
	if !p.end() {
		return nil, p.refuse("a `)` without its `(`")
	}
	return root, nil
}

// expression reads factors joined by AND, up to the end or a closing parenthesis.
func (p *parser) expression() (*node, error) {
	return p.joined(nodeAnd, "AND", p.factor, func() error {
		if p.end() || p.peek() == ')' {
			return nil
		}
		for _, word := range []string{"and", "or", "not"} {
			if p.keyword(word) {
				p.pos -= len(word)
				return p.refuse("write %s in capitals", strings.ToUpper(word))
			}
		}
		return p.refuse("expected AND, OR or the end; two comparisons in a row have no meaning here")
	})
}

// factor reads terms joined by OR, which binds tighter than AND.
func (p *parser) factor() (*node, error) {
	return p.joined(nodeOr, "OR", p.term, func() error { return nil })
}

// joined reads one or more parts with the keyword between them; done judges what
// follows the last.
func (p *parser) joined(kind nodeKind, keyword string, part func() (*node, error), done func() error) (*node, error) {
	var kids []*node
	for {
		kid, err := part()
		if err != nil {
			return nil, err
		}
		kids = append(kids, kid)
		p.space()
		if !p.keyword(keyword) {
			break
		}
		p.space()
	}
	if err := done(); err != nil {
		return nil, err
	}
	if len(kids) == 1 {
		return kids[0], nil
	}
	return &node{kind: kind, kids: kids}, nil
}

// term reads a comparison or an expression in parentheses, and a NOT or `-` before it.
func (p *parser) term() (*node, error) {
	not := p.keyword("NOT") || p.eat("-")
	if not {
		p.space()
	}
	kid, err := p.simple()
	if err != nil || !not {
		return kid, err
	}
	return &node{kind: nodeNot, kids: []*node{kid}}, nil
}

func (p *parser) simple() (*node, error) {
	if !p.eat("(") {
		return p.comparison()
	}
	if p.depth++; p.depth > maxFilterDepth {
		return nil, p.refuse("more than %d parentheses inside each other", maxFilterDepth)
	}
	p.space()
	n, err := p.expression()
	if err != nil {
		return nil, err
	}
	if !p.eat(")") {
		return nil, p.refuse("expected `)`")
	}
	p.depth--
	return n, nil
}

func (p *parser) comparison() (*node, error) {
	n := &node{at: p.pos}
	if p.terms++; p.terms > maxFilterTerms {
		return nil, p.refuse("more than %d comparisons", maxFilterTerms)
	}
	for {
		segment, err := p.segment()
		if err != nil {
			return nil, err
		}
		n.path = append(n.path, segment)
		if !p.eat(".") {
			break
		}
	}
	if !p.end() && p.peek() == '(' {
		return nil, p.refuse("there are no functions")
	}
	p.space()
	for _, op := range []string{"!=", "<=", ">=", "=", "<", ">", ":"} {
		if p.eat(op) {
			n.op = op
			break
		}
	}
	if n.op == "" {
		p.pos = n.at
		return nil, p.refuse("expected a comparison, such as `create_time > \"2026-01-01T00:00:00Z\"`")
	}
	p.space()
	var err error
	n.value, err = p.literal()
	return n, err
}

// segment reads one part of a field's path: a word or a quoted string.
func (p *parser) segment() (string, error) {
	if !p.end() && isQuote(p.peek()) {
		l, err := p.quoted()
		return l.Text, err
	}
	start := p.pos
	for !p.end() && isWord(p.peek(), p.pos > start) {
		p.pos++
	}
	if p.pos == start {
		return "", p.refuse("expected a field's name")
	}
	return p.filter[start:p.pos], nil
}

// literal reads a value: a quoted string, or a word that may hold what numbers, times,
// enum values and resource names are made of.
func (p *parser) literal() (Literal, error) {
	if !p.end() && isQuote(p.peek()) {
		return p.quoted()
	}
	start := p.pos
	for !p.end() {
		r, n := utf8.DecodeRuneInString(p.filter[p.pos:])
		if unicode.IsSpace(r) || strings.ContainsRune(`()"'=<>!,\`, r) {
			break
		}
		p.pos += n
	}
	text := p.filter[start:p.pos]
	switch {
	case text == "":
		return Literal{}, p.refuse("expected a value")
	case !p.end() && p.peek() == '(':
		return Literal{}, p.refuse("there are no functions")
	case !p.end() && p.peek() != ')' && !p.atSpace():
		return Literal{}, p.refuse("a value with `%c` in it stands in quotes", p.peek())
	}
	return newLiteral(text, false, text[0] == '*', text[len(text)-1] == '*'), nil
}

// quoted reads a string in single or double quotes. A backslash may stand before a
// quote, a backslash or a star, and takes away their meaning.
func (p *parser) quoted() (Literal, error) {
	quote, start := p.peek(), p.pos
	p.pos++
	var b strings.Builder
	first, last := false, false
	for !p.end() && p.peek() != quote {
		c := p.peek()
		if c == '\\' {
			p.pos++
			if p.end() || !strings.ContainsRune(`"'\*`, rune(p.peek())) {
				return Literal{}, p.refuse("only a quote, a backslash or a star can follow a backslash")
			}
		}
		last = c == '*'
		first = first || last && b.Len() == 0
		b.WriteByte(p.peek())
		p.pos++
	}
	if p.end() {
		p.pos = start
		return Literal{}, p.refuse("a string without its closing quote")
	}
	p.pos++
	if !p.end() && p.peek() != ')' && p.peek() < utf8.RuneSelf && !p.atSpace() && !strings.ContainsRune(".=<>!:", rune(p.peek())) {
		return Literal{}, p.refuse("expected a space after a string")
	}
	return newLiteral(b.String(), true, first, last), nil
}

// space skips white space.
func (p *parser) space() {
	p.pos = len(p.filter) - len(strings.TrimLeftFunc(p.filter[p.pos:], unicode.IsSpace))
}

func (p *parser) atSpace() bool {
	r, _ := utf8.DecodeRuneInString(p.filter[p.pos:])
	return unicode.IsSpace(r)
}

func (p *parser) end() bool { return p.pos >= len(p.filter) }

// peek returns the next byte; the caller has ruled out the end.
func (p *parser) peek() byte { return p.filter[p.pos] }

func (p *parser) eat(s string) bool {
	if strings.HasPrefix(p.filter[p.pos:], s) {
		p.pos += len(s)
		return true
	}
	return false
}

// keyword eats the word where it is not the start of a longer one or of a path.
func (p *parser) keyword(word string) bool {
	rest, ok := strings.CutPrefix(p.filter[p.pos:], word)
	if !ok || rest != "" && (isWord(rest[0], true) || strings.ContainsRune(".=<>!:", rune(rest[0]))) {
		return false
	}
	p.pos += len(word)
	return true
}

func (p *parser) refuse(format string, args ...any) error {
	return invalidFilter(p.filter, p.pos, format, args...)
}

func isQuote(c byte) bool { return c == '"' || c == '\'' }

// isWord tells whether c is part of a bare name; digits and hyphens are not its start.
func isWord(c byte, inside bool) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_':
		return true
	case c >= '0' && c <= '9', c == '-':
		return inside
	default:
		return false
	}
}
