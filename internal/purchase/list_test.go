package purchase_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// skus lists all pages, size by size, and returns the first sku of each purchase.
func skus(t testing.TB, s *apitest.Service, req *rapportv1.ListPurchasesRequest) (found string) {
	t.Helper()
	req = proto.CloneOf(req)
	for range 100 {
		page, err := s.Purchases.ListPurchases(t.Context(), req)
		if err != nil {
			t.Fatalf("%v: %v", req, err)
		}
		if req.GetPageSize() > 0 && len(page.GetPurchases()) > int(req.GetPageSize()) {
			t.Errorf("a page of %d", len(page.GetPurchases()))
		}
		for _, p := range page.GetPurchases() {
			found += p.GetItems()[0].GetSku()
		}
		if req.PageToken = page.GetNextPageToken(); req.GetPageToken() == "" {
			return found
		}
	}
	t.Fatal("the list does not end")
	return ""
}

// shop makes purchases a to e of two customers; the later they were made, the earlier
// they were bought, but for b and c, which were bought at the same time.
func shop(t testing.TB, s *apitest.Service) (ada, ben string) {
	t.Helper()
	ada, ben = customer(t, s), customer(t, s)
	for i, sku := range []string{"a", "b", "c", "d", "e"} {
		day := []int{9, 5, 5, 3, 1}[i]
		p := &rapportv1.Purchase{
			PurchaseTime: timestamppb.New(time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC)), Amount: euros(int64(10*i), 0),
			Items: []*rapportv1.Purchase_Item{{Sku: sku, Quantity: 1, Category: proto.String("tea")}, {Sku: "bag", Quantity: 1}},
		}
		parent := ada
		switch sku {
		case "d":
			parent, p.Amount = ben, &money.Money{CurrencyCode: "CNY", Units: 30, Nanos: 5}
		case "e":
			parent, p.Channel, p.Staff = ben, rapportv1.Channel_WEB, proto.String("staff-7")
			p.ExternalId = &rapportv1.ExternalId{Source: "till", Id: "R-5"}
		}
		made := create(t, s, parent, p)
		if sku == "a" {
			void(t, s, made.GetName(), "returned")
		}
	}
	return ada, ben
}

func TestOrders(t *testing.T) {
	s := apitest.Start(t)
	ada, ben := shop(t, s)
	for _, test := range []struct{ parent, orderBy, want string }{
		{"customers/-", "", "edcba"},
		{"customers/-", "create_time", "abcde"},
		{"customers/-", "create_time desc", "edcba"},
		{"customers/-", "purchase_time", "edbca"},
		{"customers/-", "purchase_time desc", "acbde"},
		{ada, "", "cba"},
		{ada, "purchase_time", "bca"},
		{ada, "purchase_time desc", "acb"},
		{ben, "purchase_time asc", "ed"},
	} {
		for size := range int32(4) {
			got := skus(t, s, &rapportv1.ListPurchasesRequest{Parent: test.parent, OrderBy: test.orderBy, PageSize: size})
			if got != test.want {
				t.Errorf("%s by %q in pages of %d: %s, want %s", test.parent, test.orderBy, size, got, test.want)
			}
		}
	}
	page, err := s.Purchases.ListPurchases(t.Context(), &rapportv1.ListPurchasesRequest{Parent: ada, PageSize: 1})
	if err != nil || page.GetTotalSize() != 3 {
		t.Errorf("total %v, %v", page.GetTotalSize(), err)
	}
	apitest.WantEqual(t, page.GetPurchases()[0], get(t, s, page.GetPurchases()[0].GetName()))
}

func TestFilters(t *testing.T) {
	s := apitest.Start(t)
	ada, ben := shop(t, s)
	for filter, want := range map[string]string{
		`NOT void_time:*`: "edcb", `void_time:*`: "a", `void_time > "2026-01-01T00:00:00Z"`: "a",
		`purchase_time >= "2026-01-05T00:00:00Z"`:                                         "cba",
		`purchase_time < "2026-01-05T00:00:00Z" AND create_time > "2026-01-01T00:00:00Z"`: "ed",
		`amount.currency_code = "CNY"`:                                                    "d", `amount.units >= 30`: "ed", `amount.units = 0`: "a",
		`items.sku = "c"`: "c", `items.sku:"bag"`: "edcba", `items.sku = "C"`: "", `NOT items.sku = "c"`: "edba",
		`items.category = "tea"`: "edcba", `items.category = "coffee"`: "",
		`channel = WEB`: "e", `channel != WEB`: "dcba", `channel:*`: "e", `staff = "staff-7"`: "e", `staff = "staff-*"`: "e",
		`external_id.source = "till" AND external_id.id = "R-5"`: "e", `external_id.id:*`: "e",
		`update_time > "2026-01-01T00:00:00Z"`: "edcba", `items.sku = "c" OR items.sku = "d"`: "dc",
	} {
		if got := skus(t, s, &rapportv1.ListPurchasesRequest{Parent: "customers/-", Filter: filter, PageSize: 2}); got != want {
			t.Errorf("%s: %q, want %q", filter, got, want)
		}
	}
	if got := skus(t, s, &rapportv1.ListPurchasesRequest{Parent: ben, Filter: `items.sku = "c" OR channel = WEB`}); got != "e" {
		t.Errorf("of one customer: %q", got)
	}
	if got := skus(t, s, &rapportv1.ListPurchasesRequest{Parent: ada, OrderBy: "purchase_time", Filter: `purchase_time > "2026-01-05T00:00:00Z"`}); got != "a" {
		t.Errorf("of one customer by time: %q", got)
	}
}

func TestListRefusals(t *testing.T) {
	s := apitest.Start(t)
	ada, ben := shop(t, s)
	first, err := s.Purchases.ListPurchases(t.Context(), &rapportv1.ListPurchasesRequest{Parent: ada, PageSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	token := first.GetNextPageToken()
	for name, test := range map[string]struct {
		req    *rapportv1.ListPurchasesRequest
		code   codes.Code
		reason rapportv1.ErrorReason
		field  string
	}{
		"no parent":      {&rapportv1.ListPurchasesRequest{}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "parent"},
		"purchase":       {&rapportv1.ListPurchasesRequest{Parent: "customers/x"}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "parent"},
		"negative size":  {&rapportv1.ListPurchasesRequest{Parent: ada, PageSize: -1}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "page_size"},
		"order":          {&rapportv1.ListPurchasesRequest{Parent: ada, OrderBy: "update_time"}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_ORDER_BY, "order_by"},
		"two orders":     {&rapportv1.ListPurchasesRequest{Parent: ada, OrderBy: "create_time, purchase_time"}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_ORDER_BY, "order_by"},
		"filter":         {&rapportv1.ListPurchasesRequest{Parent: ada, Filter: "amount = 3"}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FILTER, "filter"},
		"unit":           {&rapportv1.ListPurchasesRequest{Parent: ada, Filter: `amount.units = "x"`}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FILTER, "filter"},
		"injection":      {&rapportv1.ListPurchasesRequest{Parent: ada, Filter: `items.sku' OR true --:"x"`}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FILTER, "filter"},
		"token":          {&rapportv1.ListPurchasesRequest{Parent: ada, PageToken: "x"}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_PAGE_TOKEN, "page_token"},
		"other's token":  {&rapportv1.ListPurchasesRequest{Parent: ben, PageToken: token}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_PAGE_TOKEN, "page_token"},
		"other order":    {&rapportv1.ListPurchasesRequest{Parent: ada, PageToken: token, OrderBy: "purchase_time desc"}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_PAGE_TOKEN, "page_token"},
		"other filter":   {&rapportv1.ListPurchasesRequest{Parent: ada, PageToken: token, Filter: "channel = WEB"}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_PAGE_TOKEN, "page_token"},
		"unknown parent": {&rapportv1.ListPurchasesRequest{Parent: unknown}, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Purchases.ListPurchases(t.Context(), test.req)
			if test.field == "" {
				apitest.WantReason(t, err, test.code, test.reason)
				return
			}
			apitest.WantFields(t, err, test.code, test.reason, test.field)
		})
	}
	none, err := s.Purchases.ListPurchases(t.Context(), &rapportv1.ListPurchasesRequest{Parent: customer(t, s)})
	if err != nil || len(none.GetPurchases()) != 0 || none.GetTotalSize() != 0 {
		t.Errorf("of a customer who bought nothing: %v, %v", none, err)
	}
}

// TestPageOfHugeRecords: a page stays below what gRPC clients take.
func TestPageOfHugeRecords(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	huge := coffee()
	for i := range 1000 {
		huge.Items = append(huge.Items, &rapportv1.Purchase_Item{Sku: fmt.Sprint(i, strings.Repeat("x", 190)), Quantity: 1})
	}
	for range 12 {
		create(t, s, parent, huge)
	}
	req, found := &rapportv1.ListPurchasesRequest{Parent: parent}, 0
	for {
		page, err := s.Purchases.ListPurchases(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if size := proto.Size(page); size > 4<<20 {
			t.Errorf("a page of %d bytes", size)
		}
		found += len(page.GetPurchases())
		if req.PageToken = page.GetNextPageToken(); req.GetPageToken() == "" {
			break
		}
	}
	if found != 12 {
		t.Errorf("%d purchases, want 12", found)
	}
}

// TestREST makes, lists and voids over REST.
func TestREST(t *testing.T) {
	s := apitest.Start(t)
	path := "/v1/" + customer(t, s) + "/purchases"
	var made, got map[string]any
	a := s.Do(t, "POST", path, `{"purchaseTime":"2026-01-02T03:04:05.123456789Z","amount":{"currencyCode":"EUR","units":"3"},"items":[{"sku":"x","quantity":0.5}]}`)
	a.JSON(t, &made)
	if a.Status != 201 || a.Header.Get("Location") != "/v1/"+fmt.Sprint(made["name"]) || made["purchaseTime"] != "2026-01-02T03:04:05.123456Z" {
		t.Errorf("status %d, %v, %s", a.Status, a.Header, a.Body)
	}
	a = s.Do(t, "GET", "/v1/"+fmt.Sprint(made["name"]), "")
	a.JSON(t, &got)
	if diff := cmp.Diff(made, got); diff != "" || a.Header.Get("ETag") != made["etag"] {
		t.Errorf("%v\n%s", a.Header, diff)
	}
	for _, path := range []string{path, "/v1/customers/-/purchases?orderBy=purchase_time&filter=items.sku%3D%22x%22"} {
		var page struct{ Purchases []map[string]any }
		s.Do(t, "GET", path, "").JSON(t, &page)
		if diff := cmp.Diff([]map[string]any{made}, page.Purchases); diff != "" {
			t.Errorf("%s:\n%s", path, diff)
		}
	}
	for _, body := range []string{
		`{"purchaseTime":"2026-01-02T03:04:05Z","amount":{"currencyCode":"EUR"},"items":[{"sku":"x","quantity":"NaN"}]}`,
		`{"purchaseTime":"2026-01-02T03:04:05Z","amount":{"currencyCode":"EUR"},"items":[{"sku":"x","quantity":"Infinity"}]}`,
	} {
		p := s.Do(t, "POST", path, body).WantProblem(t, 400, rapportv1.ErrorReason_INVALID_FIELD)
		if len(p.Violations) == 0 || p.Violations[0].Field != "purchase.items[0].quantity" {
			t.Errorf("%s: %v", body, p)
		}
	}
}
