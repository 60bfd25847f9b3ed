package owned_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// TestRecordsWaitForTheirCustomer holds a customer as a change of it does: nothing that
// the customer owns is made or changed meanwhile. Afterwards all of it is.
func TestRecordsWaitForTheirCustomer(t *testing.T) {
	s := apitest.Start(t)
	c, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{
		Customer: &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Ada", ExternalIds: map[string]string{"crm": "1"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	parent := c.GetName()
	contact := func(n string) string {
		made, err := s.Customers.CreateContact(t.Context(), &rapportv1.CreateContactRequest{Parent: parent, Contact: &rapportv1.Contact{DisplayName: n}})
		if err != nil {
			t.Fatal(err)
		}
		return made.GetName()
	}
	kept, removed, back := contact("a"), contact("b"), contact("c")
	if _, err := s.Customers.DeleteContact(t.Context(), &rapportv1.DeleteContactRequest{Name: back}); err != nil {
		t.Fatal(err)
	}
	note := func() *rapportv1.Interaction {
		return &rapportv1.Interaction{
			Channel: rapportv1.Channel_PHONE, Direction: rapportv1.Interaction_INBOUND, OccurTime: timestamppb.New(time.Unix(1_750_000_000, 0)),
		}
	}
	calls := map[string]func(context.Context) error{
		"create": func(ctx context.Context) error {
			_, err := s.Interactions.CreateInteraction(ctx, &rapportv1.CreateInteractionRequest{Parent: parent, Interaction: note()})
			return err
		},
		"create by external id": func(ctx context.Context) error {
			_, err := s.Interactions.CreateInteraction(ctx, &rapportv1.CreateInteractionRequest{
				Parent: "customers/-", CustomerExternalId: &rapportv1.ExternalId{Source: "crm", Id: "1"}, Interaction: note(),
			})
			return err
		},
		"batch": func(ctx context.Context) error {
			_, err := s.Interactions.BatchCreateInteractions(ctx, &rapportv1.BatchCreateInteractionsRequest{
				Parent: parent, Requests: []*rapportv1.CreateInteractionRequest{{Interaction: note()}},
			})
			return err
		},
		"update": func(ctx context.Context) error {
			_, err := s.Customers.UpdateContact(ctx, &rapportv1.UpdateContactRequest{Contact: &rapportv1.Contact{Name: kept, DisplayName: "d"}})
			return err
		},
		"delete": func(ctx context.Context) error {
			_, err := s.Customers.DeleteContact(ctx, &rapportv1.DeleteContactRequest{Name: removed})
			return err
		},
		"undelete": func(ctx context.Context) error {
			_, err := s.Customers.UndeleteContact(ctx, &rapportv1.UndeleteContactRequest{Name: back})
			return err
		},
	}
	tx, err := s.DB.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := tx.Exec(t.Context(), "SELECT FROM customer WHERE customer_id = $1 FOR NO KEY UPDATE", strings.TrimPrefix(parent, "customers/")); err != nil {
		t.Fatal(err)
	}
	for name, call := range calls {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		if call(ctx) == nil {
			t.Errorf("%s did not wait for the change of the customer", name)
		}
		cancel()
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, call := range calls {
		if err := call(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
