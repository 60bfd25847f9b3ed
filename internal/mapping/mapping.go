// Package mapping turns the records of a file into customers, or into records of what was
// said, bought, asked, promised or felt, as a mapping file says: which column fills which field,
// how texts are read as values, and which further files have the rest. docs/import.md
// describes mapping files.
package mapping

import (
	"strings"

	"github.com/rapport-crm/rapport/internal/load"
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
	// Kind is what the rows become records of; nil for customers.
	Kind *load.Kind

	// externalID says how a record is found again, owner whose it is where it is not a
	// customer, void which purchases are voided, and when which rows are loaded at all.
	externalID, owner, void, when *node
	// fields are those of the record.
	fields *node
}

// noun is what a row is to become.
func (m *Mapping) noun() string {
	if m.Kind == nil {
		return customerKey
	}
	return m.Kind.Singular
}

// The keys of a mapping.
const (
	customerKey   = "customer"
	externalIDKey = "external_id"
	ownerKey      = "customer_external_id"
	voidKey       = "void"
	whenKey       = "when"
)

// Join is a further file, whose rows have more about those of the main one.
type Join struct {
	// File is its path as the mapping has it.
	File string
	// As names it before a column, as in `status.Quarter`; empty where nothing does.
	As string

	line    int
	key, on string
	// several is set where a row of the main file may have several partners.
	several, optional bool
}

// name is how a mapping calls the file.
func (j Join) name() string {
	if j.As != "" {
		return j.As
	}
	return j.File
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
		p.add(root.line, "must have the keys external_id and customer, or what else is imported: %s", strings.Join(kindNames(), ", "))
		return nil, p.err()
	}
	p.kind(m, root)
	keys := []string{"encoding", "delimiter", "join", whenKey, externalIDKey, m.noun()}
	if m.Kind != nil {
		keys = append(keys, ownerKey)
	}
	if m.Kind == load.Purchases {
		keys = append(keys, voidKey)
	}
	p.only(root, keys...)
	m.Encoding = p.textOf(root, "encoding")
	switch d := p.textOf(root, "delimiter"); {
	case d == "":
	case len(d) == 1 && !strings.Contains("\"\r\n\x00", d) && d[0] < 0x80:
		m.Delimiter = d[0]
	default:
		p.add(root.get("delimiter").line, "the delimiter must be one ASCII character, and neither a quote nor a line's end")
	}
	m.externalID, m.owner, m.void, m.when = p.idOf(root, externalIDKey), p.idOf(root, ownerKey), root.get(voidKey), root.get(whenKey)
	if m.fields = root.get(m.noun()); m.fields == nil || !m.fields.isMap() {
		p.add(root.line, "%s must say which field comes from where", m.noun())
	}
	if m.void != nil && (m.void.get("when") == nil || m.void.get("reason") == nil) {
		p.add(m.void.line, "void must have the keys when and reason")
	}
	if joins := root.get("join"); joins != nil {
		m.Joins = p.joins(joins)
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	return m, nil
}

// kind finds out what the rows become.
func (p *problems) kind(m *Mapping, root *node) {
	found := root.get(customerKey) != nil
	for _, k := range load.Kinds {
		n := root.get(k.Singular)
		if n == nil {
			continue
		}
		if found {
			p.add(n.line, "a mapping makes one kind of records; %s and %s are two", m.noun(), k.Singular)
		}
		found, m.Kind = true, k
	}
}

func kindNames() (out []string) {
	for _, k := range load.Kinds {
		out = append(out, k.Singular)
	}
	return out
}

// idOf returns what a key says of an id in another system, or nil.
func (p *problems) idOf(root *node, key string) *node {
	n := root.get(key)
	if n != nil && !n.isMap() {
		p.add(n.line, "%s must have the keys source and column", key)
	}
	return n
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
		p.only(n, "file", "key", "on", "as", "several", "optional")
		j := Join{
			File: p.textOf(n, "file"), As: p.textOf(n, "as"), line: n.line,
			key: p.textOf(n, "key"), on: p.textOf(n, "on"),
			several: p.flag(n, "several"), optional: p.flag(n, "optional"),
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
