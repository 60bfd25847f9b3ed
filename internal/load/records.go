package load

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// inFlight is how many batches are under way at once: the service makes one while it
// reads and writes the messages of the others.
const inFlight = 4

// Record is one record to load, of a customer.
type Record struct {
	// Number tells the record's outcome from others'.
	Number int64
	// Create is the request that makes it, of the kind's type. It says which customer's it
	// is, by its parent or by customer_external_id.
	Create proto.Message
	// Void is set where a purchase is to be voided once it is there.
	Void *Void
}

// Void is how a purchase is voided.
type Void struct {
	// Reason is why.
	Reason string
}

// Records loads the records and returns what became of them. One whose external id, or
// own id, the customer has already is left as it is and counts as unchanged, so that what
// was loaded once is not loaded twice; a purchase is voided all the same, which counts as
// updated.
//
// How it ends is as with Customers. Batches are made in no order.
func Records(ctx context.Context, conn grpc.ClientConnInterface, kind *Kind, records iter.Seq2[*Record, error], options Options) (Summary, error) {
	options.complete()
	l := &recordLoader{conn: conn, kind: kind, options: options}
	l.tally.onOutcome = options.OnOutcome
	g := gatherer[*Record]{
		message: func(r *Record) proto.Message { return r.Create }, number: func(r *Record) int64 { return r.Number },
		most: options.BatchRows, tally: &l.tally, batches: make(chan batch[*Record], 1),
	}
	working, stop := context.WithCancel(ctx)
	defer stop()
	go g.gather(working, records)
	group, working := errgroup.WithContext(working)
	for range inFlight {
		group.Go(func() error { return l.work(working, ctx, g.batches) })
	}
	err := group.Wait()
	if err == nil {
		err = ctx.Err()
	}
	if err != nil && !errors.As(err, new(rowsError)) {
		err = fmt.Errorf("load: %w", err)
	}
	return l.tally.summary(), err
}

// rowsError is the error that ended the rows.
type rowsError struct{ error }

func (e rowsError) Unwrap() error { return e.error }

// recordLoader is one load of records.
type recordLoader struct {
	conn    grpc.ClientConnInterface
	kind    *Kind
	options Options
	tally   tally
	// telling holds OnRetry to one call at a time.
	telling sync.Mutex
}

// work loads batches until there are no more or the context ends.
func (l *recordLoader) work(ctx, whole context.Context, batches <-chan batch[*Record]) error {
	for {
		select {
		case <-ctx.Done():
			return whole.Err() // where another worker failed, that one says why
		case b, more := <-batches:
			if !more {
				return nil
			}
			if len(b.rows) > 0 {
				if err := l.load(ctx, b.rows); err != nil {
					return err
				}
			}
			if b.err != nil {
				return rowsError{b.err}
			}
		}
	}
}

// load makes the records of one batch, and voids those that are to be.
func (l *recordLoader) load(ctx context.Context, records []*Record) error {
	request := l.kind.batch(records, uuid.NewString(), l.options.ValidateOnly)
	answer := l.kind.answer.New()
	if err := l.call(ctx, l.kind.method, request, answer.Interface()); err != nil {
		return err
	}
	for i, o := range l.kind.outcomes(records, answer) {
		if records[i].Void != nil && o.Err == nil && !l.options.ValidateOnly {
			var err error
			if o, err = l.void(ctx, records[i], o); err != nil {
				return err
			}
		}
		l.tally.count(o)
	}
	return nil
}

// call makes a call, again and again while that may help. The call outlives the context a
// little, for an answer that is under way.
func (l *recordLoader) call(ctx context.Context, method string, request, answer proto.Message) error {
	calling, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(l.options.Grace, cancel) })()
	retries := Retries{Max: l.options.MaxTries, OnRetry: l.onRetry}
	for {
		err := l.conn.Invoke(calling, method, request, answer)
		if err == nil {
			return nil
		}
		if err := retries.Wait(ctx, err); err != nil {
			return err
		}
	}
}

func (l *recordLoader) onRetry(err error, number int, delay time.Duration) {
	if l.options.OnRetry == nil {
		return
	}
	l.telling.Lock()
	defer l.telling.Unlock()
	l.options.OnRetry(err, number, delay)
}
