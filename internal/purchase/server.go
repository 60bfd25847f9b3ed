// Package purchase keeps what customers bought. What all resources that a customer owns
// have in common is in package owned.
package purchase

import (
	"context"
	"time"

	"google.golang.org/genproto/googleapis/type/money"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/followup"
	"github.com/rapport-crm/rapport/internal/mutation"
	"github.com/rapport-crm/rapport/internal/owned"
)

// Server serves PurchaseService.
type Server struct {
	purchases owned.Resource[*rapportv1.Purchase, row, *row]
}

// New returns the server of purchases.
func New(service owned.Service) *Server {
	s := &Server{}
	s.purchases = owned.Resource[*rapportv1.Purchase, row, *row]{
		Service: service, Collection: aip.Purchases, Singular: "Purchase", Plural: "Purchases", Table: "purchase", Columns: columns,
		ExternalColumns: [2]string{"external_source", "external_id"}, Normalise: s.normalise, Follow: followup.Follow[row]((*followup.Changes).Purchase),
		NotFound: rapportv1.ErrorReason_PURCHASE_NOT_FOUND, Exists: rapportv1.ErrorReason_PURCHASE_ALREADY_EXISTS,
		Fields: fields, Orders: orders,
	}
	s.purchases.Ready()
	return s
}

// Reader reads purchases beside other records.
func (s *Server) Reader() owned.Reader[*rapportv1.Purchase] { return s.purchases.Reader() }

// CreatePurchase records a purchase of a customer.
func (s *Server) CreatePurchase(ctx context.Context, req *rapportv1.CreatePurchaseRequest) (*rapportv1.Purchase, error) {
	return s.purchases.Create(ctx, req, req.GetPurchaseId(), req.GetPurchase())
}

// BatchCreatePurchases records purchases of one customer or of several, all or none or
// all that can be.
func (s *Server) BatchCreatePurchases(ctx context.Context, req *rapportv1.BatchCreatePurchasesRequest) (*rapportv1.BatchCreatePurchasesResponse, error) {
	entries := owned.Entries(req.GetRequests(), (*rapportv1.CreatePurchaseRequest).GetPurchaseId, (*rapportv1.CreatePurchaseRequest).GetPurchase)
	return owned.BatchCreate(ctx, &s.purchases, req, entries, func(made []*rapportv1.Purchase, failed owned.Failed) *rapportv1.BatchCreatePurchasesResponse {
		return &rapportv1.BatchCreatePurchasesResponse{Purchases: made, FailedRequests: failed}
	})
}

// GetPurchase returns one purchase.
func (s *Server) GetPurchase(ctx context.Context, req *rapportv1.GetPurchaseRequest) (*rapportv1.Purchase, error) {
	return s.purchases.Get(ctx, req)
}

// ListPurchases returns one page of the purchases of one customer or of all.
func (s *Server) ListPurchases(ctx context.Context, req *rapportv1.ListPurchasesRequest) (*rapportv1.ListPurchasesResponse, error) {
	page, err := s.purchases.List(ctx, req)
	if err != nil {
		return nil, err
	}
	return &rapportv1.ListPurchasesResponse{Purchases: page.Items, NextPageToken: page.NextToken, TotalSize: page.Total}, nil
}

// VoidPurchase voids a purchase. A method that moves a record to a state in which it is
// already fails (AIP-216), so that of two who void it one knows that the other did; the
// repeat of a call is known by its request id.
func (s *Server) VoidPurchase(ctx context.Context, req *rapportv1.VoidPurchaseRequest) (*rapportv1.Purchase, error) {
	return s.purchases.Alter(ctx, req, func(_ *mutation.Tx, r *row, now time.Time) error {
		if r.VoidTime != nil {
			return apierr.FailedPrecondition(rapportv1.ErrorReason_PURCHASE_VOIDED, aip.Purchases.Name(r.CustomerID, r.ID),
				"was voided at "+r.VoidTime.Format(time.RFC3339))
		}
		r.VoidTime, r.VoidReason = &now, db.Text(req.GetReason())
		return nil
	})
}

// normalise brings a whole purchase into its stored form in place, and returns all that
// is wrong with it beyond what the annotations state.
func (s *Server) normalise(p *rapportv1.Purchase) error {
	var wrong apierr.Violations
	aip.NormalisePast(&wrong, "purchase.purchase_time", p.GetPurchaseTime(), s.purchases.Mutations.Clock())
	aip.CheckMoney(&wrong, "purchase.amount", p.GetAmount())
	aip.CheckSignedMoney(&wrong, "purchase.margin", p.GetMargin())
	aip.CheckMoney(&wrong, "purchase.discount", p.GetDiscount())
	sameCurrency(&wrong, "purchase.margin", p.GetMargin(), p.GetAmount())
	sameCurrency(&wrong, "purchase.discount", p.GetDiscount(), p.GetAmount())
	return wrong.Err()
}

// sameCurrency adds what is wrong with a part in another currency than the amount's.
func sameCurrency(wrong *apierr.Violations, field string, part, amount *money.Money) {
	if part != nil && part.GetCurrencyCode() != amount.GetCurrencyCode() {
		wrong.Add(field+".currency_code", "must be that of purchase.amount")
	}
}
