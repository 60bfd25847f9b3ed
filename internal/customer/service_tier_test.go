package customer_test

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

func inTier(tier string) *rapportv1.Customer {
	c := ada()
	c.ServiceTier = proto.String(tier)
	return c
}

// wantDue fails the test unless the customer is stored as it was answered, and is to be
// contacted so many days after it was made; never for 0.
func wantDue(t *testing.T, s *apitest.Service, got *rapportv1.Customer, days int) {
	t.Helper()
	want := proto.CloneOf(got)
	want.NextContactTime, want.ContactOverdueRatio = nil, nil
	if days > 0 {
		dueIn(want, days)
	}
	apitest.WantEqual(t, got, want)
	apitest.WantEqual(t, get(t, s, got.GetName()), want)
}

// TestTheAnswerKnowsTheNewTier gives customers tiers by each call, alone and with a contact
// interval of their own, and takes them away.
func TestTheAnswerKnowsTheNewTier(t *testing.T) {
	s := apitest.Start(t)
	seven, nine, none := tier(t, s, 7), tier(t, s, 9), tier(t, s, 0)
	made := create(t, s, inTier(seven))
	wantDue(t, s, made, 7)
	wantDue(t, s, create(t, s, inTier(none)), 0)
	set := func(c *rapportv1.Customer, paths ...string) *rapportv1.Customer {
		t.Helper()
		c.Name = made.GetName()
		return update(t, s, &rapportv1.UpdateCustomerRequest{Customer: c, UpdateMask: mask(paths...)})
	}
	wantDue(t, s, set(inTier(nine), "service_tier"), 9)
	wantDue(t, s, set(inTier(seven), "display_name"), 9) // named, but not in the mask
	wantDue(t, s, set(&rapportv1.Customer{ContactInterval: days(2)}, "contact_interval"), 2)
	wantDue(t, s, set(inTier(seven), "service_tier"), 2)
	wantDue(t, s, set(&rapportv1.Customer{}, "contact_interval"), 7)
	wantDue(t, s, set(inTier(none), "service_tier"), 0)
	wantDue(t, s, set(inTier(nine), "service_tier"), 9)
	wantDue(t, s, set(&rapportv1.Customer{}, "service_tier"), 0)

	upserted := inTier(seven)
	upserted.ExternalIds = map[string]string{"erp": "1"}
	for _, days := range []int{7, 9} { // made, then changed
		got := update(t, s, upsert(upserted, "1"))
		wantDue(t, s, got, days)
		upserted = &rapportv1.Customer{ServiceTier: proto.String(nine)}
	}
	got := batchUpdate(t, s, upsert(inTier(seven), "2"), upsert(inTier(nine), "1"), upsert(inTier(none), "3"),
		upsert(&rapportv1.Customer{ServiceTier: proto.String(nine)}, "2"), upsert(&rapportv1.Customer{Tags: []string{"x"}}, "2"))
	for i, days := range []int{7, 9, 0, 9, 9} {
		want := proto.CloneOf(got[i])
		if want.NextContactTime = nil; days > 0 {
			dueIn(want, days)
		}
		apitest.WantEqual(t, got[i], want)
	}
	wantDue(t, s, got[4], 9)
	wantResults(t, mustImport(t, s, erpRow(1, "4", inTier(seven)), erpRow(2, "4", inTier(seven)), erpRow(3, "4", inTier(nine))),
		created, unchanged, updated)
}

// TestUnknownTiers: a tier that there is not is refused wherever it is named, and does no
// harm to the other rows of an import.
func TestUnknownTiers(t *testing.T) {
	s := apitest.Start(t)
	known := tier(t, s, 7)
	made := create(t, s, ada())
	wantNothing := func(err error, field string) {
		t.Helper()
		apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, field)
		if n := countCustomers(t, s); n != 1 {
			t.Errorf("%d customers", n)
		}
		apitest.WantEqual(t, get(t, s, made.GetName()), made)
	}
	for _, name := range []string{unknownTier, strings.ToUpper(known), "serviceTiers/", known + "/", strings.TrimPrefix(known, "serviceTiers/"), unknown} {
		_, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{Customer: inTier(name)})
		wantNothing(err, "customer.service_tier")
		c := &rapportv1.Customer{Name: made.GetName(), ServiceTier: proto.String(name)}
		_, err = s.Customers.UpdateCustomer(t.Context(), &rapportv1.UpdateCustomerRequest{Customer: c})
		wantNothing(err, "customer.service_tier")
		_, err = s.Customers.UpdateCustomer(t.Context(), upsert(inTier(name), "1"))
		wantNothing(err, "customer.service_tier")
		_, err = s.Customers.BatchUpdateCustomers(t.Context(), &rapportv1.BatchUpdateCustomersRequest{Requests: []*rapportv1.UpdateCustomerRequest{
			upsert(inTier(known), "2"), {Customer: c},
		}})
		wantNothing(err, "requests[1].customer.service_tier")
		_, err = s.Customers.BatchUpdateCustomers(t.Context(), &rapportv1.BatchUpdateCustomersRequest{Requests: []*rapportv1.UpdateCustomerRequest{
			upsert(inTier(known), "2"), upsert(inTier(name), "3"),
		}})
		wantNothing(err, "requests[1].customer.service_tier")
	}
	outcomes := mustImport(t, s, erpRow(1, "1", inTier(known)), erpRow(2, "2", inTier(unknownTier)), erpRow(3, "3", ada()),
		erpRow(4, "3", inTier(unknownTier)), erpRow(5, "3", inTier(known)))
	wantResults(t, outcomes, created, rejected,
		created, rejected, updated)
	for _, i := range []int{1, 3} {
		apitest.WantFields(t, status.ErrorProto(outcomes[i].GetError()), codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "customer.service_tier")
	}
}

// TestTierDeletedMeanwhile lets each call meet a tier that is there when it looks, and gone
// when it writes.
func TestTierDeletedMeanwhile(t *testing.T) {
	s := apitest.Start(t)
	made := create(t, s, ada())
	for name, call := range map[string]func(tier string) error{
		"create": func(tier string) error {
			_, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{Customer: inTier(tier)})
			return err
		},
		"update": func(tier string) error {
			c := &rapportv1.Customer{Name: made.GetName(), ServiceTier: proto.String(tier)}
			_, err := s.Customers.UpdateCustomer(t.Context(), &rapportv1.UpdateCustomerRequest{Customer: c})
			return err
		},
		"upsert": func(tier string) error {
			_, err := s.Customers.UpdateCustomer(t.Context(), upsert(inTier(tier), "new"))
			return err
		},
		"import": func(tier string) error {
			outcomes, err := importing(t.Context(), s, &importRequest{Rows: []*importRow{erpRow(1, "import", ada()), erpRow(2, "other", inTier(tier))}})
			if err != nil {
				return err
			}
			if outcomes[0].GetError() != nil {
				t.Errorf("the neighbour: %v", outcomes[0])
			}
			return status.ErrorProto(outcomes[1].GetError())
		},
	} {
		t.Run(name, func(t *testing.T) {
			gone := tier(t, s, 7)
			tx, err := s.DB.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Exec(t.Context(), `DELETE FROM service_tier WHERE service_tier_id = $1`, strings.TrimPrefix(gone, "serviceTiers/")); err != nil {
				t.Fatal(err)
			}
			answer := make(chan error, 1)
			go func() { answer <- call(gone) }()
			apitest.Eventually(t, 10*time.Second, func() bool {
				var waiting int
				if err := s.DB.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
					AND wait_event_type = 'Lock'`).Scan(&waiting); err != nil {
					t.Fatal(err)
				}
				return waiting > 0
			})
			if err := tx.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			apitest.WantFields(t, <-answer, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "customer.service_tier")
			apitest.WantEqual(t, get(t, s, made.GetName()), made)
		})
	}
}
