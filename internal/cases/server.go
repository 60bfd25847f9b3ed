// Package cases keeps what customers asked of the company. What all resources that a customer
// owns have in common is in package owned; when a case is due follows in clock.go.
package cases

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/followup"
	"github.com/rapport-crm/rapport/internal/mutation"
	"github.com/rapport-crm/rapport/internal/owned"
	"github.com/rapport-crm/rapport/internal/servicetier"
	"github.com/rapport-crm/rapport/internal/task"
)

// Server serves the cases of CaseService.
type Server struct {
	cases owned.Resource[*rapportv1.Case, row, *row]
	tasks *task.Server
}

// New returns the server of cases, some of which open tasks.
func New(service owned.Service, tasks *task.Server) *Server {
	s := &Server{tasks: tasks}
	s.cases = owned.Resource[*rapportv1.Case, row, *row]{
		Service: service, Collection: aip.Cases, Singular: "Case", Plural: "Cases", Table: "support_case", Noun: "case", Columns: columns,
		ExternalColumns: [2]string{"external_id_source", "external_id_id"},
		Normalise:       s.normalise, Load: load, Brings: brings, Check: check, Along: s.notify, Refused: refused,
		Follow:   followup.Follow[row]((*followup.Changes).Case),
		NotFound: rapportv1.ErrorReason_CASE_NOT_FOUND, Exists: rapportv1.ErrorReason_CASE_ALREADY_EXISTS,
		Fields: fields, FieldsAt: fieldsAt, Orders: owned.ByTime("receive_time"), DefaultOrder: owned.NewestFirst("receive_time"),
	}
	s.cases.Ready()
	return s
}

// load queues the reading of the customer's service tier.
func load(tx *mutation.Tx, customer uuid.UUID, r *row) {
	servicetier.Queue(tx, customer, func(terms servicetier.Terms) { r.loaded.terms, r.loaded.now = terms, tx.Now })
}

// refused draws another number where one is taken.
func refused(e *pgconn.PgError, _ string) error {
	if strings.HasPrefix(e.ConstraintName, "support_case_case_number_key") {
		return mutation.ErrRaced
	}
	return nil
}

// Reader reads cases beside other records.
func (s *Server) Reader() owned.Reader[*rapportv1.Case] { return s.cases.Reader() }

// CreateCase makes a case of a customer.
func (s *Server) CreateCase(ctx context.Context, req *rapportv1.CreateCaseRequest) (*rapportv1.Case, error) {
	return s.cases.Create(ctx, req, req.GetCaseId(), req.GetCase())
}

// BatchCreateCases makes cases, all or none or all that can be.
func (s *Server) BatchCreateCases(ctx context.Context, req *rapportv1.BatchCreateCasesRequest) (*rapportv1.BatchCreateCasesResponse, error) {
	entries := owned.Entries(req.GetRequests(), (*rapportv1.CreateCaseRequest).GetCaseId, (*rapportv1.CreateCaseRequest).GetCase)
	return owned.BatchCreate(ctx, &s.cases, req, entries, func(made []*rapportv1.Case, failed owned.Failed) *rapportv1.BatchCreateCasesResponse {
		return &rapportv1.BatchCreateCasesResponse{Cases: made, FailedRequests: failed}
	})
}

// GetCase returns one case.
func (s *Server) GetCase(ctx context.Context, req *rapportv1.GetCaseRequest) (*rapportv1.Case, error) {
	return s.cases.Get(ctx, req)
}

// ListCases returns one page of the cases of one customer or of all.
func (s *Server) ListCases(ctx context.Context, req *rapportv1.ListCasesRequest) (*rapportv1.ListCasesResponse, error) {
	page, err := s.cases.List(ctx, req)
	if err != nil {
		return nil, err
	}
	return &rapportv1.ListCasesResponse{Cases: page.Items, NextPageToken: page.NextToken, TotalSize: page.Total}, nil
}

// UpdateCase changes a case, or makes it with allow_missing.
func (s *Server) UpdateCase(ctx context.Context, req *rapportv1.UpdateCaseRequest) (*rapportv1.Case, error) {
	return s.cases.Update(ctx, req, req.GetCase())
}
