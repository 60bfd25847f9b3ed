package customer

import (
	"context"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// BatchUpdateCustomers changes or makes several customers, all or none.
func (s *Server) BatchUpdateCustomers(ctx context.Context, req *rapportv1.BatchUpdateCustomersRequest) (*rapportv1.BatchUpdateCustomersResponse, error) {
	claim, err := mutation.NewClaim(ctx, req)
	if err != nil {
		return nil, err
	}
	updates := make([]*parsedUpdate, len(req.GetRequests()))
	for i, r := range req.GetRequests() {
		if updates[i], err = s.parseOne(claim, r); err != nil {
			return nil, apierr.AtIndex(err, "requests", i)
		}
	}
	return mutation.Run(ctx, s.Mutations, claim, func(ctx context.Context, tx *mutation.Tx) (*rapportv1.BatchUpdateCustomersResponse, error) {
		b, err := s.newBatch(ctx, tx, updates)
		if err != nil {
			return nil, err
		}
		resp := &rapportv1.BatchUpdateCustomersResponse{Customers: make([]*rapportv1.Customer, len(updates))}
		for i, u := range updates {
			if resp.Customers[i], _, err = b.apply(u, nil); err != nil {
				return nil, apierr.AtIndex(err, "requests", i)
			}
		}
		b.write()
		return resp, nil
	})
}

// parseOne parses one request of a batch.
func (s *Server) parseOne(claim *mutation.Claim, r *rapportv1.UpdateCustomerRequest) (*parsedUpdate, error) {
	switch {
	case r.GetRequestId() != "":
		return nil, apierr.InvalidField("request_id", "must be empty: the batch has one")
	case r.GetValidateOnly():
		return nil, apierr.InvalidField("validate_only", "must be unset: the batch has one")
	}
	u, err := s.parseUpdate(claim, r)
	return &u, err
}
