package mapping

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rapport-crm/rapport/internal/tabular"
)

// Joined is a joined file, all of it in memory.
type Joined struct {
	join  Join
	table *tabular.Table
	// rows are the cells of the rows by their key.
	rows map[string][][]string
}

// Read reads a joined file whole. A row that is wrong in itself and a key that stands
// twice are errors: they would leave it to chance what a customer gets.
func (m *Mapping) Read(j Join, r io.Reader) (*Joined, error) {
	out := &Joined{join: j, rows: map[string][][]string{}}
	wrong := func(err error) error { return fmt.Errorf("%s: %w", j.File, err) }
	var err error
	if out.table, err = tabular.Open(r, m.Options(j.File)); err != nil {
		return nil, wrong(err)
	}
	if out.table.Objects() {
		return nil, wrong(errors.New("a joined file must be CSV or tab-separated"))
	}
	key, ok := out.table.Column(j.key)
	if !ok {
		return nil, fmt.Errorf("%s:%d: %s has no column %q%s", m.File, j.line, j.File, j.key, near(j.key, out.table))
	}
	lines := map[string]int64{}
	for {
		record, err := out.table.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, wrong(err)
		}
		value := strings.TrimSpace(record.Cells[key])
		if first, twice := lines[value]; twice && !j.several {
			return nil, wrong(fmt.Errorf("the %s %q stands on line %d and on line %d", j.key, value, first, record.Line))
		}
		lines[value] = record.Line
		out.rows[value] = append(out.rows[value], record.Cells)
	}
}

// link resolves by which column each joined file is found: one of the main file, or of a
// joined one before it.
func (c *compiler) link(joined []*Joined) {
	for i, j := range joined {
		c.joined = joined[:i]
		l := link{on: c.resolve(j.join.line, j.join.on)}
		l.under = c.under(l.on)
		if j.join.several {
			if l.under != 0 {
				c.add(j.join.line, "%s hangs on %s, of which a row may have several already", j.join.File, joined[l.under-1].join.File)
			}
			l.under = i + 1
		}
		c.links = append(c.links, l)
	}
	c.joined = joined
}

// find looks up the partners of a row in the joined files that are found before the rows
// of any file are gone through one by one, or once a row of that one is at hand.
func (p *Plan) find(b *build, under int) {
	for i, l := range p.links {
		j := p.joined[i]
		several := l.under == i+1
		if several && under != 0 || !several && l.under != under {
			continue
		}
		key := strings.TrimSpace(b.row.get(l.on))
		partners := j.rows[key]
		switch {
		case len(partners) == 0 && !j.join.optional:
			b.problems = append(b.problems, Problem{Column: l.on.name, Value: key, Reason: fmt.Sprintf("has no row in %s", j.join.File)})
		case several:
			b.row.several[i+1] = partners
		case len(partners) > 0:
			b.row.tables[i+1] = partners[0]
		default:
			b.row.tables[i+1] = nil
		}
	}
}

// eachOf calls do with each row of a file that may have several for the one at hand.
func (b *build) eachOf(table int, do func()) {
	before := b.row
	for _, partner := range before.several[table] {
		b.row.tables = slices.Clone(before.tables)
		b.row.tables[table] = partner
		b.plan.find(b, table)
		do()
	}
	b.row = before
}
