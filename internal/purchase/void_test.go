package purchase_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/pgtest"
	"github.com/rapport-crm/rapport/internal/server"
)

func TestVoid(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	made := create(t, s, parent, full())
	voided := void(t, s, made.GetName(), "came back broken")
	want := proto.CloneOf(made)
	want.VoidTime, want.VoidReason = voided.GetUpdateTime(), proto.String("came back broken")
	want.UpdateTime, want.Etag = voided.GetUpdateTime(), voided.GetEtag()
	apitest.WantEqual(t, voided, want)
	apitest.WantEqual(t, get(t, s, made.GetName()), want)
	if voided.GetEtag() == made.GetEtag() || voided.GetVoidTime().AsTime().Before(made.GetCreateTime().AsTime()) {
		t.Errorf("made %v, voided %v", made, voided)
	}
	if got := void(t, s, create(t, s, parent, coffee()).GetName(), ""); got.VoidReason != nil || got.GetVoidTime() == nil {
		t.Errorf("without a reason: %v", got)
	}

	changes, err := s.Changes.ListChanges(t.Context(), &rapportv1.ListChangesRequest{Filter: `resource = "` + made.GetName() + `"`})
	if err != nil || len(changes.GetChanges()) != 2 {
		t.Fatalf("changes: %v, %v", changes, err)
	}
	var paths []string
	for _, f := range changes.GetChanges()[0].GetFields() {
		paths = append(paths, f.GetPath())
	}
	if diff := cmp.Diff([]string{"void_reason", "void_time"}, paths); diff != "" || changes.GetChanges()[0].GetType() != rapportv1.Change_UPDATED || changes.GetChanges()[0].GetCustomer() != parent {
		t.Errorf("the change: %v\n%s", changes.GetChanges()[0], diff)
	}
}

func TestVoidRefusals(t *testing.T) {
	s := apitest.Start(t)
	parent, gone := customer(t, s), customer(t, s)
	made, voided, old := create(t, s, parent, coffee()), create(t, s, parent, coffee()), create(t, s, gone, coffee())
	before := void(t, s, voided.GetName(), "first")
	deleteCustomer(t, s, gone)
	for name, test := range map[string]struct {
		req    *rapportv1.VoidPurchaseRequest
		code   codes.Code
		reason rapportv1.ErrorReason
		fields []string
	}{
		"no name":     {&rapportv1.VoidPurchaseRequest{}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"name"}},
		"a customer":  {&rapportv1.VoidPurchaseRequest{Name: parent}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"name"}},
		"long reason": {&rapportv1.VoidPurchaseRequest{Name: made.GetName(), Reason: strings.Repeat("x", 1001)}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"reason"}},
		"NUL":         {&rapportv1.VoidPurchaseRequest{Name: made.GetName(), Reason: "\x00"}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"reason"}},
		"unknown":     {&rapportv1.VoidPurchaseRequest{Name: parent + "/purchases/" + newID(t)}, codes.NotFound, rapportv1.ErrorReason_PURCHASE_NOT_FOUND, nil},
		"stale etag":  {&rapportv1.VoidPurchaseRequest{Name: made.GetName(), Etag: `"9"`}, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH, nil},
		"old etag":    {&rapportv1.VoidPurchaseRequest{Name: voided.GetName(), Etag: voided.GetEtag()}, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH, nil},
		"voided":      {&rapportv1.VoidPurchaseRequest{Name: voided.GetName(), Reason: "second"}, codes.FailedPrecondition, rapportv1.ErrorReason_PURCHASE_VOIDED, nil},
		"customer":    {&rapportv1.VoidPurchaseRequest{Name: old.GetName()}, codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Purchases.VoidPurchase(t.Context(), test.req)
			apitest.WantFields(t, err, test.code, test.reason, test.fields...)
		})
	}
	apitest.WantEqual(t, get(t, s, made.GetName()), made)
	apitest.WantEqual(t, get(t, s, voided.GetName()), before)

	// With the etag that is the current one, and over REST by If-Match.
	path := "/v1/" + made.GetName() + ":void"
	s.Do(t, "POST", path, `{}`, "If-Match", `"9"`).WantProblem(t, 412, rapportv1.ErrorReason_ETAG_MISMATCH)
	if a := s.Do(t, "POST", path, `{"reason":"x"}`, "If-Match", made.GetEtag()); a.Status != 200 {
		t.Errorf("status %d, %s", a.Status, a.Body)
	}
	s.Do(t, "POST", path, `{}`).WantProblem(t, 400, rapportv1.ErrorReason_PURCHASE_VOIDED)
}

// TestOneVoids: of many who void a purchase one does, and a repeat of that call gets its answer.
func TestOneVoids(t *testing.T) {
	s := apitest.Start(t)
	made := create(t, s, customer(t, s), coffee())
	var callers sync.WaitGroup
	var won atomic.Pointer[rapportv1.VoidPurchaseRequest]
	for range 16 {
		callers.Go(func() {
			req := &rapportv1.VoidPurchaseRequest{Name: made.GetName(), RequestId: uuid.NewString()}
			if _, err := s.Purchases.VoidPurchase(t.Context(), req); err != nil {
				apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_PURCHASE_VOIDED)
			} else if !won.CompareAndSwap(nil, req) {
				t.Error("two have voided it")
			}
		})
	}
	callers.Wait()
	if won.Load() == nil {
		t.Fatal("nobody has voided it")
	}
	again, err := s.Purchases.VoidPurchase(t.Context(), won.Load())
	if err != nil {
		t.Fatal(err)
	}
	apitest.WantEqual(t, again, get(t, s, made.GetName()))
}

func TestEtagIsRequiredWhereItIs(t *testing.T) {
	s := apitest.StartWith(t, func(c *server.Config) { c.RequireEtag = true })
	made := create(t, s, customer(t, s), coffee())
	_, err := s.Purchases.VoidPurchase(t.Context(), &rapportv1.VoidPurchaseRequest{Name: made.GetName()})
	apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_ETAG_REQUIRED)
	if _, err := s.Purchases.VoidPurchase(t.Context(), &rapportv1.VoidPurchaseRequest{Name: made.GetName(), Etag: made.GetEtag()}); err != nil {
		t.Error(err)
	}
}

// TestGoesWithItsCustomer: a deleted customer's purchases are still there, and go for good with it.
func TestGoesWithItsCustomer(t *testing.T) {
	url := pgtest.New(t)
	s := apitest.StartWith(t, func(c *server.Config) {
		c.DatabaseURL, c.PurgeAfter, c.SweepInterval = url, time.Hour, 100*time.Millisecond
	})
	gone, stays := customer(t, s), customer(t, s)
	made, kept := create(t, s, gone, full()), create(t, s, stays, full())
	deleteCustomer(t, s, gone)
	apitest.WantEqual(t, get(t, s, made.GetName()), made)
	if _, err := s.DB.Exec(t.Context(), `UPDATE customer SET purge_time = now() - interval '1 second' WHERE delete_time IS NOT NULL`); err != nil {
		t.Fatal(err)
	}
	apitest.Eventually(t, 30*time.Second, func() bool { return countPurchases(t, s) == 1 })
	_, err := s.Purchases.GetPurchase(t.Context(), &rapportv1.GetPurchaseRequest{Name: made.GetName()})
	apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_PURCHASE_NOT_FOUND)
	apitest.WantEqual(t, get(t, s, kept.GetName()), kept)
}

// TestNothingIsDeleted: neither REST nor gRPC has a way to edit or delete a purchase.
func TestNothingIsDeleted(t *testing.T) {
	s := apitest.Start(t)
	made := create(t, s, customer(t, s), coffee())
	for _, method := range []string{"DELETE", "PATCH", "PUT"} {
		s.Do(t, method, "/v1/"+made.GetName(), `{}`).WantProblem(t, 405, rapportv1.ErrorReason_METHOD_NOT_ALLOWED)
	}
	apitest.WantEqual(t, get(t, s, made.GetName()), made)
}
