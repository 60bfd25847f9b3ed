package mutation_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/server"
)

// begin opens a transaction beside the service's that ends with the test at the latest.
func begin(t testing.TB, c *caller) pgx.Tx {
	t.Helper()
	tx, err := c.DB.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
	return tx
}

func exec(t testing.TB, tx pgx.Tx, sql string) {
	t.Helper()
	if _, err := tx.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// waitForWaiter waits until somebody waits for a lock.
func waitForWaiter(t testing.TB, c *caller) {
	t.Helper()
	apitest.Eventually(t, 5*time.Second, func() bool {
		var n int
		err := c.DB.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE wait_event_type = 'Lock' AND datname = current_database()`).Scan(&n)
		return err == nil && n > 0
	})
}

// TestStatementTimeout lets PostgreSQL cut off a statement, SQLSTATE 57014.
func TestStatementTimeout(t *testing.T) {
	c := newCaller(t, apitest.StartWith(t, func(c *server.Config) {
		c.StatementTimeout, c.LockTimeout = 150*time.Millisecond, time.Minute
	}))
	name := c.customer(t)
	tx := begin(t, c)
	exec(t, tx, `SELECT FROM customer FOR UPDATE`)
	_, _, err := c.call(t.Context(), &rapportv1.DeleteCustomerRequest{Name: name})
	apitest.WantReason(t, err, codes.DeadlineExceeded, rapportv1.ErrorReason_DEADLINE_EXCEEDED)
}

// TestDeadlineReachesTheDatabase gives a call less time than a statement may take: the
// statement ends with the call, and the connection is good for the next one.
func TestDeadlineReachesTheDatabase(t *testing.T) {
	c := newCaller(t, apitest.StartWith(t, func(c *server.Config) { c.PoolSize, c.PoolMinIdle, c.LockTimeout = 1, 1, time.Minute }))
	name := c.customer(t)
	tx := begin(t, c)
	exec(t, tx, `SELECT FROM lane_feed FOR UPDATE`) // the commit itself waits
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, _, err := c.call(ctx, &rapportv1.CreateCustomerRequest{Customer: newCustomer()})
	if err == nil {
		t.Fatal("the call got through")
	}
	apitest.Eventually(t, 2*time.Second, func() bool {
		var n int
		err := c.DB.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE wait_event_type = 'Lock' AND datname = current_database()`).Scan(&n)
		return err == nil && n == 0
	})
	if _, err := c.Customers.GetCustomer(t.Context(), &rapportv1.GetCustomerRequest{Name: name}); err != nil {
		t.Errorf("the pool's one connection is gone: %v", err)
	}
}

// TestDeadlock makes the service's transaction one of two that wait for each other,
// SQLSTATE 40P01. It runs again and succeeds. PostgreSQL breaks the wait that is a
// second old first, which on a busy machine can be this test's: then there is another
// round.
func TestDeadlock(t *testing.T) {
	c := newCaller(t, apitest.StartWith(t, func(c *server.Config) { c.LockTimeout = 20 * time.Second }))
	rounds := 0
	for broken := false; !broken; {
		if rounds++; rounds > 10 {
			t.Fatal("the service was never the one to be broken")
		}
		name, tx := c.customer(t), begin(t, c)
		exec(t, tx, `SELECT FROM lane_feed FOR UPDATE`)
		done := make(chan error, 1)
		go func() {
			_, err := c.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: name})
			done <- err
		}()
		waitForWaiter(t, c) // the call holds the customer and waits for the lane
		_, err := tx.Exec(t.Context(), `SELECT FROM customer FOR UPDATE`)
		broken = err == nil
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Errorf("the call was not run again: %v", err)
		}
	}
	apitest.Eventually(t, 5*time.Second, func() bool {
		var n int
		err := c.DB.QueryRow(t.Context(), `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&n)
		return err == nil && n > 0
	})
	if changes := count(t, c, "change"); changes != 2*rounds {
		t.Errorf("%d changes, want a creation and one deletion for each of %d rounds", changes, rounds)
	}
}

// TestCrossingWriters lets writers change, delete and take back the same few records
// with their contacts. Each call succeeds or says why in its own terms.
func TestCrossingWriters(t *testing.T) {
	c := newCaller(t, apitest.Start(t))
	var names, contacts []string
	for range 3 {
		contact := c.contact(t)
		contacts, names = append(contacts, contact), append(names, contact[:len("customers/")+36])
	}
	var writers sync.WaitGroup
	for w := range 8 {
		writers.Go(func() {
			for i := range 25 {
				customer, contact := names[(w+i)%3], contacts[(w*i)%3]
				requests := []request{
					&rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{Name: customer}, AddTags: []string{fmt.Sprint(w)}},
					&rapportv1.UpdateContactRequest{Contact: &rapportv1.Contact{Name: contact, DisplayName: fmt.Sprint(w, i)}},
					&rapportv1.DeleteCustomerRequest{Name: customer}, &rapportv1.UndeleteCustomerRequest{Name: customer},
					&rapportv1.DeleteContactRequest{Name: contact}, &rapportv1.UndeleteContactRequest{Name: contact},
					&rapportv1.CreateContactRequest{Parent: customer, Contact: &rapportv1.Contact{DisplayName: "B"}},
				}
				_, _, err := c.call(t.Context(), requests[(w+i)%len(requests)])
				switch reason := apierr.Reason(err); reason {
				case 0, rapportv1.ErrorReason_CUSTOMER_DELETED, rapportv1.ErrorReason_CONTACT_DELETED, rapportv1.ErrorReason_NOT_DELETED:
				default:
					t.Errorf("%v", err)
				}
			}
		})
	}
	writers.Wait()
}
