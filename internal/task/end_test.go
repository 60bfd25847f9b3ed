package task_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/pgtest"
	"github.com/rapport-crm/rapport/internal/server"
)

func TestComplete(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	made := create(t, s, parent, full())
	done := complete(t, s, made.GetName(), time.Time{})
	want := proto.CloneOf(made)
	want.State, want.PromiseState = rapportv1.Task_COMPLETED, rapportv1.Task_LATE
	want.CompleteTime, want.UpdateTime, want.Etag = done.GetUpdateTime(), done.GetUpdateTime(), `"2"`
	apitest.WantEqual(t, done, want)
	apitest.WantEqual(t, get(t, s, made.GetName()), want)
	if !done.GetUpdateTime().AsTime().After(made.GetUpdateTime().AsTime()) {
		t.Errorf("done at %v, made at %v", done.GetUpdateTime(), made.GetUpdateTime())
	}
	wantChanged(t, s, made.GetName(), "complete_time", "promise_state", "state")

	// As of a time of the caller's, cut to the microsecond: here the last moment.
	if done = complete(t, s, create(t, s, parent, promise(due)).GetName(), due.Add(999)); !done.GetCompleteTime().AsTime().Equal(due) || done.GetPromiseState() != rapportv1.Task_KEPT {
		t.Errorf("after the fact: %v", done)
	}
	ahead := time.Now().Add(4 * time.Minute).Truncate(time.Microsecond)
	if done = complete(t, s, create(t, s, parent, note()).GetName(), ahead); !done.GetCompleteTime().AsTime().Equal(ahead) {
		t.Errorf("by a clock that is ahead: %v", done)
	}
}

func TestCancel(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	for agreed, state := range map[bool]rapportv1.Task_PromiseState{true: rapportv1.Task_RELEASED, false: rapportv1.Task_BROKEN} {
		made := create(t, s, parent, promise(never))
		got := cancel(t, s, made.GetName(), agreed)
		want := proto.CloneOf(made)
		want.State, want.PromiseState, want.CustomerAgreed = rapportv1.Task_CANCELLED, state, agreed
		want.CancelTime, want.UpdateTime, want.Etag = got.GetUpdateTime(), got.GetUpdateTime(), `"2"`
		apitest.WantEqual(t, got, want)
		apitest.WantEqual(t, get(t, s, made.GetName()), want)
		fields := []string{"cancel_time", "customer_agreed", "promise_state", "state"}
		if !agreed {
			fields = append(fields[:1:1], fields[2:]...)
		}
		wantChanged(t, s, made.GetName(), fields...)
	}
}

// wantChanged wants these fields in the latest change of a record.
func wantChanged(t *testing.T, s *apitest.Service, name string, want ...string) {
	t.Helper()
	changes, err := s.Changes.ListChanges(t.Context(), &rapportv1.ListChangesRequest{Filter: `resource = "` + name + `"`})
	if err != nil || len(changes.GetChanges()) != 2 {
		t.Fatalf("changes: %v, %v", changes, err)
	}
	var got []string
	for _, f := range changes.GetChanges()[0].GetFields() {
		got = append(got, f.GetPath())
	}
	if diff := cmp.Diff(want, got); diff != "" || changes.GetChanges()[0].GetType() != rapportv1.Change_UPDATED {
		t.Errorf("%v\n%s", changes.GetChanges()[0], diff)
	}
}

// TestNextTask is made with the completion of the last one.
func TestNextTask(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	in := full()
	in.Interaction = proto.String(newInteraction(t, s, parent))
	made := create(t, s, parent, in)
	next := promise(never)
	next.Name, next.Case, next.Interaction = "x", proto.String(newCase(t, s, parent)), proto.String(newInteraction(t, s, parent))
	req := &rapportv1.CompleteTaskRequest{Name: made.GetName(), CompleteTime: timestamppb.New(due), NextTask: proto.CloneOf(next), RequestId: uuid.NewString()}
	resp, err := s.Tasks.CompleteTask(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.GetTask().GetPromiseState() != rapportv1.Task_KEPT || resp.GetNextTask().GetPromiseState() != rapportv1.Task_PENDING {
		t.Errorf("%v", resp)
	}
	// It has what was asked for, and nothing of the last one's.
	apitest.WantEqual(t, resp.GetNextTask(), stored(next, resp.GetNextTask()))
	apitest.WantEqual(t, get(t, s, resp.GetNextTask().GetName()), resp.GetNextTask())
	apitest.WantEqual(t, get(t, s, made.GetName()), resp.GetTask())

	again, err := s.Tasks.CompleteTask(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	apitest.WantEqual(t, again, resp)
	if n := count(t, s, "task"); n != 2 {
		t.Errorf("%d tasks after a repeat", n)
	}
	// The next one may have been done by then as well.
	resp, err = s.Tasks.CompleteTask(t.Context(), &rapportv1.CompleteTaskRequest{
		Name: resp.GetNextTask().GetName(), NextTask: with(func(t *rapportv1.Task) { t.CompleteTime = timestamppb.New(due) }), ValidateOnly: true,
	})
	if err != nil || resp.GetNextTask().GetState() != rapportv1.Task_COMPLETED || count(t, s, "task") != 2 {
		t.Errorf("%v, %v", resp, err)
	}
}

// TestBadNextTask leaves the task as it was, and is told by paths that lead to it.
func TestBadNextTask(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	foreign, deleted := newInteraction(t, s, customer(t, s)), newInteraction(t, s, parent)
	deleteInteraction(t, s, deleted)
	made, taken := create(t, s, parent, promise(due)), create(t, s, parent, full())
	before := count(t, s, "change")
	for name, test := range map[string]struct {
		next   *rapportv1.Task
		code   codes.Code
		reason rapportv1.ErrorReason
		fields []string
	}{
		"empty":         {&rapportv1.Task{}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"next_task.title"}},
		"annotation":    {with(func(t *rapportv1.Task) { t.Kind = 99 }), codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"next_task.kind"}},
		"due time":      {with(func(t *rapportv1.Task) { t.Promised = true }), codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"next_task.due_time"}},
		"foreign":       {with(func(t *rapportv1.Task) { t.Interaction = &foreign }), codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"next_task.interaction"}},
		"deleted":       {with(func(t *rapportv1.Task) { t.Interaction = &deleted }), codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"next_task.interaction"}},
		"no such case":  {with(func(t *rapportv1.Task) { t.Case = proto.String(parent + "/cases/" + nothing) }), codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"next_task.case"}},
		"in use":        {with(func(t *rapportv1.Task) { t.ExternalId = taken.GetExternalId() }), codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, nil},
		"with its time": {&rapportv1.Task{}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"complete_time", "next_task.title"}},
	} {
		t.Run(name, func(t *testing.T) {
			req := &rapportv1.CompleteTaskRequest{Name: made.GetName(), NextTask: test.next}
			if name == "with its time" {
				req.CompleteTime = timestamppb.New(time.Now().Add(6 * time.Minute))
			}
			_, err := s.Tasks.CompleteTask(t.Context(), req)
			apitest.WantFields(t, err, test.code, test.reason, test.fields...)
			apitest.WantEqual(t, get(t, s, made.GetName()), made)
		})
	}
	if count(t, s, "task") != 2 || count(t, s, "change") != before {
		t.Error("a refused completion left something")
	}
	// Over REST the paths are those of JSON.
	p := s.Do(t, "POST", "/v1/"+made.GetName()+":complete", `{"nextTask":{"title":"x","interaction":"`+deleted+`"}}`).
		WantProblem(t, 400, rapportv1.ErrorReason_INVALID_FIELD)
	if len(p.Violations) != 1 || p.Violations[0].Field != "nextTask.interaction" {
		t.Errorf("%v", p)
	}
}

func TestEndRefusals(t *testing.T) {
	s := apitest.Start(t)
	parent, gone := customer(t, s), customer(t, s)
	made, old := create(t, s, parent, promise(due)), create(t, s, gone, note())
	completed, cancelled := create(t, s, parent, promise(due)), create(t, s, parent, promise(due))
	wasCompleted, wasCancelled := complete(t, s, completed.GetName(), due), cancel(t, s, cancelled.GetName(), false)
	deleteCustomer(t, s, gone)
	type ending interface {
		GetName() string
		GetEtag() string
	}
	for name, test := range map[string]struct {
		req    ending
		code   codes.Code
		reason rapportv1.ErrorReason
		fields []string
	}{
		"no name":       {&rapportv1.CompleteTaskRequest{}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"name"}},
		"a customer":    {&rapportv1.CompleteTaskRequest{Name: parent}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"name"}},
		"unknown":       {&rapportv1.CompleteTaskRequest{Name: parent + "/tasks/" + nothing}, codes.NotFound, rapportv1.ErrorReason_TASK_NOT_FOUND, nil},
		"year 10000":    {&rapportv1.CompleteTaskRequest{Name: made.GetName(), CompleteTime: &timestamppb.Timestamp{Seconds: 1 << 60}}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"complete_time"}},
		"future":        {&rapportv1.CompleteTaskRequest{Name: made.GetName(), CompleteTime: timestamppb.New(time.Now().Add(6 * time.Minute))}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"complete_time"}},
		"stale etag":    {&rapportv1.CompleteTaskRequest{Name: made.GetName(), Etag: `"9"`}, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH, nil},
		"old etag":      {&rapportv1.CompleteTaskRequest{Name: completed.GetName(), Etag: completed.GetEtag()}, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH, nil},
		"completed":     {&rapportv1.CompleteTaskRequest{Name: completed.GetName(), NextTask: note()}, codes.FailedPrecondition, rapportv1.ErrorReason_TASK_ENDED, nil},
		"was cancelled": {&rapportv1.CompleteTaskRequest{Name: cancelled.GetName(), CompleteTime: timestamppb.New(due)}, codes.FailedPrecondition, rapportv1.ErrorReason_TASK_ENDED, nil},
		"customer":      {&rapportv1.CompleteTaskRequest{Name: old.GetName()}, codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED, nil},

		"cancel no name":    {&rapportv1.CancelTaskRequest{}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"name"}},
		"cancel unknown":    {&rapportv1.CancelTaskRequest{Name: parent + "/tasks/" + nothing}, codes.NotFound, rapportv1.ErrorReason_TASK_NOT_FOUND, nil},
		"cancel stale etag": {&rapportv1.CancelTaskRequest{Name: made.GetName(), Etag: `"9"`}, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH, nil},
		"cancel completed":  {&rapportv1.CancelTaskRequest{Name: completed.GetName()}, codes.FailedPrecondition, rapportv1.ErrorReason_TASK_ENDED, nil},
		"cancel again":      {&rapportv1.CancelTaskRequest{Name: cancelled.GetName(), CustomerAgreed: true, Etag: wasCancelled.GetEtag()}, codes.FailedPrecondition, rapportv1.ErrorReason_TASK_ENDED, nil},
		"cancel customer":   {&rapportv1.CancelTaskRequest{Name: old.GetName()}, codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var err error
			switch req := test.req.(type) {
			case *rapportv1.CompleteTaskRequest:
				_, err = s.Tasks.CompleteTask(t.Context(), req)
			case *rapportv1.CancelTaskRequest:
				_, err = s.Tasks.CancelTask(t.Context(), req)
			}
			apitest.WantFields(t, err, test.code, test.reason, test.fields...)
			for _, was := range []*rapportv1.Task{made, old, wasCompleted, wasCancelled} {
				apitest.WantEqual(t, get(t, s, was.GetName()), was)
			}
		})
	}
	if n := count(t, s, "task"); n != 4 {
		t.Errorf("%d tasks: a refused call made something", n)
	}

	// With the etag that is the current one, and over REST by If-Match.
	path := "/v1/" + made.GetName()
	s.Do(t, "POST", path+":complete", `{}`, "If-Match", `"9"`).WantProblem(t, 412, rapportv1.ErrorReason_ETAG_MISMATCH)
	if a := s.Do(t, "POST", path+":cancel", `{"customerAgreed":true}`, "If-Match", made.GetEtag()); a.Status != 200 {
		t.Errorf("status %d, %s", a.Status, a.Body)
	}
	s.Do(t, "POST", path+":complete", `{}`).WantProblem(t, 400, rapportv1.ErrorReason_TASK_ENDED)
	// There is no way to delete one.
	s.Do(t, "DELETE", path, "").WantProblem(t, 405, rapportv1.ErrorReason_METHOD_NOT_ALLOWED)
}

// TestOneEnds: of 20 who complete or cancel a task one does, whose next task alone is made,
// and a repeat of that call gets its answer.
func TestOneEnds(t *testing.T) {
	s := apitest.Start(t)
	made := create(t, s, customer(t, s), promise(due))
	var callers sync.WaitGroup
	var won atomic.Int32
	var completion atomic.Pointer[rapportv1.CompleteTaskRequest]
	for n := range 20 {
		callers.Go(func() {
			var err error
			if n%4 == 0 {
				_, err = s.Tasks.CancelTask(t.Context(), &rapportv1.CancelTaskRequest{Name: made.GetName()})
			} else {
				req := &rapportv1.CompleteTaskRequest{Name: made.GetName(), NextTask: note(), RequestId: uuid.NewString()}
				if _, err = s.Tasks.CompleteTask(t.Context(), req); err == nil {
					completion.Store(req)
				}
			}
			if err == nil {
				won.Add(1)
			} else {
				apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_TASK_ENDED)
			}
		})
	}
	callers.Wait()
	got, tasks := get(t, s, made.GetName()), 1
	if req := completion.Load(); req != nil {
		tasks = 2
		again, err := s.Tasks.CompleteTask(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		apitest.WantEqual(t, again.GetTask(), got)
	}
	if won.Load() != 1 || got.GetEtag() != `"2"` || count(t, s, "task") != tasks {
		t.Errorf("%d have ended %v, and there are %d tasks, want %d", won.Load(), got, count(t, s, "task"), tasks)
	}
}

func TestEtagIsRequiredWhereItIs(t *testing.T) {
	s := apitest.StartWith(t, func(c *server.Config) { c.RequireEtag = true })
	made := create(t, s, customer(t, s), note())
	_, err := s.Tasks.CompleteTask(t.Context(), &rapportv1.CompleteTaskRequest{Name: made.GetName()})
	apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_ETAG_REQUIRED)
	_, err = s.Tasks.CancelTask(t.Context(), &rapportv1.CancelTaskRequest{Name: made.GetName()})
	apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_ETAG_REQUIRED)
	_, err = tryUpdate(t, s, &rapportv1.Task{Name: made.GetName(), Title: "x"})
	apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_ETAG_REQUIRED)
	if _, err := s.Tasks.CompleteTask(t.Context(), &rapportv1.CompleteTaskRequest{Name: made.GetName(), Etag: made.GetEtag()}); err != nil {
		t.Error(err)
	}
}

// TestGoesWithItsCustomer: a deleted customer's tasks are still there, and go for good with it.
func TestGoesWithItsCustomer(t *testing.T) {
	url := pgtest.New(t)
	s := apitest.StartWith(t, func(c *server.Config) {
		c.DatabaseURL, c.PurgeAfter, c.SweepInterval = url, time.Hour, 100*time.Millisecond
	})
	gone, stays := customer(t, s), customer(t, s)
	made, kept := create(t, s, gone, full()), create(t, s, stays, full())
	deleteCustomer(t, s, gone)
	apitest.WantEqual(t, get(t, s, made.GetName()), made)
	if _, err := s.DB.Exec(t.Context(), `UPDATE customer SET purge_time = now() - interval '1 second' WHERE delete_time IS NOT NULL`); err != nil {
		t.Fatal(err)
	}
	apitest.Eventually(t, 30*time.Second, func() bool { return count(t, s, "task") == 1 })
	_, err := s.Tasks.GetTask(t.Context(), &rapportv1.GetTaskRequest{Name: made.GetName()})
	apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_TASK_NOT_FOUND)
	apitest.WantEqual(t, get(t, s, kept.GetName()), kept)
}
