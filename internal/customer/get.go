package customer

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
)

// GetCustomer returns one customer.
func (s *Server) GetCustomer(ctx context.Context, req *rapportv1.GetCustomerRequest) (*rapportv1.Customer, error) {
	id, err := aip.ParseCustomerName("name", req.GetName())
	if err != nil {
		return nil, err
	}
	r, err := get(ctx, s.DB, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, notFound(id)
	}
	if err != nil {
		return nil, err
	}
	return r.proto(s.Mutations.Clock()), nil
}

// BatchGetCustomers returns several customers in the order of their names.
func (s *Server) BatchGetCustomers(ctx context.Context, req *rapportv1.BatchGetCustomersRequest) (*rapportv1.BatchGetCustomersResponse, error) {
	ids, err := parseNames(req.GetNames())
	if err != nil {
		return nil, err
	}
	rows, err := batchGet(ctx, s.DB, ids)
	if err != nil {
		return nil, err
	}
	found := make(map[uuid.UUID]*row, len(rows))
	for i := range rows {
		found[rows[i].CustomerID] = &rows[i]
	}
	resp, now := &rapportv1.BatchGetCustomersResponse{}, s.Mutations.Clock()
	for _, id := range ids {
		r, ok := found[id]
		if !ok {
			return nil, notFound(id)
		}
		resp.Customers = append(resp.Customers, r.proto(now))
	}
	return resp, nil
}

// parseNames returns the ids in the names, or all that is wrong with them.
func parseNames(names []string) ([]uuid.UUID, error) {
	var wrong apierr.Violations
	ids := make([]uuid.UUID, len(names))
	for i, name := range names {
		field := fmt.Sprintf("names[%d]", i)
		id, err := aip.ParseCustomerName(field, name)
		if err != nil {
			wrong.Add(field, "must be customers/{customer}, the id a UUID in lower case")
		}
		ids[i] = id
	}
	return ids, wrong.Err()
}
