package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/rapport-crm/rapport/internal/load"
)

// english writes numbers with their thousands apart.
var english = message.NewPrinter(language.English)

func plural(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return english.Sprintf("%d %ss", n, one)
}

// tally counts what became of rows while others read it.
type tally struct {
	created, updated, unchanged, rejected atomic.Int64
}

func (t *tally) summary() load.Summary {
	return load.Summary{
		Created: t.created.Load(), Updated: t.updated.Load(), Unchanged: t.unchanged.Load(), Rejected: t.rejected.Load(),
	}
}

func describe(s load.Summary) string {
	return english.Sprintf("%d created, %d updated, %d unchanged, %d rejected", s.Created, s.Updated, s.Unchanged, s.Rejected)
}

// progress shows how far an import is, on a terminal, until the returned function is
// called.
func (i *importing) progress() (stop func()) {
	if !i.screen.live {
		return func() {}
	}
	done := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				i.screen.clear()
				return
			case <-tick.C:
				i.screen.show(progressLine(i.tally.summary(), i.waiting(), time.Since(i.started), i.read.n.Load(), i.size))
			}
		}
	})
	return func() { close(done); wait.Wait() }
}

// waiting returns how many rows were read and have no outcome yet.
func (i *importing) waiting() int64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	return int64(len(i.pending))
}

// progressLine says how many rows have their outcome, how many that are a second, and
// how long the rest of the file will take; of a pipe nobody knows. Of what was read, the
// rows that wait for their outcome are still to be done.
func progressLine(s load.Summary, waiting int64, elapsed time.Duration, read, size int64) string {
	rate := float64(s.Rows()) / max(elapsed.Seconds(), 1e-3)
	line := english.Sprintf("%d rows, %.0f/s", s.Rows(), rate)
	if size > 0 && read > 0 && s.Rows() > 0 {
		done := min(float64(read)/float64(size), 1) * float64(s.Rows()) / float64(s.Rows()+waiting)
		left := time.Duration(float64(elapsed) * (1 - done) / done).Round(time.Second)
		line += fmt.Sprintf(", %.0f %%, %s left", done*100, left)
	}
	return line + ": " + describe(s)
}
