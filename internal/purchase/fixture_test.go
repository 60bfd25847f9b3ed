package purchase_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

const unknown = "customers/0198c0de-0000-7000-8000-00000000dead"

var bought = time.Date(2026, 3, 1, 12, 0, 0, 123_456_000, time.UTC)

func euros(units int64, nanos int32) *money.Money {
	return &money.Money{CurrencyCode: "EUR", Units: units, Nanos: nanos}
}

// full has every field set that a client can set.
func full() *rapportv1.Purchase {
	return &rapportv1.Purchase{
		PurchaseTime: timestamppb.New(bought), Amount: euros(119, 900_000_000), Margin: euros(-3, -500_000_000), Discount: euros(0, 10_000_000),
		Items: []*rapportv1.Purchase_Item{
			{Sku: "tea-1", Quantity: 2, Category: proto.String("茶")}, {Sku: `"a\b`, Quantity: 0.75}, {Sku: "tea-1", Quantity: 1e-9},
		},
		Channel: rapportv1.Channel_STORE, Staff: proto.String("staff-7"), ExternalId: &rapportv1.ExternalId{Source: "till", Id: "R-1"},
	}
}

// coffee has what is required alone.
func coffee() *rapportv1.Purchase {
	return &rapportv1.Purchase{PurchaseTime: timestamppb.New(bought), Amount: euros(3, 0)}
}

func customer(t testing.TB, s *apitest.Service) string {
	t.Helper()
	c, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{
		Customer: &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Ada"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c.GetName()
}

func deleteCustomer(t testing.TB, s *apitest.Service, name string) {
	t.Helper()
	if _, err := s.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: name}); err != nil {
		t.Fatal(err)
	}
}

func create(t testing.TB, s *apitest.Service, parent string, p *rapportv1.Purchase) *rapportv1.Purchase {
	t.Helper()
	made, err := s.Purchases.CreatePurchase(t.Context(), &rapportv1.CreatePurchaseRequest{Parent: parent, Purchase: p})
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	return made
}

func get(t testing.TB, s *apitest.Service, name string) *rapportv1.Purchase {
	t.Helper()
	p, err := s.Purchases.GetPurchase(t.Context(), &rapportv1.GetPurchaseRequest{Name: name})
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	return p
}

func void(t testing.TB, s *apitest.Service, name, reason string) *rapportv1.Purchase {
	t.Helper()
	p, err := s.Purchases.VoidPurchase(t.Context(), &rapportv1.VoidPurchaseRequest{Name: name, Reason: reason})
	if err != nil {
		t.Fatalf("void: %v", err)
	}
	return p
}

func newID(t testing.TB) string {
	t.Helper()
	id, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	return id.String()
}

// countPurchases is how many there are in the table.
func countPurchases(t testing.TB, s *apitest.Service) (n int) {
	t.Helper()
	if err := s.DB.QueryRow(t.Context(), `SELECT count(*) FROM purchase`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
