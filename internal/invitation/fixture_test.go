package invitation_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

func newSurvey() *rapportv1.Survey {
	return &rapportv1.Survey{
		DisplayName: "After a visit", Metric: rapportv1.SatisfactionScore_NPS,
		Texts: []*rapportv1.Survey_Text{
			{LanguageCode: "en", Question: "How likely is it that you recommend us?", Thanks: proto.String("Thank you!")},
			{LanguageCode: "de", Question: "Wie wahrscheinlich empfehlen Sie uns?", Thanks: proto.String("Danke!")},
		},
		Factors: []string{"staff", "price"}, AskImportance: true, AskExpectation: true, AskComment: true,
	}
}

func survey(t testing.TB, s *apitest.Service, change func(*rapportv1.Survey)) *rapportv1.Survey {
	t.Helper()
	in := newSurvey()
	change(in)
	made, err := s.Satisfaction.CreateSurvey(t.Context(), &rapportv1.CreateSurveyRequest{Survey: in})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func plain(*rapportv1.Survey) {}

func customer(t testing.TB, s *apitest.Service, change func(*rapportv1.Customer)) string {
	t.Helper()
	c := &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Ada"}
	change(c)
	made, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{Customer: c})
	if err != nil {
		t.Fatal(err)
	}
	return made.GetName()
}

func anybody(*rapportv1.Customer) {}

// records makes one of each record that an invitation can name.
func records(t testing.TB, s *apitest.Service, customer string) (contact, interaction, supportCase, purchase string) {
	t.Helper()
	c, err := s.Customers.CreateContact(t.Context(), &rapportv1.CreateContactRequest{Parent: customer, Contact: &rapportv1.Contact{DisplayName: "Bob"}})
	if err != nil {
		t.Fatal(err)
	}
	at := timestamppb.New(time.Now().Add(-time.Hour))
	i, err := s.Interactions.CreateInteraction(t.Context(), &rapportv1.CreateInteractionRequest{Parent: customer, Interaction: &rapportv1.Interaction{
		Channel: rapportv1.Channel_PHONE, Direction: rapportv1.Interaction_INBOUND, OccurTime: at,
	}})
	if err != nil {
		t.Fatal(err)
	}
	k, err := s.Cases.CreateCase(t.Context(), &rapportv1.CreateCaseRequest{Parent: customer, Case: &rapportv1.Case{Type: rapportv1.Case_COMPLAINT, ReceiveTime: at}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Purchases.CreatePurchase(t.Context(), &rapportv1.CreatePurchaseRequest{Parent: customer, Purchase: &rapportv1.Purchase{
		PurchaseTime: at, Amount: &money.Money{CurrencyCode: "EUR", Units: 1},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return c.GetName(), i.GetName(), k.GetName(), p.GetName()
}

func invite(t testing.TB, s *apitest.Service, survey string, in *rapportv1.SurveyInvitation) *rapportv1.SurveyInvitation {
	t.Helper()
	made, err := s.Satisfaction.CreateSurveyInvitation(t.Context(), &rapportv1.CreateSurveyInvitationRequest{Parent: survey, SurveyInvitation: in})
	if err != nil {
		t.Fatalf("invite: %v", err)
	}
	return made
}

func get(t testing.TB, s *apitest.Service, name string) *rapportv1.SurveyInvitation {
	t.Helper()
	got, err := s.Satisfaction.GetSurveyInvitation(t.Context(), &rapportv1.GetSurveyInvitationRequest{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func scores(t testing.TB, s *apitest.Service, customer string) []*rapportv1.SatisfactionScore {
	t.Helper()
	got, err := s.Satisfaction.ListSatisfactionScores(t.Context(), &rapportv1.ListSatisfactionScoresRequest{Parent: customer})
	if err != nil {
		t.Fatal(err)
	}
	return got.GetSatisfactionScores()
}

func answer(token string, rating int32) *rapportv1.SubmitResponseRequest {
	return &rapportv1.SubmitResponseRequest{Token: token, Rating: &rating}
}

func days(n int) *durationpb.Duration { return durationpb.New(time.Duration(n) * 24 * time.Hour) }

// wantNowhere fails the test where a table has a text.
func wantNowhere(t testing.TB, s *apitest.Service, text string, tables ...string) {
	t.Helper()
	for _, table := range tables {
		var n int
		sql := `SELECT count(*) FROM ` + table + ` x WHERE x::text LIKE '%' || $1 || '%' OR x::text LIKE '%' || encode(convert_to($1, 'UTF8'), 'hex') || '%'`
		if err := s.DB.QueryRow(t.Context(), sql, text).Scan(&n); err != nil || n > 0 {
			t.Errorf("%d rows of %s have %q, %v", n, table, text, err)
		}
	}
}

// expire moves the end of an invitation into the past.
func expire(t testing.TB, s *apitest.Service, i *rapportv1.SurveyInvitation) {
	t.Helper()
	if _, err := s.DB.Exec(t.Context(), `UPDATE survey_invitation SET expire_time = now() WHERE survey_invitation_id = $1`, i.GetUid()); err != nil {
		t.Fatal(err)
	}
}

func fresh(name string) string { return name[:strings.LastIndex(name, "/")+1] + uuid.NewString() }
