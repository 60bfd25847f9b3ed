package contact_test

import (
	"testing"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

const unknown = "customers/0198c0de-0000-7000-8000-00000000dead"

// full has every field set that a client can set.
func full() *rapportv1.Contact {
	return &rapportv1.Contact{
		DisplayName: "王小明", Title: proto.String("Head of Purchasing"), Role: rapportv1.Contact_DECISION_MAKER,
		Emails:  []*rapportv1.EmailAddress{{Address: "wang@example.com", Primary: true}, {Address: "office@example.com"}},
		Phones:  []*rapportv1.PhoneNumber{{Number: "+86 138 0013 8000", Primary: true}, {Number: "ext. 12"}},
		Primary: true, PreferredChannel: rapportv1.Channel_CHAT,
		Occasions: []*rapportv1.Occasion{
			{Type: rapportv1.Occasion_BIRTHDAY, Date: &date.Date{Month: 2, Day: 29}},
			{Type: rapportv1.Occasion_ANNIVERSARY, Date: &date.Date{Year: 2015, Month: 5, Day: 1}, Label: proto.String("第一天")},
		},
	}
}

func bob() *rapportv1.Contact { return &rapportv1.Contact{DisplayName: "Bob"} }

// customer makes a customer and returns its name.
func customer(t testing.TB, s *apitest.Service) string {
	t.Helper()
	c, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{
		Customer: &rapportv1.Customer{Type: rapportv1.Customer_ORGANIZATION, DisplayName: "Acme"},
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

func create(t testing.TB, s *apitest.Service, parent string, c *rapportv1.Contact) *rapportv1.Contact {
	t.Helper()
	made, err := s.Customers.CreateContact(t.Context(), &rapportv1.CreateContactRequest{Parent: parent, Contact: c})
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	return made
}

func get(t testing.TB, s *apitest.Service, name string) *rapportv1.Contact {
	t.Helper()
	c, err := s.Customers.GetContact(t.Context(), &rapportv1.GetContactRequest{Name: name})
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	return c
}

func update(t testing.TB, s *apitest.Service, c *rapportv1.Contact, paths ...string) *rapportv1.Contact {
	t.Helper()
	got, err := s.Customers.UpdateContact(t.Context(), &rapportv1.UpdateContactRequest{Contact: c, UpdateMask: mask(paths...)})
	if err != nil {
		t.Fatalf("update: %v", err)
	}
	return got
}

func remove(t testing.TB, s *apitest.Service, name string) *rapportv1.Contact {
	t.Helper()
	c, err := s.Customers.DeleteContact(t.Context(), &rapportv1.DeleteContactRequest{Name: name})
	if err != nil {
		t.Fatalf("delete: %v", err)
	}
	return c
}

func undelete(t testing.TB, s *apitest.Service, name string) (*rapportv1.Contact, error) {
	t.Helper()
	return s.Customers.UndeleteContact(t.Context(), &rapportv1.UndeleteContactRequest{Name: name})
}

func mask(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

func newID(t testing.TB) string {
	t.Helper()
	id, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	return id.String()
}
