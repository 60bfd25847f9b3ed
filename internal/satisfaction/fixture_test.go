package satisfaction_test

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

var submitted = time.Date(2026, 3, 1, 12, 0, 0, 123_456_000, time.UTC)

// The metrics, for short.
const (
	nps    = rapportv1.SatisfactionScore_NPS
	csat   = rapportv1.SatisfactionScore_CSAT
	ces    = rapportv1.SatisfactionScore_CES
	intent = rapportv1.SatisfactionScore_REPURCHASE_INTENT
)

// full has every field set that a client can set, but for the records that it names.
func full() *rapportv1.SatisfactionScore {
	return &rapportv1.SatisfactionScore{
		Metric: csat, Rating: proto.Int32(4), Expectation: proto.Int32(5),
		Factors: []*rapportv1.SatisfactionScore_Factor{
			{Factor: "waiting-time", Satisfaction: 2, Importance: proto.Int32(5)}, {Factor: "staff", Satisfaction: 5}, {Factor: "a_b.c-1", Satisfaction: 1},
		},
		Comment: proto.String(" kept\tbyte for byte \r\n'; DROP TABLE customer; -- <script>茶\u202e"), Source: rapportv1.SatisfactionScore_STAFF_OBSERVED,
		Channel: rapportv1.Channel_STORE, Competitor: proto.String("Acme"), Staff: proto.String("staff-7"),
		SubmitTime: timestamppb.New(submitted), ExternalId: &rapportv1.ExternalId{Source: "forms", Id: "A-1"},
	}
}

// bare has what is required alone.
func bare(metric rapportv1.SatisfactionScore_Metric, rating int32) *rapportv1.SatisfactionScore {
	return &rapportv1.SatisfactionScore{Metric: metric, Rating: &rating}
}

// at is a score that was given so many hours after the others.
func at(hours int, metric rapportv1.SatisfactionScore_Metric, rating int32) *rapportv1.SatisfactionScore {
	s := bare(metric, rating)
	s.SubmitTime = timestamppb.New(submitted.Add(time.Duration(hours) * time.Hour))
	return s
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

func getCustomer(t testing.TB, s *apitest.Service, name string) *rapportv1.Customer {
	t.Helper()
	c, err := s.Customers.GetCustomer(t.Context(), &rapportv1.GetCustomerRequest{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func deleteCustomer(t testing.TB, s *apitest.Service, name string) {
	t.Helper()
	if _, err := s.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: name}); err != nil {
		t.Fatal(err)
	}
}

// records are one of each kind that a score can name.
type records struct{ contact, interaction, supportCase, purchase string }

func newRecords(t testing.TB, s *apitest.Service, parent string) (r records) {
	t.Helper()
	contact, err := s.Customers.CreateContact(t.Context(), &rapportv1.CreateContactRequest{Parent: parent, Contact: &rapportv1.Contact{DisplayName: "Bob"}})
	if err != nil {
		t.Fatal(err)
	}
	interaction, err := s.Interactions.CreateInteraction(t.Context(), &rapportv1.CreateInteractionRequest{Parent: parent, Interaction: &rapportv1.Interaction{
		Channel: rapportv1.Channel_PHONE, Direction: rapportv1.Interaction_INBOUND, OccurTime: timestamppb.New(submitted),
	}})
	if err != nil {
		t.Fatal(err)
	}
	supportCase, err := s.Cases.CreateCase(t.Context(), &rapportv1.CreateCaseRequest{Parent: parent, Case: &rapportv1.Case{Type: rapportv1.Case_COMPLAINT}})
	if err != nil {
		t.Fatal(err)
	}
	purchase, err := s.Purchases.CreatePurchase(t.Context(), &rapportv1.CreatePurchaseRequest{Parent: parent, Purchase: &rapportv1.Purchase{
		PurchaseTime: timestamppb.New(submitted), Amount: &money.Money{CurrencyCode: "EUR", Units: 3},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return records{contact.GetName(), interaction.GetName(), supportCase.GetName(), purchase.GetName()}
}

// about has a score name them.
func (r records) about(score *rapportv1.SatisfactionScore) *rapportv1.SatisfactionScore {
	score.Contact, score.Interaction, score.Case, score.Purchase = &r.contact, &r.interaction, &r.supportCase, &r.purchase
	return score
}

func create(t testing.TB, s *apitest.Service, parent string, score *rapportv1.SatisfactionScore) *rapportv1.SatisfactionScore {
	t.Helper()
	made, err := s.Satisfaction.CreateSatisfactionScore(t.Context(), &rapportv1.CreateSatisfactionScoreRequest{Parent: parent, SatisfactionScore: score})
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	return made
}

func get(t testing.TB, s *apitest.Service, name string) *rapportv1.SatisfactionScore {
	t.Helper()
	score, err := s.Satisfaction.GetSatisfactionScore(t.Context(), &rapportv1.GetSatisfactionScoreRequest{Name: name})
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	return score
}

func remove(t testing.TB, s *apitest.Service, name string) {
	t.Helper()
	if _, err := s.Satisfaction.DeleteSatisfactionScore(t.Context(), &rapportv1.DeleteSatisfactionScoreRequest{Name: name}); err != nil {
		t.Fatalf("delete: %v", err)
	}
}

func newID(t testing.TB) string {
	t.Helper()
	id, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	return id.String()
}

// countScores is how many there are in the table.
func countScores(t testing.TB, s *apitest.Service) (n int) {
	t.Helper()
	if err := s.DB.QueryRow(t.Context(), `SELECT count(*) FROM satisfaction_score`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
