package timeline_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

const unknown = "customers/0198c0de-0000-7000-8000-00000000dead"

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

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

// entry is what a history shows of a record.
type entry struct {
	at     time.Time
	id     string
	kind   rapportv1.TimelineEntry_Kind
	record proto.Message
}

// add makes a record of a kind at a time, under an id.
func add(t testing.TB, s *apitest.Service, parent string, kind rapportv1.TimelineEntry_Kind, at time.Time, id string) entry {
	t.Helper()
	var (
		made proto.Message
		err  error
		when = timestamppb.New(at)
	)
	switch kind {
	case rapportv1.TimelineEntry_INTERACTION:
		made, err = s.Interactions.CreateInteraction(t.Context(), &rapportv1.CreateInteractionRequest{
			Parent: parent, InteractionId: id, Interaction: &rapportv1.Interaction{
				Channel: rapportv1.Channel_PHONE, Direction: rapportv1.Interaction_INBOUND, OccurTime: when,
			},
		})
	case rapportv1.TimelineEntry_CASE:
		made, err = s.Cases.CreateCase(t.Context(), &rapportv1.CreateCaseRequest{
			Parent: parent, CaseId: id, Case: &rapportv1.Case{Type: rapportv1.Case_ENQUIRY, ReceiveTime: when},
		})
	case rapportv1.TimelineEntry_TASK:
		made, err = s.Tasks.CreateTask(t.Context(), &rapportv1.CreateTaskRequest{
			Parent: parent, TaskId: id, Task: &rapportv1.Task{Title: "Call back", DueTime: when, Promised: true},
		})
	case rapportv1.TimelineEntry_PURCHASE:
		made, err = s.Purchases.CreatePurchase(t.Context(), &rapportv1.CreatePurchaseRequest{
			Parent: parent, PurchaseId: id, Purchase: &rapportv1.Purchase{PurchaseTime: when, Amount: &money.Money{CurrencyCode: "EUR", Units: 7}},
		})
	case rapportv1.TimelineEntry_SATISFACTION_SCORE:
		made, err = s.Satisfaction.CreateSatisfactionScore(t.Context(), &rapportv1.CreateSatisfactionScoreRequest{
			Parent: parent, SatisfactionScoreId: id, SatisfactionScore: &rapportv1.SatisfactionScore{
				Metric: rapportv1.SatisfactionScore_NPS, Rating: proto.Int32(0), SubmitTime: when,
			},
		})
	default:
		t.Fatalf("no such kind: %v", kind)
	}
	if err != nil {
		t.Fatal(err)
	}
	return entry{at, id, kind, made}
}

// list follows the pages of this size to the end.
func list(t testing.TB, s *apitest.Service, parent string, size int32, kinds ...rapportv1.TimelineEntry_Kind) (all []*rapportv1.TimelineEntry) {
	t.Helper()
	req := &rapportv1.ListTimelineRequest{Parent: parent, PageSize: size, Kinds: kinds}
	for {
		page, err := s.Customers.ListTimeline(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if size > 0 && len(page.GetTimelineEntries()) > int(size) {
			t.Fatalf("a page of %d entries; want %d at most", len(page.GetTimelineEntries()), size)
		}
		all = append(all, page.GetTimelineEntries()...)
		if req.PageToken = page.GetNextPageToken(); req.GetPageToken() == "" {
			return all
		}
	}
}

func record(e *rapportv1.TimelineEntry) proto.Message {
	switch r := e.GetRecord().(type) {
	case *rapportv1.TimelineEntry_Interaction:
		return r.Interaction
	case *rapportv1.TimelineEntry_Case:
		return r.Case
	case *rapportv1.TimelineEntry_Task:
		return r.Task
	case *rapportv1.TimelineEntry_Purchase:
		return r.Purchase
	case *rapportv1.TimelineEntry_SatisfactionScore:
		return r.SatisfactionScore
	}
	return nil
}

var kinds = []rapportv1.TimelineEntry_Kind{
	rapportv1.TimelineEntry_INTERACTION, rapportv1.TimelineEntry_CASE, rapportv1.TimelineEntry_TASK, rapportv1.TimelineEntry_PURCHASE,
	rapportv1.TimelineEntry_SATISFACTION_SCORE,
}

// TestOneOrder makes records of all kinds, many at one time and some of one id, and finds
// each once, in order, whatever the size of the pages.
func TestOneOrder(t *testing.T) {
	s := apitest.Start(t)
	parent, other := customer(t, s), customer(t, s)
	random := rand.New(rand.NewPCG(4, 4)) //nolint:gosec // a test wants the same numbers each time
	ids := []string{uuid.NewString(), uuid.NewString(), uuid.NewString()}
	var want []entry
	for n := range 60 {
		at, id := noon.Add(time.Duration(random.IntN(8))*time.Hour), uuid.NewString()
		if n < 15 { // one id in all kinds, at one time
			at, id = noon.Add(time.Hour), ids[n%3]
		}
		want = append(want, add(t, s, parent, kinds[n%5], at, id))
		add(t, s, other, kinds[n%5], at, uuid.NewString())
	}
	slices.SortFunc(want, func(x, y entry) int {
		return cmp.Or(y.at.Compare(x.at), cmp.Compare(y.id, x.id), cmp.Compare(y.kind, x.kind))
	})
	for _, size := range []int32{1, 2, 7, 59, 60, 0, 1000} {
		for _, only := range [][]rapportv1.TimelineEntry_Kind{nil, kinds[:1], kinds[1:3], {kinds[3], kinds[0], kinds[3]}} {
			got := list(t, s, parent, size, only...)
			var expected []entry
			for _, e := range want {
				if only == nil || slices.Contains(only, e.kind) {
					expected = append(expected, e)
				}
			}
			if len(got) != len(expected) {
				t.Fatalf("pages of %d of %v have %d entries; want %d", size, only, len(got), len(expected))
			}
			for i, e := range expected {
				if !got[i].GetEntryTime().AsTime().Equal(e.at) {
					t.Fatalf("entry %d is at %v; want %v", i, got[i].GetEntryTime().AsTime(), e.at)
				}
				apitest.WantEqual(t, record(got[i]), e.record)
			}
		}
	}
}

// TestPlacesFollowFacts shows what moves within a history, and what leaves it.
func TestPlacesFollowFacts(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	call := add(t, s, parent, kinds[0], noon, uuid.NewString())
	task := add(t, s, parent, kinds[2], noon.Add(1000*time.Hour), uuid.NewString())
	purchase := add(t, s, parent, kinds[3], noon.Add(time.Hour), uuid.NewString())
	order := func(want ...string) {
		t.Helper()
		var got []string
		for _, e := range list(t, s, parent, 1) {
			name, _ := record(e).(interface{ GetUid() string })
			got = append(got, name.GetUid())
		}
		if !slices.Equal(got, want) {
			t.Errorf("the history is %q; want %q", got, want)
		}
	}
	order(task.id, purchase.id, call.id)
	if _, err := s.Tasks.CompleteTask(t.Context(), &rapportv1.CompleteTaskRequest{
		Name: parent + "/tasks/" + task.id, CompleteTime: timestamppb.New(noon.Add(-time.Hour)),
	}); err != nil {
		t.Fatal(err)
	}
	order(purchase.id, call.id, task.id)
	if _, err := s.Purchases.VoidPurchase(t.Context(), &rapportv1.VoidPurchaseRequest{Name: parent + "/purchases/" + purchase.id}); err != nil {
		t.Fatal(err)
	}
	if got := list(t, s, parent, 0)[0].GetPurchase(); got.GetVoidTime() == nil {
		t.Errorf("a voided purchase is %v; want it shown as voided", got)
	}
	if _, err := s.Interactions.DeleteInteraction(t.Context(), &rapportv1.DeleteInteractionRequest{Name: parent + "/interactions/" + call.id}); err != nil {
		t.Fatal(err)
	}
	order(purchase.id, task.id)
	if _, err := s.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: parent}); err != nil {
		t.Fatal(err)
	}
	order(purchase.id, task.id)
}

func TestListTimelineRefuses(t *testing.T) {
	s := apitest.Start(t)
	parent, other := customer(t, s), customer(t, s)
	for range 3 {
		add(t, s, parent, kinds[0], noon, uuid.NewString())
	}
	first, err := s.Customers.ListTimeline(t.Context(), &rapportv1.ListTimelineRequest{Parent: parent, PageSize: 1})
	if err != nil || first.GetNextPageToken() == "" {
		t.Fatal(first, err)
	}
	token := first.GetNextPageToken()
	changes, err := s.Changes.ListChanges(t.Context(), &rapportv1.ListChangesRequest{PageSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	invalid := codes.InvalidArgument
	for name, test := range map[string]struct {
		req    *rapportv1.ListTimelineRequest
		code   codes.Code
		reason rapportv1.ErrorReason
	}{
		"no parent":         {&rapportv1.ListTimelineRequest{}, invalid, rapportv1.ErrorReason_INVALID_FIELD},
		"all customers":     {&rapportv1.ListTimelineRequest{Parent: "customers/-"}, invalid, rapportv1.ErrorReason_INVALID_FIELD},
		"unknown customer":  {&rapportv1.ListTimelineRequest{Parent: unknown}, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND},
		"negative size":     {&rapportv1.ListTimelineRequest{Parent: parent, PageSize: -1}, invalid, rapportv1.ErrorReason_INVALID_FIELD},
		"unspecified kind":  {&rapportv1.ListTimelineRequest{Parent: parent, Kinds: []rapportv1.TimelineEntry_Kind{0}}, invalid, rapportv1.ErrorReason_INVALID_FIELD},
		"undefined kind":    {&rapportv1.ListTimelineRequest{Parent: parent, Kinds: []rapportv1.TimelineEntry_Kind{99}}, invalid, rapportv1.ErrorReason_INVALID_FIELD},
		"no token":          {&rapportv1.ListTimelineRequest{Parent: parent, PageToken: "x"}, invalid, rapportv1.ErrorReason_INVALID_PAGE_TOKEN},
		"other list's":      {&rapportv1.ListTimelineRequest{Parent: parent, PageToken: changes.GetNextPageToken()}, invalid, rapportv1.ErrorReason_INVALID_PAGE_TOKEN},
		"other customer's":  {&rapportv1.ListTimelineRequest{Parent: other, PageToken: token}, invalid, rapportv1.ErrorReason_INVALID_PAGE_TOKEN},
		"token other kinds": {&rapportv1.ListTimelineRequest{Parent: parent, PageToken: token, Kinds: kinds[:1]}, invalid, rapportv1.ErrorReason_INVALID_PAGE_TOKEN},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Customers.ListTimeline(t.Context(), test.req)
			apitest.WantReason(t, err, test.code, test.reason)
		})
	}
	if got := list(t, s, other, 0); len(got) != 0 {
		t.Errorf("the history of a customer without one is %v", got)
	}
	// The same kinds in another order, and twice, are the same list.
	if page, err := s.Customers.ListTimeline(t.Context(), &rapportv1.ListTimelineRequest{
		Parent: parent, PageToken: token, Kinds: append(slices.Clone(kinds), kinds[0]),
	}); err != nil || len(page.GetTimelineEntries()) != 2 {
		t.Errorf("a token with all kinds named: %v, %v; want the 2 entries left", page, err)
	}
}

// A client that never set a limit of its own takes 4 MiB at most.
func TestAPageOfHugeRecordsIsCutShort(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	req := &rapportv1.BatchCreateInteractionsRequest{Parent: parent}
	for n := range 50 {
		req.Requests = append(req.Requests, &rapportv1.CreateInteractionRequest{Interaction: &rapportv1.Interaction{
			Channel: rapportv1.Channel_PHONE, Direction: rapportv1.Interaction_INBOUND, OccurTime: timestamppb.New(noon.Add(time.Duration(n) * time.Second)),
			Body: proto.String(strings.Repeat("界", 20000)),
		}})
	}
	if _, err := s.Interactions.BatchCreateInteractions(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	list := &rapportv1.ListTimelineRequest{Parent: parent, PageSize: 1000}
	pages, seen := 0, map[string]bool{}
	for {
		page, err := s.Customers.ListTimeline(t.Context(), list, grpc.MaxCallRecvMsgSize(4<<20))
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, e := range page.GetTimelineEntries() {
			seen[e.GetInteraction().GetName()] = true
		}
		if list.PageToken = page.GetNextPageToken(); list.GetPageToken() == "" {
			break
		}
	}
	if pages < 2 || len(seen) != 50 {
		t.Errorf("%d pages with %d entries; want more than one, with 50", pages, len(seen))
	}
}

func TestListTimelineOverREST(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	made := add(t, s, parent, kinds[0], noon, uuid.NewString())
	add(t, s, parent, kinds[3], noon.Add(-time.Hour), uuid.NewString())
	got := s.Do(t, "GET", "/v1/"+parent+"/timeline?pageSize=1&kinds=INTERACTION&kinds=PURCHASE", "")
	want := fmt.Sprintf(`{"timelineEntries":[{"entryTime":"2026-03-01T12:00:00Z","interaction":{"name":"%s/interactions/%s"`, parent, made.id)
	if got.Status != 200 || !strings.HasPrefix(string(got.Body), want) {
		t.Errorf("%d %s; want 200 and %s…", got.Status, got.Body, want)
	}
}
