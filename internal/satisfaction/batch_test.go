package satisfaction_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/apitest"
)

type batch = rapportv1.BatchCreateSatisfactionScoresRequest

func entry(parent string, score *rapportv1.SatisfactionScore) *rapportv1.CreateSatisfactionScoreRequest {
	return &rapportv1.CreateSatisfactionScoreRequest{Parent: parent, SatisfactionScore: score}
}

// known makes a customer with an id in another system.
func known(t testing.TB, s *apitest.Service, id string) string {
	t.Helper()
	c, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{Customer: &rapportv1.Customer{
		Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Ada", ExternalIds: map[string]string{"crm": id},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return c.GetName()
}

func TestBatchCreate(t *testing.T) {
	s := apitest.Start(t)
	a, b, c := customer(t, s), customer(t, s), known(t, s, "17")
	id, mine := newID(t), newRecords(t, s, b)
	named := entry(b, mine.about(full()))
	named.SatisfactionScoreId = id
	byID := &rapportv1.CreateSatisfactionScoreRequest{CustomerExternalId: &rapportv1.ExternalId{Source: "crm", Id: "17"}, SatisfactionScore: at(1, ces, 7)}
	for _, test := range []struct {
		parent   string
		requests []*rapportv1.CreateSatisfactionScoreRequest
		owners   []string
	}{
		{a, []*rapportv1.CreateSatisfactionScoreRequest{entry("", full()), entry(a, at(1, nps, 0))}, []string{a, a}},
		{"customers/-", []*rapportv1.CreateSatisfactionScoreRequest{named, byID, entry(a, at(2, nps, 10)), entry(b, at(1, intent, 3))}, []string{b, c, a, b}},
	} {
		resp, err := s.Satisfaction.BatchCreateSatisfactionScores(t.Context(), &batch{Parent: test.parent, Requests: test.requests})
		if err != nil {
			t.Fatal(err)
		}
		for i, made := range resp.GetSatisfactionScores() {
			if !strings.HasPrefix(made.GetName(), test.owners[i]+"/satisfactionScores/") {
				t.Errorf("entry %d of %s: %v", i, test.parent, made)
			}
			apitest.WantEqual(t, get(t, s, made.GetName()), made)
			want := proto.CloneOf(test.requests[i].GetSatisfactionScore())
			want.Name, want.Uid, want.Etag, want.CreateTime, want.UpdateTime = made.GetName(), made.GetUid(), made.GetEtag(), made.GetCreateTime(), made.GetUpdateTime()
			want.Source = max(want.GetSource(), rapportv1.SatisfactionScore_CUSTOMER)
			apitest.WantEqual(t, made, want)
		}
	}
	if got := get(t, s, b+"/satisfactionScores/"+id); got.GetContact() != mine.contact {
		t.Errorf("got %v", got)
	}
	// Each customer shows the latest of what the batches brought.
	if got := getCustomer(t, s, a).GetSatisfaction(); got.GetNps().GetRating() != 10 || got.GetCsat().GetRating() != 4 {
		t.Errorf("a shows %v", got)
	}
	if got := getCustomer(t, s, b).GetSatisfaction(); got.GetCsat().GetSatisfactionScore() != b+"/satisfactionScores/"+id || got.GetRepurchaseIntent().GetRating() != 3 {
		t.Errorf("b shows %v", got)
	}
	if got := getCustomer(t, s, c).GetSatisfaction(); got.GetCes().GetRating() != 7 || got.GetNps() != nil {
		t.Errorf("c shows %v", got)
	}
}

func TestBatchOfAThousand(t *testing.T) {
	s := apitest.Start(t)
	parents := []string{customer(t, s), customer(t, s), customer(t, s)}
	req := &batch{Parent: "customers/-", RequestId: uuid.NewString()}
	for i := range 1000 {
		req.Requests = append(req.Requests, entry(parents[i%3], at(i, nps, int32(i%11)))) //nolint:gosec // below 11
	}
	resp, err := s.Satisfaction.BatchCreateSatisfactionScores(t.Context(), req)
	if err != nil || len(resp.GetSatisfactionScores()) != 1000 {
		t.Fatalf("%d scores, %v", len(resp.GetSatisfactionScores()), err)
	}
	again, err := s.Satisfaction.BatchCreateSatisfactionScores(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(resp, again, protocmp.Transform()); diff != "" {
		t.Errorf("a repeat (-first +again):\n%s", diff)
	}
	var changes int
	if err := s.DB.QueryRow(t.Context(), `SELECT count(*) FROM change WHERE resource LIKE '%/satisfactionScores/%'`).Scan(&changes); err != nil || changes != 1000 {
		t.Errorf("%d changes, %v", changes, err)
	}
	for i, parent := range parents {
		last := 999 - (999-i)%3 // of those that are the customer's
		if got := getCustomer(t, s, parent).GetSatisfaction().GetNps(); got.GetSatisfactionScore() != resp.GetSatisfactionScores()[last].GetName() {
			t.Errorf("customer %d shows %v, want that of entry %d", i, got, last)
		}
	}
	req.Requests = append(req.Requests, entry(parents[0], bare(nps, 1)))
	_, err = s.Satisfaction.BatchCreateSatisfactionScores(t.Context(), req)
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "requests")
}

// TestPartialSuccess makes what can be made, and says of the rest what a create would.
func TestPartialSuccess(t *testing.T) {
	s := apitest.Start(t)
	parent, other, gone := customer(t, s), customer(t, s), customer(t, s)
	taken, foreign := create(t, s, parent, full()), newRecords(t, s, other)
	deleteCustomer(t, s, gone)
	sameID := entry(parent, bare(nps, 1))
	sameID.SatisfactionScoreId = taken.GetUid()
	about := bare(nps, 1)
	about.Purchase = &foreign.purchase
	missing := bare(nps, 1)
	missing.Interaction = proto.String(parent + "/interactions/" + newID(t))
	req := &batch{Parent: "customers/-", Requests: []*rapportv1.CreateSatisfactionScoreRequest{
		entry(parent, bare(nps, 9)), entry(parent, bare(nps, 11)), entry(parent, bare(0, 1)), sameID, entry(parent, full()), entry(gone, bare(nps, 1)),
		entry(unknown, bare(nps, 1)), entry(parent, about), entry(parent, missing), entry(parent, nil), entry(other, foreign.about(full())),
	}}
	want := map[int32]rapportv1.ErrorReason{
		1: rapportv1.ErrorReason_INVALID_FIELD, 2: rapportv1.ErrorReason_INVALID_FIELD, 3: rapportv1.ErrorReason_SATISFACTION_SCORE_ALREADY_EXISTS,
		4: rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, 5: rapportv1.ErrorReason_CUSTOMER_DELETED, 6: rapportv1.ErrorReason_CUSTOMER_NOT_FOUND,
		7: rapportv1.ErrorReason_INVALID_FIELD, 8: rapportv1.ErrorReason_INVALID_FIELD, 9: rapportv1.ErrorReason_INVALID_FIELD,
	}
	// All or none: none, for the first that cannot be done, or for all that can be told at once.
	if _, err := s.Satisfaction.BatchCreateSatisfactionScores(t.Context(), req); status.Code(err) != codes.InvalidArgument {
		t.Errorf("all or none: %v", err)
	}
	if n := countScores(t, s); n != 1 {
		t.Errorf("%d scores, want the first alone", n)
	}
	req.ReturnPartialSuccess = true
	for _, dry := range []bool{true, false} {
		req.ValidateOnly = dry
		resp, err := s.Satisfaction.BatchCreateSatisfactionScores(t.Context(), req)
		if err != nil || len(resp.GetSatisfactionScores()) != 2 {
			t.Fatalf("%v, %v", resp, err)
		}
		got := map[int32]rapportv1.ErrorReason{}
		for i, st := range resp.GetFailedRequests() {
			got[i] = apierr.Reason(status.ErrorProto(st))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("validate_only %t (-want +got):\n%s", dry, diff)
		}
	}
	if n := countScores(t, s); n != 3 {
		t.Errorf("%d scores, want 3", n)
	}
}

// TestBatchRefusals names the field and the index of what cannot be done.
func TestBatchRefusals(t *testing.T) {
	s := apitest.Start(t)
	parent, other := customer(t, s), customer(t, s)
	twice := []*rapportv1.CreateSatisfactionScoreRequest{entry("", full()), entry("", full())}
	factor := full()
	factor.Factors[2].Factor = "staff"
	for name, test := range map[string]struct {
		requests []*rapportv1.CreateSatisfactionScoreRequest
		code     codes.Code
		reason   rapportv1.ErrorReason
		index    string
		fields   []string
	}{
		"empty":          {nil, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "", []string{"requests"}},
		"off the scale":  {[]*rapportv1.CreateSatisfactionScoreRequest{entry("", full()), entry("", bare(csat, 0))}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "1", []string{"requests[1].satisfaction_score.rating"}},
		"factor twice":   {[]*rapportv1.CreateSatisfactionScoreRequest{entry("", factor)}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "0", []string{"requests[0].satisfaction_score.factors[2].factor"}},
		"other parent":   {[]*rapportv1.CreateSatisfactionScoreRequest{entry(other, full())}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "0", []string{"requests[0].parent"}},
		"the same twice": {twice, codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, "1", nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Satisfaction.BatchCreateSatisfactionScores(t.Context(), &batch{Parent: parent, Requests: test.requests})
			apitest.WantFields(t, err, test.code, test.reason, test.fields...)
			if got := apierr.Info(err).GetMetadata()["index"]; got != test.index {
				t.Errorf("index %q, want %q (%v)", got, test.index, err)
			}
		})
	}
	if n := countScores(t, s); n != 0 {
		t.Errorf("%d scores", n)
	}
}
