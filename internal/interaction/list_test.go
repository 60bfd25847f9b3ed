package interaction_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// pages reads a whole list, and calls between after each page but the last.
func pages(t testing.TB, s *apitest.Service, req *rapportv1.ListInteractionsRequest, between func()) (all []*rapportv1.Interaction) {
	t.Helper()
	req = proto.CloneOf(req)
	for {
		resp, err := s.Interactions.ListInteractions(t.Context(), req)
		if err != nil {
			t.Fatalf("%v: %v", req, err)
		}
		all = append(all, resp.GetInteractions()...)
		if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
			return all
		}
		between()
	}
}

// seed makes a customer's interactions by SQL, ten of each time.
func seed(t testing.TB, s *apitest.Service, parent string, n int) {
	t.Helper()
	_, err := s.DB.Exec(t.Context(), `
		INSERT INTO interaction (lane, customer_id, interaction_id, revision, channel, direction, subject, attributes, occur_time, create_time, update_time)
		SELECT lane, customer_id, gen_random_uuid(), 1, 'PHONE', 'INBOUND', 's' || n, '{}',
			timestamptz '2026-01-01Z' + (n * 6007 % $2) / 10 * interval '1 second',
			timestamptz '2026-01-01Z' + n / 10 * interval '1 second',
			timestamptz '2026-01-01Z' + (n * 7919 % $2) / 10 * interval '1 second'
		FROM customer, generate_series(1, $2) AS n WHERE customer_id = $1::uuid`, strings.TrimPrefix(parent, "customers/"), n)
	if err != nil {
		t.Fatal(err)
	}
}

func TestListOrders(t *testing.T) {
	s := apitest.Start(t)
	parent, other := customer(t, s), customer(t, s)
	seed(t, s, parent, 60)
	seed(t, s, other, 20)
	keys := map[string]func(*rapportv1.Interaction) string{
		"occur_time":  func(i *rapportv1.Interaction) string { return i.GetOccurTime().AsTime().String() },
		"create_time": func(i *rapportv1.Interaction) string { return i.GetCreateTime().AsTime().String() },
		"update_time": func(i *rapportv1.Interaction) string { return i.GetUpdateTime().AsTime().String() },
	}
	for of, total := range map[string]int{parent: 60, "customers/-": 80} {
		for _, orderBy := range []string{"", "occur_time", "occur_time desc", "create_time", "create_time desc", "update_time", "update_time desc"} {
			// An empty order is the newest first.
			field, desc := cmp.Or(strings.TrimSuffix(orderBy, " desc"), "occur_time"), orderBy == "" || strings.HasSuffix(orderBy, "desc")
			got := pages(t, s, &rapportv1.ListInteractionsRequest{Parent: of, OrderBy: orderBy, PageSize: 7},
				func() { remove(t, s, create(t, s, parent, note()).GetName()) })
			sorted := slices.IsSortedFunc(got, func(a, b *rapportv1.Interaction) int {
				c := cmp.Or(cmp.Compare(keys[field](a), keys[field](b)), cmp.Compare(a.GetUid(), b.GetUid()))
				if desc {
					return -c
				}
				return c
			})
			seen := map[string]bool{}
			for _, i := range got {
				seen[i.GetName()] = true
			}
			if !sorted || len(got) != total || len(seen) != total {
				t.Errorf("%s by %q: sorted %t, %d interactions, %d different, want %d", of, orderBy, sorted, len(got), len(seen), total)
			}
		}
		_, err := s.Interactions.ListInteractions(t.Context(), &rapportv1.ListInteractionsRequest{Parent: of, OrderBy: "subject"})
		apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_ORDER_BY, "order_by")
	}
}

func TestListParents(t *testing.T) {
	s := apitest.Start(t)
	a, b, gone := customer(t, s), customer(t, s), customer(t, s)
	one, two := create(t, s, a, full()), create(t, s, gone, note())
	deleteCustomer(t, s, gone)
	for parent, want := range map[string][]*rapportv1.Interaction{a: {one}, b: nil, gone: {two}, "customers/-": {one, two}} {
		resp, err := s.Interactions.ListInteractions(t.Context(), &rapportv1.ListInteractionsRequest{Parent: parent})
		if err != nil {
			t.Fatal(err)
		}
		apitest.WantEqual(t, resp, &rapportv1.ListInteractionsResponse{Interactions: want, TotalSize: proto.Int32(int32(len(want)))})
	}
	remove(t, s, one.GetName())
	for show, want := range map[bool]int{false: 0, true: 1} {
		resp, err := s.Interactions.ListInteractions(t.Context(), &rapportv1.ListInteractionsRequest{Parent: a, ShowDeleted: show})
		if err != nil || len(resp.GetInteractions()) != want || int(resp.GetTotalSize()) != want {
			t.Errorf("show %t: %v, %v", show, resp, err)
		}
	}
	_, err := s.Interactions.ListInteractions(t.Context(), &rapportv1.ListInteractionsRequest{Parent: unknown})
	apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND)
	for _, parent := range []string{"", "-", "customers", "customers/x"} {
		_, err := s.Interactions.ListInteractions(t.Context(), &rapportv1.ListInteractionsRequest{Parent: parent})
		apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "parent")
	}
	_, err = s.Interactions.ListInteractions(t.Context(), &rapportv1.ListInteractionsRequest{Parent: a, PageSize: -1})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "page_size")
}

func TestListFilters(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	contact := newContact(t, s, parent)
	f := full()
	f.Contact = &contact
	made, other := create(t, s, parent, f), create(t, s, parent, note())
	for _, test := range []struct {
		filter     string
		full, note bool
	}{
		{`channel = PHONE`, true, false},
		{`direction = INTERNAL`, false, true},
		{`purpose = RENEWAL`, true, false},
		{`purpose = PURPOSE_UNSPECIFIED`, false, true},
		{`customer_reaction != POSITIVE`, false, true},
		{`subject = "续*"`, true, false},
		{`body:*`, true, false},
		{`staff = "staff-7"`, true, false},
		{`staff != "staff-8"`, true, false},
		{`contact = "` + contact + `"`, true, false},
		{`NOT contact:*`, false, true},
		{`campaign = "autumn"`, true, false},
		{`concession.reason = "late"`, true, false},
		{`attributes.plan = "gold" AND attributes.attempt > 2 AND attributes.sold = true`, true, false},
		{`attributes.at = "2026-03-01T09:30:00.123456Z"`, true, false},
		{`external_id.source = "pbx" AND external_id.id = "call-1"`, true, false},
		{`occur_time >= "2026-03-01T09:30:00.123456Z"`, true, false},
		{`occur_time < "2026-03-01T09:30:00.123456Z"`, false, true},
		{`create_time > "2020-01-01T00:00:00Z"`, true, true},
		{`update_time < "2020-01-01T00:00:00Z" OR delete_time:*`, false, false},
	} {
		for _, of := range []string{parent, "customers/-"} {
			resp, err := s.Interactions.ListInteractions(t.Context(), &rapportv1.ListInteractionsRequest{Parent: of, Filter: test.filter})
			if err != nil {
				t.Errorf("%s: %v", test.filter, err)
			}
			var gotFull, gotNote bool
			for _, i := range resp.GetInteractions() {
				gotFull, gotNote = gotFull || i.GetName() == made.GetName(), gotNote || i.GetName() == other.GetName()
			}
			if gotFull != test.full || gotNote != test.note {
				t.Errorf("%s of %s: %t, %t, want %t, %t", test.filter, of, gotFull, gotNote, test.full, test.note)
			}
		}
	}
	for _, filter := range []string{`tags:"x"`, `channel = FAX`, `contact = "x"`, `contact > "` + contact + `"`, `case = "x"`} {
		_, err := s.Interactions.ListInteractions(t.Context(), &rapportv1.ListInteractionsRequest{Parent: parent, Filter: filter})
		apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FILTER, "filter")
	}
}

func TestTokensAreForOneList(t *testing.T) {
	s := apitest.Start(t)
	a, b := customer(t, s), customer(t, s)
	seed(t, s, a, 9)
	seed(t, s, b, 9)
	lists := []*rapportv1.ListInteractionsRequest{
		{Parent: a, PageSize: 2},
		{Parent: b, PageSize: 2},
		{Parent: "customers/-", PageSize: 2},
		{Parent: a, PageSize: 2, OrderBy: "update_time"},
		{Parent: a, PageSize: 2, ShowDeleted: true},
		{Parent: a, PageSize: 2, Filter: `NOT staff:*`},
	}
	for i, from := range lists {
		resp, err := s.Interactions.ListInteractions(t.Context(), from)
		if err != nil || resp.GetNextPageToken() == "" {
			t.Fatalf("%v, %v", resp, err)
		}
		for j, to := range lists {
			req := proto.CloneOf(to)
			req.PageToken = resp.GetNextPageToken()
			_, err := s.Interactions.ListInteractions(t.Context(), req)
			if i != j {
				apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_PAGE_TOKEN, "page_token")
			} else if err != nil {
				t.Error(err)
			}
		}
	}
}

// TestListOfMany looks for what is rare among more interactions than a page may read.
func TestListOfMany(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	seed(t, s, parent, 11_000)
	for _, of := range []string{parent, "customers/-"} {
		req := &rapportv1.ListInteractionsRequest{Parent: of, Filter: `subject = "*777"`, PageSize: 50}
		resp, err := s.Interactions.ListInteractions(t.Context(), req)
		if err != nil || resp.TotalSize != nil || resp.GetNextPageToken() == "" {
			t.Errorf("%s: total %v, token %q, %v; want a short page of an unknown total", of, resp.TotalSize, resp.GetNextPageToken(), err)
		}
		if got := pages(t, s, req, func() {}); len(got) != 11 {
			t.Errorf("%s: found %d, want 11", of, len(got))
		}
		resp, err = s.Interactions.ListInteractions(t.Context(), &rapportv1.ListInteractionsRequest{Parent: of})
		if err != nil || resp.GetTotalSize() != 10_001 || len(resp.GetInteractions()) != 50 {
			t.Errorf("%s: %d of %d, %v", of, len(resp.GetInteractions()), resp.GetTotalSize(), err)
		}
	}
}
