package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/load"
	"github.com/rapport-crm/rapport/internal/mapping"
	"github.com/rapport-crm/rapport/internal/tabular"
)

// importing is one run of an import.
type importing struct {
	// kind is what the rows become; nil for customers.
	kind *load.Kind
	// name is the file's, for messages.
	name    string
	table   *tabular.Table
	plan    *mapping.Plan
	rejects *rejects
	screen  *screen
	// read counts the file's bytes, of which there are size; 0 where nobody knows.
	read *counted
	size int64

	clearEmpty, dryRun bool
	started            time.Time
	tally              tally

	mu sync.Mutex
	// pending are the records of rows without an outcome, by their line.
	pending map[int64]tabular.Record
}

// counted counts what is read.
type counted struct {
	io.Reader
	n atomic.Int64
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// plural is what the rows become, in words.
func (i *importing) plural() string {
	if i.kind == nil {
		return "customers"
	}
	return strings.ReplaceAll(i.kind.Plural, "_", " ")
}

// load sends the rows.
func (i *importing) load(ctx context.Context, conn grpc.ClientConnInterface) (err error) {
	options := load.Options{ValidateOnly: i.dryRun, OnOutcome: i.outcome, OnRetry: i.screen.retry}
	if i.kind != nil {
		_, err = load.Records(ctx, conn, i.kind, rows(i, i.plan.Record), options)
		return err
	}
	_, err = load.Customers(ctx, rapportv1.NewCustomerServiceClient(conn), rows(i, func(r tabular.Record) (*load.Row, error) {
		return i.plan.Row(r, i.clearEmpty)
	}), options)
	return err
}

// run loads the file. The error wraps errRejected where that is all that went wrong.
func (i *importing) run(ctx context.Context, conn grpc.ClientConnInterface) error {
	i.started = time.Now()
	stop := i.progress()
	err := i.load(ctx, conn)
	stop()
	s := i.tally.summary()
	what := ""
	if i.dryRun {
		what = " checked, nothing was written,"
	}
	i.screen.print("%s%s in %s: %s", plural(s.Rows(), "row"), what, time.Since(i.started).Round(10*time.Millisecond), describe(s))
	switch {
	case errors.Is(err, context.Canceled):
		return errors.New("stopped; the same command continues the import")
	case err != nil:
		return fmt.Errorf("%w; once that is mended the same command continues the import", err)
	case s.Rejected > 0 && i.rejects.path != "":
		return fmt.Errorf("%w: see %s", errRejected, i.rejects.path)
	case s.Rejected > 0:
		return errRejected
	}
	return nil
}

// rows reads the file and makes rows of its records; a record that makes none is rejected
// on the spot.
func rows[R any](i *importing, of func(tabular.Record) (*R, error)) iter.Seq2[*R, error] {
	return func(yield func(*R, error) bool) {
		for {
			record, err := i.table.Next()
			var bad *tabular.RowError
			switch {
			case errors.Is(err, io.EOF):
				return
			case errors.As(err, &bad):
				i.reject(bad.Record, []mapping.Problem{{Reason: bad.Reason}})
				continue
			case err != nil:
				yield(nil, fmt.Errorf("%s: %w", i.name, err))
				return
			}
			row, err := of(record)
			var rejected *mapping.RejectedError
			switch {
			case errors.Is(err, mapping.ErrSkip):
				continue
			case errors.As(err, &rejected):
				i.reject(record, rejected.Problems)
				continue
			case err != nil:
				yield(nil, fmt.Errorf("%s: %w", i.name, err))
				return
			}
			i.mu.Lock()
			i.pending[record.Line] = record
			i.mu.Unlock()
			if !yield(row, nil) {
				return
			}
		}
	}
}

func (i *importing) reject(record tabular.Record, problems []mapping.Problem) {
	i.tally.rejected.Add(1)
	i.rejects.add(record, problems)
}

func (i *importing) outcome(o load.Outcome) {
	i.mu.Lock()
	record := i.pending[o.Number]
	delete(i.pending, o.Number)
	i.mu.Unlock()
	switch o.Result {
	case load.Created:
		i.tally.created.Add(1)
	case load.Updated:
		i.tally.updated.Add(1)
	case load.Unchanged:
		i.tally.unchanged.Add(1)
	default:
		i.reject(record, i.plan.Problems(record, o.Err))
	}
}
