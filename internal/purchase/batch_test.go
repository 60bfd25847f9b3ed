package purchase_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/apitest"
)

func entry(parent string, p *rapportv1.Purchase) *rapportv1.CreatePurchaseRequest {
	return &rapportv1.CreatePurchaseRequest{Parent: parent, Purchase: p}
}

func TestBatchCreate(t *testing.T) {
	s := apitest.Start(t)
	a, b := customer(t, s), customer(t, s)
	id := newID(t)
	named := entry(b, coffee())
	named.PurchaseId = id
	for _, test := range []struct {
		parent   string
		requests []*rapportv1.CreatePurchaseRequest
		owners   []string
	}{
		{a, []*rapportv1.CreatePurchaseRequest{entry("", full()), entry(a, coffee())}, []string{a, a}},
		{"customers/-", []*rapportv1.CreatePurchaseRequest{named, entry(a, coffee()), entry(b, full())}, []string{b, a, b}},
	} {
		resp, err := s.Purchases.BatchCreatePurchases(t.Context(), &rapportv1.BatchCreatePurchasesRequest{Parent: test.parent, Requests: test.requests})
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range resp.GetPurchases() {
			if !strings.HasPrefix(p.GetName(), test.owners[i]+"/purchases/") {
				t.Errorf("entry %d of %s: %v", i, test.parent, p)
			}
			apitest.WantEqual(t, get(t, s, p.GetName()), p)
			want := proto.CloneOf(test.requests[i].GetPurchase())
			want.Name, want.Uid, want.Etag, want.CreateTime, want.UpdateTime = p.GetName(), p.GetUid(), p.GetEtag(), p.GetCreateTime(), p.GetUpdateTime()
			apitest.WantEqual(t, p, want)
		}
	}
	apitest.WantEqual(t, get(t, s, b+"/purchases/"+id).GetAmount(), coffee().GetAmount())
	if n := countPurchases(t, s); n != 5 {
		t.Errorf("%d purchases, want 5", n)
	}
}

func TestBatchOfAThousand(t *testing.T) {
	s := apitest.Start(t)
	parents := []string{customer(t, s), customer(t, s), customer(t, s)}
	req := &rapportv1.BatchCreatePurchasesRequest{Parent: "customers/-", RequestId: uuid.NewString()}
	for i := range 1000 {
		req.Requests = append(req.Requests, entry(parents[i%3], coffee()))
	}
	resp, err := s.Purchases.BatchCreatePurchases(t.Context(), req)
	if err != nil || len(resp.GetPurchases()) != 1000 {
		t.Fatalf("%d purchases, %v", len(resp.GetPurchases()), err)
	}
	again, err := s.Purchases.BatchCreatePurchases(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(resp, again, protocmp.Transform()); diff != "" {
		t.Errorf("a repeat (-first +again):\n%s", diff)
	}
	if n := countPurchases(t, s); n != 1000 {
		t.Errorf("%d purchases, want 1,000", n)
	}
	var changes int
	if err := s.DB.QueryRow(t.Context(), `SELECT count(*) FROM change WHERE resource LIKE '%/purchases/%'`).Scan(&changes); err != nil || changes != 1000 {
		t.Errorf("%d changes, %v", changes, err)
	}
	req.Requests = append(req.Requests, entry(parents[0], coffee()))
	_, err = s.Purchases.BatchCreatePurchases(t.Context(), req)
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "requests")
}

func TestBatchRefusals(t *testing.T) {
	s := apitest.Start(t)
	parent, other, gone := customer(t, s), customer(t, s), customer(t, s)
	taken := create(t, s, parent, full())
	deleteCustomer(t, s, gone)
	id := newID(t)
	with := func(parent, id string, change func(*rapportv1.Purchase)) *rapportv1.CreatePurchaseRequest {
		e := entry(parent, coffee())
		e.PurchaseId = id
		change(e.GetPurchase())
		return e
	}
	same := func(*rapportv1.Purchase) {}
	receipt := func(id string) func(*rapportv1.Purchase) {
		return func(p *rapportv1.Purchase) { p.ExternalId = &rapportv1.ExternalId{Source: "till", Id: id} }
	}
	for name, test := range map[string]struct {
		parent string
		last   []*rapportv1.CreatePurchaseRequest // behind one that is right
		code   codes.Code
		reason rapportv1.ErrorReason
		index  string
		fields []string
	}{
		"negative":        {parent, []*rapportv1.CreatePurchaseRequest{with("", "", func(p *rapportv1.Purchase) { p.Amount.Units = -1 })}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "1", []string{"requests[1].purchase.amount.units"}},
		"other parent":    {parent, []*rapportv1.CreatePurchaseRequest{with(other, "", same)}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "1", []string{"requests[1].parent"}},
		"all of all":      {"customers/-", []*rapportv1.CreatePurchaseRequest{with("customers/-", "", same)}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "1", []string{"requests[1].parent"}},
		"no parent":       {"customers/-", []*rapportv1.CreatePurchaseRequest{with("", "", same)}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "1", []string{"requests[1].parent"}},
		"wrong id":        {parent, []*rapportv1.CreatePurchaseRequest{with("", "x", same)}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "1", []string{"requests[1].purchase_id"}},
		"own request id":  {parent, []*rapportv1.CreatePurchaseRequest{{Purchase: coffee(), RequestId: uuid.NewString()}}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "1", []string{"requests[1].request_id"}},
		"own dry run":     {parent, []*rapportv1.CreatePurchaseRequest{{Purchase: coffee(), ValidateOnly: true}}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "1", []string{"requests[1].validate_only"}},
		"nobody":          {"customers/-", []*rapportv1.CreatePurchaseRequest{with(unknown, "", same)}, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, "1", nil},
		"deleted":         {"customers/-", []*rapportv1.CreatePurchaseRequest{with(gone, "", same)}, codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED, "1", nil},
		"taken id":        {parent, []*rapportv1.CreatePurchaseRequest{with("", taken.GetUid(), same)}, codes.AlreadyExists, rapportv1.ErrorReason_PURCHASE_ALREADY_EXISTS, "1", nil},
		"taken receipt":   {parent, []*rapportv1.CreatePurchaseRequest{with("", "", receipt("R-1"))}, codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, "1", nil},
		"id twice":        {parent, []*rapportv1.CreatePurchaseRequest{with("", id, same), with("", "", same), with("", id, same)}, codes.AlreadyExists, rapportv1.ErrorReason_PURCHASE_ALREADY_EXISTS, "3", nil},
		"receipt twice":   {parent, []*rapportv1.CreatePurchaseRequest{with("", "", receipt("N")), with("", "", receipt("N"))}, codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, "2", nil},
		"wrong of parent": {"x", []*rapportv1.CreatePurchaseRequest{with("", "", same)}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "0", []string{"requests[0].parent"}},
	} {
		t.Run(name, func(t *testing.T) {
			first := parent
			if test.parent == "x" {
				first = ""
			}
			req := &rapportv1.BatchCreatePurchasesRequest{Parent: test.parent, Requests: append([]*rapportv1.CreatePurchaseRequest{entry(first, coffee())}, test.last...)}
			for _, dry := range []bool{true, false} {
				req.ValidateOnly = dry
				_, err := s.Purchases.BatchCreatePurchases(t.Context(), req)
				apitest.WantFields(t, err, test.code, test.reason, test.fields...)
				if got := apierr.Info(err).GetMetadata()["index"]; got != test.index {
					t.Errorf("validate_only %t: index %q, want %s (%v)", dry, got, test.index, err)
				}
			}
		})
	}
	_, err := s.Purchases.BatchCreatePurchases(t.Context(), &rapportv1.BatchCreatePurchasesRequest{Parent: parent})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "requests")
	// An entry without a purchase, and one that is null, which only REST can send.
	_, err = s.Purchases.BatchCreatePurchases(t.Context(), &rapportv1.BatchCreatePurchasesRequest{Parent: parent, Requests: []*rapportv1.CreatePurchaseRequest{{}}})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "requests[0].purchase")
	if a := s.Do(t, "POST", "/v1/"+parent+"/purchases:batchCreate", `{"requests":[null]}`); a.Status != 400 {
		t.Errorf("null: status %d, %s", a.Status, a.Body)
	}
	if n := countPurchases(t, s); n != 1 {
		t.Errorf("%d purchases, want the first alone", n)
	}
	// A resource that is in the way is named.
	_, err = s.Purchases.BatchCreatePurchases(t.Context(), &rapportv1.BatchCreatePurchasesRequest{Parent: parent, Requests: []*rapportv1.CreatePurchaseRequest{with("", taken.GetUid(), same)}})
	var names []string
	for _, d := range status.Convert(err).Details() {
		if info, ok := d.(*errdetails.ResourceInfo); ok {
			names = append(names, info.GetResourceName())
		}
	}
	if diff := cmp.Diff([]string{taken.GetName()}, names); diff != "" {
		t.Error(diff)
	}
}
