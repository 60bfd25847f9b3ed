package purchase_test

import (
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// TestLoadAgain loads a till's receipts, of a customer known by its loyalty card, twice:
// the second time only the new one is made.
func TestLoadAgain(t *testing.T) {
	s := apitest.Start(t)
	c, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{Customer: &rapportv1.Customer{
		Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Ada", ExternalIds: map[string]string{"loyalty": "4711"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	receipts := func(ids ...string) *rapportv1.BatchCreatePurchasesRequest {
		req := &rapportv1.BatchCreatePurchasesRequest{Parent: "customers/-", ReturnPartialSuccess: true}
		for _, id := range ids {
			p := coffee()
			p.ExternalId = &rapportv1.ExternalId{Source: "till", Id: id}
			req.Requests = append(req.Requests, &rapportv1.CreatePurchaseRequest{
				CustomerExternalId: &rapportv1.ExternalId{Source: "loyalty", Id: "4711"}, Purchase: p,
			})
		}
		return req
	}
	if resp, err := s.Purchases.BatchCreatePurchases(t.Context(), receipts("1", "2")); err != nil || len(resp.GetPurchases()) != 2 {
		t.Fatalf("%v, %v", resp, err)
	}
	resp, err := s.Purchases.BatchCreatePurchases(t.Context(), receipts("1", "2", "3"))
	if err != nil || len(resp.GetPurchases()) != 1 || len(resp.GetFailedRequests()) != 2 {
		t.Fatalf("%v, %v", resp, err)
	}
	for _, failed := range resp.GetFailedRequests() {
		apitest.WantReason(t, status.ErrorProto(failed), codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE)
	}
	made, err := s.Purchases.CreatePurchase(t.Context(), &rapportv1.CreatePurchaseRequest{
		Parent: "customers/-", CustomerExternalId: &rapportv1.ExternalId{Source: "loyalty", Id: "4711"}, Purchase: coffee(),
	})
	if err != nil || made.GetName() != c.GetName()+"/purchases/"+made.GetUid() || countPurchases(t, s) != 4 {
		t.Errorf("%v, %v", made, err)
	}
}
