package insight_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// ask invites a customer and, where the rating is not negative, answers.
func ask(t testing.TB, s *apitest.Service, survey, customer string, rating int32) {
	t.Helper()
	made, err := s.Satisfaction.CreateSurveyInvitation(t.Context(), &rapportv1.CreateSurveyInvitationRequest{
		Parent: survey, SurveyInvitation: &rapportv1.SurveyInvitation{Customer: customer},
	})
	if err != nil {
		t.Fatal(err)
	}
	if rating < 0 {
		return
	}
	if _, err := s.Satisfaction.SubmitResponse(t.Context(), &rapportv1.SubmitResponseRequest{Token: made.GetToken(), Rating: &rating}); err != nil {
		t.Fatal(err)
	}
}

func newSurvey(t testing.TB, s *apitest.Service, metric rapportv1.SatisfactionScore_Metric) string {
	t.Helper()
	made, err := s.Satisfaction.CreateSurvey(t.Context(), &rapportv1.CreateSurveyRequest{Survey: &rapportv1.Survey{
		DisplayName: "After a visit", Metric: metric, Texts: []*rapportv1.Survey_Text{{LanguageCode: "en", Question: "How was it?"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return made.GetName()
}

func TestResponseRate(t *testing.T) {
	s := apitest.Start(t)
	recommend, satisfied := newSurvey(t, s, metricNPS), newSurvey(t, s, metricCSAT)
	for i := range 20 {
		c := newCustomer(t, s, func(c *rapportv1.Customer) {
			c.Owner = proto.String("ann")
			if i < 5 {
				c.Owner = proto.String("bob")
			}
		})
		rating := int32(-1)
		if i%4 == 0 {
			rating = 5
		}
		ask(t, s, recommend, c, rating)
		if i < 3 {
			ask(t, s, satisfied, c, -1)
		}
	}
	rates := func(req *rapportv1.GetSatisfactionReportRequest) (out []string) {
		t.Helper()
		for _, r := range satisfaction(t, s, req).GetRows() {
			out = append(out, fmt.Sprintf("%v %d/%d", r.GetGroups(), r.GetResponseRate().GetAnswered(), r.GetResponseRate().GetSent()))
		}
		return out
	}
	for name, test := range map[string]struct {
		req  *rapportv1.GetSatisfactionReportRequest
		want []string
	}{
		"all":       {&rapportv1.GetSatisfactionReportRequest{}, []string{"[] 5/23"}},
		"a metric":  {&rapportv1.GetSatisfactionReportRequest{Metrics: []rapportv1.SatisfactionScore_Metric{metricNPS}}, []string{"[] 5/20"}},
		"owners":    {&rapportv1.GetSatisfactionReportRequest{GroupBy: []string{"customer.owner"}}, []string{"[ann] 3/15", "[bob] 2/8"}},
		"of bob":    {&rapportv1.GetSatisfactionReportRequest{Filter: "owner = bob"}, []string{"[] 2/8"}},
		"by source": {&rapportv1.GetSatisfactionReportRequest{GroupBy: []string{"source"}}, []string{"[CUSTOMER] 0/0"}},
		"filtered":  {&rapportv1.GetSatisfactionReportRequest{ScoreFilter: "source = CUSTOMER"}, []string{"[] 0/0"}},
		"earlier":   {&rapportv1.GetSatisfactionReportRequest{Interval: between(at(1, 1, 0), at(1, 2, 0))}, nil},
		"by month":  {&rapportv1.GetSatisfactionReportRequest{Granularity: rapportv1.Granularity_QUARTER}, []string{"[] 5/23"}},
	} {
		if got := rates(test.req); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	// Where nobody answered there is a row too.
	bySurvey := rates(&rapportv1.GetSatisfactionReportRequest{GroupBy: []string{"survey"}})
	slices.Sort(bySurvey)
	want := []string{"[" + recommend + "] 5/20", "[" + satisfied + "] 0/3"}
	slices.Sort(want)
	if !slices.Equal(bySurvey, want) {
		t.Errorf("%q, want %q", bySurvey, want)
	}
	row := only(t, satisfaction(t, s, &rapportv1.GetSatisfactionReportRequest{Metrics: []rapportv1.SatisfactionScore_Metric{metricNPS}}))
	wantEstimate(t, "the response rate", row.GetResponseRate().GetRate(), 0.25, 0.1119, 0.4687, 5e-5)
	// One who is asked later is in the time after.
	soon := timestamppb.New(time.Now().Add(time.Hour))
	if _, err := s.DB.Exec(t.Context(), `UPDATE survey_invitation SET send_time = $1 WHERE answer_time IS NULL`, soon.AsTime()); err != nil {
		t.Fatal(err)
	}
	in := between(time.Now().Add(-time.Hour), time.Now().Add(time.Minute))
	if row := only(t, satisfaction(t, s, &rapportv1.GetSatisfactionReportRequest{Interval: in})); row.GetResponseRate().GetSent() != 5 || row.GetResponseRate().GetRate() != nil {
		t.Errorf("%v", row)
	}
}
