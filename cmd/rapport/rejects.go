package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/rapport-crm/rapport/internal/mapping"
	"github.com/rapport-crm/rapport/internal/tabular"
)

// maxShown is how many rejected rows are printed where no file takes them.
const maxShown = 10

// rejects takes the rows that were not loaded and why: to a file, in which they can be
// mended and which can then be imported, or to the screen.
type rejects struct {
	path    string
	objects bool
	screen  *screen

	mu    sync.Mutex
	count int64
	file  *os.File
	csv   *csv.Writer
	err   error
}

// newRejects makes the file, so that one of an earlier import is not taken for this
// one's. It must not be the file that is imported.
func newRejects(path string, input os.FileInfo, table *tabular.Table, s *screen) (*rejects, error) {
	r := &rejects{path: path, objects: table.Objects(), screen: s}
	if path == "" {
		return r, nil
	}
	if there, err := os.Stat(path); err == nil && input != nil && os.SameFile(there, input) {
		return nil, fmt.Errorf("--rejects: %s is the file that is imported", path)
	}
	if strings.HasSuffix(strings.ToLower(path), ".gz") {
		return nil, fmt.Errorf("--rejects: %s would not be compressed; give it a name without .gz", path)
	}
	var err error
	if r.file, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600); err != nil {
		return nil, err
	}
	r.csv = csv.NewWriter(r.file)
	header := []string{tabular.JSONColumn}
	if !r.objects {
		header = table.Header
	}
	r.err = r.write(slices.Concat(tabular.RejectColumns, header))
	return r, nil
}

// write writes a line that no spreadsheet computes.
func (r *rejects) write(line []string) error {
	for i, cell := range line {
		line[i] = tabular.Guard(cell)
	}
	return r.csv.Write(line)
}

// add takes one row.
func (r *rejects) add(row tabular.Record, problems []mapping.Problem) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count++
	if r.csv == nil {
		r.print(row, problems)
		return
	}
	if r.err != nil {
		return
	}
	cells := row.Cells
	if r.objects {
		cells = []string{row.Raw}
	}
	line := row.Origin
	if line == 0 {
		line = row.Line
	}
	r.err = r.write(append([]string{strconv.FormatInt(line, 10), problems[0].Column, problems[0].Value, reason(problems)}, cells...))
}

// reason is all that is wrong with a row; where that is several things, each with its
// column.
func reason(problems []mapping.Problem) string {
	if len(problems) == 1 {
		return problems[0].Reason
	}
	var all []string
	for _, p := range problems {
		all = append(all, strings.TrimPrefix(p.Column+": "+p.Reason, ": "))
	}
	return strings.Join(all, "; ")
}

// print shows the first rows.
func (r *rejects) print(row tabular.Record, problems []mapping.Problem) {
	if r.count > maxShown {
		if r.count == maxShown+1 {
			r.screen.print("more rows are rejected; --rejects FILE takes them all")
		}
		return
	}
	for _, p := range problems {
		where := ""
		if p.Column != "" {
			where = fmt.Sprintf(", %s %q", printable(p.Column), p.Value)
		}
		r.screen.print("line %d%s: %s", row.Line, where, printable(p.Reason))
	}
}

// printable returns a text with what is no visible character escaped: it may hold
// anything, and a terminal obeys some of it.
func printable(text string) string {
	var b strings.Builder
	for _, r := range text {
		if strconv.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
	}
	return b.String()
}

// close ends the file, and removes it where nothing was rejected; a device, or a link to
// one, stays.
func (r *rejects) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.csv == nil {
		return nil
	}
	r.csv.Flush()
	err := errors.Join(r.err, r.csv.Error(), r.file.Close())
	if info, statErr := os.Lstat(r.path); err == nil && r.count == 0 && statErr == nil && info.Mode().IsRegular() {
		err = os.Remove(r.path)
	}
	if err != nil {
		return fmt.Errorf("--rejects: %w", err)
	}
	return nil
}
