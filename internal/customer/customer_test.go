package customer_test

import (
	"testing"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

func TestCreateThenGet(t *testing.T) {
	s := apitest.Start(t)
	made, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{
		Customer: &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Ada Lovelace"},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Customers.GetCustomer(t.Context(), &rapportv1.GetCustomerRequest{Name: made.GetName()})
	if err != nil {
		t.Fatal(err)
	}
	apitest.WantEqual(t, got, made)
}
