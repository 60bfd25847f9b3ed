// Package tabular reads files of records, CSV, tab-separated or a JSON object a line,
// plain or gzip, one record after another, and knows on which line each begins.
//
// It does not use encoding/csv, which turns CR LF inside a quoted cell into LF, has no
// limit to what a quote that is never closed swallows, and knows no encoding.
package tabular

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Format is how records stand in a file.
type Format string

// The formats.
const (
	CSV    Format = "csv"
	TSV    Format = "tsv"
	NDJSON Format = "ndjson"
)

// Options say what a file is where its name and beginning do not.
type Options struct {
	// Name is the file's name: its ending tells the format.
	Name string
	// Format, where set, is the format whatever the name says.
	Format Format
	// Delimiter stands between the cells of CSV; a comma where it is 0.
	Delimiter byte
	// Encoding is a name of the WHATWG list, such as windows-1252; UTF-8 where empty.
	Encoding string
}

// Table is an open file.
type Table struct {
	// Format is the format that was told or found.
	Format Format
	// Header has the names of the columns in their order; none of NDJSON, where each
	// record names its own.
	Header []string
	// Rejects is set where the file is one that an import wrote its rejected rows to.
	// Its columns before the rows' own are not part of Header.
	Rejects bool

	lines   *lines
	csv     csvReader
	columns map[string]int
	// own are the columns of a file of rejects before those of the rejected rows.
	own int
}

// Record is one row of a table.
type Record struct {
	// Line is where the record begins, from 1.
	Line int64
	// Origin is where it began in the file that it was first read from: Line, but for a
	// row of a file of rejects. It is 0 where that does not tell.
	Origin int64
	// Cells are in the order of Header; of NDJSON, in the order in which Column was
	// asked for them. A cell that an object does not have, or has as null, is empty.
	Cells []string
	// Raw is the line of an NDJSON record.
	Raw string
}

// RowError is what is wrong with one record as such. The next one can be read.
type RowError struct {
	Record
	// Reason is what is wrong.
	Reason string
}

// Error implements error.
func (e *RowError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

// Open begins to read a file. The error says what is wrong with its header or its
// first line.
func Open(r io.Reader, o Options) (*Table, error) {
	plain, err := gunzip(r, o.Name)
	if err != nil {
		return nil, err
	}
	if o, err = o.ofRejects(plain); err != nil {
		return nil, err
	}
	t := &Table{Format: o.Format, columns: map[string]int{}}
	if t.lines, err = newLines(plain, o.Encoding); err != nil {
		return nil, err
	}
	if t.Format == "" {
		if t.Format, err = formatOf(o.Name, t.lines.in); err != nil {
			return nil, err
		}
	}
	t.csv = csvReader{lines: t.lines, delimiter: ',', strict: true}
	switch {
	case t.Format == NDJSON:
		return t, nil
	case t.Format == TSV:
		t.csv.delimiter, t.csv.strict = '\t', false
	case o.Delimiter != 0:
		t.csv.delimiter = o.Delimiter
	}
	return t, t.readHeader()
}

// formatOf tells the format by the name's ending, or else by how the first line looks.
func formatOf(name string, in *bufio.Reader) (Format, error) {
	switch strings.ToLower(filepath.Ext(strings.TrimSuffix(strings.ToLower(name), ".gz"))) {
	case ".csv":
		return CSV, nil
	case ".tsv", ".tab":
		return TSV, nil
	case ".ndjson", ".jsonl":
		return NDJSON, nil
	}
	first, err := firstLine(in)
	switch {
	case err != nil:
		return "", err
	case strings.HasPrefix(strings.TrimLeft(first, " \t\r"), "{"):
		return NDJSON, nil
	case strings.Contains(first, "\t") && !strings.Contains(first, ","):
		return TSV, nil
	}
	return CSV, nil
}

// firstLine returns the first line, or what is there of it: more would have to wait for
// a pipe's other end.
func firstLine(in *bufio.Reader) (string, error) {
	if _, err := in.Peek(1); err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	start, err := in.Peek(in.Buffered())
	first, _, _ := strings.Cut(string(start), "\n")
	return first, err
}

func (t *Table) readHeader() error {
	r, err := t.csv.next()
	if err == io.EOF { //nolint:errorlint // next promises io.EOF itself
		return errors.New("the file is empty; its first line must name the columns")
	}
	if err != nil {
		return err
	}
	t.Header = slices.Clone(r.Cells)
	t.stripRejects()
	for i, name := range t.Header {
		if name == "" {
			continue // such a column cannot be named, and need not be
		}
		if first, twice := t.columns[name]; twice {
			return fmt.Errorf("line %d: columns %d and %d are both named %q", r.Line, first+t.own+1, i+t.own+1, name)
		}
		t.columns[name] = i
	}
	return nil
}

// Column returns where in a record's cells the named column is, and whether the table
// has it. NDJSON has every column: a dotted name is a field inside an object.
func (t *Table) Column(name string) (int, bool) {
	i, ok := t.columns[name]
	if !ok && t.Objects() {
		i, ok = len(t.columns), true
		t.columns[name] = i
	}
	return i, ok
}

// Names returns the columns that have a name.
func (t *Table) Names() []string { return slices.Collect(maps.Keys(t.columns)) }

// Next returns the next record. The error is io.EOF at the end, a *RowError for a record
// that is wrong in itself, and else ends the file. The record is the caller's.
func (t *Table) Next() (Record, error) {
	if t.Format == NDJSON {
		return t.nextObject()
	}
	r, err := t.csv.next()
	if err != nil {
		return Record{}, err
	}
	have, want := len(r.Cells), len(t.Header)+t.own
	named := r.Cells[:min(t.own, have)]
	r.Cells, r.Origin = r.Cells[len(named):], r.Line
	if t.Rejects {
		for i, cell := range r.Cells {
			r.Cells[i] = Unguard(cell)
		}
		if r.Origin, err = strconv.ParseInt(named[0], 10, 64); err != nil || r.Origin < 1 {
			r.Origin = 0
		}
	}
	if have != want {
		return Record{}, &RowError{Record: r, Reason: fmt.Sprintf("has %d cells, the header has %d", have, want)}
	}
	if t.Objects() {
		return t.object(r.Line, r.Origin, []byte(r.Cells[0]))
	}
	return r, nil
}
