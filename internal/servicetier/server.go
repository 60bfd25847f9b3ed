// Package servicetier keeps the service tiers: how fast the cases of a group of customers are
// to be dealt with, and how often these customers are contacted. What all definitions have in
// common is in package definition.
package servicetier

import (
	"context"

	"google.golang.org/protobuf/types/known/emptypb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/definition"
	"github.com/rapport-crm/rapport/internal/owned"
)

// Server serves the service tiers of CaseService.
type Server struct {
	tiers definition.Resource[*rapportv1.ServiceTier, row, *row]
}

// New returns the server of service tiers.
func New(service owned.Service) *Server {
	s := &Server{definition.Resource[*rapportv1.ServiceTier, row, *row]{
		Service: service, Singular: "ServiceTier", Plural: "ServiceTiers", Table: "service_tier", Columns: columns,
		Name: aip.ServiceTierName, ParseName: aip.ParseServiceTierName, Normalise: normalise,
		Users: []string{"customer_service_tier_fkey"}, InUse: "customers have it; give them another one first",
		NotFound: rapportv1.ErrorReason_SERVICE_TIER_NOT_FOUND, Exists: rapportv1.ErrorReason_SERVICE_TIER_ALREADY_EXISTS,
		Used:   rapportv1.ErrorReason_SERVICE_TIER_IN_USE,
		Fields: aip.Fields{"display_name": aip.Text("display_name"), "silence_days": aip.Number("silence_days")},
	}}
	s.tiers.Ready()
	return s
}

// CreateServiceTier makes a service tier.
func (s *Server) CreateServiceTier(ctx context.Context, req *rapportv1.CreateServiceTierRequest) (*rapportv1.ServiceTier, error) {
	return s.tiers.Create(ctx, req, req.GetServiceTierId(), req.GetServiceTier())
}

// GetServiceTier returns one service tier.
func (s *Server) GetServiceTier(ctx context.Context, req *rapportv1.GetServiceTierRequest) (*rapportv1.ServiceTier, error) {
	return s.tiers.Get(ctx, req)
}

// ListServiceTiers returns one page of the service tiers.
func (s *Server) ListServiceTiers(ctx context.Context, req *rapportv1.ListServiceTiersRequest) (*rapportv1.ListServiceTiersResponse, error) {
	page, err := s.tiers.List(ctx, req)
	if err != nil {
		return nil, err
	}
	return &rapportv1.ListServiceTiersResponse{ServiceTiers: page.Items, NextPageToken: page.NextToken, TotalSize: page.Total}, nil
}

// UpdateServiceTier changes a service tier, or makes it with allow_missing.
func (s *Server) UpdateServiceTier(ctx context.Context, req *rapportv1.UpdateServiceTierRequest) (*rapportv1.ServiceTier, error) {
	return s.tiers.Update(ctx, req, req.GetServiceTier())
}

// DeleteServiceTier removes a service tier that no customer has, for good.
func (s *Server) DeleteServiceTier(ctx context.Context, req *rapportv1.DeleteServiceTierRequest) (*emptypb.Empty, error) {
	return s.tiers.Delete(ctx, req)
}
