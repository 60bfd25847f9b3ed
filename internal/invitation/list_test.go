package invitation_test

import (
	"fmt"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

func mask(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

func TestList(t *testing.T) {
	s := apitest.Start(t)
	one, two := survey(t, s, plain).GetName(), survey(t, s, plain).GetName()
	ada, bob := customer(t, s, anybody), customer(t, s, anybody)
	contact, interaction, supportCase, purchase := records(t, s, ada)
	all := []*rapportv1.SurveyInvitation{
		invite(t, s, one, &rapportv1.SurveyInvitation{Customer: ada, Contact: &contact, Interaction: &interaction}),
		invite(t, s, one, &rapportv1.SurveyInvitation{Customer: ada, Case: &supportCase}),
		invite(t, s, two, &rapportv1.SurveyInvitation{Customer: ada, Purchase: &purchase}),
		invite(t, s, one, &rapportv1.SurveyInvitation{Customer: bob}),
	}
	if _, err := s.Satisfaction.SubmitResponse(t.Context(), answer(all[1].GetToken(), 9)); err != nil {
		t.Fatal(err)
	}
	places := map[string]int{}
	for i, made := range all {
		places[made.GetName()] = i
	}
	for _, test := range []struct {
		parent, filter, order string
		want                  string
	}{
		{one, "", "", "[3 1 0]"},
		{one, "", "create_time", "[0 1 3]"},
		{"surveys/-", "", "", "[3 2 1 0]"},
		{one, fmt.Sprintf("customer = %q", ada), "create_time", "[0 1]"},
		{"surveys/-", fmt.Sprintf("customer = %q", ada), "create_time", "[0 1 2]"},
		{"surveys/-", fmt.Sprintf("contact = %q", contact), "", "[0]"},
		{"surveys/-", fmt.Sprintf("interaction = %q OR case = %q OR purchase = %q", interaction, supportCase, purchase), "", "[2 1 0]"},
		{"surveys/-", "answer_time:*", "", "[1]"},
		{"surveys/-", "NOT answer_time:*", "", "[3 2 0]"},
		{"surveys/-", `send_time > "2999-01-01T00:00:00Z"`, "", "[]"},
		{two, `expire_time > "2020-01-01T00:00:00Z"`, "", "[2]"},
	} {
		req := &rapportv1.ListSurveyInvitationsRequest{Parent: test.parent, Filter: test.filter, OrderBy: test.order, PageSize: 2}
		got := []int{}
		for {
			resp, err := s.Satisfaction.ListSurveyInvitations(t.Context(), req)
			if err != nil {
				t.Fatalf("%+v: %v", test, err)
			}
			for _, found := range resp.GetSurveyInvitations() {
				got = append(got, places[found.GetName()])
				apitest.WantEqual(t, found, get(t, s, found.GetName()))
			}
			if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
				break
			}
		}
		if fmt.Sprint(got) != test.want {
			t.Errorf("%+v: got %v", test, got)
		}
	}
	for reason, req := range map[rapportv1.ErrorReason]*rapportv1.ListSurveyInvitationsRequest{
		rapportv1.ErrorReason_INVALID_FILTER: {Parent: one, Filter: "colour = 1"}, rapportv1.ErrorReason_INVALID_ORDER_BY: {Parent: one, OrderBy: "send_time"},
		rapportv1.ErrorReason_INVALID_PAGE_TOKEN: {Parent: one, PageToken: "x"}, rapportv1.ErrorReason_INVALID_FIELD: {Parent: "surveys"},
	} {
		_, err := s.Satisfaction.ListSurveyInvitations(t.Context(), req)
		apitest.WantReason(t, err, codes.InvalidArgument, reason)
	}
	_, err := s.Satisfaction.ListSurveyInvitations(t.Context(), &rapportv1.ListSurveyInvitationsRequest{Parent: fresh(one)})
	apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_SURVEY_NOT_FOUND)
	empty, err := s.Satisfaction.ListSurveyInvitations(t.Context(), &rapportv1.ListSurveyInvitationsRequest{Parent: survey(t, s, plain).GetName()})
	if err != nil || len(empty.GetSurveyInvitations()) != 0 || empty.TotalSize == nil {
		t.Errorf("none: %v, %v", empty, err)
	}
}
