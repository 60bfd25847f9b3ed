package tabular

import (
	"bufio"
	"slices"
	"strings"
)

// RejectColumns stand before a row's own in a file of rejected rows: where the row was
// and what is wrong with it.
var RejectColumns = []string{"rejected_line", "rejected_column", "rejected_value", "rejected_reason"}

// JSONColumn is the only column of a rejected NDJSON row.
const JSONColumn = "rejected_json"

// ofRejects returns the options that a file of rejects is read with, where it is one: it
// is written in one way whatever the file was like that the rows came from. Only the
// delimiter may be another where a spreadsheet mended it.
func (o Options) ofRejects(in *bufio.Reader) (Options, error) {
	first, err := firstLine(in)
	if err != nil {
		return o, err
	}
	first = strings.ReplaceAll(strings.TrimPrefix(first, byteOrderMark), `"`, "")
	for _, delimiter := range ",;\t" {
		if strings.HasPrefix(first, strings.Join(RejectColumns, string(delimiter))) {
			return Options{Name: o.Name, Format: CSV, Delimiter: byte(delimiter)}, nil
		}
	}
	return o, nil
}

// stripRejects recognises a file of rejects, whose mended rows are then read as if they
// stood in the file that they came from.
func (t *Table) stripRejects() {
	if n := len(RejectColumns); len(t.Header) >= n && slices.Equal(t.Header[:n], RejectColumns) {
		t.Rejects, t.own, t.Header = true, n, t.Header[n:]
		for i, name := range t.Header {
			t.Header[i] = Unguard(name)
		}
	}
}

// Objects tells whether the records are JSON objects, be it inside a file of rejects.
func (t *Table) Objects() bool {
	return t.Format == NDJSON || t.Rejects && slices.Equal(t.Header, []string{JSONColumn})
}
