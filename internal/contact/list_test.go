package contact_test

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
func pages(t testing.TB, s *apitest.Service, req *rapportv1.ListContactsRequest, between func()) (all []*rapportv1.Contact) {
	t.Helper()
	req = proto.CloneOf(req)
	for {
		resp, err := s.Customers.ListContacts(t.Context(), req)
		if err != nil {
			t.Fatalf("%v: %v", req, err)
		}
		all = append(all, resp.GetContacts()...)
		if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
			return all
		}
		between()
	}
}

// seed makes customers by SQL with n contacts in all, ten of each time.
func seed(t testing.TB, s *apitest.Service, parent string, n int) {
	t.Helper()
	_, err := s.DB.Exec(t.Context(), `
		INSERT INTO contact (lane, customer_id, contact_id, revision, display_name, emails, phones, is_primary, create_time, update_time)
		SELECT lane, customer_id, gen_random_uuid(), 1, rpad((n / 10)::text, 60, 'x') || n, '[]', '[]', false,
			timestamptz '2026-01-01 00:00:00Z' + n / 10 * interval '1 second',
			timestamptz '2026-01-01 00:00:00Z' + (n * 7919 % $2) / 10 * interval '1 second'
		FROM customer, generate_series(1, $2) AS n WHERE customer_id = $1::uuid`, strings.TrimPrefix(parent, "customers/"), n)
	if err != nil {
		t.Fatal(err)
	}
}

func TestListOrders(t *testing.T) {
	s := apitest.Start(t)
	parent, other := customer(t, s), customer(t, s)
	seed(t, s, parent, 120)
	seed(t, s, other, 30)
	keys := map[string]func(*rapportv1.Contact) string{
		"create_time":  func(c *rapportv1.Contact) string { return c.GetCreateTime().AsTime().String() },
		"update_time":  func(c *rapportv1.Contact) string { return c.GetUpdateTime().AsTime().String() },
		"display_name": func(c *rapportv1.Contact) string { return c.GetDisplayName()[:60] },
	}
	for of, total := range map[string]int{parent: 120, "customers/-": 150} {
		for orderBy, key := range keys {
			for _, direction := range []string{"", " desc"} {
				req := &rapportv1.ListContactsRequest{Parent: of, OrderBy: orderBy + direction, PageSize: 7}
				if of == "customers/-" && orderBy == "display_name" {
					_, err := s.Customers.ListContacts(t.Context(), req)
					apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_ORDER_BY, "order_by")
					continue
				}
				got := pages(t, s, req, func() { remove(t, s, create(t, s, parent, bob()).GetName()) })
				sorted := slices.IsSortedFunc(got, func(a, b *rapportv1.Contact) int {
					c := cmp.Or(cmp.Compare(key(a), key(b)), cmp.Compare(a.GetUid(), b.GetUid()))
					if direction != "" {
						return -c
					}
					return c
				})
				seen := map[string]bool{}
				for _, c := range got {
					seen[c.GetName()] = true
				}
				if !sorted || len(got) != total || len(seen) != total {
					t.Errorf("%s by %s: sorted %t, %d contacts, %d different, want %d", of, req.GetOrderBy(), sorted, len(got), len(seen), total)
				}
			}
		}
	}
}

func TestListParents(t *testing.T) {
	s := apitest.Start(t)
	a, b, gone := customer(t, s), customer(t, s), customer(t, s)
	one, two := create(t, s, a, full()), create(t, s, gone, bob())
	deleteCustomer(t, s, gone)
	for parent, want := range map[string][]*rapportv1.Contact{a: {one}, b: nil, gone: {two}, "customers/-": {two, one}} {
		resp, err := s.Customers.ListContacts(t.Context(), &rapportv1.ListContactsRequest{Parent: parent})
		if err != nil {
			t.Fatal(err)
		}
		apitest.WantEqual(t, resp, &rapportv1.ListContactsResponse{Contacts: want, TotalSize: proto.Int32(int32(len(want)))})
	}
	remove(t, s, one.GetName())
	for show, want := range map[bool]int{false: 0, true: 1} {
		resp, err := s.Customers.ListContacts(t.Context(), &rapportv1.ListContactsRequest{Parent: a, ShowDeleted: show})
		if err != nil || len(resp.GetContacts()) != want || int(resp.GetTotalSize()) != want {
			t.Errorf("show %t: %v, %v", show, resp, err)
		}
	}
	_, err := s.Customers.ListContacts(t.Context(), &rapportv1.ListContactsRequest{Parent: unknown})
	apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND)
	for _, parent := range []string{"", "-", "customers", "customers/x", one.GetName()[:60]} {
		_, err := s.Customers.ListContacts(t.Context(), &rapportv1.ListContactsRequest{Parent: parent})
		apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "parent")
	}
	_, err = s.Customers.ListContacts(t.Context(), &rapportv1.ListContactsRequest{Parent: a, PageSize: -1})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "page_size")
}

func TestListFilters(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	made, other := create(t, s, parent, full()), create(t, s, parent, bob())
	for _, test := range []struct {
		filter    string
		full, bob bool
	}{
		{`display_name = "王*"`, true, false},
		{`title = "Head of Purchasing"`, true, false},
		{`NOT title:*`, false, true},
		{`role = DECISION_MAKER`, true, false},
		{`role = ROLE_UNSPECIFIED`, false, true},
		{`emails.address = "WANG@example.com"`, true, false},
		{`phones.e164 = "+8613800138000"`, true, false},
		{`phones.number = "ext. 12"`, true, false},
		{`primary = true`, true, false},
		{`primary != true`, false, true},
		{`preferred_channel = CHAT`, true, false},
		{`delete_time:*`, false, false},
		{`create_time > "2020-01-01T00:00:00Z"`, true, true},
		{`update_time < "2020-01-01T00:00:00Z"`, false, false},
	} {
		for _, of := range []string{parent, "customers/-"} {
			resp, err := s.Customers.ListContacts(t.Context(), &rapportv1.ListContactsRequest{Parent: of, Filter: test.filter})
			if err != nil {
				t.Errorf("%s: %v", test.filter, err)
			}
			var gotFull, gotBob bool
			for _, c := range resp.GetContacts() {
				gotFull, gotBob = gotFull || c.GetName() == made.GetName(), gotBob || c.GetName() == other.GetName()
			}
			if gotFull != test.full || gotBob != test.bob {
				t.Errorf("%s of %s: %t, %t, want %t, %t", test.filter, of, gotFull, gotBob, test.full, test.bob)
			}
		}
	}
	_, err := s.Customers.ListContacts(t.Context(), &rapportv1.ListContactsRequest{Parent: parent, Filter: `tags:"x"`})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FILTER, "filter")
}

func TestTokensAreForOneList(t *testing.T) {
	s := apitest.Start(t)
	a, b := customer(t, s), customer(t, s)
	seed(t, s, a, 9)
	seed(t, s, b, 9)
	lists := []*rapportv1.ListContactsRequest{
		{Parent: a, PageSize: 2},
		{Parent: b, PageSize: 2},
		{Parent: "customers/-", PageSize: 2},
		{Parent: a, PageSize: 2, OrderBy: "update_time"},
		{Parent: a, PageSize: 2, OrderBy: "display_name"},
		{Parent: a, PageSize: 2, ShowDeleted: true},
		{Parent: a, PageSize: 2, Filter: `NOT title:*`},
	}
	for i, from := range lists {
		resp, err := s.Customers.ListContacts(t.Context(), from)
		if err != nil || resp.GetNextPageToken() == "" {
			t.Fatalf("%v, %v", resp, err)
		}
		for j, to := range lists {
			req := proto.CloneOf(to)
			req.PageToken = resp.GetNextPageToken()
			_, err := s.Customers.ListContacts(t.Context(), req)
			if i != j {
				apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_PAGE_TOKEN, "page_token")
			} else if err != nil {
				t.Error(err)
			}
		}
	}
}

// TestListOfMany looks for what is rare among more contacts than a page may read.
func TestListOfMany(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	seed(t, s, parent, 11_000)
	for _, of := range []string{parent, "customers/-"} {
		req := &rapportv1.ListContactsRequest{Parent: of, Filter: `display_name = "*777"`, PageSize: 50}
		resp, err := s.Customers.ListContacts(t.Context(), req)
		if err != nil || resp.TotalSize != nil || resp.GetNextPageToken() == "" {
			t.Errorf("%s: total %v, token %q, %v; want a short page of an unknown total", of, resp.TotalSize, resp.GetNextPageToken(), err)
		}
		if got := pages(t, s, req, func() {}); len(got) != 11 {
			t.Errorf("%s: found %d, want 11", of, len(got))
		}
		resp, err = s.Customers.ListContacts(t.Context(), &rapportv1.ListContactsRequest{Parent: of})
		if err != nil || resp.GetTotalSize() != 10_001 || len(resp.GetContacts()) != 50 {
			t.Errorf("%s: %d of %d, %v", of, len(resp.GetContacts()), resp.GetTotalSize(), err)
		}
	}
	if all := pages(t, s, &rapportv1.ListContactsRequest{Parent: parent, PageSize: 1000, OrderBy: "display_name"}, func() {}); len(all) != 11_000 {
		t.Error(fmt.Sprint(len(all)) + " contacts in all, want 11000")
	}
}
