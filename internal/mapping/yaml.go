package mapping

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/rapport-crm/rapport/internal/aip"
)

// node is a part of a YAML file that knows its line. Scalars are text, so that a postal
// code keeps its zeros and Norway is not false.
type node struct {
	line int
	// Exactly one of these is set; text where it is a scalar, null is the empty text.
	text    *string
	items   []*node
	entries []entry
	isList  bool
	null    bool
}

type entry struct {
	key   string
	line  int
	value *node
}

// problems gathers what is wrong with a mapping, so that its author hears of all of it.
type problems struct {
	file string
	errs []error
}

func (p *problems) add(line int, format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("%s:%d: %s", p.file, line, fmt.Sprintf(format, args...)))
}

func (p *problems) err() error { return errors.Join(p.errs...) }

// parseYAML returns the file's only document.
func parseYAML(file string, text []byte) (*node, error) {
	text = bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF")) // as some editors write it
	for i, line := range bytes.Split(text, []byte("\n")) {
		if !utf8.Valid(line) {
			return nil, fmt.Errorf("%s:%d: a mapping must be UTF-8", file, i+1)
		}
	}
	parsed, err := parser.ParseBytes(text, 0)
	if err != nil {
		var at yaml.Error
		if errors.As(err, &at) && at.GetToken() != nil {
			return nil, fmt.Errorf("%s:%d: %s", file, at.GetToken().Position.Line, at.GetMessage())
		}
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(parsed.Docs) != 1 || parsed.Docs[0].Body == nil {
		return nil, fmt.Errorf("%s: must hold one document", file)
	}
	c := converter{problems: problems{file: file}, anchors: map[string]*node{}}
	root := c.convert(parsed.Docs[0].Body)
	return root, c.err()
}

// converter turns the tree of the YAML library, with its anchors and aliases, into ours.
type converter struct {
	problems
	anchors map[string]*node
}

func (c *converter) convert(from ast.Node) *node {
	if from == nil {
		return &node{text: new(""), null: true}
	}
	line := 0
	if t := from.GetToken(); t != nil {
		line = t.Position.Line
	}
	switch n := from.(type) {
	case *ast.MappingNode:
		return c.mapping(line, n.Values)
	case *ast.MappingValueNode:
		return c.mapping(line, []*ast.MappingValueNode{n})
	case *ast.SequenceNode:
		out := &node{line: line, isList: true}
		for _, v := range n.Values {
			out.items = append(out.items, c.convert(v))
		}
		return out
	case *ast.AnchorNode:
		out := c.convert(n.Value)
		c.anchors[n.Name.GetToken().Value] = out
		return out
	case *ast.AliasNode:
		name := n.Value.GetToken().Value
		if out, ok := c.anchors[name]; ok {
			return out
		}
		c.add(line, "there is no anchor &%s above this", name)
		return &node{line: line, text: new("")}
	case *ast.LiteralNode:
		return &node{line: line, text: new(n.Value.Value)}
	case *ast.StringNode:
		return &node{line: line, text: new(n.Value)}
	case *ast.NullNode:
		return &node{line: line, text: new(""), null: true}
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return &node{line: line, text: new(from.GetToken().Value)}
	default:
		c.add(line, "a mapping has no use for %s", strings.ToLower(from.Type().String()))
		return &node{line: line, text: new("")}
	}
}

func (c *converter) mapping(line int, values []*ast.MappingValueNode) *node {
	out := &node{line: line, entries: []entry{}}
	seen := map[string]bool{}
	for _, v := range values {
		e := entry{line: v.Key.GetToken().Position.Line}
		key := c.convert(v.Key)
		if key.text == nil {
			c.add(e.line, "a key must be text")
			continue
		}
		e.key, e.value = *key.text, c.convert(v.Value)
		if e.value.line == 0 {
			e.value.line = e.line
		}
		if len(out.entries) == 0 {
			out.line = e.line
		}
		if seen[e.key] {
			c.add(e.line, "%q stands twice", e.key)
		}
		seen[e.key] = true
		out.entries = append(out.entries, e)
	}
	return out
}

// isMap tells whether the node has keys.
func (n *node) isMap() bool { return n.entries != nil }

// get returns the value of a key, or nil.
func (n *node) get(key string) *node {
	for _, e := range n.entries {
		if e.key == key {
			return e.value
		}
	}
	return nil
}

// without returns the map without a key.
func (n *node) without(key string) *node {
	out := &node{line: n.line, entries: []entry{}}
	for _, e := range n.entries {
		if e.key != key {
			out.entries = append(out.entries, e)
		}
	}
	return out
}

// only reports the keys of a map that are none of these.
func (p *problems) only(n *node, keys ...string) {
	for _, e := range n.entries {
		if slices.Contains(keys, e.key) {
			continue
		}
		hint := aip.DidYouMean(e.key, slices.Values(keys))
		if e.value.null {
			hint = "; a text that begins with { stands in quotes"
		}
		p.add(e.line, "%q is none of %s%s", e.key, strings.Join(slices.Sorted(slices.Values(keys)), ", "), hint)
	}
}

// textOf returns the scalar under a key, or the empty text where there is none.
func (p *problems) textOf(n *node, key string) string {
	v := n.get(key)
	if v == nil {
		return ""
	}
	if v.text == nil {
		p.add(v.line, "%q must be a text", key)
		return ""
	}
	return *v.text
}

// flag returns the boolean under a key, false where there is none.
func (p *problems) flag(n *node, key string) bool {
	switch text := p.textOf(n, key); text {
	case "true":
		return true
	case "false", "":
	default:
		p.add(n.get(key).line, "%q must be true or false, not %q", key, text)
	}
	return false
}
