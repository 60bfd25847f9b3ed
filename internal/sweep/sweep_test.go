package sweep_test

import (
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/server"
	"github.com/rapport-crm/rapport/internal/sweep"
)

func sweeper(t testing.TB, s *apitest.Service) *sweep.Sweeper {
	t.Helper()
	pool, err := db.Open(t.Context(), db.Options{
		URL: s.DatabaseURL, MaxConns: 4, AcquireTimeout: time.Second, StatementTimeout: 5 * time.Second, LockTimeout: 2 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return &sweep.Sweeper{DB: pool, Interval: time.Hour, Log: slog.New(slog.DiscardHandler)}
}

func run(t testing.TB, s *sweep.Sweeper) {
	t.Helper()
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// due puts the purge time of all that is deleted, and the expiry of all claims, a second
// into the past.
func due(t testing.TB, s *apitest.Service) {
	t.Helper()
	for _, sql := range []string{
		`UPDATE customer SET purge_time = now() - interval '1 second' WHERE purge_time IS NOT NULL`,
		`UPDATE contact SET purge_time = now() - interval '1 second' WHERE purge_time IS NOT NULL`,
		`UPDATE interaction SET purge_time = now() - interval '1 second' WHERE purge_time IS NOT NULL`,
		`UPDATE request SET expire_time = now() - interval '1 second'`,
	} {
		if _, err := s.DB.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
}

func count(t testing.TB, s *apitest.Service, table string) (n int) {
	t.Helper()
	if err := s.DB.QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func create(t testing.TB, s *apitest.Service, erp, id string) *rapportv1.Customer {
	t.Helper()
	c, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{CustomerId: id, Customer: &rapportv1.Customer{
		Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Ada", ExternalIds: map[string]string{"erp": erp},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func contact(t testing.TB, s *apitest.Service, parent string) *rapportv1.Contact {
	t.Helper()
	c, err := s.Customers.CreateContact(t.Context(), &rapportv1.CreateContactRequest{Parent: parent, Contact: &rapportv1.Contact{
		DisplayName: "B", Emails: []*rapportv1.EmailAddress{{Address: "b@example.com"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSweepPurgesWhatIsDue(t *testing.T) {
	s := apitest.Start(t)
	sw := sweeper(t, s)
	live, gone := create(t, s, "1", ""), create(t, s, "2", "")
	kept, removed, cascaded := contact(t, s, live.GetName()), contact(t, s, live.GetName()), contact(t, s, gone.GetName())
	if _, err := s.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: gone.GetName()}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Customers.DeleteContact(t.Context(), &rapportv1.DeleteContactRequest{Name: removed.GetName()}); err != nil {
		t.Fatal(err)
	}
	run(t, sw) // nothing is due yet
	if count(t, s, "customer") != 2 || count(t, s, "contact") != 3 || count(t, s, "external_id") != 2 || count(t, s, "search_key") != 5 {
		t.Fatal("swept before its time")
	}
	due(t, s)
	run(t, sw)
	if n := count(t, s, "search_key"); n != 2 {
		t.Errorf("%d search keys are left, want those of the live customer and its live contact", n)
	}
	for _, name := range []string{removed.GetName(), cascaded.GetName()} {
		_, err := s.Customers.GetContact(t.Context(), &rapportv1.GetContactRequest{Name: name})
		apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_CONTACT_NOT_FOUND)
	}
	_, err := s.Customers.GetCustomer(t.Context(), &rapportv1.GetCustomerRequest{Name: gone.GetName()})
	apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND)
	_, err = s.Customers.UndeleteCustomer(t.Context(), &rapportv1.UndeleteCustomerRequest{Name: gone.GetName()})
	apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND)
	if c, err := s.Customers.GetContact(t.Context(), &rapportv1.GetContactRequest{Name: kept.GetName()}); err != nil || !proto.Equal(c, kept) {
		t.Errorf("%v, %v: a live contact was touched", c, err)
	}
	// The external id and the customer's own id are free again; the changes stay.
	create(t, s, "2", gone.GetUid())
	changes, err := s.Changes.ListChanges(t.Context(), &rapportv1.ListChangesRequest{Filter: `resource = "` + gone.GetName() + `"`})
	if err != nil || len(changes.GetChanges()) != 3 {
		t.Errorf("%v, %v: want the creation, the deletion and the new creation", changes, err)
	}
}

// TestSweepPurgesInteractions removes those that are due, and those of a customer who goes.
func TestSweepPurgesInteractions(t *testing.T) {
	s := apitest.Start(t)
	sw := sweeper(t, s)
	live, gone := create(t, s, "1", ""), create(t, s, "2", "")
	var names []string
	for _, parent := range []string{live.GetName(), live.GetName(), gone.GetName()} {
		i, err := s.Interactions.CreateInteraction(t.Context(), &rapportv1.CreateInteractionRequest{Parent: parent, Interaction: &rapportv1.Interaction{
			Channel: rapportv1.Channel_PHONE, Direction: rapportv1.Interaction_INBOUND, OccurTime: timestamppb.Now(),
		}})
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, i.GetName())
	}
	if _, err := s.Interactions.DeleteInteraction(t.Context(), &rapportv1.DeleteInteractionRequest{Name: names[1]}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: gone.GetName()}); err != nil {
		t.Fatal(err)
	}
	run(t, sw) // nothing is due yet
	if n := count(t, s, "interaction"); n != 3 {
		t.Fatalf("%d interactions are left: swept before its time", n)
	}
	due(t, s)
	run(t, sw)
	for i, name := range names {
		_, err := s.Interactions.GetInteraction(t.Context(), &rapportv1.GetInteractionRequest{Name: name})
		if i > 0 {
			apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_INTERACTION_NOT_FOUND)
		} else if err != nil {
			t.Errorf("a live interaction was touched: %v", err)
		}
	}
}

// A key that no customer has any more goes; deleting and purging customers leaves the
// counts of the others as they are.
func TestSweepAttributeKeys(t *testing.T) {
	s := apitest.Start(t)
	sw := sweeper(t, s)
	var names []string
	for _, key := range []string{"kept", "tried"} {
		c, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{Customer: &rapportv1.Customer{
			Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Ada",
			Attributes: map[string]*rapportv1.AttributeValue{key: {Kind: &rapportv1.AttributeValue_BoolValue{BoolValue: true}}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, c.GetName())
	}
	run(t, sw)
	if n := count(t, s, "attribute_key"); n != 2 {
		t.Errorf("%d keys in use, want 2", n)
	}
	if _, err := s.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: names[1]}); err != nil {
		t.Fatal(err)
	}
	due(t, s)
	run(t, sw)
	keys, err := s.Customers.ListAttributeKeys(t.Context(), &rapportv1.ListAttributeKeysRequest{})
	if err != nil || len(keys.GetAttributeKeys()) != 1 || keys.GetAttributeKeys()[0].GetCustomerCount() != 1 || count(t, s, "attribute_key") != 1 {
		t.Errorf("%v, %v, %d rows; want the one that is in use", keys, err, count(t, s, "attribute_key"))
	}
}

func TestSweepRequests(t *testing.T) {
	s := apitest.Start(t)
	sw := sweeper(t, s)
	req := &rapportv1.CreateCustomerRequest{RequestId: uuid.NewString(), Customer: &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Ada"}}
	call := func() string {
		t.Helper()
		c, err := s.Customers.CreateCustomer(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		return c.GetName()
	}
	first := call()
	run(t, sw)
	if again := call(); again != first {
		t.Error("a claim was swept before its time")
	}
	due(t, s)
	run(t, sw)
	if again := call(); again == first {
		t.Error("an expired claim still answers")
	}
	if n := count(t, s, "request"); n != 1 {
		t.Errorf("%d claims are left, want the new one", n)
	}
}

// TestTwoSweepers share more than a batch of each kind. What an open transaction holds is
// passed over, not waited for.
func TestTwoSweepers(t *testing.T) {
	s := apitest.Start(t)
	held := create(t, s, "held", "")
	if _, err := s.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: held.GetName()}); err != nil {
		t.Fatal(err)
	}
	for table, sql := range map[string]string{
		"customer": `INSERT INTO customer (lane, customer_id, revision, type, display_name, emails, phones, postal_addresses, external_ids, tags,
			attributes, create_time, update_time, delete_time, purge_time)
			SELECT 0, gen_random_uuid(), 1, 'INDIVIDUAL', 'x', '[]', '[]', '[]', '{}', '{}', '{}', now(), now(), now(), now() FROM generate_series(1, 1300)`,
		"request": `INSERT INTO request SELECT 0, 'a', 'm', gen_random_uuid(), '', '', now() FROM generate_series(1, 1300)`,
	} {
		if _, err := s.DB.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", table, err)
		}
	}
	_, err := s.DB.Exec(t.Context(), `
		INSERT INTO external_id (key_lane, source, id, customer_lane, customer_id)
		SELECT 0, 'erp', customer_id::text, lane, customer_id FROM customer WHERE display_name = 'x'`)
	if err != nil {
		t.Fatal(err)
	}
	due(t, s)
	tx, err := s.DB.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context()) //nolint:errcheck // after the commit it has no say
	if _, err := tx.Exec(t.Context(), `SELECT FROM customer WHERE customer_id = $1 FOR UPDATE`, held.GetUid()); err != nil {
		t.Fatal(err)
	}
	var sweepers sync.WaitGroup
	for range 2 {
		sw := sweeper(t, s)
		sweepers.Go(func() {
			if err := sw.Sweep(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	sweepers.Wait()
	if c, e, r := count(t, s, "customer"), count(t, s, "external_id"), count(t, s, "request"); c != 1 || e != 1 || r != 0 {
		t.Errorf("%d customers, %d external ids and %d claims are left, want the held customer and its id", c, e, r)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	run(t, sweeper(t, s))
	if c, e := count(t, s, "customer"), count(t, s, "external_id"); c+e != 0 {
		t.Errorf("%d customers and %d external ids are left", c, e)
	}
}

// TestSweepWaitsForContacts purges a customer whose contact is being deleted: the keys that
// go are those that this deletion leaves.
func TestSweepWaitsForContacts(t *testing.T) {
	s := apitest.Start(t)
	gone := create(t, s, "1", "")
	contact(t, s, gone.GetName())
	if _, err := s.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: gone.GetName()}); err != nil {
		t.Fatal(err)
	}
	due(t, s)
	tx, err := s.DB.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context()) //nolint:errcheck // after the commit it has no say
	if _, err := tx.Exec(t.Context(), `SELECT FROM contact FOR NO KEY UPDATE`); err != nil {
		t.Fatal(err)
	}
	sw, swept := sweeper(t, s), make(chan error, 1)
	go func() { swept <- sw.Sweep(t.Context()) }()
	apitest.Eventually(t, 10*time.Second, func() bool { return count(t, s, "pg_locks WHERE NOT granted") > 0 })
	for _, sql := range []string{`UPDATE contact SET delete_time = now()`, `UPDATE search_key SET key = '-' || key WHERE contact_id IS NOT NULL`} {
		if _, err := tx.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-swept; err != nil {
		t.Fatal(err)
	}
	if c, k := count(t, s, "contact"), count(t, s, "search_key"); c+k != 0 {
		t.Errorf("%d contacts and %d search keys are left", c, k)
	}
}

// TestServiceSweeps waits for the service's own sweeper.
func TestServiceSweeps(t *testing.T) {
	s := apitest.StartWith(t, func(c *server.Config) { c.SweepInterval, c.PurgeAfter = 100*time.Millisecond, time.Second })
	for i := range 3 {
		c := create(t, s, fmt.Sprint(i), "")
		if _, err := s.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: c.GetName()}); err != nil {
			t.Fatal(err)
		}
	}
	apitest.Eventually(t, 10*time.Second, func() bool { return count(t, s, "customer") == 0 })
}
