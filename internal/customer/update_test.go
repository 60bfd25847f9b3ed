package customer_test

import (
	"fmt"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

func TestUpdateRefusals(t *testing.T) {
	s := apitest.Start(t)
	live, gone := create(t, s, full()), create(t, s, ada())
	gone = remove(t, s, gone.GetName())
	c := func(name string) *rapportv1.Customer { return &rapportv1.Customer{Name: name, DisplayName: "B"} }
	stale := c(live.GetName())
	stale.Etag = `"0"`
	taken := c(live.GetName())
	taken.ExternalIds = map[string]string{"erp": "taken"}
	other := ada()
	other.ExternalIds = map[string]string{"erp": "taken"}
	create(t, s, other)
	erp := &rapportv1.ExternalId{Source: "erp", Id: "4711"}
	for name, test := range map[string]struct {
		req    *rapportv1.UpdateCustomerRequest
		code   codes.Code
		reason rapportv1.ErrorReason
		fields []string
	}{
		"no customer": {&rapportv1.UpdateCustomerRequest{}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"customer.name"}},
		"no name": {
			&rapportv1.UpdateCustomerRequest{Customer: c("")}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD,
			[]string{"customer.name"},
		},
		"wrong name": {
			&rapportv1.UpdateCustomerRequest{Customer: c("customers/-")}, codes.InvalidArgument,
			rapportv1.ErrorReason_INVALID_FIELD,
			[]string{"customer.name"},
		},
		"name and external id": {
			&rapportv1.UpdateCustomerRequest{Customer: c(live.GetName()), ExternalId: erp},
			codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD,
			[]string{"external_id"},
		},
		"empty external id": {
			&rapportv1.UpdateCustomerRequest{Customer: c(""), ExternalId: &rapportv1.ExternalId{}},
			codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD,
			[]string{"external_id.source", "external_id.id"},
		},
		"nothing populated": {
			&rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{Name: live.GetName()}},
			codes.InvalidArgument, rapportv1.ErrorReason_EMPTY_UPDATE_MASK,
			[]string{"update_mask"},
		},
		"only what cannot be set": {&rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{
			Name: live.GetName(), Type: rapportv1.Customer_INDIVIDUAL, Uid: "x", Etag: live.GetEtag(),
		}}, codes.InvalidArgument, rapportv1.ErrorReason_EMPTY_UPDATE_MASK, []string{"update_mask"}},
		"mask of the etag": {
			&rapportv1.UpdateCustomerRequest{Customer: c(live.GetName()), UpdateMask: mask("etag")},
			codes.InvalidArgument, rapportv1.ErrorReason_EMPTY_UPDATE_MASK,
			[]string{"update_mask"},
		},
		"tags both ways": {
			&rapportv1.UpdateCustomerRequest{Customer: c(live.GetName()), UpdateMask: mask("tags"), AddTags: []string{"x"}},
			codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD,
			[]string{"add_tags"},
		},
		"empty tag": {
			&rapportv1.UpdateCustomerRequest{Customer: c(live.GetName()), RemoveTags: []string{""}},
			codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD,
			[]string{"remove_tags[0]"},
		},
		"51 tags": {
			&rapportv1.UpdateCustomerRequest{Customer: c(live.GetName()), AddTags: tags(51)},
			codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD,
			[]string{"add_tags"},
		},
		"unknown":          {&rapportv1.UpdateCustomerRequest{Customer: c(unknown)}, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, nil},
		"deleted":          {&rapportv1.UpdateCustomerRequest{Customer: c(gone.GetName())}, codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED, nil},
		"stale etag":       {&rapportv1.UpdateCustomerRequest{Customer: stale}, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH, nil},
		"taken id":         {&rapportv1.UpdateCustomerRequest{Customer: taken}, codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, nil},
		"unknown external": {&rapportv1.UpdateCustomerRequest{Customer: c(""), ExternalId: &rapportv1.ExternalId{Source: "erp", Id: "0"}}, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Customers.UpdateCustomer(t.Context(), test.req)
			apitest.WantFields(t, err, test.code, test.reason, test.fields...)
			apitest.WantEqual(t, get(t, s, live.GetName()), live)
			apitest.WantEqual(t, get(t, s, gone.GetName()), gone)
		})
	}
}

func TestUpdateWithEtag(t *testing.T) {
	s := apitest.Start(t)
	made := create(t, s, ada())
	for i, etag := range []string{made.GetEtag(), "*", `"3"`, ""} {
		c := &rapportv1.Customer{Name: made.GetName(), DisplayName: fmt.Sprint("B", i), Etag: etag}
		if got := update(t, s, &rapportv1.UpdateCustomerRequest{Customer: c}); got.GetEtag() != fmt.Sprintf(`"%d"`, i+2) {
			t.Errorf("update %d with etag %q: etag %s", i, etag, got.GetEtag())
		}
	}
	for _, etag := range []string{made.GetEtag(), "5", `W/"5"`, `"5" `} {
		c := &rapportv1.Customer{Name: made.GetName(), DisplayName: "C", Etag: etag}
		_, err := s.Customers.UpdateCustomer(t.Context(), &rapportv1.UpdateCustomerRequest{Customer: c})
		apitest.WantReason(t, err, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH)
	}
}

// TestUpdateOfNothing leaves no trace: the values are those that are there.
func TestUpdateOfNothing(t *testing.T) {
	s := apitest.Start(t)
	made := create(t, s, full())
	same := proto.CloneOf(made)
	same.Type = 0
	for _, paths := range [][]string{nil, {"*"}, {"display_name"}, {"attributes.none"}, {"external_ids.none"}} {
		apitest.WantEqual(t, update(t, s, &rapportv1.UpdateCustomerRequest{Customer: proto.CloneOf(same), UpdateMask: mask(paths...)}), made)
	}
	bare := &rapportv1.Customer{Name: made.GetName()}
	apitest.WantEqual(t, update(t, s, &rapportv1.UpdateCustomerRequest{Customer: bare, AddTags: []string{"vip"}, RemoveTags: []string{"x"}}), made)
	if changes := changesOf(t, s, made.GetName()); len(changes) != 1 {
		t.Errorf("%d changes, want the creation alone: %v", len(changes), changes)
	}
}

// TestConcurrentUpdates lets writers read, change and write by etag. Each write that
// succeeded is in the final value, and no other.
func TestConcurrentUpdates(t *testing.T) {
	s := apitest.Start(t)
	c := ada()
	c.Attributes = map[string]*rapportv1.AttributeValue{"n": number(0)}
	name := create(t, s, c).GetName()
	var writers sync.WaitGroup
	wins := make([]int, 12)
	for w := range wins {
		writers.Go(func() {
			for range 10 {
				c, err := s.Customers.GetCustomer(t.Context(), &rapportv1.GetCustomerRequest{Name: name})
				if err != nil {
					t.Error(err)
					return
				}
				c.Attributes["n"] = number(c.GetAttributes()["n"].GetDoubleValue() + 1)
				_, err = s.Customers.UpdateCustomer(t.Context(), &rapportv1.UpdateCustomerRequest{Customer: c, UpdateMask: mask("attributes.n")})
				if err == nil {
					wins[w]++
				} else {
					apitest.WantReason(t, err, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH)
				}
			}
		})
	}
	writers.Wait()
	total := 0
	for _, n := range wins {
		total += n
	}
	if got := get(t, s, name); got.GetAttributes()["n"].GetDoubleValue() != float64(total) || got.GetEtag() != fmt.Sprintf(`"%d"`, total+1) {
		t.Errorf("%d writes succeeded, and the value is %v", total, got)
	}
}
