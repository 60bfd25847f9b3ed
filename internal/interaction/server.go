// Package interaction keeps what was said and done between the company and its
// customers. What all resources that a customer owns have in common is in package owned.
package interaction

import (
	"context"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/followup"
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
		ExternalColumns: [2]string{"external_id_source", "external_id_id"},
		References: []owned.Reference[*rapportv1.Interaction]{
			owned.ToContact("interaction.contact", (*rapportv1.Interaction).GetContact),
			owned.ToCase("interaction.case", (*rapportv1.Interaction).GetCase),
		},
		Normalise: s.normalise, Follow: followup.Follow[row]((*followup.Changes).Interaction),
		NotFound: rapportv1.ErrorReason_INTERACTION_NOT_FOUND, Exists: rapportv1.ErrorReason_INTERACTION_ALREADY_EXISTS,
		Deleted: rapportv1.ErrorReason_INTERACTION_DELETED,
		Fields:  fields, Orders: owned.ByTime("occur_time"), DefaultOrder: owned.NewestFirst("occur_time"),
	}
	s.interactions.Ready()
	return s
}

// Reader reads interactions beside other records.
func (s *Server) Reader() owned.Reader[*rapportv1.Interaction] { return s.interactions.Reader() }

// CreateInteraction records an interaction with a customer.
func (s *Server) CreateInteraction(ctx context.Context, req *rapportv1.CreateInteractionRequest) (*rapportv1.Interaction, error) {
	return s.interactions.Create(ctx, req, req.GetInteractionId(), req.GetInteraction())
}

// BatchCreateInteractions records interactions, all or none or all that can be.
func (s *Server) BatchCreateInteractions(ctx context.Context, req *rapportv1.BatchCreateInteractionsRequest) (*rapportv1.BatchCreateInteractionsResponse, error) {
	entries := owned.Entries(req.GetRequests(), (*rapportv1.CreateInteractionRequest).GetInteractionId, (*rapportv1.CreateInteractionRequest).GetInteraction)
	return owned.BatchCreate(ctx, &s.interactions, req, entries, func(made []*rapportv1.Interaction, failed owned.Failed) *rapportv1.BatchCreateInteractionsResponse {
		return &rapportv1.BatchCreateInteractionsResponse{Interactions: made, FailedRequests: failed}
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
