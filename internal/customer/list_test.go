package customer_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// pages reads a whole list, and calls between after each page but the last.
func pages(t testing.TB, s *apitest.Service, req *rapportv1.ListCustomersRequest, between func(page int)) (all []*rapportv1.Customer) {
	t.Helper()
	req = proto.CloneOf(req)
	for page := 1; ; page++ {
		resp, err := s.Customers.ListCustomers(t.Context(), req)
		if err != nil {
			t.Fatalf("page %d of %v: %v", page, req, err)
		}
		if n := len(resp.GetCustomers()); n > int(req.GetPageSize()) && req.GetPageSize() > 0 {
			t.Errorf("page %d has %d customers, asked for %d", page, n, req.GetPageSize())
		}
		all = append(all, resp.GetCustomers()...)
		if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
			return all
		}
		between(page)
	}
}

func nothing(int) {}

// orderKeys compare customers as each order_by promises.
var orderKeys = map[string]func(a, b *rapportv1.Customer) int{
	"create_time": func(a, b *rapportv1.Customer) int {
		return cmp.Or(a.GetCreateTime().AsTime().Compare(b.GetCreateTime().AsTime()), cmp.Compare(a.GetName(), b.GetName()))
	},
	"update_time": func(a, b *rapportv1.Customer) int {
		return cmp.Or(a.GetUpdateTime().AsTime().Compare(b.GetUpdateTime().AsTime()), cmp.Compare(a.GetName(), b.GetName()))
	},
	"display_name": func(a, b *rapportv1.Customer) int {
		return cmp.Or(cmp.Compare(short(a.GetDisplayName(), 60), short(b.GetDisplayName(), 60)), cmp.Compare(a.GetName(), b.GetName()))
	},
}

// TestListOrders reads every order through ties, page by page, while customers are made
// and deleted. Those that stay are there once each, in order.
func TestListOrders(t *testing.T) {
	s := apitest.Start(t)
	seed(t, s, 250)
	for orderBy, less := range orderKeys {
		for _, direction := range []string{"", " asc", " desc"} {
			t.Run(orderBy+direction, func(t *testing.T) {
				req := &rapportv1.ListCustomersRequest{OrderBy: orderBy + direction, PageSize: 7}
				before := pages(t, s, &rapportv1.ListCustomersRequest{PageSize: 1000}, nothing)
				gone := map[string]bool{}
				got := pages(t, s, req, func(page int) {
					create(t, s, ada())
					if page%6 == 0 {
						name := before[page*3].GetName()
						remove(t, s, name)
						gone[name] = true
					}
				})
				if !slices.IsSortedFunc(got, func(a, b *rapportv1.Customer) int {
					if direction == " desc" {
						return less(b, a)
					}
					return less(a, b)
				}) {
					t.Error("the list is not in order")
				}
				seen := map[string]int{}
				for _, c := range got {
					seen[c.GetName()]++
				}
				for _, c := range before {
					if n := seen[c.GetName()]; n != 1 && !gone[c.GetName()] || n > 1 {
						t.Errorf("%s came %d times", c.GetName(), n)
					}
				}
			})
		}
	}
}

func TestListDefaults(t *testing.T) {
	s := apitest.Start(t)
	resp, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{})
	if err != nil {
		t.Fatal(err)
	}
	apitest.WantEqual(t, resp, &rapportv1.ListCustomersResponse{TotalSize: proto.Int32(0)})
	seed(t, s, 1010)
	newest := create(t, s, full())
	for size, want := range map[int32]int{0: 50, 1: 1, 50: 50, 1000: 1000, 1001: 1000, 1<<31 - 1: 1000} {
		resp, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{PageSize: size})
		if err != nil || len(resp.GetCustomers()) != want || resp.GetTotalSize() != 1011 {
			t.Errorf("page_size %d: %d customers of %d, %v; want %d", size, len(resp.GetCustomers()), resp.GetTotalSize(), err, want)
		}
		if err == nil {
			apitest.WantEqual(t, resp.GetCustomers()[0], newest)
		}
	}
	// The size of a page may change from one to the next.
	resp, err = s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{PageSize: 11})
	if err != nil {
		t.Fatal(err)
	}
	resp, err = s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{PageSize: 1000, PageToken: resp.GetNextPageToken()})
	if err != nil || len(resp.GetCustomers()) != 1000 || resp.GetNextPageToken() != "" || resp.GetTotalSize() != 1011 {
		t.Errorf("%d customers of %d, token %q, %v", len(resp.GetCustomers()), resp.GetTotalSize(), resp.GetNextPageToken(), err)
	}
}

func TestListRefusals(t *testing.T) {
	s := apitest.Start(t)
	for name, test := range map[string]struct {
		req    *rapportv1.ListCustomersRequest
		reason rapportv1.ErrorReason
		field  string
	}{
		"negative size": {&rapportv1.ListCustomersRequest{PageSize: -1}, rapportv1.ErrorReason_INVALID_FIELD, "page_size"},
		"order":         {&rapportv1.ListCustomersRequest{OrderBy: "owner"}, rapportv1.ErrorReason_INVALID_ORDER_BY, "order_by"},
		"two orders":    {&rapportv1.ListCustomersRequest{OrderBy: "create_time, update_time"}, rapportv1.ErrorReason_INVALID_ORDER_BY, "order_by"},
		"direction":     {&rapportv1.ListCustomersRequest{OrderBy: "create_time down"}, rapportv1.ErrorReason_INVALID_ORDER_BY, "order_by"},
		"SQL order": {
			&rapportv1.ListCustomersRequest{OrderBy: "create_time; DROP TABLE customer"},
			rapportv1.ErrorReason_INVALID_ORDER_BY, "order_by",
		},
		"filter":      {&rapportv1.ListCustomersRequest{Filter: "nonsense = 1"}, rapportv1.ErrorReason_INVALID_FILTER, "filter"},
		"syntax":      {&rapportv1.ListCustomersRequest{Filter: `display_name = "`}, rapportv1.ErrorReason_INVALID_FILTER, "filter"},
		"long filter": {&rapportv1.ListCustomersRequest{Filter: strings.Repeat("x", 2001)}, rapportv1.ErrorReason_INVALID_FIELD, "filter"},
		"deep filter": {
			&rapportv1.ListCustomersRequest{Filter: strings.Repeat("(", 900) + "owner=1" + strings.Repeat(")", 900)},
			rapportv1.ErrorReason_INVALID_FILTER, "filter",
		},
		"wide filter": {
			&rapportv1.ListCustomersRequest{Filter: "owner=1" + strings.Repeat(" OR owner=1", 150)},
			rapportv1.ErrorReason_INVALID_FILTER, "filter",
		},
		"token":      {&rapportv1.ListCustomersRequest{PageToken: "nonsense"}, rapportv1.ErrorReason_INVALID_PAGE_TOKEN, "page_token"},
		"long token": {&rapportv1.ListCustomersRequest{PageToken: strings.Repeat("A", 513)}, rapportv1.ErrorReason_INVALID_FIELD, "page_token"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Customers.ListCustomers(t.Context(), test.req)
			apitest.WantFields(t, err, codes.InvalidArgument, test.reason, test.field)
		})
	}
}

func TestTokensAreForOneList(t *testing.T) {
	s := apitest.Start(t)
	seed(t, s, 30)
	token := func(req *rapportv1.ListCustomersRequest) string {
		t.Helper()
		resp, err := s.Customers.ListCustomers(t.Context(), req)
		if err != nil || resp.GetNextPageToken() == "" {
			t.Fatalf("%v, %v", resp, err)
		}
		return resp.GetNextPageToken()
	}
	lists := []*rapportv1.ListCustomersRequest{
		{PageSize: 2},
		{PageSize: 2, OrderBy: "create_time"},
		{PageSize: 2, OrderBy: "display_name"},
		{PageSize: 2, Filter: `owner = "o1"`},
		{PageSize: 2, Filter: `owner = "o2"`},
		{PageSize: 2, ShowDeleted: true},
		{PageSize: 2, Filter: `display_name = "1*"`},
	}
	for i, from := range lists {
		for j, to := range lists {
			req := proto.CloneOf(to)
			req.PageToken = token(from)
			_, err := s.Customers.ListCustomers(t.Context(), req)
			if i == j && err != nil {
				t.Errorf("its own token: %v", err)
			}
			if i != j {
				apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_PAGE_TOKEN, "page_token")
			}
		}
	}
	foreign := token(lists[0])
	_, err := s.Customers.ListContacts(t.Context(), &rapportv1.ListContactsRequest{Parent: "customers/-", PageToken: foreign})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_PAGE_TOKEN, "page_token")
	_, err = s.Changes.ListChanges(t.Context(), &rapportv1.ListChangesRequest{PageToken: foreign})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_PAGE_TOKEN, "page_token")
}

// TestListOfMany looks for what is rare among more customers than a page may read.
func TestListOfMany(t *testing.T) {
	s := apitest.Start(t)
	seed(t, s, 12_345)
	for filter, want := range map[string]int32{"": 10_001, `owner = "o1"`: 2469, `tags:"n1"`: 1764, `create_time >= "2026-01-01T00:20:00Z"`: 346} {
		resp, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{Filter: filter, PageSize: 3})
		if err != nil || resp.TotalSize == nil || resp.GetTotalSize() != want {
			t.Errorf("%q: total %v, %v; want %d", filter, resp.TotalSize, err, want)
		}
	}
	for _, orderBy := range []string{"", "create_time", "update_time", "display_name desc"} {
		req := &rapportv1.ListCustomersRequest{Filter: `display_name = "*777"`, OrderBy: orderBy, PageSize: 50}
		resp, err := s.Customers.ListCustomers(t.Context(), req)
		if err != nil || resp.TotalSize != nil || resp.GetNextPageToken() == "" || len(resp.GetCustomers()) >= 12 {
			t.Errorf("order %q: the first page has %d, total %v, token %q, %v; want a short page of an unknown total",
				orderBy, len(resp.GetCustomers()), resp.TotalSize, resp.GetNextPageToken(), err)
		}
		got := pages(t, s, req, nothing)
		names := slices.Compact(slices.Sorted(slices.Values(times(len(got), func(i int) string { return got[i].GetName() }))))
		if len(got) != 12 || len(names) != 12 {
			t.Errorf("order %q: found %d, %d different, want 12 once each", orderBy, len(got), len(names))
		}
		if got := pages(t, s, &rapportv1.ListCustomersRequest{Filter: `display_name = "*777"`, OrderBy: orderBy, PageSize: 5}, nothing); len(got) != 12 {
			t.Errorf("order %q in pages of 5: found %d, want 12", orderBy, len(got))
		}
	}
	if got := pages(t, s, &rapportv1.ListCustomersRequest{Filter: `display_name = "nobody"`, PageSize: 50}, nothing); len(got) != 0 {
		t.Errorf("found %d nobodies", len(got))
	}
	if all := pages(t, s, &rapportv1.ListCustomersRequest{PageSize: 1000}, nothing); len(all) != 12_345 {
		t.Errorf("%d customers in all, want 12345", len(all))
	}
}

func TestTotalTravelsInTheToken(t *testing.T) {
	s := apitest.Start(t)
	seed(t, s, 20)
	req := &rapportv1.ListCustomersRequest{PageSize: 8}
	for page := range 3 {
		resp, err := s.Customers.ListCustomers(t.Context(), req)
		if err != nil || resp.GetTotalSize() != 20 {
			t.Errorf("page %d: total %d, %v", page, resp.GetTotalSize(), err)
		}
		req.PageToken = resp.GetNextPageToken()
		if _, err := s.DB.Exec(t.Context(), fmt.Sprintf(`DELETE FROM customer WHERE owner = 'o%d'`, page)); err != nil {
			t.Fatal(err)
		}
	}
}
