package tabular

import (
	"bytes"

	"github.com/tidwall/gjson"
)

// maxDepth is how deep the fields of nested objects are columns of their own.
const maxDepth = 8

// nextObject reads the next line that is not blank.
func (t *Table) nextObject() (Record, error) {
	for {
		line, err := t.lines.next()
		if err != nil {
			return Record{}, err
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			return t.object(t.lines.number, t.lines.number, line)
		}
	}
}

// object returns the record of a JSON object: the text of its strings, and all else as
// it is written.
func (t *Table) object(number, origin int64, line []byte) (Record, error) {
	r := Record{Line: number, Origin: origin, Raw: string(line), Cells: make([]string, len(t.columns))}
	if !gjson.Valid(r.Raw) {
		return Record{}, &RowError{Record: r, Reason: "is not JSON"}
	}
	v := gjson.Parse(r.Raw)
	if !v.IsObject() {
		return Record{}, &RowError{Record: r, Reason: "is not a JSON object"}
	}
	t.fill(r.Cells, "", v, maxDepth)
	return r, nil
}

func (t *Table) fill(cells []string, prefix string, object gjson.Result, depth int) {
	object.ForEach(func(key, v gjson.Result) bool {
		name := prefix + key.String()
		if i, ok := t.columns[name]; ok {
			cells[i] = text(v)
		}
		if v.IsObject() && depth > 1 {
			t.fill(cells, name+".", v, depth-1)
		}
		return true
	})
}

// text is what a cell would hold: the text of a string, nothing for null, and all else
// as it is written, numbers with every digit.
func text(v gjson.Result) string {
	switch v.Type {
	case gjson.String:
		return v.Str
	case gjson.Null:
		return ""
	default:
		return v.Raw
	}
}
