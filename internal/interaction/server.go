// Package interaction keeps what was said and done between the company and its
// customers. What all resources that a customer owns have in common is in package owned.
package interaction

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
	"github.com/rapport-crm/rapport/internal/owned"
)

// Server serves InteractionService.
type Server struct {
	interactions owned.Resource[*rapportv1.Interaction, row, *row]
}

// New returns the server of interactions.
func New(service owned.Service) *Server {
	s := &Server{}
	s.interactions = owned.Resource[*rapportv1.Interaction, row, *row]{
		Service: service, Collection: aip.Interactions, Singular: "Interaction", Plural: "Interactions", Table: "interaction", Columns: columns,
		Normalise: s.normalise, Refused: refused, Follow: requireContact,
		NotFound: rapportv1.ErrorReason_INTERACTION_NOT_FOUND, Exists: rapportv1.ErrorReason_INTERACTION_ALREADY_EXISTS,
		Deleted: rapportv1.ErrorReason_INTERACTION_DELETED,
		Fields:  fields, Orders: orders(), DefaultOrder: newestFirst,
	}
	s.interactions.Ready()
	return s
}

// CreateInteraction records an interaction with a customer.
func (s *Server) CreateInteraction(ctx context.Context, req *rapportv1.CreateInteractionRequest) (*rapportv1.Interaction, error) {
	return s.interactions.Create(ctx, req, req.GetInteractionId(), req.GetInteraction())
}

// BatchCreateInteractions records interactions, all or none.
func (s *Server) BatchCreateInteractions(ctx context.Context, req *rapportv1.BatchCreateInteractionsRequest) (*rapportv1.BatchCreateInteractionsResponse, error) {
	entries := make([]owned.Entry[*rapportv1.Interaction], len(req.GetRequests()))
	for i, r := range req.GetRequests() {
		entries[i] = owned.Entry[*rapportv1.Interaction]{Request: r, ID: r.GetInteractionId(), Value: r.GetInteraction()}
	}
	return owned.BatchCreate(ctx, &s.interactions, req, entries, func(made []*rapportv1.Interaction) *rapportv1.BatchCreateInteractionsResponse {
		return &rapportv1.BatchCreateInteractionsResponse{Interactions: made}
	})
}

// GetInteraction returns one interaction.
func (s *Server) GetInteraction(ctx context.Context, req *rapportv1.GetInteractionRequest) (*rapportv1.Interaction, error) {
	return s.interactions.Get(ctx, req)
}

// ListInteractions returns one page of the interactions of one customer or of all.
func (s *Server) ListInteractions(ctx context.Context, req *rapportv1.ListInteractionsRequest) (*rapportv1.ListInteractionsResponse, error) {
	page, err := s.interactions.List(ctx, req)
	if err != nil {
		return nil, err
	}
	return &rapportv1.ListInteractionsResponse{Interactions: page.Items, NextPageToken: page.NextToken, TotalSize: page.Total}, nil
}

// UpdateInteraction changes an interaction, or makes it with allow_missing.
func (s *Server) UpdateInteraction(ctx context.Context, req *rapportv1.UpdateInteractionRequest) (*rapportv1.Interaction, error) {
	return s.interactions.Update(ctx, req, req.GetInteraction())
}

// DeleteInteraction hides an interaction until it is undeleted or purged.
func (s *Server) DeleteInteraction(ctx context.Context, req *rapportv1.DeleteInteractionRequest) (*rapportv1.Interaction, error) {
	return s.interactions.Delete(ctx, req)
}

// UndeleteInteraction takes an interaction back from deletion.
func (s *Server) UndeleteInteraction(ctx context.Context, req *rapportv1.UndeleteInteractionRequest) (*rapportv1.Interaction, error) {
	return s.interactions.Undelete(ctx, req)
}

// requireContactSQL fails with the logarithm of zero where the customer has no such
// contact that is not deleted. The division by zero is taken: it says that of customers.
const requireContactSQL = `-- name: RequireContact
SELECT ln(count(*)) FROM contact WHERE lane = $1 AND customer_id = $2 AND contact_id = $3 AND delete_time IS NULL`

const logarithmOfZero = "2201E"

// requireContact queues the check of a contact that is newly named: one that was named
// while it lived stays.
func requireContact(tx *mutation.Tx, r *row, before, after *rapportv1.Interaction) {
	if r.ContactID.Valid && before.GetContact() != after.GetContact() {
		tx.Queue(requireContactSQL, r.Lane, db.UUID(r.CustomerID), r.ContactID)
	}
}

// refused maps what PostgreSQL refuses about interactions alone.
func refused(e *pgconn.PgError, name string) error {
	switch {
	case e.Code == logarithmOfZero:
		return apierr.InvalidField(contactField, "the customer has no such contact, or it is deleted")
	case strings.HasPrefix(e.ConstraintName, "interaction_external_id_key"):
		return apierr.AlreadyExists(rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, name, "another interaction of the customer has its external id")
	}
	return nil
}
