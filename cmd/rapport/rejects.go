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
	var err error
	if r.file, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600); err != nil {
		return nil, err
	}
	r.csv = csv.NewWriter(r.file)
	header := []string{tabular.JSONColumn}
	if !r.objects {
		header = table.Header
	}
	r.err = r.csv.Write(slices.Concat(tabular.RejectColumns, header))
	return r, nil
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
	line := append([]string{strconv.FormatInt(row.Line, 10), problems[0].Column, problems[0].Value, reason(problems)}, cells...)
	for i, cell := range line {
		line[i] = tabular.Guard(cell)
	}
	r.err = r.csv.Write(line)
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

// print shows the first rows. What they hold is quoted: it may be anything, and a
// terminal obeys some of it.
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
			where = fmt.Sprintf(", %s %q", p.Column, p.Value)
		}
		r.screen.print("line %d%s: %s", row.Line, where, strings.Trim(strconv.Quote(p.Reason), `"`))
	}
}

// close ends the file, and removes it where nothing was rejected.
func (r *rejects) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.csv == nil {
		return nil
	}
	r.csv.Flush()
	err := errors.Join(r.err, r.csv.Error(), r.file.Close())
	if err == nil && r.count == 0 {
		err = os.Remove(r.path)
	}
	if err != nil {
		return fmt.Errorf("--rejects: %w", err)
	}
	return nil
}
