package interaction_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

const unknown = "customers/0198c0de-0000-7000-8000-00000000dead"

var occurred = time.Date(2026, 3, 1, 9, 30, 0, 123456000, time.UTC)

// full has every field set that a client can set, but for the contact.
func full() *rapportv1.Interaction {
	return &rapportv1.Interaction{
		Channel: rapportv1.Channel_PHONE, Direction: rapportv1.Interaction_OUTBOUND, Purpose: rapportv1.Interaction_RENEWAL,
		OccurTime: timestamppb.New(occurred), Duration: &durationpb.Duration{Seconds: 90, Nanos: 5000},
		Subject: proto.String("续约"), Body: proto.String(" kept\tbyte for byte \n"), Staff: proto.String("staff-7"),
		Campaign: proto.String("autumn"), CustomerReaction: rapportv1.Interaction_POSITIVE,
		Concession: &rapportv1.Interaction_Concession{
			Amount: &money.Money{CurrencyCode: "CNY", Units: 12, Nanos: 500_000_000}, Reason: proto.String("late"), InReturnFor: proto.String("a year"),
		},
		Attributes: map[string]*rapportv1.AttributeValue{
			"plan":    {Kind: &rapportv1.AttributeValue_StringValue{StringValue: "gold"}},
			"attempt": {Kind: &rapportv1.AttributeValue_DoubleValue{DoubleValue: 2.5}},
			"sold":    {Kind: &rapportv1.AttributeValue_BoolValue{BoolValue: true}},
			"at":      {Kind: &rapportv1.AttributeValue_TimestampValue{TimestampValue: timestamppb.New(occurred)}},
		},
		ExternalId: &rapportv1.ExternalId{Source: "pbx", Id: "call-1"},
	}
}

// note has nothing set but what is required.
func note() *rapportv1.Interaction {
	return &rapportv1.Interaction{
		Channel: rapportv1.Channel_EMAIL, Direction: rapportv1.Interaction_INTERNAL, OccurTime: timestamppb.New(occurred.Add(-time.Hour)),
	}
}

// with returns a note that was changed.
func with(change func(*rapportv1.Interaction)) *rapportv1.Interaction {
	i := note()
	change(i)
	return i
}

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

func newContact(t testing.TB, s *apitest.Service, parent string) string {
	t.Helper()
	c, err := s.Customers.CreateContact(t.Context(), &rapportv1.CreateContactRequest{Parent: parent, Contact: &rapportv1.Contact{DisplayName: "Bob"}})
	if err != nil {
		t.Fatal(err)
	}
	return c.GetName()
}

func deleteContact(t testing.TB, s *apitest.Service, name string) {
	t.Helper()
	if _, err := s.Customers.DeleteContact(t.Context(), &rapportv1.DeleteContactRequest{Name: name}); err != nil {
		t.Fatal(err)
	}
}

func create(t testing.TB, s *apitest.Service, parent string, i *rapportv1.Interaction) *rapportv1.Interaction {
	t.Helper()
	made, err := s.Interactions.CreateInteraction(t.Context(), &rapportv1.CreateInteractionRequest{Parent: parent, Interaction: i})
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	return made
}

func get(t testing.TB, s *apitest.Service, name string) *rapportv1.Interaction {
	t.Helper()
	i, err := s.Interactions.GetInteraction(t.Context(), &rapportv1.GetInteractionRequest{Name: name})
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	return i
}

func update(t testing.TB, s *apitest.Service, i *rapportv1.Interaction, paths ...string) *rapportv1.Interaction {
	t.Helper()
	got, err := tryUpdate(t, s, i, paths...)
	if err != nil {
		t.Fatalf("update: %v", err)
	}
	return got
}

func tryUpdate(t testing.TB, s *apitest.Service, i *rapportv1.Interaction, paths ...string) (*rapportv1.Interaction, error) {
	t.Helper()
	return s.Interactions.UpdateInteraction(t.Context(), &rapportv1.UpdateInteractionRequest{
		Interaction: i, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths},
	})
}

func remove(t testing.TB, s *apitest.Service, name string) *rapportv1.Interaction {
	t.Helper()
	i, err := s.Interactions.DeleteInteraction(t.Context(), &rapportv1.DeleteInteractionRequest{Name: name})
	if err != nil {
		t.Fatalf("delete: %v", err)
	}
	return i
}

func count(t testing.TB, s *apitest.Service, table string) (n int) {
	t.Helper()
	if err := s.DB.QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func newID(t testing.TB) string {
	t.Helper()
	id, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	return id.String()
}
