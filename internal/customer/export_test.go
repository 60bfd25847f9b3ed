package customer_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/server"
)

type exporting interface {
	Recv() (*rapportv1.ExportCustomersResponse, error)
}

func export(t testing.TB, s *apitest.Service, req *rapportv1.ExportCustomersRequest) exporting {
	t.Helper()
	stream, err := s.Customers.ExportCustomers(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

// exported reads an export to its end.
func exported(t testing.TB, stream exporting) (all []*rapportv1.Customer) {
	t.Helper()
	token := "none yet"
	for {
		resp, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			if token != "" {
				t.Errorf("the last message has the token %q", token)
			}
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if token == "" {
			t.Error("a message came behind one without a token")
		}
		if n := len(resp.GetCustomers()); n > 1000 {
			t.Errorf("a message of %d customers", n)
		}
		all, token = append(all, resp.GetCustomers()...), resp.GetNextPageToken()
	}
}

// listed is the same by ListCustomers.
func listed(t testing.TB, s *apitest.Service, req *rapportv1.ExportCustomersRequest) []*rapportv1.Customer {
	t.Helper()
	return pages(t, s, &rapportv1.ListCustomersRequest{
		OrderBy: "create_time", PageSize: 1000, Filter: req.GetFilter(), ShowDeleted: req.GetShowDeleted(),
	}, nothing)
}

var exports = map[string]*rapportv1.ExportCustomersRequest{
	"all":                  {},
	"with the deleted":     {ShowDeleted: true},
	"by an index":          {Filter: `owner = "o1"`},
	"by no index":          {Filter: `display_name = "*7"`},
	"few, by no index":     {Filter: `display_name = "*777"`},
	"one, with a filter":   {Filter: `external_ids.erp = "4711"`},
	"nothing, by no index": {Filter: `display_name = "nobody"`},
	"nothing":              {Filter: `owner = "nobody"`},
}

// exportable makes more customers than a page of a filter reads, a full one and a
// deleted one.
func exportable(t testing.TB, s *apitest.Service) {
	t.Helper()
	seed(t, s, 10_500)
	create(t, s, full())
	remove(t, s, create(t, s, ada()).GetName())
}

func TestExportIsTheList(t *testing.T) {
	s := apitest.Start(t)
	for name, req := range exports {
		if got := exported(t, export(t, s, req)); len(got) != 0 {
			t.Errorf("%s of no customers: %d", name, len(got))
		}
	}
	exportable(t, s)
	for name, req := range exports {
		t.Run(name, func(t *testing.T) {
			got, want := exported(t, export(t, s, req)), listed(t, s, req)
			if nobody := strings.HasPrefix(name, "nothing"); nobody != (len(want) == 0) {
				t.Fatalf("there are %d", len(want))
			}
			apitest.WantEqualAll(t, got, want)
		})
	}
}

// TestExportGoesOn breaks each export after each message and goes on by its token.
func TestExportGoesOn(t *testing.T) {
	s := apitest.Start(t)
	exportable(t, s)
	for name, req := range exports {
		var got []*rapportv1.Customer
		req := &rapportv1.ExportCustomersRequest{Filter: req.GetFilter(), ShowDeleted: req.GetShowDeleted()}
		want := listed(t, s, req)
		for {
			ctx, breakOff := context.WithCancel(t.Context())
			stream, err := s.Customers.ExportCustomers(ctx, req)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := stream.Recv()
			breakOff()
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, resp.GetCustomers()...)
			if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
				break
			}
		}
		if apitest.WantEqualAll(t, got, want); t.Failed() {
			t.Fatal(name)
		}
	}
}

func TestExportRefusals(t *testing.T) {
	s := apitest.Start(t)
	seed(t, s, 1100)
	first, err := export(t, s, &rapportv1.ExportCustomersRequest{}).Recv()
	if err != nil || first.GetNextPageToken() == "" {
		t.Fatalf("%v, %v", first, err)
	}
	page, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{OrderBy: "create_time"})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		req    *rapportv1.ExportCustomersRequest
		reason rapportv1.ErrorReason
		field  string
	}{
		"unknown field":  {&rapportv1.ExportCustomersRequest{Filter: "nonsense = 1"}, rapportv1.ErrorReason_INVALID_FILTER, "filter"},
		"SQL":            {&rapportv1.ExportCustomersRequest{Filter: `owner = "x'; DROP TABLE customer; --`}, rapportv1.ErrorReason_INVALID_FILTER, "filter"},
		"long filter":    {&rapportv1.ExportCustomersRequest{Filter: strings.Repeat("x", 2001)}, rapportv1.ErrorReason_INVALID_FIELD, "filter"},
		"NUL":            {&rapportv1.ExportCustomersRequest{Filter: "owner = \"\x00\""}, rapportv1.ErrorReason_INVALID_FIELD, "filter"},
		"deep filter":    {&rapportv1.ExportCustomersRequest{Filter: strings.Repeat("(", 900) + "owner=1" + strings.Repeat(")", 900)}, rapportv1.ErrorReason_INVALID_FILTER, "filter"},
		"token":          {&rapportv1.ExportCustomersRequest{PageToken: "nonsense"}, rapportv1.ErrorReason_INVALID_PAGE_TOKEN, "page_token"},
		"token of List":  {&rapportv1.ExportCustomersRequest{PageToken: page.GetNextPageToken()}, rapportv1.ErrorReason_INVALID_PAGE_TOKEN, "page_token"},
		"another filter": {&rapportv1.ExportCustomersRequest{PageToken: first.GetNextPageToken(), Filter: `owner = "o1"`}, rapportv1.ErrorReason_INVALID_PAGE_TOKEN, "page_token"},
		"with deleted":   {&rapportv1.ExportCustomersRequest{PageToken: first.GetNextPageToken(), ShowDeleted: true}, rapportv1.ErrorReason_INVALID_PAGE_TOKEN, "page_token"},
	} {
		_, err := export(t, s, test.req).Recv()
		if apitest.WantFields(t, err, codes.InvalidArgument, test.reason, test.field); t.Failed() {
			t.Fatal(name)
		}
		query := url.Values{"filter": {test.req.GetFilter()}, "pageToken": {test.req.GetPageToken()}, "showDeleted": {fmt.Sprint(test.req.GetShowDeleted())}}
		s.Do(t, "GET", "/v1/customers:export?"+query.Encode(), "").WantProblem(t, 400, test.reason)
	}
	_, err = s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{OrderBy: "create_time", PageToken: first.GetNextPageToken()})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_PAGE_TOKEN, "page_token")
}

// TestExportHoldsNothingWhileItsClientReads wants the one connection of the service free
// for others amid an export, and free of the export when its client has gone.
func TestExportHoldsNothingWhileItsClientReads(t *testing.T) {
	s := apitest.StartWith(t, func(c *server.Config) { c.PoolSize, c.PoolMinIdle = 1, 1 })
	seed(t, s, 12_000)
	name := create(t, s, ada()).GetName()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	stream, err := s.Customers.ExportCustomers(ctx, &rapportv1.ExportCustomersRequest{})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/v1/customers:export", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it is left amid its body
	if _, err := bufio.NewReader(resp.Body).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		get(t, s, name)
	}
	leave()
	apitest.Eventually(t, 10*time.Second, func() bool {
		return strings.Count(s.Log.String(), `"/rapport.v1.CustomerService/ExportCustomers","code":"CANCELLED"`) == 2
	})
	get(t, s, name)
}

// TestExportTakesConstantMemory keeps nothing of what it gets, and wants that the service
// does not either.
func TestExportTakesConstantMemory(t *testing.T) {
	const customers, limit = 20_000, 8 << 20
	s := apitest.Start(t)
	seed(t, s, customers)
	heap := func() uint64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	stream := export(t, s, &rapportv1.ExportCustomersRequest{})
	before, total := heap(), 0
	for messages := 1; ; messages++ {
		resp, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		total += len(resp.GetCustomers())
		if messages%10 == 0 {
			if now := heap(); now > before+limit {
				t.Fatalf("the heap grew from %d to %d bytes in %d messages", before, now, messages)
			}
		}
	}
	if total != customers {
		t.Errorf("exported %d of %d", total, customers)
	}
}

// lines reads an export over REST: the customers' lines and the last one.
func lines(t testing.TB, body io.Reader) (customers []json.RawMessage, last string) {
	t.Helper()
	all := bufio.NewReader(body)
	for {
		line, err := all.ReadString('\n')
		if errors.Is(err, io.EOF) && line == "" {
			break
		}
		if err != nil || !json.Valid([]byte(line)) {
			t.Fatalf("%v: %q", err, line)
		}
		customers = append(customers, json.RawMessage(strings.TrimSuffix(line, "\n")))
	}
	n := len(customers) - 1
	return customers[:n], string(customers[n])
}

func TestExportOverREST(t *testing.T) {
	s := apitest.Start(t)
	exportable(t, s)
	for name, req := range exports {
		query := url.Values{"filter": {req.GetFilter()}, "showDeleted": {fmt.Sprint(req.GetShowDeleted())}}
		a := s.Do(t, "GET", "/v1/customers:export?"+query.Encode(), "", "Accept", "application/x-ndjson")
		if a.Status != 200 || a.Header.Get("Content-Type") != "application/x-ndjson" {
			t.Fatalf("%s: status %d, %v: %.500s", name, a.Status, a.Header, a.Body)
		}
		got, last := lines(t, strings.NewReader(string(a.Body)))
		var want []json.RawMessage
		query.Set("orderBy", "create_time")
		query.Set("pageSize", "1000")
		for {
			var page struct {
				Customers     []json.RawMessage `json:"customers"`
				NextPageToken string            `json:"nextPageToken"`
			}
			s.Do(t, "GET", "/v1/customers?"+query.Encode(), "").JSON(t, &page)
			want = append(want, page.Customers...)
			if page.NextPageToken == "" {
				break
			}
			query.Set("pageToken", page.NextPageToken)
		}
		if !slices.EqualFunc(got, want, func(a, b json.RawMessage) bool { return string(a) == string(b) }) {
			t.Errorf("%s: %d lines are not the %d customers that List has", name, len(got), len(want))
		}
		if last != fmt.Sprintf(`{"exported":%d}`, len(want)) {
			t.Errorf("%s: the last of %d lines is %s", name, len(got), last)
		}
	}
}

// TestExportOverRESTThatBreaks takes the table away amid an export. What came and what
// the last line's token continues are each customer once.
func TestExportOverRESTThatBreaks(t *testing.T) {
	const customers = 25_000 // more than the buffers between here and there hold
	s := apitest.Start(t)
	seed(t, s, customers)
	rename := func(from, to string) {
		if _, err := s.DB.Exec(t.Context(), "ALTER TABLE "+from+" RENAME TO "+to); err != nil {
			t.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/v1/customers:export", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was read to its end
	rename("customer", "hidden")
	got, last := lines(t, resp.Body)
	rename("hidden", "customer")
	var end struct {
		Error         apitest.Problem `json:"error"`
		NextPageToken string          `json:"nextPageToken"`
	}
	if err := json.Unmarshal([]byte(last), &end); err != nil || end.Error.Reason != "INTERNAL_ERROR" || end.Error.Status != 500 ||
		end.Error.Instance != "urn:uuid:"+resp.Header.Get("X-Request-Id") || len(got) == 0 || len(got) == customers {
		t.Fatalf("%d lines and %s, %v", len(got), last, err)
	}
	rest, last := lines(t, strings.NewReader(string(s.Do(t, "GET", "/v1/customers:export?pageToken="+end.NextPageToken, "").Body)))
	if last != fmt.Sprintf(`{"exported":%d}`, customers-len(got)) {
		t.Errorf("the rest of %d ends with %s", customers-len(got), last)
	}
	seen := map[string]bool{}
	for _, line := range append(got, rest...) {
		seen[string(line)] = true
	}
	if len(seen) != customers || len(got)+len(rest) != customers {
		t.Errorf("%d and %d lines, %d different, of %d customers", len(got), len(rest), len(seen), customers)
	}
}
