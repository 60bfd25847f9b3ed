package mapping

import (
	"slices"
	"strings"

	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/tabular"
)

// ref is a column: of the main file where table is 0, else of a joined one.
type ref struct {
	table, column int
	name          string
}

// cells are a row of the main file and its partners in the joined ones; of one that has
// no partner they are nil.
type cells [][]string

func (c cells) get(r ref) string {
	row := c[r.table]
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
}

// column finds a column by its name: in the main file, else in the one joined file that
// has it, or by the name of a joined file and the column's.
func (c *compiler) column(line int, name string) ref {
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
