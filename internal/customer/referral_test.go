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

func refer(t testing.TB, s *apitest.Service, name, referrer string) error {
	t.Helper()
	c := &rapportv1.Customer{Name: name, Referrer: proto.String(referrer)}
	_, err := s.Customers.UpdateCustomer(t.Context(), &rapportv1.UpdateCustomerRequest{Customer: c, UpdateMask: mask("referrer")})
	return err
}

func referred(referrer string) *rapportv1.Customer {
	c := ada()
	c.Referrer = proto.String(referrer)
	return c
}

func TestReferrerMustBeThere(t *testing.T) {
	s := apitest.Start(t)
	a := create(t, s, ada())
	gone := remove(t, s, create(t, s, ada()).GetName()).GetName()
	for _, referrer := range []string{unknown, gone} {
		err := refer(t, s, a.GetName(), referrer)
		apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_REFERRER_NOT_FOUND, "customer.referrer")
		_, err = s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{Customer: referred(referrer)})
		apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_REFERRER_NOT_FOUND, "customer.referrer")
		apitest.WantEqual(t, get(t, s, a.GetName()), a)
	}
	// A referrer may be deleted later, and what refers to it can still be changed.
	b := create(t, s, referred(a.GetName()))
	remove(t, s, a.GetName())
	b.DisplayName, b.Etag = "B", ""
	update(t, s, &rapportv1.UpdateCustomerRequest{Customer: b, UpdateMask: mask("display_name")})
	update(t, s, &rapportv1.UpdateCustomerRequest{Customer: b, UpdateMask: mask("*")})
	if got := get(t, s, b.GetName()); got.GetReferrer() != a.GetName() || got.GetDisplayName() != "B" {
		t.Errorf("got %v", got)
	}
}

func TestReferrerCycles(t *testing.T) {
	s := apitest.Start(t)
	a := create(t, s, ada()).GetName()
	b := create(t, s, referred(a)).GetName()
	c := create(t, s, referred(b)).GetName()
	for _, referrer := range []string{a, b, c} {
		apitest.WantFields(t, refer(t, s, a, referrer), codes.InvalidArgument, rapportv1.ErrorReason_REFERRER_CYCLE, "customer.referrer")
	}
	id := newID(t)
	_, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{Customer: referred("customers/" + id), CustomerId: id})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_REFERRER_CYCLE, "customer.referrer")
	// By external id the customer is known only once its row was read.
	if err := setERP(t, s, a, "a"); err != nil {
		t.Fatal(err)
	}
	_, err = s.Customers.UpdateCustomer(t.Context(), &rapportv1.UpdateCustomerRequest{
		Customer: &rapportv1.Customer{Referrer: proto.String(c)}, ExternalId: &rapportv1.ExternalId{Source: "erp", Id: "a"},
	})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_REFERRER_CYCLE, "customer.referrer")
	if got := get(t, s, a); got.Referrer != nil {
		t.Errorf("a refused referrer is there: %v", got)
	}
	if err := refer(t, s, c, a); err != nil {
		t.Errorf("a shorter way up: %v", err)
	}
}

// TestReferrerCyclesUnderConcurrency lets all customers of a ring refer to the next one
// at once: one at least must be refused.
func TestReferrerCyclesUnderConcurrency(t *testing.T) {
	s := apitest.Start(t)
	for round := range 5 {
		ring := times(6, func(i int) string { return create(t, s, withERP(fmt.Sprint(round, "-", i))).GetName() })
		var writers sync.WaitGroup
		refused := make([]bool, len(ring))
		for i, name := range ring {
			req := &rapportv1.UpdateCustomerRequest{Customer: referred(ring[(i+1)%len(ring)]), UpdateMask: mask("referrer")}
			if i%2 == 0 { // both ways to find the customer, which lock in another order
				req.Customer.Name = name
			} else {
				req.ExternalId = byERP(fmt.Sprint(round, "-", i))
			}
			writers.Go(func() {
				if _, err := s.Customers.UpdateCustomer(t.Context(), req); err != nil {
					apitest.WantReason(t, err, codes.InvalidArgument, rapportv1.ErrorReason_REFERRER_CYCLE)
					refused[i] = true
				}
			})
		}
		writers.Wait()
		n := 0
		for _, r := range refused {
			if r {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d of %d were refused, want one: %v", n, len(ring), refused)
		}
	}
}

// TestReferrerChains grows a chain at its lower and at its upper end.
func TestReferrerChains(t *testing.T) {
	s := apitest.Start(t)
	deep := func(err error) {
		t.Helper()
		apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_REFERRER_CHAIN_TOO_DEEP, "customer.referrer")
	}
	top := create(t, s, ada()).GetName()
	last := top
	for range 100 { // the last of them has 100 referrers above it
		last = create(t, s, referred(last)).GetName()
	}
	_, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{Customer: referred(last)})
	deep(err)
	loose := create(t, s, ada()).GetName()
	deep(refer(t, s, loose, last))
	deep(refer(t, s, top, loose)) // the same chain, longer at the top
	// One shorter, both are allowed.
	shorter := get(t, s, last).GetReferrer()
	if err := refer(t, s, last, loose); err != nil {
		t.Fatal(err)
	}
	if err := refer(t, s, top, create(t, s, ada()).GetName()); err != nil {
		t.Errorf("100 above the last: %v", err)
	}
	deep(refer(t, s, last, shorter))
}
