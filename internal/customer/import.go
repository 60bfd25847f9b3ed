package customer

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/mutation"
)

type (
	importStream  = grpc.BidiStreamingServer[rapportv1.ImportCustomersRequest, rapportv1.ImportCustomersResponse]
	importOutcome = rapportv1.ImportCustomersResponse_Outcome
)

// ImportCustomers loads customers. Each message is one transaction, exactly once. While
// one is written the next is received and worked out, and no more than that one: who
// sends faster is held up by the stream.
func (s *Server) ImportCustomers(stream importStream) error {
	ctx, parts := stream.Context(), make(chan importPart)
	go s.receive(stream, parts)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case part, more := <-parts:
			if !more {
				return nil
			}
			if err := s.importPart(stream, part); err != nil {
				return err
			}
		}
	}
}

// importPart writes one message and answers its rows.
func (s *Server) importPart(stream importStream, part importPart) error {
	if part.panicked != nil {
		// In this goroutine the interceptors answer it.
		panic(part.panicked)
	}
	if part.err != nil || len(part.rows) == 0 {
		return part.err
	}
	resp, err := mutation.Run(stream.Context(), s.Mutations, part.claim, func(ctx context.Context, tx *mutation.Tx) (*rapportv1.ImportCustomersResponse, error) {
		return s.importRows(ctx, tx, part.rows)
	})
	if err != nil {
		return err
	}
	return stream.Send(resp)
}

// importPart is a message of an import, worked out as far as it goes without the
// database.
type importPart struct {
	claim *mutation.Claim
	rows  []importRow
	// err is what ends the stream, panicked what a fault of ours panicked with.
	err      error
	panicked any
}

// importRow is one row of an import.
type importRow struct {
	number int64
	update *parsedUpdate
	// new is the customer that the row makes where there is none.
	new *newborn
	// err is why the row is refused, whether there is a customer or not.
	err error
}

// receive reads the stream to its end, or until the handler has returned.
func (s *Server) receive(stream importStream, parts chan<- importPart) {
	defer close(parts)
	send := func(p importPart) bool {
		select {
		case parts <- p:
			return true
		case <-stream.Context().Done():
			return false
		}
	}
	defer func() {
		if v := recover(); v != nil {
			send(importPart{panicked: v})
		}
	}()
	var validateOnly bool
	for first := true; ; first = false {
		req, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return
		}
		if first {
			validateOnly = req.GetValidateOnly()
		}
		part := importPart{err: err}
		switch {
		case err != nil:
		case req.GetValidateOnly() != validateOnly:
			part.err = apierr.InvalidField("validate_only", "must be the same in all messages of a stream")
		default:
			part = s.prepare(stream.Context(), req)
		}
		if !send(part) || part.err != nil {
			return
		}
	}
}

// prepare works a message out.
func (s *Server) prepare(ctx context.Context, req *rapportv1.ImportCustomersRequest) importPart {
	claim, err := mutation.NewPartClaim(ctx, req.GetValidateOnly())
	part := importPart{claim: claim, err: err, rows: make([]importRow, len(req.GetRows()))}
	if err != nil {
		return part
	}
	for i, row := range req.GetRows() {
		part.rows[i] = s.prepareRow(claim, row)
	}
	return part
}

func (s *Server) prepareRow(claim *mutation.Claim, in *rapportv1.ImportCustomersRequest_Row) importRow {
	row := importRow{number: in.GetNumber()}
	req := &rapportv1.UpdateCustomerRequest{
		Customer: in.GetCustomer(), ExternalId: in.GetExternalId(), UpdateMask: in.GetUpdateMask(), AllowMissing: true,
	}
	if row.err = s.Validate(req); row.err != nil {
		return row
	}
	update, err := s.parseUpdate(claim, req)
	if err == nil {
		update.mask, err = aip.ResolveMergeMask(req.GetUpdateMask(), req.GetCustomer())
	}
	if err != nil {
		row.err = err
		return row
	}
	row.update = &update
	// Most rows make a customer, so that is worked out while another message is being
	// written. What is wrong with it counts only where there is no customer.
	if c, err := s.missing(row.update); err == nil {
		if n, err := newCustomer(c); err == nil {
			row.new = &n
		}
	}
	return row
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
