package tabular

import "slices"

// RejectColumns stand before a row's own in a file of rejected rows: where the row was
// and what is wrong with it.
var RejectColumns = []string{"rejected_line", "rejected_column", "rejected_value", "rejected_reason"}

// JSONColumn is the only column of a rejected NDJSON row.
const JSONColumn = "rejected_json"

// stripRejects recognises a file of rejects, whose mended rows are then read as if they
// stood in the file that they came from.
func (t *Table) stripRejects() {
	if n := len(RejectColumns); len(t.Header) >= n && slices.Equal(t.Header[:n], RejectColumns) {
		t.Rejects, t.own, t.Header = true, n, t.Header[n:]
	}
}

// Objects tells whether the records are JSON objects, be it inside a file of rejects.
func (t *Table) Objects() bool {
	return t.Format == NDJSON || t.Rejects && slices.Equal(t.Header, []string{JSONColumn})
}
