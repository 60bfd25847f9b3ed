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

// Every client makes every call without an error, and the calls do what they say.
func TestClientsAgainstTheService(t *testing.T) {
	s := apitest.Start(t)
	if err := dataset.Fill(t.Context(), s.DatabaseURL, customers); err != nil {
		t.Fatal(err)
	}
	grpc, err := load.GRPCRequests(customers)
	if err != nil {
		t.Fatal(err)
	}
	rest, err := load.RESTRequests(customers)
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
			run(rapportv1.CustomerService_GetCustomer_FullMethodName, client.requests.Get)
			run(rapportv1.CustomerService_ListCustomers_FullMethodName, client.requests.List)
			for _, kind := range dataset.QueryKinds {
				run(rapportv1.CustomerService_ListCustomers_FullMethodName, client.requests.Search[kind])
			}
			before := count(t, s, `SELECT count(*) FROM customer`)
			created := run(rapportv1.CustomerService_CreateCustomer_FullMethodName, client.requests.Create)
			if got := count(t, s, `SELECT count(*) FROM customer`); got != before+created {
				t.Errorf("%d customers, want %d and %d", got, before, created)
			}
			before = count(t, s, `SELECT count(*) FROM change`)
			updated := run(rapportv1.CustomerService_UpdateCustomer_FullMethodName, client.requests.Update)
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
			batches := runAt(1, rapportv1.CustomerService_BatchUpdateCustomers_FullMethodName, client.requests.BatchUpdate)
			if got := count(t, s, `SELECT count(*) FROM change`) - before; got != batches*load.Batch {
				t.Errorf("%d changes by %d batches of %d", got, batches, load.Batch)
			}
		})
	}
}

// A failed call is an error with what the service said, on each client.
func TestClientsSeeErrors(t *testing.T) {
	s := apitest.Start(t) // without any customer
	grpc, err := load.GRPCRequests(customers)
	if err != nil {
		t.Fatal(err)
	}
	rest, err := load.RESTRequests(customers)
	if err != nil {
		t.Fatal(err)
	}
	h2 := s.Server.GRPCAddr()
	for name, client := range map[string]struct {
		caller  load.Caller
		request *load.Request
		says    string
	}{
		"http2":   {load.GRPC{Addr: h2}, grpc.Get, "status 5"},
		"grpc-go": {load.GRPCGo{Addr: h2}, grpc.Get, "NotFound"},
		"rest":    {load.REST{Addr: s.Server.HTTPAddr()}, rest.Get, "404"},
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
