package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// loader is one load: what all its streams share.
type loader struct {
	client  rapportv1.CustomerServiceClient
	options Options
	// batches come from the goroutine that reads the rows; it closes them at the end.
	batches <-chan batch[*Row]
	tally   tally

	// freed tells the sender that there may be room in the window.
	freed chan struct{}

	mu sync.Mutex
	// pending are the rows without an outcome, in their order.
	pending []*Row

	// ended is set once the last batch was taken, failed where an error ended the rows.
	// Only the sender uses them.
	ended  bool
	failed error
}

type importStream = grpc.BidiStreamingClient[rapportv1.ImportCustomersRequest, rapportv1.ImportCustomersResponse]

// stream opens a stream, sends what has no outcome yet and then the rest. It returns
// nil when every row has its outcome.
func (l *loader) stream(ctx context.Context) error {
	// The stream outlives the context a little, for the outcomes that are under way.
	streaming, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(l.options.Grace, cancel) })()
	s, err := l.client.ImportCustomers(streaming)
	if err != nil {
		return err
	}
	received := make(chan struct{})
	var receiveErr error
	go func() {
		receiveErr = l.receive(s)
		cancel() // a sender that waits for the service must not wait any longer
		close(received)
	}()
	sendErr := l.send(ctx, s, received)
	<-received
	switch {
	case receiveErr != nil:
		return receiveErr // says more than the error of a send, which is io.EOF
	case ctx.Err() != nil && !l.ended:
		return ctx.Err()
	case sendErr != nil || !l.ended || l.unanswered() > 0:
		return ErrCut
	}
	return nil
}

// send returns when all is sent, when the context has ended or when the stream has. A
// stream that has ended says why to the receiver.
func (l *loader) send(ctx context.Context, s importStream, received <-chan struct{}) error {
	for _, rows := range l.again() {
		if err := l.message(s, rows); err != nil {
			return err
		}
	}
	for !l.ended && l.room(ctx, received) {
		select {
		case <-ctx.Done():
		case <-received:
			return nil
		case b, more := <-l.batches:
			if !more || b.err != nil {
				l.ended = ctx.Err() == nil
				l.failed = b.err
			}
			l.mu.Lock()
			l.pending = append(l.pending, b.rows...)
			l.mu.Unlock()
			if err := l.message(s, b.rows); err != nil {
				return err
			}
		}
	}
	return s.CloseSend()
}

func (l *loader) message(s importStream, rows []*Row) error {
	if len(rows) == 0 {
		return nil
	}
	return s.Send(&rapportv1.ImportCustomersRequest{ValidateOnly: l.options.ValidateOnly, Rows: rows})
}

// again returns the rows without an outcome, in messages.
func (l *loader) again() (messages [][]*Row) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var rows []*Row
	size := 0
	for _, row := range l.pending {
		n := proto.Size(row)
		if len(rows) == l.options.BatchRows || len(rows) > 0 && size+n > maxBatchBytes {
			messages, rows, size = append(messages, rows), nil, 0
		}
		rows, size = append(rows, row), size+n
	}
	if len(rows) > 0 {
		messages = append(messages, rows)
	}
	return messages
}

// room waits until there are fewer rows without an outcome than the window has. It
// returns false where the context or the stream ended meanwhile.
func (l *loader) room(ctx context.Context, received <-chan struct{}) bool {
	for l.unanswered() >= l.options.Window {
		select {
		case <-ctx.Done():
			return false
		case <-received:
			return false
		case <-l.freed:
		}
	}
	return ctx.Err() == nil
}

// receive takes outcomes until the stream ends.
func (l *loader) receive(s importStream) error {
	for {
		m, err := s.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, outcome := range m.GetOutcomes() {
			if err := l.take(outcome.GetNumber()); err != nil {
				return err
			}
			l.tally.count(outcomeOf(outcome))
		}
		select {
		case l.freed <- struct{}{}:
		default: // the sender has not seen the last one yet
		}
	}
}

// take removes the first row without an outcome, whose number this must be.
func (l *loader) take(number int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.pending) == 0 {
		return fmt.Errorf("an outcome came for row %d, and none was awaited", number)
	}
	if row := l.pending[0]; row.GetNumber() != number {
		return fmt.Errorf("an outcome came for row %d, and that of row %d was awaited", number, row.GetNumber())
	}
	l.pending[0] = nil
	l.pending = l.pending[1:]
	return nil
}

func outcomeOf(o *rapportv1.ImportCustomersResponse_Outcome) Outcome {
	out := Outcome{Number: o.GetNumber(), Name: o.GetCustomer()}
	switch o.GetResult() {
	case rapportv1.ImportCustomersResponse_Outcome_CREATED:
		out.Result = Created
	case rapportv1.ImportCustomersResponse_Outcome_UPDATED:
		out.Result = Updated
	case rapportv1.ImportCustomersResponse_Outcome_UNCHANGED:
		out.Result = Unchanged
	default:
		out.Err = status.ErrorProto(o.GetError())
	}
	return out
}

func (l *loader) unanswered() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.pending)
}
