package tabular

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// csvReader reads RFC 4180: cells between delimiters, quoted where they hold one, a
// quote or a line's end. Lines end in LF or CR LF; empty ones are passed over.
type csvReader struct {
	lines     *lines
	delimiter byte
	// strict refuses a quote inside a cell that does not begin with one. Tab-separated
	// files are often written without any quoting, and mean such a quote as it is.
	strict bool
	// line is the line that is read; raw are those of the record before it.
	line, raw []byte
	// buf are the cells one after another, ends where each ends in it.
	buf  []byte
	ends []int
}

// next returns the next record, io.EOF, a *RowError, or an error that ends the file.
func (c *csvReader) next() (Record, error) {
	line, err := c.lines.next()
	for err == nil && len(trimEnd(line)) == 0 {
		line, err = c.lines.next()
	}
	if err != nil {
		return Record{}, err
	}
	c.line, c.raw, c.buf, c.ends = line, c.raw[:0], c.buf[:0], c.ends[:0]
	begin := c.lines.number
	if err := c.parse(); err != nil {
		var reason syntaxError
		if errors.As(err, &reason) {
			whole := string(c.raw) + string(trimEnd(c.line))
			return Record{}, &RowError{Record: Record{Line: begin, Origin: begin, Cells: []string{whole}}, Reason: string(reason)}
		}
		return Record{}, err
	}
	all, from := string(c.buf), 0
	r := Record{Line: begin, Cells: make([]string, len(c.ends))}
	for i, end := range c.ends {
		r.Cells[i], from = all[from:end], end
	}
	return r, nil
}

// syntaxError is what is wrong with a line whose next one can be read all the same.
type syntaxError string

func (e syntaxError) Error() string { return string(e) }

// parse appends the cells of the record that begins with the current line, and reads the
// lines on which its quoted cells go on.
func (c *csvReader) parse() error {
	for rest := c.line; ; {
		var err error
		if len(rest) > 0 && rest[0] == '"' {
			rest, err = c.quoted(rest[1:], c.column(rest))
		} else {
			rest, err = c.bare(rest)
		}
		if err != nil {
			return err
		}
		c.ends = append(c.ends, len(c.buf))
		if len(trimEnd(rest)) == 0 {
			return nil
		}
		rest = rest[1:] // the delimiter
	}
}

// bare reads a cell without quotes, and returns what follows it.
func (c *csvReader) bare(rest []byte) ([]byte, error) {
	end := bytes.IndexByte(rest, c.delimiter)
	if end < 0 {
		end = len(trimEnd(rest))
	}
	if at := bytes.IndexByte(rest[:end], '"'); at >= 0 && c.strict {
		return nil, syntaxError(fmt.Sprintf("column %d: a quote inside a cell that does not begin with one; "+
			"quote the cell and write the quote twice", c.column(rest[at:])))
	}
	c.buf = append(c.buf, rest[:end]...)
	return rest[end:], nil
}

// quoted reads a cell after its first quote, which stood on this column, and returns
// what follows its last.
func (c *csvReader) quoted(rest []byte, opened int) ([]byte, error) {
	begin := c.lines.number
	for {
		at := bytes.IndexByte(rest, '"')
		if at < 0 {
			c.buf, c.raw = append(c.buf, rest...), append(c.raw, c.line...)
			next, err := c.lines.next()
			if err == io.EOF || len(c.buf) > maxRecord { //nolint:errorlint // next promises io.EOF itself
				return nil, fmt.Errorf("line %d, column %d: the quote that opens here is not closed", begin, opened)
			}
			if err != nil {
				return nil, err
			}
			c.line, rest = next, next
			continue
		}
		c.buf = append(c.buf, rest[:at]...)
		rest = rest[at+1:]
		switch {
		case len(rest) > 0 && rest[0] == '"':
			c.buf, rest = append(c.buf, '"'), rest[1:]
		case len(trimEnd(rest)) == 0 || rest[0] == c.delimiter:
			return rest, nil
		default:
			return nil, syntaxError("text after the quote that closes a cell; a quote inside a cell is written twice")
		}
	}
}

// trimEnd returns the line without its LF or CR LF.
func trimEnd(line []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
}

// column returns where on the current line its rest begins, in characters from 1.
func (c *csvReader) column(rest []byte) int {
	return utf8.RuneCount(c.line[:len(c.line)-len(rest)]) + 1
}
