package satisfaction_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/pgtest"
	"github.com/rapport-crm/rapport/internal/server"
)

func TestDelete(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	made := create(t, s, parent, full())
	remove(t, s, made.GetName())
	_, err := s.Satisfaction.GetSatisfactionScore(t.Context(), &rapportv1.GetSatisfactionScoreRequest{Name: made.GetName()})
	apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_SATISFACTION_SCORE_NOT_FOUND)
	// Its ids are free again.
	again := full()
	if _, err := s.Satisfaction.CreateSatisfactionScore(t.Context(), &rapportv1.CreateSatisfactionScoreRequest{
		Parent: parent, SatisfactionScore: again, SatisfactionScoreId: made.GetUid(),
	}); err != nil {
		t.Error(err)
	}
	remove(t, s, made.GetName())

	// The change log has what it was.
	changes, err := s.Changes.ListChanges(t.Context(), &rapportv1.ListChangesRequest{Filter: `resource = "` + made.GetName() + `"`})
	if err != nil || len(changes.GetChanges()) != 4 {
		t.Fatalf("changes: %v, %v", changes, err)
	}
	last := changes.GetChanges()[0]
	was := map[string]any{}
	for _, f := range last.GetFields() {
		if f.GetAfter() != nil {
			t.Errorf("%s is %v afterwards", f.GetPath(), f.GetAfter())
		}
		was[f.GetPath()] = f.GetBefore().AsInterface()
	}
	delete(was, "factors")
	want := map[string]any{
		"metric": "CSAT", "rating": 4.0, "expectation": 5.0, "comment": full().GetComment(), "source": "STAFF_OBSERVED", "channel": "STORE",
		"competitor": "Acme", "staff": "staff-7", "submit_time": "2026-03-01T12:00:00.123456Z", "external_id": map[string]any{"source": "forms", "id": "A-1"},
	}
	if diff := cmp.Diff(want, was); diff != "" || last.GetType() != rapportv1.Change_DELETED || last.GetCustomer() != parent {
		t.Errorf("the change: %v\n%s", last, diff)
	}
}

func TestDeleteRefusals(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	made := create(t, s, parent, full())
	for name, test := range map[string]struct {
		req    *rapportv1.DeleteSatisfactionScoreRequest
		code   codes.Code
		reason rapportv1.ErrorReason
		fields []string
	}{
		"no name":        {&rapportv1.DeleteSatisfactionScoreRequest{}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"name"}},
		"a customer":     {&rapportv1.DeleteSatisfactionScoreRequest{Name: parent}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"name"}},
		"unknown":        {&rapportv1.DeleteSatisfactionScoreRequest{Name: parent + "/satisfactionScores/" + newID(t)}, codes.NotFound, rapportv1.ErrorReason_SATISFACTION_SCORE_NOT_FOUND, nil},
		"of nobody":      {&rapportv1.DeleteSatisfactionScoreRequest{Name: unknown + "/satisfactionScores/" + made.GetUid()}, codes.NotFound, rapportv1.ErrorReason_SATISFACTION_SCORE_NOT_FOUND, nil},
		"stale etag":     {&rapportv1.DeleteSatisfactionScoreRequest{Name: made.GetName(), Etag: `"9"`}, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH, nil},
		"wrong request":  {&rapportv1.DeleteSatisfactionScoreRequest{Name: made.GetName(), RequestId: "x"}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"request_id"}},
		"stale, dry run": {&rapportv1.DeleteSatisfactionScoreRequest{Name: made.GetName(), Etag: `"9"`, ValidateOnly: true}, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Satisfaction.DeleteSatisfactionScore(t.Context(), test.req)
			apitest.WantFields(t, err, test.code, test.reason, test.fields...)
		})
	}
	if _, err := s.Satisfaction.DeleteSatisfactionScore(t.Context(), &rapportv1.DeleteSatisfactionScoreRequest{Name: made.GetName(), ValidateOnly: true}); err != nil {
		t.Error(err)
	}
	apitest.WantEqual(t, get(t, s, made.GetName()), made)

	// With the current etag, over REST by If-Match; nothing else changes a score.
	path := "/v1/" + made.GetName()
	for _, method := range []string{"PATCH", "PUT"} {
		s.Do(t, method, path, `{}`).WantProblem(t, 405, rapportv1.ErrorReason_METHOD_NOT_ALLOWED)
	}
	s.Do(t, "DELETE", path, "", "If-Match", `"9"`).WantProblem(t, 412, rapportv1.ErrorReason_ETAG_MISMATCH)
	if a := s.Do(t, "DELETE", path, "", "If-Match", made.GetEtag()); a.Status != 204 {
		t.Errorf("status %d, %s", a.Status, a.Body)
	}
	s.Do(t, "DELETE", path, "").WantProblem(t, 404, rapportv1.ErrorReason_SATISFACTION_SCORE_NOT_FOUND)
}

// TestOneDeletes: of many who delete a score one does, and a repeat of that call gets its answer.
func TestOneDeletes(t *testing.T) {
	s := apitest.Start(t)
	made := create(t, s, customer(t, s), full())
	var callers sync.WaitGroup
	var won atomic.Pointer[rapportv1.DeleteSatisfactionScoreRequest]
	for range 16 {
		callers.Go(func() {
			req := &rapportv1.DeleteSatisfactionScoreRequest{Name: made.GetName(), RequestId: uuid.NewString()}
			if _, err := s.Satisfaction.DeleteSatisfactionScore(t.Context(), req); err != nil {
				apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_SATISFACTION_SCORE_NOT_FOUND)
			} else if !won.CompareAndSwap(nil, req) {
				t.Error("two have deleted it")
			}
		})
	}
	callers.Wait()
	if won.Load() == nil {
		t.Fatal("nobody has deleted it")
	}
	if _, err := s.Satisfaction.DeleteSatisfactionScore(t.Context(), won.Load()); err != nil {
		t.Errorf("a repeat: %v", err)
	}
	var changes int
	if err := s.DB.QueryRow(t.Context(), `SELECT count(*) FROM change WHERE resource = $1`, made.GetName()).Scan(&changes); err != nil || changes != 2 {
		t.Errorf("%d changes, %v", changes, err)
	}
}

func TestEtagIsRequiredWhereItIs(t *testing.T) {
	s := apitest.StartWith(t, func(c *server.Config) { c.RequireEtag = true })
	made := create(t, s, customer(t, s), full())
	_, err := s.Satisfaction.DeleteSatisfactionScore(t.Context(), &rapportv1.DeleteSatisfactionScoreRequest{Name: made.GetName()})
	apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_ETAG_REQUIRED)
	if _, err := s.Satisfaction.DeleteSatisfactionScore(t.Context(), &rapportv1.DeleteSatisfactionScoreRequest{Name: made.GetName(), Etag: made.GetEtag()}); err != nil {
		t.Error(err)
	}
}

// TestGoesWithItsCustomer: a deleted customer's scores are still there, can be deleted, and go
// for good with it.
func TestGoesWithItsCustomer(t *testing.T) {
	url := pgtest.New(t)
	s := apitest.StartWith(t, func(c *server.Config) {
		c.DatabaseURL, c.PurgeAfter, c.SweepInterval = url, time.Hour, 100*time.Millisecond
	})
	gone, stays := customer(t, s), customer(t, s)
	made, second, kept := create(t, s, gone, full()), create(t, s, gone, bare(nps, 9)), create(t, s, stays, full())
	deleteCustomer(t, s, gone)
	apitest.WantEqual(t, get(t, s, made.GetName()), made)
	remove(t, s, second.GetName())
	if got := getCustomer(t, s, gone).GetSatisfaction(); got.GetNps() != nil || got.GetCsat().GetSatisfactionScore() != made.GetName() {
		t.Errorf("the deleted customer shows %v", got)
	}
	if _, err := s.DB.Exec(t.Context(), `UPDATE customer SET purge_time = now() - interval '1 second' WHERE delete_time IS NOT NULL`); err != nil {
		t.Fatal(err)
	}
	apitest.Eventually(t, 30*time.Second, func() bool { return countScores(t, s) == 1 })
	_, err := s.Satisfaction.GetSatisfactionScore(t.Context(), &rapportv1.GetSatisfactionScoreRequest{Name: made.GetName()})
	apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_SATISFACTION_SCORE_NOT_FOUND)
	apitest.WantEqual(t, get(t, s, kept.GetName()), kept)
}
