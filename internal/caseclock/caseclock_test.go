package caseclock_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/pgtest"
	"github.com/rapport-crm/rapport/internal/server"
)

func ago(d time.Duration) *timestamppb.Timestamp {
	return timestamppb.New(time.Now().Add(-d).Truncate(time.Microsecond))
}

// tiered makes a customer whose cases are to be answered and resolved at once, and close after a
// day of silence.
func tiered(t testing.TB, s *apitest.Service) string {
	t.Helper()
	tier, err := s.Cases.CreateServiceTier(t.Context(), &rapportv1.CreateServiceTierRequest{ServiceTier: &rapportv1.ServiceTier{
		DisplayName: "Gold", SilenceDays: proto.Int32(1),
		Targets: []*rapportv1.ServiceTier_Target{{
			Priority: rapportv1.Priority_P1, FirstResponse: durationpb.New(time.Microsecond), Resolve: durationpb.New(2 * time.Microsecond),
		}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{
		Customer: &rapportv1.Customer{Type: rapportv1.Customer_ORGANIZATION, DisplayName: "Acme", ServiceTier: proto.String(tier.GetName())},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c.GetName()
}

// told is a case whose customer was told so long ago.
func told(d time.Duration, priority rapportv1.Priority) *rapportv1.Case {
	return &rapportv1.Case{
		Type: rapportv1.Case_COMPLAINT, Category: proto.String("x"), Priority: priority, Assignee: proto.String("grace"),
		ReceiveTime: ago(d), Resolution: proto.String("Done"), ResolutionType: rapportv1.Case_FIXED, FeedbackTime: ago(d),
	}
}

func create(t testing.TB, s *apitest.Service, parent string, c *rapportv1.Case) *rapportv1.Case {
	t.Helper()
	made, err := s.Cases.CreateCase(t.Context(), &rapportv1.CreateCaseRequest{Parent: parent, Case: c})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func get(t testing.TB, s *apitest.Service, name string) *rapportv1.Case {
	t.Helper()
	c, err := s.Cases.GetCase(t.Context(), &rapportv1.GetCaseRequest{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// history is what the feed says of a case, newest first.
func history(t testing.TB, s *apitest.Service, name string) []*rapportv1.Change {
	t.Helper()
	resp, err := s.Changes.ListChanges(t.Context(), &rapportv1.ListChangesRequest{Filter: `resource = "` + name + `"`})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetChanges()
}

// fields writes what changed as `path: after`, for what had no value before.
func fields(t testing.TB, c *rapportv1.Change) (out []string) {
	t.Helper()
	for _, f := range c.GetFields() {
		after, err := f.GetAfter().MarshalJSON()
		if err != nil || f.GetBefore() != nil {
			t.Fatalf("%v, %v", f, err)
		}
		out = append(out, f.GetPath()+": "+string(after))
	}
	return out
}

// settled waits until the clock has nothing more to record.
func settled(t testing.TB, s *apitest.Service) {
	t.Helper()
	apitest.Eventually(t, 30*time.Second, func() bool {
		var open int
		if err := s.DB.QueryRow(t.Context(), "SELECT count(*) FROM support_case WHERE next_event_time <= now()").Scan(&open); err != nil {
			t.Fatal(err)
		}
		return open == 0
	})
}

func TestSilenceCloses(t *testing.T) {
	s := apitest.Start(t)
	parent := tiered(t, s)
	silent, soon := create(t, s, parent, told(48*time.Hour, rapportv1.Priority_P4)), create(t, s, parent, told(23*time.Hour, rapportv1.Priority_P4))
	settled(t, s)
	got := get(t, s, silent.GetName())
	want := proto.CloneOf(silent)
	want.State, want.CloseTime, want.SilenceCloseTime = rapportv1.Case_CLOSED, silent.GetSilenceCloseTime(), nil
	want.Etag, want.UpdateTime = `"2"`, got.GetUpdateTime()
	apitest.WantEqual(t, got, want)
	if got.GetCustomerConfirmed() || !got.GetUpdateTime().AsTime().After(silent.GetUpdateTime().AsTime()) {
		t.Errorf("closed: %v", got)
	}
	apitest.WantEqual(t, get(t, s, soon.GetName()), soon)

	changes := history(t, s, silent.GetName())
	if len(changes) != 2 || changes[0].GetActor() != "rapport" || changes[0].GetType() != rapportv1.Change_UPDATED || changes[0].GetRequestId() == changes[1].GetRequestId() {
		t.Fatalf("changes: %v", changes)
	}
	var paths []string
	for _, f := range changes[0].GetFields() {
		paths = append(paths, f.GetPath())
	}
	if diff := cmp.Diff([]string{"close_time", "silence_close_time", "state"}, paths); diff != "" {
		t.Error(diff)
	}
	// Who had the case on the screen is told that it is another one now.
	if _, err := s.Cases.UpdateCase(t.Context(), &rapportv1.UpdateCaseRequest{Case: silent}); err == nil {
		t.Error("a stale etag was taken")
	}
	if !strings.Contains(s.Log.String(), `"closed":1`) {
		t.Error("the log does not say what was closed")
	}
}

func TestBreachesAreRecordedOnce(t *testing.T) {
	s := apitest.Start(t)
	parent := tiered(t, s)
	open := create(t, s, parent, &rapportv1.Case{
		Type: rapportv1.Case_COMPLAINT, Category: proto.String("x"), Priority: rapportv1.Priority_P1, ReceiveTime: ago(-time.Second),
	})
	if open.GetFirstResponseBreached() {
		t.Fatalf("made %v", open)
	}
	apitest.Eventually(t, 30*time.Second, func() bool {
		return get(t, s, open.GetName()).GetResolveBreached() && len(history(t, s, open.GetName())) > 1
	})
	settled(t, s)
	var got []string
	for _, c := range history(t, s, open.GetName())[:len(history(t, s, open.GetName()))-1] {
		got = append(got, fields(t, c)...)
	}
	if diff := cmp.Diff([]string{"first_response_breached: true", "resolve_breached: true"}, got); diff != "" {
		t.Error(diff)
	}
	now := get(t, s, open.GetName())
	if now.GetEtag() != open.GetEtag() || !now.GetUpdateTime().AsTime().Equal(open.GetUpdateTime().AsTime()) || !now.GetFirstResponseBreached() {
		t.Errorf("now %v", now)
	}
}

// TestCasesOfDeletedCustomersEndToo: time goes on, and what cannot be recorded must not keep
// other cases waiting.
func TestCasesOfDeletedCustomersEndToo(t *testing.T) {
	s := apitest.StartWith(t, func(c *server.Config) { c.ClockInterval = 500 * time.Millisecond })
	parent := tiered(t, s)
	c := create(t, s, parent, told(48*time.Hour, rapportv1.Priority_P4))
	if _, err := s.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: parent}); err != nil {
		t.Fatal(err)
	}
	settled(t, s)
	if got := get(t, s, c.GetName()).GetState(); got != rapportv1.Case_CLOSED {
		t.Errorf("state %s", got)
	}
}

// TestManyProcesses lets three services close 250 cases: each is closed once, and when the holder
// of the lease goes, another one takes over.
func TestManyProcesses(t *testing.T) {
	url := pgtest.New(t)
	start := func() *apitest.Service {
		return apitest.StartWith(t, func(c *server.Config) { c.DatabaseURL = url })
	}
	all := []*apitest.Service{start(), start(), start()}
	parent := tiered(t, all[0])
	load := func() {
		var wait sync.WaitGroup
		for range 5 {
			wait.Go(func() {
				req := &rapportv1.BatchCreateCasesRequest{Parent: parent}
				for range 50 {
					req.Requests = append(req.Requests, &rapportv1.CreateCaseRequest{Case: told(48*time.Hour, rapportv1.Priority_P4)})
				}
				if _, err := all[0].Cases.BatchCreateCases(t.Context(), req); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
	}
	load()
	settled(t, all[0])
	fence := func(s *apitest.Service) (holder string, n int) {
		if err := s.DB.QueryRow(t.Context(), "SELECT holder, fence FROM lease WHERE name = 'cases'").Scan(&holder, &n); err != nil {
			t.Fatal(err)
		}
		return holder, n
	}
	holder, n := fence(all[0])
	for i, s := range all[1:] { // one of those that stay has it then, or has had it
		if err := s.Stop(); err != nil {
			t.Fatalf("service %d: %v", i+1, err)
		}
	}
	load()
	settled(t, all[0])
	if h, m := fence(all[0]); h != holder && m <= n || h == holder && m != n {
		t.Errorf("the lease went from %s, %d to %s, %d", holder, n, h, m)
	}
	var closed, changes, once int
	if err := all[0].DB.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM support_case WHERE state = 'CLOSED'),
		(SELECT count(*) FROM change WHERE actor = 'rapport'), (SELECT count(DISTINCT resource) FROM change WHERE actor = 'rapport')`).Scan(&closed, &changes, &once); err != nil {
		t.Fatal(err)
	}
	if closed != 500 || changes != 500 || once != 500 {
		t.Errorf("%d closed, by %d changes of %d cases", closed, changes, once)
	}
}
