// Package load sends records to the service and does not lose any. Customers go through
// ImportCustomers: when a stream breaks another one is opened and takes all rows whose
// outcome was not heard, which is safe because a row that was written already changes
// nothing. What customers own goes in batches of creates, each under a request id of its
// own, so that one whose answer got lost is sent again as it was.
package load

import (
	"context"
	"fmt"
	"iter"
	"time"

	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// Row is one customer to load.
type Row = rapportv1.ImportCustomersRequest_Row

// Options are how to load. The zero value loads for good, and tells of nothing.
type Options struct {
	// ValidateOnly has every row checked and answered, and nothing written.
	ValidateOnly bool
	// OnOutcome is told what became of each row, never by two goroutines at once. Those
	// of customers come in the order of their rows, but for rows that are too large to be
	// sent.
	OnOutcome func(Outcome)
	// OnRetry is told of a call that broke and will be made again after the delay. The
	// number counts the failures since the last outcome, from 1 to MaxTries-1.
	OnRetry func(err error, number int, delay time.Duration)
	// Window is how many rows without an outcome are kept to be sent again; 10,000
	// where it is 0. It counts for customers.
	Window int
	// BatchRows is how many rows go in a message at most, up to 1,000; 500 where it is 0.
	BatchRows int
	// MaxTries is how many calls in a row may break without a single outcome before
	// the load gives up; 10 where it is 0.
	MaxTries int
	// Grace is how long the outcomes of rows that are under way are still awaited when
	// the context ends; 5 s where it is 0.
	Grace time.Duration
}

func (o *Options) complete() {
	if o.Window == 0 {
		o.Window = 10_000
	}
	if o.BatchRows == 0 {
		o.BatchRows = 500
	}
	if o.MaxTries == 0 {
		o.MaxTries = 10
	}
	if o.Grace == 0 {
		o.Grace = 5 * time.Second
	}
}

// Customers loads the rows and returns what became of them. The rows are read by a
// goroutine of their own, a little ahead of what is sent. An error that they yield ends
// the load after the outcomes of the rows before it, and is returned.
//
// When the context ends no more rows are sent, the outcomes of those under way are
// awaited for a while, and the context's error is returned. The summary is right with
// every error: loading the same rows again continues where this load ended.
//
// It may return while the rows still wait for their next one, as a terminal does; then
// it asks them for no other.
func Customers(ctx context.Context, client rapportv1.CustomerServiceClient, rows iter.Seq2[*Row, error], options Options) (Summary, error) {
	options.complete()
	l := &loader{client: client, options: options, freed: make(chan struct{}, 1)}
	l.tally.onOutcome = options.OnOutcome
	g := gatherer[*Row]{
		message: func(r *Row) proto.Message { return r }, number: (*Row).GetNumber,
		most: options.BatchRows, tally: &l.tally, batches: make(chan batch[*Row], 1),
	}
	l.batches = g.batches
	reading, stop := context.WithCancel(ctx)
	defer stop()
	go g.gather(reading, rows)
	err := l.run(ctx)
	return l.tally.summary(), err
}

// run opens streams until all rows have their outcome.
func (l *loader) run(ctx context.Context) error {
	retries := Retries{Max: l.options.MaxTries, OnRetry: l.options.OnRetry}
	for before := int64(0); ; {
		err := l.stream(ctx)
		if err == nil {
			return l.failed
		}
		if now := l.tally.summary().Rows(); now > before {
			retries.Progress()
			before = now
		}
		if err := retries.Wait(ctx, err); err != nil {
			return fmt.Errorf("load: %w", err)
		}
	}
}
