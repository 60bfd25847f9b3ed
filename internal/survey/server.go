// Package survey keeps the surveys: what customers are asked, and how often. What all definitions
// have in common is in package definition; whom surveys ask is in package invitation.
package survey

import (
	"context"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/emptypb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/definition"
	"github.com/rapport-crm/rapport/internal/mutation"
	"github.com/rapport-crm/rapport/internal/owned"
)

// Server serves the surveys of SatisfactionService.
type Server struct {
	surveys definition.Resource[*rapportv1.Survey, row, *row]
}

// New returns the server of surveys.
func New(service owned.Service) *Server {
	s := &Server{definition.Resource[*rapportv1.Survey, row, *row]{
		Service: service, Singular: "Survey", Plural: "Surveys", Table: "survey", Columns: columns,
		Name: aip.SurveyName, ParseName: aip.ParseSurveyName, Normalise: normalise,
		Users: []string{"survey_invitation_survey_fkey", "satisfaction_score_survey_fkey"}, InUse: "it has invitations or scores",
		NotFound: rapportv1.ErrorReason_SURVEY_NOT_FOUND, Exists: rapportv1.ErrorReason_SURVEY_ALREADY_EXISTS, Used: rapportv1.ErrorReason_SURVEY_IN_USE,
		Fields: aip.Fields{
			"display_name": aip.Text("display_name"),
			"metric":       aip.Enum("metric", rapportv1.SatisfactionScore_METRIC_UNSPECIFIED.Descriptor()),
		},
	}}
	s.surveys.Ready()
	return s
}

// Find returns the survey of the id.
func (s *Server) Find(ctx context.Context, id uuid.UUID) (*rapportv1.Survey, error) {
	return s.surveys.Find(ctx, id)
}

// Queue queues the reading of the survey in a transaction; done is called with it where there is
// one.
func (s *Server) Queue(tx *mutation.Tx, id uuid.UUID, done func(*rapportv1.Survey)) {
	s.surveys.Queue(tx, id, done)
}

// Missing is the answer where there is no such survey.
func (s *Server) Missing(id uuid.UUID) error { return s.surveys.Missing(id) }

// CreateSurvey makes a survey.
func (s *Server) CreateSurvey(ctx context.Context, req *rapportv1.CreateSurveyRequest) (*rapportv1.Survey, error) {
	return s.surveys.Create(ctx, req, req.GetSurveyId(), req.GetSurvey())
}

// GetSurvey returns one survey.
func (s *Server) GetSurvey(ctx context.Context, req *rapportv1.GetSurveyRequest) (*rapportv1.Survey, error) {
	return s.surveys.Get(ctx, req)
}

// ListSurveys returns one page of the surveys.
func (s *Server) ListSurveys(ctx context.Context, req *rapportv1.ListSurveysRequest) (*rapportv1.ListSurveysResponse, error) {
	page, err := s.surveys.List(ctx, req)
	if err != nil {
		return nil, err
	}
	return &rapportv1.ListSurveysResponse{Surveys: page.Items, NextPageToken: page.NextToken, TotalSize: page.Total}, nil
}

// UpdateSurvey changes a survey, or makes it with allow_missing.
func (s *Server) UpdateSurvey(ctx context.Context, req *rapportv1.UpdateSurveyRequest) (*rapportv1.Survey, error) {
	return s.surveys.Update(ctx, req, req.GetSurvey())
}

// DeleteSurvey removes a survey that has asked nobody, for good.
func (s *Server) DeleteSurvey(ctx context.Context, req *rapportv1.DeleteSurveyRequest) (*emptypb.Empty, error) {
	return s.surveys.Delete(ctx, req)
}
