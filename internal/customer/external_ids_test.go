package customer_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/apitest"
)

func withERP(id string) *rapportv1.Customer {
	c := ada()
	c.ExternalIds = map[string]string{"erp": id}
	return c
}

func setERP(t testing.TB, s *apitest.Service, name, id string) error {
	t.Helper()
	c := &rapportv1.Customer{Name: name}
	if id != "" {
		c.ExternalIds = map[string]string{"erp": id}
	}
	_, err := s.Customers.UpdateCustomer(t.Context(), &rapportv1.UpdateCustomerRequest{Customer: c, UpdateMask: mask("external_ids.erp")})
	return err
}

// owner returns the name of the customer that has the id.
func owner(t testing.TB, s *apitest.Service, id string) string {
	t.Helper()
	list, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{Filter: fmt.Sprintf(`external_ids.erp = %q`, id), ShowDeleted: true})
	if err != nil || len(list.GetCustomers()) > 1 {
		t.Fatalf("%v, %v", list, err)
	}
	if len(list.GetCustomers()) == 0 {
		return ""
	}
	c := list.GetCustomers()[0]
	if c.GetExternalIds()["erp"] != id {
		t.Errorf("the key %s leads to %v", id, c)
	}
	return c.GetName()
}

func TestExternalIDsMove(t *testing.T) {
	s := apitest.Start(t)
	a, b := create(t, s, withERP("1")).GetName(), create(t, s, ada()).GetName()
	inUse := func(err error) {
		t.Helper()
		apitest.WantReason(t, err, codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE)
	}
	inUse(setERP(t, s, b, "1"))
	if err := setERP(t, s, a, "2"); err != nil {
		t.Fatal(err)
	}
	if err := setERP(t, s, b, "1"); err != nil {
		t.Errorf("a freed id is taken: %v", err)
	}
	inUse(setERP(t, s, a, "1"))
	if owner(t, s, "1") != b || owner(t, s, "2") != a {
		t.Error("the keys lead elsewhere")
	}
	remove(t, s, b)
	inUse(setERP(t, s, a, "1")) // until b is purged
	if err := setERP(t, s, a, ""); err != nil || owner(t, s, "2") != "" {
		t.Errorf("%v, and the cleared id leads to %q", err, owner(t, s, "2"))
	}
	// The same id of another source is another key.
	c := ada()
	c.ExternalIds = map[string]string{"shop": "1"}
	create(t, s, c)
}

// TestExternalIDsSwappedConcurrently lets customers take ids from each other all at
// once, which makes deadlocks. Whoever is refused is told that the id is in use or that
// others were in the way, and keys and customers agree in the end.
func TestExternalIDsSwappedConcurrently(t *testing.T) {
	s := apitest.Start(t)
	const customers, ids = 4, 5
	names := times(customers, func(i int) string { return create(t, s, withERP(fmt.Sprint(i))).GetName() })
	var writers sync.WaitGroup
	var done atomic.Int64
	stop := time.Now().Add(1500 * time.Millisecond)
	for w := range 8 {
		writers.Go(func() {
			for i := w; time.Now().Before(stop); i++ {
				c := &rapportv1.Customer{Name: names[i%customers], ExternalIds: map[string]string{
					"erp": fmt.Sprint(i % ids), "shop": fmt.Sprint((i + w) % ids),
				}}
				_, err := s.Customers.UpdateCustomer(t.Context(), &rapportv1.UpdateCustomerRequest{Customer: c})
				switch reason := apierr.Reason(err); {
				case err == nil:
					done.Add(1)
				case reason != rapportv1.ErrorReason_EXTERNAL_ID_IN_USE && reason != rapportv1.ErrorReason_TRANSACTION_CONFLICT:
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	if done.Load() == 0 {
		t.Error("nobody got an id")
	}
	keys := 0
	for _, name := range names {
		c := get(t, s, name)
		keys += len(c.GetExternalIds())
		if o := owner(t, s, c.GetExternalIds()["erp"]); o != name {
			t.Errorf("%s has erp %q, which leads to %s", name, c.GetExternalIds()["erp"], o)
		}
	}
	var rows int
	if err := s.DB.QueryRow(t.Context(), `SELECT count(*) FROM external_id`).Scan(&rows); err != nil || rows != keys {
		t.Errorf("%d keys for %d external ids, %v", rows, keys, err)
	}
}

// TestExternalIDMovesWhileAnUpdateWaits holds a customer's row while its external id
// moves to another one: the update by that id must not hit the first.
func TestExternalIDMovesWhileAnUpdateWaits(t *testing.T) {
	s := apitest.Start(t)
	a, b := create(t, s, withERP("1")), create(t, s, withERP("2"))
	tx, err := s.DB.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context()) //nolint:errcheck // after the commit it has no say
	for _, move := range []struct{ sql, customer string }{
		{`UPDATE customer SET external_ids = '{}' WHERE customer_id = $1`, a.GetUid()},
		{`UPDATE customer SET external_ids = '{"erp": "1"}' WHERE customer_id = $1`, b.GetUid()},
		{`UPDATE external_id SET customer_id = $1, customer_lane = (SELECT lane FROM customer WHERE customer_id = $1)
			WHERE id = '1'`, b.GetUid()},
	} {
		if _, err := tx.Exec(t.Context(), move.sql, move.customer); err != nil {
			t.Fatal(err)
		}
	}
	updated := make(chan *rapportv1.Customer, 1)
	go func() {
		c, err := s.Customers.UpdateCustomer(t.Context(), &rapportv1.UpdateCustomerRequest{
			Customer: &rapportv1.Customer{DisplayName: "B"}, ExternalId: byERP("1"),
		})
		if err != nil {
			t.Error(err)
		}
		updated <- c
	}()
	apitest.Eventually(t, 5*time.Second, func() bool {
		var waiting int
		err := s.DB.QueryRow(t.Context(), `SELECT count(*) FROM pg_locks WHERE NOT granted`).Scan(&waiting)
		return err == nil && waiting > 0
	})
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c := <-updated; c.GetName() != b.GetName() {
		t.Errorf("updated %s, which no longer has the id; it is %s's", c.GetName(), b.GetName())
	}
	if got := get(t, s, a.GetName()); got.GetDisplayName() != "Ada" {
		t.Errorf("the first customer was changed: %v", got)
	}
}
