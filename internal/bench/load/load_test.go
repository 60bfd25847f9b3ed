package load_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/bench/dataset"
	"github.com/rapport-crm/rapport/internal/bench/load"
)

const customers = 300

var size = dataset.Size{Customers: customers, Interactions: 3000}

// fill fills a database of that size, histories included.
func fill(t *testing.T, url string) {
	t.Helper()
	if err := dataset.Fill(t.Context(), url, size.Customers); err != nil {
		t.Fatal(err)
	}
	if err := dataset.FillHistories(t.Context(), url, size, func(string) {}); err != nil {
		t.Fatal(err)
	}
}

// Every client makes every call without an error, and the calls do what they say.
func TestClientsAgainstTheService(t *testing.T) {
	s := apitest.Start(t)
	fill(t, s.DatabaseURL)
	grpc, err := load.GRPCRequests(size)
	if err != nil {
		t.Fatal(err)
	}
	rest, err := load.RESTRequests(size)
	if err != nil {
		t.Fatal(err)
	}
	h2, httpAddr := s.Server.GRPCAddr(), s.Server.HTTPAddr()
	for _, client := range []struct {
		name     string
		caller   load.Caller
		requests load.Requests
	}{
		{"http2", load.GRPC{Addr: h2, Connections: 2}, grpc},
		{"grpc-go", load.GRPCGo{Addr: h2, Connections: 2}, grpc},
		{"rest", load.REST{Addr: httpAddr}, rest},
	} {
		t.Run(client.name, func(t *testing.T) {
			runAt := func(inFlight int, method string, r *load.Request) int {
				t.Helper()
				got, err := client.caller.Run(t.Context(), load.Call{Method: method, Request: r}, inFlight, 200*time.Millisecond)
				if err != nil {
					t.Fatalf("%s: %v", method, err)
				}
				if got.Errors > 0 || len(got.Latencies) < inFlight {
					t.Errorf("%s: %d calls and %d errors: %s", method, len(got.Latencies), got.Errors, got.First)
				}
				return len(got.Latencies)
			}
			run := func(method string, r *load.Request) int { t.Helper(); return runAt(5, method, r) }
			run(rapportv1.CustomerService_GetCustomer_FullMethodName, client.requests["get"])
			run(rapportv1.CustomerService_ListCustomers_FullMethodName, client.requests["list"])
			for _, kind := range dataset.QueryKinds {
				run(rapportv1.CustomerService_ListCustomers_FullMethodName, client.requests["search-"+kind])
			}
			for _, pages := range []string{"timeline-20", "timeline-20000"} {
				run(rapportv1.CustomerService_ListTimeline_FullMethodName, client.requests[pages])
			}
			for _, pages := range []string{"follow-ups", "follow-ups-staff"} {
				run(rapportv1.TaskService_ListFollowUps_FullMethodName, client.requests[pages])
			}
			before := count(t, s, `SELECT count(*) FROM interaction`)
			interactions := run(rapportv1.InteractionService_CreateInteraction_FullMethodName, client.requests["interaction"])
			if got := count(t, s, `SELECT count(*) FROM interaction`); got != before+interactions {
				t.Errorf("%d interactions, want %d and %d", got, before, interactions)
			}
			before = count(t, s, `SELECT count(*) FROM customer`)
			created := run(rapportv1.CustomerService_CreateCustomer_FullMethodName, client.requests["create"])
			if got := count(t, s, `SELECT count(*) FROM customer`); got != before+created {
				t.Errorf("%d customers, want %d and %d", got, before, created)
			}
			before = count(t, s, `SELECT count(*) FROM change`)
			updated := run(rapportv1.CustomerService_UpdateCustomer_FullMethodName, client.requests["update"])
			if got := count(t, s, `SELECT count(*) FROM change`); got != before+updated {
				t.Errorf("%d changes, want %d and %d", got, before, updated)
			}
			if got := count(t, s, `SELECT count(*) FROM change WHERE type = 'UPDATED' AND fields->1 IS NOT NULL`); got > 0 {
				t.Errorf("%d updates changed more than the owner: the fill is not what the service stores, or the mask too wide", got)
			}
			if client.name == "http2" {
				return // its connections take no message of this size
			}
			before = count(t, s, `SELECT count(*) FROM change`)
			// One at a time: on a busy machine others would wait for it too long.
			batches := runAt(1, rapportv1.CustomerService_BatchUpdateCustomers_FullMethodName, client.requests["batch-update"])
			if got := count(t, s, `SELECT count(*) FROM change`) - before; got != batches*dataset.Batch {
				t.Errorf("%d changes by %d batches of %d", got, batches, dataset.Batch)
			}
			before = count(t, s, `SELECT count(*) FROM interaction`)
			batches = runAt(1, rapportv1.InteractionService_BatchCreateInteractions_FullMethodName, client.requests["batch-interaction"])
			if got := count(t, s, `SELECT count(*) FROM interaction`) - before; got != batches*dataset.Batch {
				t.Errorf("%d interactions by %d batches of %d", got, batches, dataset.Batch)
			}
		})
	}
}

// A failed call is an error with what the service said, on each client.
func TestClientsSeeErrors(t *testing.T) {
	s := apitest.Start(t) // without any customer
	grpc, err := load.GRPCRequests(dataset.Size{Customers: customers})
	if err != nil {
		t.Fatal(err)
	}
	rest, err := load.RESTRequests(dataset.Size{Customers: customers})
	if err != nil {
		t.Fatal(err)
	}
	h2 := s.Server.GRPCAddr()
	for name, client := range map[string]struct {
		caller  load.Caller
		request *load.Request
		says    string
	}{
		"http2":   {load.GRPC{Addr: h2}, grpc["get"], "status 5"},
		"grpc-go": {load.GRPCGo{Addr: h2}, grpc["get"], "NotFound"},
		"rest":    {load.REST{Addr: s.Server.HTTPAddr()}, rest["get"], "404"},
	} {
		call := load.Call{Method: rapportv1.CustomerService_GetCustomer_FullMethodName, Request: client.request}
		got, err := client.caller.Run(t.Context(), call, 2, 50*time.Millisecond)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(got.Latencies) > 0 || got.Errors == 0 || !strings.Contains(got.First, client.says) {
			t.Errorf("%s: %d calls and %d errors: %s", name, len(got.Latencies), got.Errors, got.First)
		}
	}
}

// What the fill writes is what the service would have written: it reads back whole,
// and a token made here is one that the service made.
func TestFillIsReadable(t *testing.T) {
	s := apitest.Start(t)
	if err := dataset.Fill(t.Context(), s.DatabaseURL, customers); err != nil {
		t.Fatal(err)
	}
	const n = 130
	c, err := s.Customers.GetCustomer(t.Context(), &rapportv1.GetCustomerRequest{Name: dataset.Name(n)})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.GetEmails()) != 1 || len(c.GetPhones()) != 2 || len(c.GetPostalAddresses()) != 1 || len(c.GetTags()) != 2 ||
		len(c.GetAttributes()) != 3 || c.GetExternalIds()["crm"] == "" || !c.GetCreateTime().AsTime().Equal(dataset.CreateTime(n)) {
		t.Errorf("customer %d: %v", n, c)
	}
	page, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{PageSize: 50, PageToken: dataset.PageToken(n)})
	if err != nil {
		t.Fatal(err)
	}
	if got := page.GetCustomers(); len(got) != 50 || got[0].GetName() != dataset.Name(n-1) {
		t.Errorf("%d customers after customer %d, the first %s", len(got), n, got[0].GetName())
	}
	if got := page.GetNextPageToken(); got == "" || len(got) != len(dataset.PageToken(n-50)) {
		t.Errorf("the next token is %q, and made here %q", got, dataset.PageToken(n-50))
	}
	updated, err := s.Customers.UpdateCustomer(t.Context(), &rapportv1.UpdateCustomerRequest{
		ExternalId: &rapportv1.ExternalId{Source: "crm", Id: c.GetExternalIds()["crm"]},
		Customer:   &rapportv1.Customer{DisplayName: "found by its external id"},
	})
	if err != nil || updated.GetName() != c.GetName() {
		t.Errorf("by external id: %v, %v", updated.GetName(), err)
	}
}

// Histories are as long as their names say, and hold all kinds.
func TestHistoriesAreReadable(t *testing.T) {
	s := apitest.Start(t)
	fill(t, s.DatabaseURL)
	kinds := func(page *rapportv1.ListTimelineResponse) (n [4]int) {
		for _, e := range page.GetTimelineEntries() {
			switch e.GetRecord().(type) {
			case *rapportv1.TimelineEntry_Interaction:
				n[0]++
			case *rapportv1.TimelineEntry_Case:
				n[1]++
			case *rapportv1.TimelineEntry_Task:
				n[2]++
			case *rapportv1.TimelineEntry_Purchase:
				n[3]++
			}
		}
		return n
	}
	first, behind := size.Shorts()
	for _, n := range []int{first, behind - 1} {
		page, err := s.Customers.ListTimeline(t.Context(), dataset.ShortTimeline(n))
		if err != nil || kinds(page) != [4]int{5, 5, 5, 5} || page.GetNextPageToken() != "" {
			t.Errorf("the history of customer %d: %v and a token %q, %v; want five of each kind, and no more", n, kinds(page), page.GetNextPageToken(), err)
		}
	}
	from, to := dataset.LongTimes()
	for _, at := range []time.Time{from, from.Add(to.Sub(from) / 2), to} {
		page, err := s.Customers.ListTimeline(t.Context(), dataset.LongTimeline(at))
		if err != nil {
			t.Fatal(err)
		}
		entries := page.GetTimelineEntries()
		if kinds(page) != [4]int{5, 5, 5, 5} || page.GetNextPageToken() == "" || len(page.GetNextPageToken()) != len(dataset.TimelineToken(at)) {
			t.Errorf("a page of the long history: %v and a token %q", kinds(page), page.GetNextPageToken())
		} else if newest := entries[0].GetEntryTime().AsTime(); !newest.Before(at) || at.Sub(newest) > time.Hour {
			t.Errorf("the page from %v on begins with %v", at, newest)
		}
	}
	long := 0
	for req := (&rapportv1.ListTimelineRequest{Parent: dataset.Name(0), PageSize: 1000}); ; {
		page, err := s.Customers.ListTimeline(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		long += len(page.GetTimelineEntries())
		if req.PageToken = page.GetNextPageToken(); req.GetPageToken() == "" {
			break
		}
	}
	if long != dataset.LongHistory {
		t.Errorf("the long history has %d entries, want %d", long, dataset.LongHistory)
	}
}

// What follows from histories is what the service would have made of them.
func TestFollowUpsAreReadable(t *testing.T) {
	s := apitest.Start(t)
	fill(t, s.DatabaseURL)
	for _, staff := range []string{"", dataset.Staff(17)} {
		req := dataset.FollowUps(staff)
		page, err := s.Tasks.ListFollowUps(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if staff == "" && (len(page.GetFollowUps()) != 50 || page.GetNextPageToken() == "") || len(page.GetFollowUps()) == 0 {
			t.Errorf("%d follow-ups of %q", len(page.GetFollowUps()), staff)
		}
		for _, f := range page.GetFollowUps() {
			if staff != "" && f.GetStaff() != staff {
				t.Errorf("a follow-up of %q among those of %q", f.GetStaff(), staff)
			}
		}
	}
	if n := count(t, s, `SELECT count(*) FROM customer_activity a FULL JOIN (
    SELECT lane, customer_id, max(occur_time) AS at FROM interaction
    WHERE direction <> 'INTERNAL' AND (direction = 'OUTBOUND' AND customer_reaction = 'NO_RESPONSE') IS NOT TRUE GROUP BY 1, 2
) AS i USING (lane, customer_id) WHERE a.last_contact_time IS DISTINCT FROM i.at`); n > 0 {
		t.Errorf("the last contacts of %d customers are others than their histories say", n)
	}
	if n := count(t, s, `SELECT count(*) FROM follow_up f JOIN customer c USING (lane, customer_id)
WHERE f.hidden_until IS DISTINCT FROM CASE WHEN NOT f.outreach THEN '-infinity' WHEN c.do_not_contact THEN 'infinity'
    ELSE coalesce(c.pause_end_time, '-infinity') END`); n > 0 {
		t.Errorf("%d follow-ups are shown or hidden against the customers' wishes", n)
	}
	indexes := `SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'`
	if got, want := count(t, s, indexes), count(t, apitest.Start(t), indexes); got != want {
		t.Errorf("%d indexes are left of %d", got, want)
	}
}

// A query is worth measuring only where it finds whom it is meant to.
func TestQueriesFindWhoTheyAreMadeFor(t *testing.T) {
	s := apitest.Start(t)
	if err := dataset.Fill(t.Context(), s.DatabaseURL, 2000); err != nil {
		t.Fatal(err)
	}
	for kind, n := range map[string]int{"phone": 130, "digits": 1131, "email": 132, "name": 133, "typo": 134, "chinese": 137} {
		query := dataset.Query(kind, n)
		got, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{Query: query, PageSize: 100})
		if err != nil {
			t.Fatal(err)
		}
		found := func(c *rapportv1.Customer) bool {
			return c.GetName() == dataset.Name(n) || kind == "chinese" && strings.HasSuffix(c.GetDisplayName(), query)
		}
		if !slices.ContainsFunc(got.GetCustomers(), found) {
			t.Errorf("%s: %q does not find customer %d, but %d others", kind, query, n, len(got.GetCustomers()))
		}
	}
}

func count(t *testing.T, s *apitest.Service, sql string) (n int) {
	t.Helper()
	if err := s.DB.QueryRow(context.WithoutCancel(t.Context()), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
