package contact

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
)

// GetContact returns one contact.
func (s *Server) GetContact(ctx context.Context, req *rapportv1.GetContactRequest) (*rapportv1.Contact, error) {
	customer, id, err := aip.ParseContactName("name", req.GetName())
	if err != nil {
		return nil, err
	}
	r, err := get(ctx, s.DB, customer, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, notFound(customer, id)
	}
	if err != nil {
		return nil, err
	}
	return r.proto(), nil
}
