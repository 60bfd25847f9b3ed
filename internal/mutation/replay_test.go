package mutation_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/server"
)

// encoded is a message's bytes, in the one order in which two equal ones are equal.
func encoded(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// disturb changes, by another call, whatever an answer is about.
func disturb(t testing.TB, c *caller, answer proto.Message) {
	t.Helper()
	var err error
	switch a := answer.(type) {
	case *rapportv1.BatchUpdateCustomersResponse:
		disturb(t, c, a.GetCustomers()[0])
	case *rapportv1.Customer:
		if a.GetState() == rapportv1.Customer_DELETED {
			_, err = c.Customers.UndeleteCustomer(t.Context(), &rapportv1.UndeleteCustomerRequest{Name: a.GetName()})
		} else {
			_, err = c.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: a.GetName()})
		}
	case *rapportv1.BatchCreateInteractionsResponse:
		disturb(t, c, a.GetInteractions()[0])
	case *rapportv1.Contact:
		customer, _, _ := strings.Cut(a.GetName(), "/contacts/")
		_, err = c.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: customer})
	case *rapportv1.BatchCreatePurchasesResponse:
		disturb(t, c, a.GetPurchases()[0])
	case *rapportv1.Purchase:
		customer, _, _ := strings.Cut(a.GetName(), "/purchases/")
		_, err = c.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: customer})
	case *rapportv1.BatchCreateCasesResponse:
		disturb(t, c, a.GetCases()[0])
	case *rapportv1.Case:
		customer, _, _ := strings.Cut(a.GetName(), "/cases/")
		_, err = c.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: customer})
	case *rapportv1.ServiceTier:
		_, err = c.Cases.DeleteServiceTier(t.Context(), &rapportv1.DeleteServiceTierRequest{Name: a.GetName()})
	case *rapportv1.Survey:
		_, err = c.Satisfaction.DeleteSurvey(t.Context(), &rapportv1.DeleteSurveyRequest{Name: a.GetName()})
	case *rapportv1.SurveyInvitation:
		_, err = c.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: a.GetCustomer()})
	case *rapportv1.BatchCreateTasksResponse:
		disturb(t, c, a.GetTasks()[0])
	case *rapportv1.CompleteTaskResponse:
		disturb(t, c, a.GetTask())
	case *rapportv1.Task:
		customer, _, _ := strings.Cut(a.GetName(), "/tasks/")
		_, err = c.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: customer})
	case *rapportv1.BatchCreateSatisfactionScoresResponse:
		disturb(t, c, a.GetSatisfactionScores()[0])
	case *rapportv1.SatisfactionScore:
		_, err = c.Satisfaction.DeleteSatisfactionScore(t.Context(), &rapportv1.DeleteSatisfactionScoreRequest{Name: a.GetName()})
	case *rapportv1.Interaction:
		customer, _, _ := strings.Cut(a.GetName(), "/interactions/")
		_, err = c.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: customer})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestReplays repeats each mutating call under its request id, at once and after the
// resource has changed: the answer is the first one's, byte for byte, marked as stored,
// and nothing happens again.
func TestReplays(t *testing.T) {
	c := newCaller(t, apitest.Start(t))
	for name, scenario := range scenarios {
		t.Run(name, func(t *testing.T) {
			req := with(scenario.make(t, c), uuid.NewString())
			first, replayed, err := c.call(t.Context(), req)
			if err != nil || replayed {
				t.Fatalf("the first call: replayed %t, %v", replayed, err)
			}
			again := func(when string) {
				t.Helper()
				before := tables(t, c)
				got, replayed, err := c.call(t.Context(), req)
				if err != nil || !replayed || !bytes.Equal(encoded(t, got), encoded(t, first)) {
					t.Errorf("%s: replayed %t, %v, %v, want %v", when, replayed, err, got, first)
				}
				wantTables(t, c, before)
			}
			again("at once")
			disturb(t, c, first)
			again("after a change")

			before := tables(t, c)
			other := proto.Clone(req).(request)
			scenario.other(other)
			_, _, err = c.call(t.Context(), other)
			apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_REQUEST_ID_REUSED, "request_id")
			wantTables(t, c, before)
		})
	}
}

// TestConcurrentDuplicates sends each mutating call many times at once: it happens once,
// and all but one answer are marked.
func TestConcurrentDuplicates(t *testing.T) {
	c := newCaller(t, apitest.Start(t))
	for name, scenario := range scenarios {
		t.Run(name, func(t *testing.T) {
			req := with(scenario.make(t, c), uuid.NewString())
			changes := count(t, c, "change")
			var callers sync.WaitGroup
			answers, replays := make([]proto.Message, 16), make([]bool, 16)
			for i := range answers {
				callers.Go(func() {
					var err error
					if answers[i], replays[i], err = c.call(t.Context(), req); err != nil {
						t.Errorf("caller %d: %v", i, err)
					}
				})
			}
			callers.Wait()
			fresh := 0
			for i, answer := range answers {
				if !replays[i] {
					fresh++
				}
				if !bytes.Equal(encoded(t, answer), encoded(t, answers[0])) {
					t.Errorf("answers differ: %v and %v", answer, answers[0])
				}
			}
			if fresh != 1 {
				t.Errorf("%d answers are not marked as stored, want 1", fresh)
			}
			most := 1
			switch batch := answers[0].(type) {
			case *rapportv1.BatchUpdateCustomersResponse:
				most = len(batch.GetCustomers())
			case *rapportv1.BatchCreatePurchasesResponse:
				most = len(batch.GetPurchases())
			case *rapportv1.BatchCreateInteractionsResponse:
				most = len(batch.GetInteractions())
			case *rapportv1.BatchCreateSatisfactionScoresResponse:
				most = len(batch.GetSatisfactionScores())
			case *rapportv1.BatchCreateCasesResponse:
				most = len(batch.GetCases())
			case *rapportv1.Case:
				if batch.GetType() == rapportv1.Case_STOCK_REQUEST {
					most = 2 // with its task
				}
			case *rapportv1.BatchCreateTasksResponse:
				most = len(batch.GetTasks())
			case *rapportv1.CompleteTaskResponse:
				most = 2
			}
			if made := count(t, c, "change") - changes; made > most {
				t.Errorf("%d changes, want at most %d", made, most)
			}
		})
	}
}

// TestFailuresAreNotStored repeats a refused call, unchanged, once it can succeed.
func TestFailuresAreNotStored(t *testing.T) {
	c := newCaller(t, apitest.Start(t))
	name := c.customer(t)
	req := with(&rapportv1.UndeleteCustomerRequest{Name: name}, uuid.NewString())
	_, _, err := c.call(t.Context(), req)
	apitest.WantReason(t, err, codes.AlreadyExists, rapportv1.ErrorReason_NOT_DELETED)
	c.must(t, &rapportv1.DeleteCustomerRequest{Name: name})
	if _, replayed, err := c.call(t.Context(), req); err != nil || replayed {
		t.Errorf("replayed %t, %v", replayed, err)
	}
}

// TestRequestIDsAreOfOneMethod uses one id for two RPCs: they are two requests.
func TestRequestIDsAreOfOneMethod(t *testing.T) {
	c := newCaller(t, apitest.Start(t))
	name, id := c.customer(t), uuid.NewString()
	c.must(t, with(&rapportv1.DeleteCustomerRequest{Name: name}, id))
	if _, replayed, err := c.call(t.Context(), with(&rapportv1.UndeleteCustomerRequest{Name: name}, strings.ToUpper(id))); err != nil || replayed {
		t.Errorf("replayed %t, %v", replayed, err)
	}
	// The case of a UUID says nothing.
	if _, replayed, err := c.call(t.Context(), with(&rapportv1.DeleteCustomerRequest{Name: name}, strings.ToUpper(id))); err != nil || !replayed {
		t.Errorf("replayed %t, %v", replayed, err)
	}
}

// TestInFlightDuplicate holds the claim of each mutating call in an open transaction for
// longer than the lock timeout.
func TestInFlightDuplicate(t *testing.T) {
	c := newCaller(t, apitest.StartWith(t, func(c *server.Config) { c.LockTimeout = 100 * time.Millisecond }))
	for name, scenario := range scenarios {
		t.Run(name, func(t *testing.T) {
			id := uuid.New()
			req := with(scenario.make(t, c), id.String())
			method := c.rpcs[req.ProtoReflect().Descriptor().FullName()].path
			tx, err := c.DB.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			_, err = tx.Exec(t.Context(), `INSERT INTO request VALUES ($1, 'anonymous', $2, $3, '', '', now())`,
				db.KeyLane("anonymous", method, string(id[:])), method, id)
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = c.call(t.Context(), req)
			apitest.WantReason(t, err, codes.Aborted, rapportv1.ErrorReason_REQUEST_IN_PROGRESS)
			wantRetryInfo(t, err)
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, replayed, err := c.call(t.Context(), req); err != nil || replayed {
				t.Errorf("once the first has failed: replayed %t, %v", replayed, err)
			}
		})
	}
}

// TestRowHeldByAnother keeps a row locked for longer than the lock timeout.
func TestRowHeldByAnother(t *testing.T) {
	c := newCaller(t, apitest.StartWith(t, func(c *server.Config) { c.LockTimeout = 100 * time.Millisecond }))
	name := c.customer(t)
	tx, err := c.DB.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context()) //nolint:errcheck // the test is over
	if _, err := tx.Exec(t.Context(), `SELECT FROM customer FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	_, _, err = c.call(t.Context(), &rapportv1.DeleteCustomerRequest{Name: name})
	apitest.WantReason(t, err, codes.Aborted, rapportv1.ErrorReason_TRANSACTION_CONFLICT)
	wantRetryInfo(t, err)
}

func wantRetryInfo(t testing.TB, err error) {
	t.Helper()
	for _, d := range status.Convert(err).Details() {
		if retry, ok := d.(*errdetails.RetryInfo); ok && retry.GetRetryDelay().AsDuration() > 0 {
			return
		}
	}
	t.Errorf("%v does not say when to retry", err)
}

// tables returns a digest of each table that calls write to.
func tables(t testing.TB, c *caller) map[string]string {
	t.Helper()
	digests := map[string]string{}
	for _, table := range []string{"customer", "contact", "purchase", "support_case", "service_tier", "satisfaction_score", "survey", "survey_invitation", "external_id", "change", "request", "lane_feed", "referral_guard"} {
		var digest string
		sql := `SELECT count(*) || md5(coalesce(string_agg(x::text, '' ORDER BY x::text), '')) FROM ` + table + ` x`
		if err := c.DB.QueryRow(t.Context(), sql).Scan(&digest); err != nil {
			t.Fatal(err)
		}
		digests[table] = digest
	}
	return digests
}

// wantTables fails the test unless the tables are as they were.
func wantTables(t testing.TB, c *caller, before map[string]string) {
	t.Helper()
	if diff := cmp.Diff(before, tables(t, c)); diff != "" {
		t.Errorf("tables have changed (-before +now):\n%s", diff)
	}
}

func count(t testing.TB, c *caller, table string) (n int) {
	t.Helper()
	if err := c.DB.QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestTheClaimHoldsWhatWasSent: a repeat is known by what the caller sent, not by what
// the service makes of it, which an upgrade can change.
func TestTheClaimHoldsWhatWasSent(t *testing.T) {
	s := apitest.Start(t)
	send := func(address string) error {
		_, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{
			RequestId: "5f0c1c9e-8a43-4c8e-9d63-6b0b2f6f7d11",
			Customer: &rapportv1.Customer{
				Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Ada", Tags: []string{"b", "a"},
				Emails: []*rapportv1.EmailAddress{{Address: address}},
			},
		})
		return err
	}
	for range 2 {
		if err := send("Ada@Example.com"); err != nil {
			t.Fatal(err)
		}
	}
	// The stored form of both is the same; what was sent is not.
	apitest.WantReason(t, send("ada@example.com"), codes.InvalidArgument, rapportv1.ErrorReason_REQUEST_ID_REUSED)
}
