package customer_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/apitest"
)

func batchUpdate(t testing.TB, s *apitest.Service, requests ...*rapportv1.UpdateCustomerRequest) []*rapportv1.Customer {
	t.Helper()
	resp, err := s.Customers.BatchUpdateCustomers(t.Context(), &rapportv1.BatchUpdateCustomersRequest{Requests: requests})
	if err != nil {
		t.Fatalf("batch update: %v", err)
	}
	return resp.GetCustomers()
}

func upsert(c *rapportv1.Customer, erp string) *rapportv1.UpdateCustomerRequest {
	return &rapportv1.UpdateCustomerRequest{Customer: c, ExternalId: byERP(erp), AllowMissing: true}
}

// TestBatchUpdate changes one customer by its name, one by its external id, and makes
// two, one of them under a name of the caller's. Every field comes back as from the
// single calls.
func TestBatchUpdate(t *testing.T) {
	s := apitest.Start(t)
	byName, byKey := create(t, s, ada()), ada()
	byKey.ExternalIds = map[string]string{"erp": "key"}
	byKey = create(t, s, byKey)
	rich, single := full(), full()
	rich.Tags = []string{`a "quoted", {tag}`, `back\slash`, "NULL", "vip"}
	rich.ExternalIds = map[string]string{"erp": "rich"}
	rich.Name = "customers/" + newID(t)
	single.Tags, single.ExternalIds = rich.GetTags(), map[string]string{"erp": "single"}
	got := batchUpdate(t, s,
		&rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{Name: byName.GetName(), DisplayName: "Grace", Owner: proto.String("s")}, AddTags: []string{"b", "a"}},
		&rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{TimeZone: proto.String("Asia/Tokyo")}, ExternalId: byERP("key")},
		&rapportv1.UpdateCustomerRequest{Customer: rich, AllowMissing: true},
		upsert(ada(), "new"),
	)
	if len(got) != 4 || got[0].GetName() != byName.GetName() || got[1].GetName() != byKey.GetName() || got[2].GetName() != rich.GetName() {
		t.Fatalf("got %v", got)
	}
	if got[0].GetDisplayName() != "Grace" || strings.Join(got[0].GetTags(), " ") != "a b" || got[0].GetEtag() != `"2"` || got[1].GetTimeZone() != "Asia/Tokyo" {
		t.Errorf("changed: %v", got[:2])
	}
	if got[3].GetExternalIds()["erp"] != "new" {
		t.Errorf("made: %v", got[3])
	}
	for _, c := range got {
		apitest.WantEqual(t, get(t, s, c.GetName()), c)
	}
	alone := create(t, s, single)
	alone.Name, alone.Uid, alone.ExternalIds = got[2].GetName(), got[2].GetUid(), got[2].GetExternalIds()
	alone.CreateTime, alone.UpdateTime = got[2].GetCreateTime(), got[2].GetUpdateTime()
	apitest.WantEqual(t, got[2], dueIn(alone, 30))
	for i, want := range []int{2, 2, 1, 1} {
		if changes := changesOf(t, s, got[i].GetName()); len(changes) != want {
			t.Errorf("customer %d has the changes %v, want %d", i, changes, want)
		}
	}
}

// TestBatchUpdateIsTakenInOrder makes a customer, changes it twice, moves its external
// id to another one and makes a third that it refers.
func TestBatchUpdateIsTakenInOrder(t *testing.T) {
	s := apitest.Start(t)
	name := "customers/" + newID(t)
	first := ada()
	first.Name, first.ExternalIds = name, map[string]string{"erp": "1"}
	third := ada()
	third.Referrer = proto.String(name)
	got := batchUpdate(t, s,
		&rapportv1.UpdateCustomerRequest{Customer: first, AllowMissing: true},
		upsert(&rapportv1.Customer{DisplayName: "B"}, "1"),
		&rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{Name: name}, UpdateMask: mask("external_ids.erp")},
		upsert(ada(), "1"),
		upsert(third, "3"),
		&rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{Name: name, DisplayName: "B"}},
	)
	for i, etag := range []string{`"1"`, `"2"`, `"3"`, `"1"`, `"1"`, `"3"`} {
		if got[i].GetEtag() != etag {
			t.Errorf("answer %d has the etag %s, want %s", i, got[i].GetEtag(), etag)
		}
	}
	if got[0].GetDisplayName() != "Ada" || got[1].GetName() != name || got[1].GetDisplayName() != "B" || got[3].GetName() == name {
		t.Errorf("got %v", got)
	}
	apitest.WantEqual(t, get(t, s, name), got[5])
	if changes := changesOf(t, s, name); len(changes) != 3 || changes[2].GetType() != rapportv1.Change_CREATED {
		t.Errorf("changes %v", changes)
	}
	if c := update(t, s, &rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{DisplayName: "C"}, ExternalId: byERP("1")}); c.GetName() != got[3].GetName() {
		t.Errorf("the external id leads to %v", c)
	}
}

// TestBatchUpdateIsAllOrNone refuses a batch for each thing that can be wrong with one
// of its requests, says which, and changes nothing.
func TestBatchUpdateIsAllOrNone(t *testing.T) {
	s := apitest.Start(t)
	c, taken, gone := create(t, s, ada()), ada(), create(t, s, ada())
	taken.ExternalIds = map[string]string{"erp": "taken"}
	taken = create(t, s, taken)
	remove(t, s, gone.GetName())
	named := func(name string) *rapportv1.Customer { return &rapportv1.Customer{Name: name, DisplayName: "X"} }
	with := func(c *rapportv1.Customer, set func(*rapportv1.Customer)) *rapportv1.Customer { set(c); return c }
	for name, test := range map[string]struct {
		req    *rapportv1.UpdateCustomerRequest
		code   codes.Code
		reason rapportv1.ErrorReason
		field  string
	}{
		"no such customer": {&rapportv1.UpdateCustomerRequest{Customer: named(unknown)}, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, ""},
		"no such id":       {&rapportv1.UpdateCustomerRequest{Customer: ada(), ExternalId: byERP("none")}, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, ""},
		"deleted":          {&rapportv1.UpdateCustomerRequest{Customer: named(gone.GetName())}, codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED, ""},
		"stale etag": {
			&rapportv1.UpdateCustomerRequest{Customer: with(named(taken.GetName()), func(c *rapportv1.Customer) { c.Etag = `"7"` })},
			codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH, "",
		},
		"another's external id": {&rapportv1.UpdateCustomerRequest{Customer: with(named(c.GetName()), func(c *rapportv1.Customer) {
			c.ExternalIds = map[string]string{"erp": "taken"}
		})}, codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, ""},
		"neither name nor id": {&rapportv1.UpdateCustomerRequest{Customer: ada()}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "requests[1].customer.name"},
		"by the rules": {&rapportv1.UpdateCustomerRequest{Customer: with(named(taken.GetName()), func(c *rapportv1.Customer) {
			c.DisplayName = strings.Repeat("x", 201)
		})}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "requests[1].customer.display_name"},
		"by the handler": {&rapportv1.UpdateCustomerRequest{Customer: with(named(taken.GetName()), func(c *rapportv1.Customer) {
			c.TimeZone = proto.String("Mars/Olympus")
		})}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "requests[1].customer.time_zone"},
		"mask": {
			&rapportv1.UpdateCustomerRequest{Customer: named(taken.GetName()), UpdateMask: mask("nmae")},
			codes.InvalidArgument, rapportv1.ErrorReason_INVALID_UPDATE_MASK, "requests[1].update_mask",
		},
		"no mask": {
			&rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{Name: taken.GetName()}},
			codes.InvalidArgument, rapportv1.ErrorReason_EMPTY_UPDATE_MASK, "requests[1].update_mask",
		},
		"its own referrer": {&rapportv1.UpdateCustomerRequest{Customer: with(named(taken.GetName()), func(c *rapportv1.Customer) {
			c.Referrer = proto.String(taken.GetName())
		})}, codes.InvalidArgument, rapportv1.ErrorReason_REFERRER_CYCLE, "requests[1].customer.referrer"},
		"deleted referrer": {&rapportv1.UpdateCustomerRequest{Customer: with(named(taken.GetName()), func(c *rapportv1.Customer) {
			c.Referrer = proto.String(gone.GetName())
		})}, codes.InvalidArgument, rapportv1.ErrorReason_REFERRER_NOT_FOUND, "requests[1].customer.referrer"},
		"a request id": {
			&rapportv1.UpdateCustomerRequest{Customer: named(taken.GetName()), RequestId: newID(t)},
			codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "requests[1].request_id",
		},
		"validate only": {
			&rapportv1.UpdateCustomerRequest{Customer: named(taken.GetName()), ValidateOnly: true},
			codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "requests[1].validate_only",
		},
		"no type": {upsert(&rapportv1.Customer{DisplayName: "X"}, "untyped"), codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "requests[1].customer.type"},
	} {
		t.Run(name, func(t *testing.T) {
			good := &rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{Name: c.GetName(), DisplayName: "Never"}}
			_, err := s.Customers.BatchUpdateCustomers(t.Context(), &rapportv1.BatchUpdateCustomersRequest{
				Requests: []*rapportv1.UpdateCustomerRequest{good, test.req, upsert(ada(), "never")},
			})
			if test.field != "" {
				apitest.WantFields(t, err, test.code, test.reason, test.field)
			} else {
				apitest.WantReason(t, err, test.code, test.reason)
			}
			if index := apierr.Info(err).GetMetadata()["index"]; index != "1" && name != "by the rules" {
				t.Errorf("index %q in %v", index, err)
			}
			apitest.WantEqual(t, get(t, s, c.GetName()), c)
			apitest.WantEqual(t, get(t, s, taken.GetName()), taken)
		})
	}
	if resp, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{}); err != nil || len(resp.GetCustomers()) != 2 {
		t.Errorf("left behind: %v, %v", resp, err)
	}
}

func TestBatchUpdateLimits(t *testing.T) {
	s := apitest.Start(t)
	_, err := s.Customers.BatchUpdateCustomers(t.Context(), &rapportv1.BatchUpdateCustomersRequest{})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "requests")
	requests := times(1001, func(i int) *rapportv1.UpdateCustomerRequest {
		c := ada()
		c.DisplayName = fmt.Sprintf("Customer %d", i)
		return upsert(c, fmt.Sprint(i))
	})
	_, err = s.Customers.BatchUpdateCustomers(t.Context(), &rapportv1.BatchUpdateCustomersRequest{Requests: requests})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "requests")
	made := batchUpdate(t, s, requests[:1000]...)
	// New customers of a batch lie in one lane; their feed has no hole.
	changes := map[int32]map[int64]bool{}
	for _, c := range made {
		change := changesOf(t, s, c.GetName())[0]
		if changes[change.GetLane()] == nil {
			changes[change.GetLane()] = map[int64]bool{}
		}
		changes[change.GetLane()][change.GetSequence()] = true
	}
	if len(changes) != 1 {
		t.Errorf("%d lanes", len(changes))
	}
	for lane, sequences := range changes {
		for i := range int64(1000) {
			if !sequences[i+1] {
				t.Errorf("lane %d has no change %d", lane, i+1)
			}
		}
	}
	for i := range requests {
		requests[i].Customer.Tags = []string{"changed"}
	}
	for i, c := range batchUpdate(t, s, requests[:1000]...) {
		if c.GetName() != made[i].GetName() || c.GetEtag() != `"2"` || c.GetTags()[0] != "changed" || c.GetDisplayName() != fmt.Sprintf("Customer %d", i) {
			t.Fatalf("customer %d is %v", i, c)
		}
	}
}

// TestConcurrentBatches lets batches upsert the same customers in different orders.
// None waits for another in a circle, each customer is made once, and none of the
// changes is lost.
func TestConcurrentBatches(t *testing.T) {
	s := apitest.Start(t)
	const writers, customers, rounds = 8, 20, 5
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for round := range rounds {
				var requests []*rapportv1.UpdateCustomerRequest
				for i := range customers {
					n := (i*7 + w*3) % customers
					c := ada()
					c.Attributes = map[string]*rapportv1.AttributeValue{fmt.Sprintf("w%d", w): number(float64(round))}
					r := upsert(c, fmt.Sprint(n))
					r.UpdateMask = mask(fmt.Sprintf("attributes.w%d", w))
					requests = append(requests, r)
				}
				if _, err := s.Customers.BatchUpdateCustomers(t.Context(), &rapportv1.BatchUpdateCustomersRequest{Requests: requests}); err != nil {
					t.Errorf("writer %d: %v", w, err)
				}
			}
		})
	}
	all.Wait()
	resp, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{PageSize: 100})
	if err != nil || len(resp.GetCustomers()) != customers {
		t.Fatalf("%d customers, %v", len(resp.GetCustomers()), err)
	}
	for _, c := range resp.GetCustomers() {
		want := map[string]float64{}
		for w := range writers {
			want[fmt.Sprintf("w%d", w)] = rounds - 1
		}
		got := map[string]float64{}
		for key, a := range c.GetAttributes() {
			got[key] = a.GetDoubleValue()
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s has %v", c.GetName(), got)
		}
		if changes := changesOf(t, s, c.GetName()); len(changes) != writers*rounds {
			t.Errorf("%s has %d changes", c.GetName(), len(changes))
		}
	}
}

func TestBatchUpdateOverREST(t *testing.T) {
	s := apitest.Start(t)
	resp := s.Do(t, http.MethodPost, "/v1/customers:batchUpdate", `{"requests": [
		{"customer": {"type": "INDIVIDUAL", "displayName": "Ada"}, "externalId": {"source": "erp", "id": "1"}, "allowMissing": true},
		{"customer": {"displayName": "Grace"}, "externalId": {"source": "erp", "id": "1"}, "updateMask": "displayName"}]}`)
	if resp.Status != http.StatusOK || !strings.Contains(string(resp.Body), `"displayName":"Grace"`) {
		t.Fatalf("got %d %s", resp.Status, resp.Body)
	}
	resp = s.Do(t, http.MethodPost, "/v1/customers:batchUpdate", `{"requests": [{"customer": {"displayName": "Ada"}, "externalId": {"source": "erp", "id": "2"}}]}`)
	if resp.Status != http.StatusNotFound || !strings.Contains(string(resp.Body), `"index":"0"`) {
		t.Errorf("got %d %s", resp.Status, resp.Body)
	}
}
