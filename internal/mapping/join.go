package mapping

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/rapport-crm/rapport/internal/tabular"
)

// Joined is a joined file, all of it in memory.
type Joined struct {
	join  Join
	table *tabular.Table
	// rows are the cells of each row by its key.
	rows map[string][]string
}

// Read reads a joined file whole. A row that is wrong in itself and a key that stands
// twice are errors: they would leave it to chance what a customer gets.
func (m *Mapping) Read(j Join, r io.Reader) (*Joined, error) {
	out := &Joined{join: j, rows: map[string][]string{}}
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
		if first, twice := lines[value]; twice {
			return nil, wrong(fmt.Errorf("the %s %q stands on line %d and on line %d", j.key, value, first, record.Line))
		}
		lines[value] = record.Line
		out.rows[value] = record.Cells
	}
}
