package server_test

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// surveys calls the RPCs of surveys and invitations, with all that they can hold.
func surveys(t *testing.T, s *apitest.Service, contact string) {
	t.Helper()
	ctx := t.Context()
	check := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	parent, _, _ := strings.Cut(contact, "/contacts/")
	_, err := s.Customers.UpdateCustomer(ctx, &rapportv1.UpdateCustomerRequest{
		Customer: &rapportv1.Customer{Name: parent}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"contact_preference"}},
	})
	check("let the customer be contacted", err)
	asked, err := s.Satisfaction.CreateSurvey(ctx, &rapportv1.CreateSurveyRequest{Survey: &rapportv1.Survey{
		DisplayName: "After a visit", Metric: rapportv1.SatisfactionScore_NPS, AskComment: true, AskImportance: true, AskExpectation: true,
		Texts:   []*rapportv1.Survey_Text{{LanguageCode: "en", Question: "q", Thanks: proto.String("t"), FactorLabels: map[string]string{"staff": "s"}}},
		Factors: []string{"staff", "price"}, RepeatInterval: durationpb.New(24 * time.Hour), InvitationLifetime: durationpb.New(time.Hour),
	}})
	check("create survey", err)
	_, err = s.Satisfaction.UpdateSurvey(ctx, &rapportv1.UpdateSurveyRequest{Survey: &rapportv1.Survey{Name: asked.GetName(), Factors: []string{"staff"}}})
	check("update survey", err)
	_, err = s.Satisfaction.GetSurvey(ctx, &rapportv1.GetSurveyRequest{Name: asked.GetName()})
	check("get survey", err)
	_, err = s.Satisfaction.ListSurveys(ctx, &rapportv1.ListSurveysRequest{Filter: "metric = NPS"})
	check("list surveys", err)
	said, err := s.Interactions.ListInteractions(ctx, &rapportv1.ListInteractionsRequest{Parent: parent, PageSize: 1})
	check("list interactions", err)
	made, err := s.Satisfaction.CreateSurveyInvitation(ctx, &rapportv1.CreateSurveyInvitationRequest{
		Parent: asked.GetName(), SurveyInvitation: &rapportv1.SurveyInvitation{
			Customer: parent, Contact: &contact, Interaction: proto.String(said.GetInteractions()[0].GetName()), SendTime: timestamppb.Now(),
		},
	})
	check("create invitation", err)
	answer := &rapportv1.SubmitResponseRequest{
		Token: made.GetToken(), Rating: proto.Int32(9), Expectation: proto.Int32(1), Comment: proto.String("c"),
		Factors: []*rapportv1.SatisfactionScore_Factor{{Factor: "staff", Satisfaction: 4, Importance: proto.Int32(5)}},
	}
	for range 2 {
		_, err = s.Satisfaction.SubmitResponse(ctx, answer)
		check("submit", err)
	}
	if page := s.Do(t, "GET", "/s/"+made.GetToken(), ""); page.Status != 410 {
		t.Errorf("the page: %d %s", page.Status, page.Body)
	}
	_, err = s.Satisfaction.GetSurveyInvitation(ctx, &rapportv1.GetSurveyInvitationRequest{Name: made.GetName()})
	check("get invitation", err)
	for _, of := range []string{asked.GetName(), "surveys/-"} {
		for _, filter := range []string{"", `customer = "` + parent + `"`, `contact = "` + contact + `" AND answer_time:*`, `send_time > "2026-01-01T00:00:00Z"`} {
			_, err = s.Satisfaction.ListSurveyInvitations(ctx, &rapportv1.ListSurveyInvitationsRequest{Parent: of, Filter: filter})
			check("list invitations "+filter, err)
		}
	}
	other, err := s.Satisfaction.CreateSurvey(ctx, &rapportv1.CreateSurveyRequest{Survey: &rapportv1.Survey{
		DisplayName: "x", Metric: rapportv1.SatisfactionScore_CES, Texts: []*rapportv1.Survey_Text{{LanguageCode: "en", Question: "q"}},
	}})
	check("create survey", err)
	_, err = s.Satisfaction.DeleteSurvey(ctx, &rapportv1.DeleteSurveyRequest{Name: other.GetName()})
	check("delete survey", err)
	for _, filter := range []string{`resource = "` + made.GetName() + `"`, `resource = "` + asked.GetName() + `"`} {
		_, err = s.Changes.ListChanges(ctx, &rapportv1.ListChangesRequest{Filter: filter})
		check("list changes "+filter, err)
	}
}
