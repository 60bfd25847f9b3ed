package mapping

import (
	"slices"
	"strings"

	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/tabular"
)

// lineColumn is the name of a column that every file has unless it has one of its own that
// is named so: the line on which the row began in the file that it was first read from.
const lineColumn = "#line"

// ref is a column: of the main file where table is 0, else of a joined one; or the line.
type ref struct {
	table, column int
	line          bool
	name          string
}

// cells are a row of the main file and its partners in the joined ones.
type cells struct {
	// line is the row's, empty where nobody knows.
	line string
	// tables are the cells by their file; nil where the row has no partner in it, or
	// several, of which none is at hand.
	tables [][]string
	// several are the partners in a file that may have several.
	several [][][]string
}

func (c cells) get(r ref) string {
	if r.line {
		return c.line
	}
	row := c.tables[r.table]
	if r.column >= len(row) {
		return ""
	}
	return row[r.column]
}

// compiler resolves what a mapping names against the files that there are.
type compiler struct {
	problems
	main   *tabular.Table
	joined []*Joined
	links  []link
	// each is the file whose rows are gone through one by one where this is compiled; 0
	// where none is.
	each int
}

// link is how a row finds its partners in a joined file.
type link struct {
	// on is the column that has their key.
	on ref
	// under is the file whose rows are gone through one by one before there is a partner,
	// this one or one that on leads to; 0 where there is always one at most.
	under int
}

// column finds the column that is at hand where the name stands.
func (c *compiler) column(line int, name string) ref {
	found := c.resolve(line, name)
	if under := c.under(found); under != c.each && under != 0 {
		j := c.joined[under-1].join
		c.add(line, "%s may have several rows for each, so %q needs `sum: true`, or to stand in a list under `each: %s`", j.File, name, j.name())
	}
	return found
}

// under returns the file whose rows are gone through before a column has a value, or 0.
func (c *compiler) under(r ref) int {
	if r.table == 0 {
		return 0
	}
	return c.links[r.table-1].under
}

// resolve finds a column by its name: in the main file, else in the one joined file that
// has it, or by the name of a joined file and the column's.
func (c *compiler) resolve(line int, name string) ref {
	if !c.main.Objects() {
		if i, ok := c.main.Column(name); ok {
			return ref{column: i, name: name}
		}
	}
	var found []ref
	var files []string
	for t, j := range c.joined {
		if i, ok := j.table.Column(name); ok && name != j.join.key {
			found, files = append(found, ref{table: t + 1, column: i, name: name}), append(files, j.join.File)
		}
		rest, ok := strings.CutPrefix(name, j.join.As+".")
		if i, has := j.table.Column(rest); ok && has && j.join.As != "" {
			return ref{table: t + 1, column: i, name: name}
		}
	}
	switch {
	case name == lineColumn:
		return ref{line: true, name: name}
	case len(found) == 1:
		return found[0]
	case len(found) > 1:
		c.add(line, "the column %q stands in %s; name one of them with `as: NAME` and write NAME.%s",
			name, strings.Join(files, " and in "), name)
	case c.main.Objects():
		i, _ := c.main.Column(name)
		return ref{column: i, name: name}
	default:
		c.add(line, "no file has the column %q%s", name, c.near(name))
	}
	return ref{}
}

func (c *compiler) near(name string) string {
	tables := []*tabular.Table{c.main}
	for _, j := range c.joined {
		tables = append(tables, j.table)
	}
	return near(name, tables...)
}

func near(name string, tables ...*tabular.Table) string {
	var names []string
	for _, t := range tables {
		names = append(names, t.Names()...)
	}
	return aip.DidYouMean(name, slices.Values(names))
}
