package customer_test

import (
	"testing"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// TestImportKeepsTheOrderOfACustomersRows changes one customer by the last row of a large
// message and by a small message behind it, each of which finds it by another key.
func TestImportKeepsTheOrderOfACustomersRows(t *testing.T) {
	s := apitest.Start(t)
	for name, second := range map[string]func(*rapportv1.Customer) *importRow{
		"by external ids": func(*rapportv1.Customer) *importRow {
			return &importRow{Customer: &rapportv1.Customer{DisplayName: "Second"}, ExternalId: &rapportv1.ExternalId{Source: "shop", Id: "1"}}
		},
		"by external id and by name": func(c *rapportv1.Customer) *importRow {
			return &importRow{Customer: &rapportv1.Customer{Name: c.GetName(), DisplayName: "Second"}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			both := ada()
			both.ExternalIds = map[string]string{"erp": "both", "shop": "1"}
			c := create(t, s, both)
			defer remove(t, s, c.GetName())
			defer update(t, s, &rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{Name: c.GetName()}, UpdateMask: mask("external_ids")})
			stream, err := s.Customers.ImportCustomers(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			rows := append(rowsOf(0)[:999], erpRow(999, "both", &rapportv1.Customer{DisplayName: "First"}))
			for _, m := range []*importRequest{{Rows: rows}, {Rows: []*importRow{second(c)}}} {
				if err := stream.Send(m); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				if _, err := stream.Recv(); err != nil {
					t.Fatal(err)
				}
			}
			if got := get(t, s, c.GetName()).GetDisplayName(); got != "Second" {
				t.Errorf("the customer is named %s, by the first message", got)
			}
		})
	}
}
