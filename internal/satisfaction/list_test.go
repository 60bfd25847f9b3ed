package satisfaction_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

type listing = rapportv1.ListSatisfactionScoresRequest

// competitors returns the competitors of all pages of a list, one letter each.
func competitors(t testing.TB, s *apitest.Service, req *listing) (out string) {
	t.Helper()
	for {
		page, err := s.Satisfaction.ListSatisfactionScores(t.Context(), req)
		if err != nil {
			t.Fatalf("%v: %v", req, err)
		}
		for _, score := range page.GetSatisfactionScores() {
			out += score.GetCompetitor()
		}
		if req.PageToken = page.GetNextPageToken(); req.GetPageToken() == "" {
			return out
		}
	}
}

// voices are the scores a to e of two customers, made in this order; the later they were made,
// the earlier they were given, but for c and d at one time.
func voices(t testing.TB, s *apitest.Service) (ada, ben string, of records) {
	t.Helper()
	ada, ben = customer(t, s), customer(t, s)
	of = newRecords(t, s, ben)
	a, b, c, d, e := at(9, nps, 9), at(8, csat, 2), at(7, ces, 7), at(7, nps, 0), full()
	a.Channel, b.Staff, b.Source, d.Comment = rapportv1.Channel_WEB, proto.String("staff-1"), rapportv1.SatisfactionScore_MYSTERY_SHOPPER, proto.String("Never again")
	for i, of := range []struct {
		parent string
		score  *rapportv1.SatisfactionScore
	}{{ada, a}, {ada, b}, {ben, c}, {ada, d}, {ben, of.about(e)}} {
		of.score.Competitor = proto.String(string(rune('a' + i)))
		create(t, s, of.parent, of.score)
	}
	return ada, ben, of
}

func TestListOrders(t *testing.T) {
	s := apitest.Start(t)
	ada, ben, _ := voices(t, s)
	for _, test := range []struct{ parent, orderBy, want string }{
		{"customers/-", "create_time", "abcde"},
		{"customers/-", "create_time desc", "edcba"},
		{ada, "", "abd"},
		{ada, "submit_time", "dba"},
		{ada, "create_time", "abd"},
		{ada, "create_time desc", "dba"},
		{ben, "submit_time desc", "ce"},
	} {
		for size := range int32(4) {
			if got := competitors(t, s, &listing{Parent: test.parent, OrderBy: test.orderBy, PageSize: size}); got != test.want {
				t.Errorf("%v, pages of %d: %q", test, size, got)
			}
		}
	}
	// c and d were given at one time: their order is that of their ids, whatever that is.
	up, down := competitors(t, s, &listing{Parent: "customers/-", OrderBy: "submit_time", PageSize: 1}), competitors(t, s, &listing{Parent: "customers/-", PageSize: 1})
	if up != "ecdba" && up != "edcba" || down != reverse(up) {
		t.Errorf("by submit_time %q, by default %q", up, down)
	}
	page, err := s.Satisfaction.ListSatisfactionScores(t.Context(), &listing{Parent: ada, PageSize: 1})
	if err != nil || page.GetTotalSize() != 3 {
		t.Errorf("%v, %v", page, err)
	}
}

func reverse(s string) (out string) {
	for _, r := range s {
		out = string(r) + out
	}
	return out
}

func TestListFilters(t *testing.T) {
	s := apitest.Start(t)
	ada, ben, of := voices(t, s)
	for filter, want := range map[string]string{
		"metric = NPS": "ad", "metric = NPS AND rating <= 6": "d", "rating = 0": "d", "metric != NPS": "bce", "rating > 3.5": "ace",
		"expectation = 5": "e", "expectation:*": "e", "NOT expectation:*": "abcd", "source = CUSTOMER": "acd", "source = STAFF_OBSERVED": "e",
		"channel = WEB": "a", "channel = CHANNEL_UNSPECIFIED": "bcd", `staff = "staff-1" OR staff = "staff-7"`: "be", `competitor = "c"`: "c",
		`comment = "Never*"`: "d", "comment:*": "de", `submit_time > "2026-03-01T20:30:00Z"`: "a", `create_time > "2026-01-01T00:00:00Z"`: "abcde",
		`factors.factor = "staff"`: "e", `factors.factor:"staff" AND metric = NPS`: "", "factors.factor:*": "e", `external_id.source = "forms" AND external_id.id = "A-1"`: "e",
		`contact = "` + of.contact + `"`: "e", `interaction = "` + of.interaction + `"`: "e", `case = "` + of.supportCase + `"`: "e",
		`purchase = "` + of.purchase + `"`: "e", "purchase:*": "e", "NOT purchase:*": "abcd",
	} {
		if got := competitors(t, s, &listing{Parent: "customers/-", Filter: filter, OrderBy: "create_time", PageSize: 2}); got != want {
			t.Errorf("%s: %q, want %q", filter, got, want)
		}
	}
	if got := competitors(t, s, &listing{Parent: ada, Filter: "metric = NPS"}); got != "ad" {
		t.Errorf("of one customer: %q", got)
	}
	if got := competitors(t, s, &listing{Parent: ben, Filter: `submit_time < "2026-03-01T15:00:00Z"`}); got != "e" {
		t.Errorf("of one customer by time: %q", got)
	}
}

func TestListRefusals(t *testing.T) {
	s := apitest.Start(t)
	ada, ben, _ := voices(t, s)
	first, err := s.Satisfaction.ListSatisfactionScores(t.Context(), &listing{Parent: ada, PageSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	token := first.GetNextPageToken()
	for name, test := range map[string]struct {
		req    *listing
		code   codes.Code
		reason rapportv1.ErrorReason
		fields []string
	}{
		"no parent":      {&listing{}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"parent"}},
		"negative size":  {&listing{Parent: ada, PageSize: -1}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"page_size"}},
		"order":          {&listing{Parent: ada, OrderBy: "update_time"}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_ORDER_BY, []string{"order_by"}},
		"filter":         {&listing{Parent: ada, Filter: "score = 3"}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FILTER, []string{"filter"}},
		"metric":         {&listing{Parent: ada, Filter: "metric = STARS"}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FILTER, []string{"filter"}},
		"rating":         {&listing{Parent: ada, Filter: `rating = "x"`}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FILTER, []string{"filter"}},
		"name":           {&listing{Parent: ada, Filter: `purchase = "x"`}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FILTER, []string{"filter"}},
		"injection":      {&listing{Parent: ada, Filter: `factors.factor' OR true --:"x"`}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FILTER, []string{"filter"}},
		"token":          {&listing{Parent: ada, PageToken: "x"}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_PAGE_TOKEN, []string{"page_token"}},
		"other's token":  {&listing{Parent: ben, PageToken: token}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_PAGE_TOKEN, []string{"page_token"}},
		"unknown parent": {&listing{Parent: unknown}, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Satisfaction.ListSatisfactionScores(t.Context(), test.req)
			apitest.WantFields(t, err, test.code, test.reason, test.fields...)
		})
	}
	none, err := s.Satisfaction.ListSatisfactionScores(t.Context(), &listing{Parent: customer(t, s)})
	if err != nil || len(none.GetSatisfactionScores()) != 0 || none.TotalSize == nil || none.GetTotalSize() != 0 {
		t.Errorf("of a customer who said nothing: %v, %v", none, err)
	}
}

// TestPageOfHugeRecords: a page stays below what gRPC clients take.
func TestPageOfHugeRecords(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	req := &batch{Parent: parent}
	for range 100 {
		huge := bare(nps, 1)
		huge.Comment = proto.String(strings.Repeat("茶", 20000))
		req.Requests = append(req.Requests, entry("", huge))
		if len(req.GetRequests()) == 50 {
			if _, err := s.Satisfaction.BatchCreateSatisfactionScores(t.Context(), req); err != nil {
				t.Fatal(err)
			}
			req.Requests = nil
		}
	}
	list, found := &listing{Parent: parent, PageSize: 1000}, 0
	for {
		page, err := s.Satisfaction.ListSatisfactionScores(t.Context(), list)
		if err != nil {
			t.Fatal(err)
		}
		if size := proto.Size(page); size > 4<<20 {
			t.Errorf("a page of %d bytes", size)
		}
		found += len(page.GetSatisfactionScores())
		if list.PageToken = page.GetNextPageToken(); list.GetPageToken() == "" {
			break
		}
	}
	if found != 100 {
		t.Errorf("%d scores, want 100", found)
	}
}

// TestREST makes, lists and reads over REST, where a rating of zero is one.
func TestREST(t *testing.T) {
	s := apitest.Start(t)
	path := "/v1/" + customer(t, s) + "/satisfactionScores"
	var made, got map[string]any
	a := s.Do(t, "POST", path, `{"metric":"NPS","rating":0,"factors":[{"factor":"staff","satisfaction":1}],"submitTime":"2026-01-02T03:04:05.123456789Z"}`)
	a.JSON(t, &made)
	if a.Status != 201 || a.Header.Get("Location") != "/v1/"+fmt.Sprint(made["name"]) || made["submitTime"] != "2026-01-02T03:04:05.123456Z" || made["rating"] != 0.0 || made["source"] != "CUSTOMER" {
		t.Errorf("status %d, %v, %s", a.Status, a.Header, a.Body)
	}
	a = s.Do(t, "GET", "/v1/"+fmt.Sprint(made["name"]), "")
	a.JSON(t, &got)
	if diff := cmp.Diff(made, got); diff != "" || a.Header.Get("ETag") != made["etag"] {
		t.Errorf("%v\n%s", a.Header, diff)
	}
	var page struct{ SatisfactionScores []map[string]any }
	s.Do(t, "GET", "/v1/customers/-/satisfactionScores?orderBy=submit_time&filter=rating%3D0", "").JSON(t, &page)
	if diff := cmp.Diff([]map[string]any{made}, page.SatisfactionScores); diff != "" {
		t.Error(diff)
	}
	p := s.Do(t, "POST", path, `{"metric":"CSAT","rating":6,"expectation":0}`).WantProblem(t, 400, rapportv1.ErrorReason_INVALID_FIELD)
	if len(p.Violations) != 2 || p.Violations[0].Field != "satisfactionScore.rating" {
		t.Errorf("%v", p)
	}
}
