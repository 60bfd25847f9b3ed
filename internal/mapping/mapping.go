// Package mapping turns the records of a file into customers, as a mapping file says:
// which column fills which field, how texts are read as values, and which further files
// have the rest. docs/import.md describes mapping files.
package mapping

import (
	"strings"

	"github.com/rapport-crm/rapport/internal/tabular"
)

// Mapping is a mapping file that was read.
type Mapping struct {
	// File is its name, for messages.
	File string
	// Encoding and Delimiter are how the files are written, as tabular.Options has them.
	Encoding  string
	Delimiter byte
	// Joins are the further files.
	Joins []Join

	externalID *node
	customer   *node
}

// Join is a further file, whose rows have more about those of the main one.
type Join struct {
	// File is its path as the mapping has it.
	File string
	// As names it before a column, as in `status.Quarter`; empty where nothing does.
	As string

	line     int
	key, on  string
	optional bool
}

// Parse reads a mapping file. The error tells all that is wrong with it, each with its
// line; whether the columns exist is told by Compile.
func Parse(file string, text []byte) (*Mapping, error) {
	root, err := parseYAML(file, text)
	if err != nil {
		return nil, err
	}
	p := &problems{file: file}
	m := &Mapping{File: file}
	if !root.isMap() {
		p.add(root.line, "must have the keys external_id and customer")
		return nil, p.err()
	}
	p.only(root, "encoding", "delimiter", "external_id", "join", "customer")
	m.Encoding = p.textOf(root, "encoding")
	switch d := p.textOf(root, "delimiter"); {
	case d == "":
	case len(d) == 1 && !strings.Contains("\"\r\n\x00", d) && d[0] < 0x80:
		m.Delimiter = d[0]
	default:
		p.add(root.get("delimiter").line, "the delimiter must be one ASCII character, and neither a quote nor a line's end")
	}
	if m.externalID = root.get("external_id"); m.externalID != nil && !m.externalID.isMap() {
		p.add(m.externalID.line, "external_id must have the keys source and column")
	}
	if m.customer = root.get("customer"); m.customer == nil || !m.customer.isMap() {
		p.add(root.line, "customer must say which field comes from where")
	}
	if joins := root.get("join"); joins != nil {
		m.Joins = p.joins(joins)
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	return m, nil
}

func (p *problems) joins(list *node) (out []Join) {
	if !list.isList {
		p.add(list.line, "join must be a list, each with the keys file and key")
		return nil
	}
	for _, n := range list.items {
		if !n.isMap() {
			p.add(n.line, "must have the keys file and key")
			continue
		}
		p.only(n, "file", "key", "on", "as", "optional")
		j := Join{
			File: p.textOf(n, "file"), As: p.textOf(n, "as"), line: n.line,
			key: p.textOf(n, "key"), on: p.textOf(n, "on"), optional: p.flag(n, "optional"),
		}
		if j.on == "" {
			j.on = j.key
		}
		if j.File == "" || j.key == "" {
			p.add(n.line, "must name a file and its key column")
		}
		out = append(out, j)
	}
	return out
}

// Options are how the mapping's files are read.
func (m *Mapping) Options(name string) tabular.Options {
	return tabular.Options{Name: name, Encoding: m.Encoding, Delimiter: m.Delimiter}
}
