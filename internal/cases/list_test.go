package cases_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/server"
)

func slow(c *server.Config) { c.ClockInterval = time.Hour }

// list follows the pages of a list, of two each, and returns the names.
func list(t testing.TB, s *apitest.Service, parent, filter, orderBy string) (names []string) {
	t.Helper()
	req := &rapportv1.ListCasesRequest{Parent: parent, Filter: filter, OrderBy: orderBy, PageSize: 2}
	for {
		resp, err := s.Cases.ListCases(t.Context(), req)
		if err != nil {
			t.Fatalf("%s: %v", filter, err)
		}
		for _, c := range resp.GetCases() {
			names = append(names, c.GetName())
		}
		if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
			return names
		}
	}
}

func TestList(t *testing.T) {
	s := apitest.Start(t)
	parent, other := customer(t, s), customer(t, s)
	closed := create(t, s, parent, full())
	open := assigned()
	open.ReceiveTime, open.Item = ago(time.Hour), proto.String("teapot")
	mine := create(t, s, parent, open)
	plain := complaint()
	plain.ReceiveTime = ago(30 * time.Minute)
	fresh := create(t, s, parent, plain)
	theirs := create(t, s, other, &rapportv1.Case{Type: rapportv1.Case_NEED, Category: proto.String("x"), Priority: 4, Assignee: proto.String("grace"), WaitingOnCustomer: true})
	names := func(all ...*rapportv1.Case) (out []string) {
		for _, c := range all {
			out = append(out, c.GetName())
		}
		return out
	}
	for _, test := range []struct {
		parent, filter, orderBy string
		want                    []string
	}{
		{parent, "", "", names(fresh, mine, closed)},
		{parent, "", "receive_time", names(closed, mine, fresh)},
		{parent, "", "create_time desc", names(fresh, mine, closed)},
		{"customers/-", "", "update_time", names(closed, mine, fresh, theirs)},
		{"customers/-", `assignee = "grace" AND state = IN_PROGRESS`, "", names(mine)},
		{"customers/-", `assignee = "grace"`, "", names(theirs, mine, closed)},
		{"customers/-", `assignee = "grace" AND state != CLOSED`, "create_time", names(mine, theirs)},
		{"customers/-", `state = NEW OR state = WAITING`, "", names(theirs, fresh)},
		{"customers/-", `NOT state = CLOSED`, "", names(theirs, fresh, mine)},
		{"customers/-", `state = CLOSED`, "", names(closed)},
		{"customers/-", `case_number = "` + mine.GetCaseNumber() + `"`, "", names(mine)},
		{"customers/-", `case_number = "` + strings.ToLower(strings.ReplaceAll(mine.GetCaseNumber(), "-", "")) + `"`, "", names(mine)},
		{parent, `case_number = "` + theirs.GetCaseNumber() + `"`, "", nil},
		{"customers/-", `NOT case_number = "` + mine.GetCaseNumber() + `"`, "receive_time", names(closed, fresh, theirs)},
		{parent, `type = COMPLAINT`, "", names(fresh)},
		{parent, `priority = P1 AND category = "rep*" AND item:*`, "", names(mine, closed)},
		{parent, `verified = true AND channel = SOCIAL AND description = "It leaks*"`, "", names(closed)},
		{parent, `resolution_type = FIXED AND customer_confirmed = true AND resolution = "A new one"`, "", names(closed)},
		{"customers/-", `waiting_on_customer = true`, "", names(theirs)},
		{parent, `reopen_count = 0 AND NOT resolve_time:*`, "", names(fresh, mine)},
		{parent, `receive_time > "` + ago(2*time.Hour).AsTime().Format(time.RFC3339) + `"`, "", names(fresh, mine)},
		{parent, `close_time:* AND feedback_time:* AND first_response_time:*`, "", names(closed)},
		{parent, `first_response_due_time:* OR resolve_due_time:* OR silence_close_time:*`, "", nil},
		{parent, `external_id.source = "desk" AND external_id.id = "T-1"`, "", names(closed)},
	} {
		got := list(t, s, test.parent, test.filter, test.orderBy)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s, %s of %s (-want +got):\n%s", test.filter, test.orderBy, test.parent, diff)
		}
	}
	resp, err := s.Cases.ListCases(t.Context(), &rapportv1.ListCasesRequest{Parent: parent, PageSize: 1})
	if err != nil || resp.GetTotalSize() != 3 {
		t.Errorf("%v, %v", resp, err)
	}
}

func TestListRefusals(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	if resp, err := s.Cases.ListCases(t.Context(), &rapportv1.ListCasesRequest{Parent: parent}); err != nil || resp.TotalSize == nil || len(resp.GetCases()) != 0 {
		t.Errorf("none: %v, %v", resp, err)
	}
	for _, filter := range []string{
		`case_number = "x"`, `case_number != "0000-0000"`, `case_number:*`, `state > NEW`, `state = OPEN`, `resolve_breached = "true"`, `resolve_breached > true`,
		`first_response_breached = 1`, `colour = 1`, `name = "x"`, `receive_time = "yesterday"`,
	} {
		_, err := s.Cases.ListCases(t.Context(), &rapportv1.ListCasesRequest{Parent: parent, Filter: filter})
		apitest.WantReason(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FILTER)
	}
	_, err := s.Cases.ListCases(t.Context(), &rapportv1.ListCasesRequest{Parent: parent, OrderBy: "priority"})
	apitest.WantReason(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_ORDER_BY)
	_, err = s.Cases.ListCases(t.Context(), &rapportv1.ListCasesRequest{Parent: unknown})
	apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND)
	_, err = s.Cases.GetCase(t.Context(), &rapportv1.GetCaseRequest{Name: unknownCase})
	apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_CASE_NOT_FOUND)
}

// TestREST takes a case through its life over REST.
func TestREST(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	made := s.Do(t, "POST", "/v1/"+parent+"/cases", `{"type":"COMPLAINT","category":"x","priority":"P3","assignee":"grace"}`)
	var c struct{ Name, Etag, State, CaseNumber string }
	made.JSON(t, &c)
	if made.Status != 201 || c.State != "IN_PROGRESS" || made.Header.Get("Location") != "/v1/"+c.Name {
		t.Fatalf("%d %s", made.Status, made.Body)
	}
	s.Do(t, "POST", "/v1/"+c.Name+":close", `{}`).WantProblem(t, 400, rapportv1.ErrorReason_CASE_NOT_RESOLVED)
	for _, step := range []struct{ path, body, state string }{
		{":resolve", `{"resolution":"Done","resolutionType":"FIXED","feedbackTime":"` + time.Now().Add(time.Second).UTC().Format(time.RFC3339Nano) + `"}`, "RESOLVED"},
		{":close", `{}`, "CLOSED"},
		{":reopen", `{}`, "IN_PROGRESS"},
	} {
		got := s.Do(t, "POST", "/v1/"+c.Name+step.path, step.body)
		got.JSON(t, &c)
		if got.Status != 200 || c.State != step.state {
			t.Errorf("%s: %d %s", step.path, got.Status, got.Body)
		}
	}
	found := s.Do(t, "GET", "/v1/customers/-/cases?filter=caseNumber%3D%22"+c.CaseNumber+"%22", "")
	found.WantProblem(t, 400, rapportv1.ErrorReason_INVALID_FILTER) // fields of filters have their proto names
	found = s.Do(t, "GET", "/v1/customers/-/cases?filter=case_number%3D%22"+c.CaseNumber+"%22", "")
	if found.Status != 200 || !slices.Contains(strings.Split(string(found.Body), `"`), c.Name) {
		t.Errorf("%d %s", found.Status, found.Body)
	}
}
