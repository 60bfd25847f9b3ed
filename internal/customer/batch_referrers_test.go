package customer_test

import (
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// TestBatchUpdateReferralChains makes chains within a batch as long as they may be.
func TestBatchUpdateReferralChains(t *testing.T) {
	s := apitest.Start(t)
	chain := func(n int, below string) (requests []*rapportv1.UpdateCustomerRequest) {
		for range n {
			c := ada()
			c.Name = "customers/" + newID(t)
			if below != "" {
				c.Referrer = proto.String(below)
			}
			below = c.GetName()
			requests = append(requests, &rapportv1.UpdateCustomerRequest{Customer: c, AllowMissing: true})
		}
		return requests
	}
	upper := batchUpdate(t, s, chain(51, "")...)
	lower := batchUpdate(t, s, chain(50, "")...)
	join := func(to string) error {
		_, err := s.Customers.BatchUpdateCustomers(t.Context(), &rapportv1.BatchUpdateCustomersRequest{Requests: []*rapportv1.UpdateCustomerRequest{
			{Customer: &rapportv1.Customer{Name: lower[0].GetName(), Referrer: proto.String(to)}},
		}})
		return err
	}
	apitest.WantReason(t, join(lower[20].GetName()), codes.InvalidArgument, rapportv1.ErrorReason_REFERRER_CYCLE)
	// 51 above and 49 below are 100; one more above would be too deep.
	if err := join(upper[50].GetName()); err != nil {
		t.Errorf("a chain of 100: %v", err)
	}
	_, err := s.Customers.BatchUpdateCustomers(t.Context(), &rapportv1.BatchUpdateCustomersRequest{Requests: chain(1, lower[49].GetName())})
	apitest.WantReason(t, err, codes.InvalidArgument, rapportv1.ErrorReason_REFERRER_CHAIN_TOO_DEEP)
	// A circle that two updates of one batch would close.
	a, b := create(t, s, ada()).GetName(), create(t, s, ada()).GetName()
	_, err = s.Customers.BatchUpdateCustomers(t.Context(), &rapportv1.BatchUpdateCustomersRequest{Requests: []*rapportv1.UpdateCustomerRequest{
		{Customer: &rapportv1.Customer{Name: a, Referrer: proto.String(b)}},
		{Customer: &rapportv1.Customer{Name: b, Referrer: proto.String(a)}},
	}})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_REFERRER_CYCLE, "requests[1].customer.referrer")
}

// TestBatchUpdateReferralChainsFromBelow puts a chain below a customer before that one
// gets a referrer.
func TestBatchUpdateReferralChainsFromBelow(t *testing.T) {
	s := apitest.Start(t)
	chain := func(n int) (names []string) {
		var requests []*rapportv1.UpdateCustomerRequest
		for i := range n {
			c := ada()
			c.Name = "customers/" + newID(t)
			if i > 0 {
				c.Referrer = proto.String(names[i-1])
			}
			names = append(names, c.GetName())
			requests = append(requests, &rapportv1.UpdateCustomerRequest{Customer: c, AllowMissing: true})
		}
		batchUpdate(t, s, requests...)
		return names
	}
	upper, lower := chain(50), chain(50)
	join := func(between ...string) error {
		_, err := s.Customers.BatchUpdateCustomers(t.Context(), &rapportv1.BatchUpdateCustomersRequest{Requests: times(len(between)-1, func(i int) *rapportv1.UpdateCustomerRequest {
			return &rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{Name: between[i], Referrer: proto.String(between[i+1])}}
		})})
		return err
	}
	a, b := create(t, s, ada()).GetName(), create(t, s, ada()).GetName()
	apitest.WantFields(t, join(lower[0], a, b, upper[49]), codes.InvalidArgument, rapportv1.ErrorReason_REFERRER_CHAIN_TOO_DEEP, "requests[2].customer.referrer")
	if err := join(lower[0], a, upper[49]); err != nil {
		t.Errorf("a chain of 101 customers: %v", err)
	}
}

// TestBatchUpdateGoesBackToAReferrer takes a referrer away and gives it back: only the
// second request names it, and the database has it still.
func TestBatchUpdateGoesBackToAReferrer(t *testing.T) {
	s := apitest.Start(t)
	referred := ada()
	referred.Referrer = proto.String(create(t, s, ada()).GetName())
	c := create(t, s, referred)
	got := batchUpdate(t, s,
		&rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{Name: c.GetName()}, UpdateMask: mask("referrer")},
		&rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{Name: c.GetName(), Referrer: referred.Referrer}},
	)
	if got[0].GetReferrer() != "" || got[1].GetReferrer() != referred.GetReferrer() {
		t.Errorf("got %v", got)
	}
	apitest.WantEqual(t, get(t, s, c.GetName()), got[1])
}

// TestBatchUpdateMakesWhatTheMaskLeavesOut upserts a customer with a referrer that the
// mask does not name, which has no say in what is made.
func TestBatchUpdateMakesWhatTheMaskLeavesOut(t *testing.T) {
	s := apitest.Start(t)
	req := upsert(ada(), "1")
	req.Customer.Referrer, req.UpdateMask = proto.String(create(t, s, ada()).GetName()), mask("display_name")
	if got := batchUpdate(t, s, req)[0]; got.GetReferrer() != req.GetCustomer().GetReferrer() {
		t.Errorf("got %v", got)
	}
}
