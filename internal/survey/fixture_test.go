package survey_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

const unknown = "surveys/0198c0de-0000-7000-8000-00000000dead"

func days(n float64) *durationpb.Duration {
	return durationpb.New(time.Duration(n * 24 * float64(time.Hour)))
}

// full has every field set that a client can set, in the form in which they are answered.
func full() *rapportv1.Survey {
	return &rapportv1.Survey{
		DisplayName: "Nach dem Besuch", Metric: rapportv1.SatisfactionScore_NPS,
		Texts: []*rapportv1.Survey_Text{
			{
				LanguageCode: "en", Question: "How likely is it that you recommend us?", CommentPrompt: proto.String("Why?"),
				LowLabel: proto.String("not at all"), HighLabel: proto.String("extremely"), Thanks: proto.String("Thank you!\n<b>Bye</b>"),
				FactorLabels: map[string]string{"waiting-time": "Waiting time", "staff": "Our people"},
			},
			{LanguageCode: "zh-Hans-CN", Question: "您会推荐我们吗？"},
		},
		Factors: []string{"waiting-time", "staff", "a_b.c-1"}, AskImportance: true, AskExpectation: true, AskComment: true,
		RepeatInterval: days(90), InvitationLifetime: durationpb.New(36 * time.Hour),
	}
}

func bare(name string) *rapportv1.Survey {
	return &rapportv1.Survey{
		DisplayName: name, Metric: rapportv1.SatisfactionScore_CSAT, Texts: []*rapportv1.Survey_Text{{LanguageCode: "en", Question: "How was it?"}},
	}
}

func create(t testing.TB, s *apitest.Service, survey *rapportv1.Survey) *rapportv1.Survey {
	t.Helper()
	made, err := s.Satisfaction.CreateSurvey(t.Context(), &rapportv1.CreateSurveyRequest{Survey: survey})
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	return made
}

func get(t testing.TB, s *apitest.Service, name string) *rapportv1.Survey {
	t.Helper()
	got, err := s.Satisfaction.GetSurvey(t.Context(), &rapportv1.GetSurveyRequest{Name: name})
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	return got
}

func mask(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

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
