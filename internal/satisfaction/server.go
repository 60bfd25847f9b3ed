// Package satisfaction keeps what customers felt: scores on the scale of a metric, with what
// they are made of. What all resources that a customer owns have in common is in package
// owned; the latest score of each metric, which customers show, is kept by package followup.
package satisfaction

import (
	"context"

	"google.golang.org/protobuf/types/known/emptypb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/followup"
	"github.com/rapport-crm/rapport/internal/owned"
)

// Server serves the scores of SatisfactionService.
type Server struct {
	scores owned.Resource[*rapportv1.SatisfactionScore, row, *row]
}

// New returns the server of satisfaction scores.
func New(service owned.Service) *Server {
	s := &Server{}
	s.scores = owned.Resource[*rapportv1.SatisfactionScore, row, *row]{
		Service: service, Collection: aip.SatisfactionScores, Singular: "SatisfactionScore", Plural: "SatisfactionScores",
		Table: "satisfaction_score", Columns: columns, ExternalColumns: [2]string{"external_id_source", "external_id_id"},
		References: []owned.Reference[*rapportv1.SatisfactionScore]{
			owned.ToContact("satisfaction_score.contact", (*rapportv1.SatisfactionScore).GetContact),
			owned.ToInteraction("satisfaction_score.interaction", (*rapportv1.SatisfactionScore).GetInteraction),
			owned.ToCase("satisfaction_score.case", (*rapportv1.SatisfactionScore).GetCase),
			owned.ToPurchase("satisfaction_score.purchase", (*rapportv1.SatisfactionScore).GetPurchase),
		},
		Normalise: s.normalise, Refused: refused, Look: look, Follow: followup.Follow[row]((*followup.Changes).SatisfactionScore),
		NotFound: rapportv1.ErrorReason_SATISFACTION_SCORE_NOT_FOUND, Exists: rapportv1.ErrorReason_SATISFACTION_SCORE_ALREADY_EXISTS,
		Fields: fields, Orders: orders, DefaultOrder: owned.NewestFirst("submit_time"),
	}
	s.scores.Ready()
	return s
}

// Reader reads scores beside other records.
func (s *Server) Reader() owned.Reader[*rapportv1.SatisfactionScore] { return s.scores.Reader() }

// CreateSatisfactionScore records what a customer felt.
func (s *Server) CreateSatisfactionScore(ctx context.Context, req *rapportv1.CreateSatisfactionScoreRequest) (*rapportv1.SatisfactionScore, error) {
	return s.scores.Create(ctx, req, req.GetSatisfactionScoreId(), req.GetSatisfactionScore())
}

// BatchCreateSatisfactionScores records scores, all or none or all that can be.
func (s *Server) BatchCreateSatisfactionScores(ctx context.Context, req *rapportv1.BatchCreateSatisfactionScoresRequest) (*rapportv1.BatchCreateSatisfactionScoresResponse, error) {
	entries := owned.Entries(req.GetRequests(), (*rapportv1.CreateSatisfactionScoreRequest).GetSatisfactionScoreId, (*rapportv1.CreateSatisfactionScoreRequest).GetSatisfactionScore)
	return owned.BatchCreate(ctx, &s.scores, req, entries, func(made []*rapportv1.SatisfactionScore, failed owned.Failed) *rapportv1.BatchCreateSatisfactionScoresResponse {
		return &rapportv1.BatchCreateSatisfactionScoresResponse{SatisfactionScores: made, FailedRequests: failed}
	})
}

// GetSatisfactionScore returns one score.
func (s *Server) GetSatisfactionScore(ctx context.Context, req *rapportv1.GetSatisfactionScoreRequest) (*rapportv1.SatisfactionScore, error) {
	return s.scores.Get(ctx, req)
}

// ListSatisfactionScores returns one page of the scores of one customer or of all.
func (s *Server) ListSatisfactionScores(ctx context.Context, req *rapportv1.ListSatisfactionScoresRequest) (*rapportv1.ListSatisfactionScoresResponse, error) {
	page, err := s.scores.List(ctx, req)
	if err != nil {
		return nil, err
	}
	return &rapportv1.ListSatisfactionScoresResponse{SatisfactionScores: page.Items, NextPageToken: page.NextToken, TotalSize: page.Total}, nil
}

// DeleteSatisfactionScore deletes a score for good.
func (s *Server) DeleteSatisfactionScore(ctx context.Context, req *rapportv1.DeleteSatisfactionScoreRequest) (*emptypb.Empty, error) {
	return s.scores.Remove(ctx, req)
}
