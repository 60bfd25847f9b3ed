package customer

import (
	"errors"
	"io"
	"maps"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/mutation"
	"github.com/rapport-crm/rapport/internal/rpc"
)

// importPart is a message of an import, worked out as far as it goes without the
// database.
type importPart struct {
	claim *mutation.Claim
	rows  []importRow
	// speaks has the names and external ids of which the rows speak.
	speaks map[externalKey]struct{}
	// foundBy has the sources of the external ids by which the rows find their customers,
	// and an empty one where they do so by names.
	foundBy map[string]struct{}
	// done is closed when the rest is set: outcomes, or err, which ends the stream, or
	// what to panic with in the handler, for a fault of ours.
	done     chan struct{}
	outcomes *rapportv1.ImportCustomersResponse
	err      error
	panicked error
}

// end marks the part as done. It is deferred, and keeps a panic for the handler.
func (p *importPart) end() {
	if v := recover(); v != nil {
		p.panicked = rpc.Recovered(v)
	}
	close(p.done)
}

// follows tells whether the part must be written behind another, because both speak of
// one customer, or may do: only names, or external ids of one source, tell customers
// apart.
func (p *importPart) follows(other *importPart) bool {
	if len(p.foundBy) > 1 || !maps.Equal(p.foundBy, other.foundBy) {
		return true
	}
	for key := range p.speaks {
		if _, both := other.speaks[key]; both {
			return true
		}
	}
	return false
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

// receive reads the stream to its end, works its messages out and has them written.
func (i *importing) receive() {
	defer close(i.parts)
	var before *importPart
	for {
		part := i.next(before)
		if part == nil {
			return
		}
		select {
		case <-i.ctx.Done():
			return
		case i.slots <- struct{}{}:
		}
		i.parts <- part
		if part.claim == nil {
			return // an error, which ends the stream
		}
		go i.write(part, before)
		before = part
	}
}

// next returns the next message that has rows, or nil at the end.
func (i *importing) next(before *importPart) (part *importPart) {
	part = &importPart{done: make(chan struct{})}
	defer func() {
		if v := recover(); v != nil {
			part = &importPart{done: part.done, panicked: rpc.Recovered(v)}
			close(part.done)
		}
	}()
	for {
		req, err := i.stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err == nil && before != nil && before.claim.ValidateOnly() != req.GetValidateOnly():
			err = apierr.InvalidField("validate_only", "must be the same in all messages of a stream")
		case err == nil && len(req.GetRows()) == 0:
			continue
		case err == nil:
			err = i.prepare(part, req)
		}
		if err != nil {
			part.claim, part.err = nil, err
			close(part.done)
		}
		return part
	}
}

// prepare works a message out.
func (i *importing) prepare(part *importPart, req *rapportv1.ImportCustomersRequest) (err error) {
	if part.claim, err = mutation.NewPartClaim(i.ctx, req.GetValidateOnly()); err != nil {
		return err
	}
	part.rows = make([]importRow, len(req.GetRows()))
	part.speaks, part.foundBy = make(map[externalKey]struct{}, len(part.rows)), map[string]struct{}{}
	for n, row := range req.GetRows() {
		part.rows[n] = i.server.prepareRow(part.claim, row)
		c := row.GetCustomer()
		// No source is empty, so a name cannot be taken for an external id.
		for _, name := range []string{c.GetName(), c.GetReferrer()} {
			if name != "" {
				part.speaks[externalKey{id: name}] = struct{}{}
			}
		}
		part.foundBy[row.GetExternalId().GetSource()] = struct{}{}
		if external := row.GetExternalId(); external != nil {
			part.speaks[externalKey{external.GetSource(), external.GetId()}] = struct{}{}
		}
		for source, id := range c.GetExternalIds() {
			part.speaks[externalKey{source, id}] = struct{}{}
		}
	}
	return nil
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
