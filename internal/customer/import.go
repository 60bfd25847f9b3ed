package customer

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/mutation"
)

type (
	importStream  = grpc.BidiStreamingServer[rapportv1.ImportCustomersRequest, rapportv1.ImportCustomersResponse]
	importOutcome = rapportv1.ImportCustomersResponse_Outcome
)

// maxUnanswered is how many messages of an import may be written before their outcomes
// are taken: one is worked out and encoded while PostgreSQL works on the other.
const maxUnanswered = 2

// importing is a running import. Its messages are received and worked out in one
// goroutine, written in two, and answered in their order in that of the handler.
type importing struct {
	server *Server
	ctx    context.Context //nolint:containedctx // it ends with the call that this is
	stream importStream
	// slots has an element for each message that is not answered yet.
	slots chan struct{}
	// parts are the messages in their order. It is closed at the end of the stream.
	parts chan *importPart
}

// ImportCustomers loads customers. Each message is one transaction, exactly once. Who
// sends faster than messages are written is held up by the stream.
func (s *Server) ImportCustomers(stream importStream) error {
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	i := &importing{
		server: s, ctx: ctx, stream: stream,
		slots: make(chan struct{}, maxUnanswered), parts: make(chan *importPart, maxUnanswered+1),
	}
	go i.receive()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case part, more := <-i.parts:
			if !more {
				return nil
			}
			if err := i.answer(part); err != nil {
				return err
			}
		}
	}
}

// answer waits until a message is written and sends its outcomes.
func (i *importing) answer(part *importPart) error {
	select {
	case <-i.ctx.Done():
		return i.ctx.Err()
	case <-part.done:
	}
	switch {
	case part.panicked != nil:
		// In the handler's goroutine the interceptors answer it.
		panic(part.panicked)
	case part.err != nil:
		return part.err
	}
	<-i.slots
	return i.stream.Send(part.outcomes)
}

// busyPause is how long an import waits where all connections are taken. It is in no
// hurry: whoever waits for its stream is held up, and whoever else calls is not.
const busyPause = 50 * time.Millisecond

// write writes a message, behind the one before it where both may speak of a customer.
func (i *importing) write(part, before *importPart) {
	defer part.end()
	if before != nil && part.follows(before) {
		<-before.done
	}
	for {
		part.outcomes, part.err = mutation.Run(i.ctx, i.server.Mutations, part.claim, func(ctx context.Context, tx *mutation.Tx) (*rapportv1.ImportCustomersResponse, error) {
			return i.server.importRows(ctx, tx, part.rows)
		})
		if apierr.Reason(part.err) != rapportv1.ErrorReason_OVERLOADED {
			return
		}
		select {
		case <-i.ctx.Done():
			return
		case <-time.After(busyPause):
		}
	}
}

// importRows does what the rows of one message ask for.
func (s *Server) importRows(ctx context.Context, tx *mutation.Tx, rows []importRow) (*rapportv1.ImportCustomersResponse, error) {
	updates := make([]*parsedUpdate, 0, len(rows))
	for _, row := range rows {
		if row.err == nil {
			updates = append(updates, row.update)
		}
	}
	b, err := s.newBatch(ctx, tx, updates)
	if err != nil {
		return nil, err
	}
	resp := &rapportv1.ImportCustomersResponse{Outcomes: make([]*importOutcome, len(rows))}
	for i, row := range rows {
		if resp.Outcomes[i], err = b.importRow(row); err != nil {
			return nil, err
		}
	}
	b.write()
	return resp, nil
}

// importRow does one row. An error of it is its outcome; what is returned as an error
// concerns the transaction.
func (b *batch) importRow(row importRow) (*importOutcome, error) {
	out := &importOutcome{Number: row.number}
	err := row.err
	if err == nil {
		c, result, applyErr := b.apply(row.update, row.new)
		out.Result, out.Customer, err = result, c.GetName(), applyErr
	}
	if err == nil {
		return out, nil
	}
	if apierr.Info(err) == nil || apierr.Cause(err) != nil {
		return nil, err
	}
	st, ok := status.FromError(err)
	if !ok {
		return nil, fmt.Errorf("an error with a reason is no status: %w", err)
	}
	return &importOutcome{Number: row.number, Result: rapportv1.ImportCustomersResponse_Outcome_REJECTED, Error: st.Proto()}, nil
}
