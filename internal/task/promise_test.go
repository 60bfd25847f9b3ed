package task_test

import (
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// TestPromiseStates of tasks that were recorded after the fact, around the moment that was
// promised.
func TestPromiseStates(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	done := func(at time.Time) func(*rapportv1.Task) {
		return func(t *rapportv1.Task) { t.CompleteTime = timestamppb.New(at) }
	}
	cancelled := func(agreed bool) func(*rapportv1.Task) {
		return func(t *rapportv1.Task) { t.CancelTime, t.CustomerAgreed = timestamppb.New(due), agreed }
	}
	states := map[rapportv1.Task_PromiseState]int{}
	for name, test := range map[string]struct {
		by    time.Time
		end   func(*rapportv1.Task)
		want  rapportv1.Task_PromiseState
		state rapportv1.Task_State
	}{
		"to come":        {never, func(*rapportv1.Task) {}, rapportv1.Task_PENDING, rapportv1.Task_OPEN},
		"past":           {due, func(*rapportv1.Task) {}, rapportv1.Task_OVERDUE, rapportv1.Task_OPEN},
		"just in time":   {due, done(due), rapportv1.Task_KEPT, rapportv1.Task_COMPLETED},
		"a moment early": {due, done(due.Add(-time.Microsecond)), rapportv1.Task_KEPT, rapportv1.Task_COMPLETED},
		"a moment late":  {due, done(due.Add(time.Microsecond)), rapportv1.Task_LATE, rapportv1.Task_COMPLETED},
		"early by far":   {never, done(due), rapportv1.Task_KEPT, rapportv1.Task_COMPLETED},
		"cancelled":      {never, cancelled(false), rapportv1.Task_BROKEN, rapportv1.Task_CANCELLED},
		"with consent":   {due, cancelled(true), rapportv1.Task_RELEASED, rapportv1.Task_CANCELLED},
	} {
		t.Run(name, func(t *testing.T) {
			in := promise(test.by)
			test.end(in)
			got := get(t, s, create(t, s, parent, in).GetName())
			if got.GetPromiseState() != test.want || got.GetState() != test.state || !got.GetPromiseDueTime().AsTime().Equal(test.by) {
				t.Errorf("%v, want %v of a task that is %v", got, test.want, test.state)
			}
			in.Promised = false
			if got = create(t, s, parent, in); got.GetPromiseState() != 0 || got.GetPromiseDueTime() != nil || got.GetState() != test.state {
				t.Errorf("without a promise: %v", got)
			}
		})
		states[test.want]++
	}
	// A filter by each state finds what says that it is in it, and all is in one.
	states[rapportv1.Task_PROMISE_STATE_UNSPECIFIED] = 8
	for number, name := range rapportv1.Task_PromiseState_name {
		for filter, want := range map[string]int{"promise_state = " + name: states[rapportv1.Task_PromiseState(number)], "promise_state != " + name: 16 - states[rapportv1.Task_PromiseState(number)]} {
			resp, err := s.Tasks.ListTasks(t.Context(), &rapportv1.ListTasksRequest{Parent: parent, Filter: filter})
			if err != nil || len(resp.GetTasks()) != want {
				t.Errorf("%s: %d tasks, %v, want %d", filter, len(resp.GetTasks()), err, want)
			}
			for _, task := range resp.GetTasks() {
				if (task.GetPromiseState() == rapportv1.Task_PromiseState(number)) != (filter[len("promise_state ")] == '=') {
					t.Errorf("%s: %v", filter, task)
				}
			}
		}
	}
}

// TestPromiseByTheClock watches a promise become overdue that nobody touches: neither its
// etag nor the log of changes moves, and filters see it go from one state to the other.
func TestPromiseByTheClock(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	made := create(t, s, parent, promise(time.Now().Add(3*time.Second)))
	if made.GetPromiseState() != rapportv1.Task_PENDING {
		t.Fatalf("made as %v", made)
	}
	changes := count(t, s, "change")
	seen := map[rapportv1.Task_PromiseState]bool{}
	apitest.Eventually(t, 30*time.Second, func() bool {
		for _, name := range []string{"PENDING", "OVERDUE"} {
			for _, orderBy := range []string{"", "due_time"} {
				resp, err := s.Tasks.ListTasks(t.Context(), &rapportv1.ListTasksRequest{Parent: anyCustomer, Filter: "promise_state = " + name, OrderBy: orderBy})
				if err != nil {
					t.Fatal(err)
				}
				for _, task := range resp.GetTasks() {
					if task.GetPromiseState().String() != name || task.GetEtag() != made.GetEtag() {
						t.Errorf("%s lists %v", name, task)
					}
					seen[task.GetPromiseState()] = true
				}
			}
		}
		return get(t, s, made.GetName()).GetPromiseState() == rapportv1.Task_OVERDUE
	})
	resp, err := s.Tasks.ListTasks(t.Context(), &rapportv1.ListTasksRequest{Parent: parent, Filter: "promise_state = OVERDUE"})
	if err != nil || len(resp.GetTasks()) != 1 || !seen[rapportv1.Task_PENDING] || count(t, s, "change") != changes {
		t.Errorf("%v, %v; seen %v, %d changes", resp, err, seen, count(t, s, "change")-changes)
	}
	// To send back what was read, now that it is overdue, changes nothing.
	apitest.WantEqual(t, update(t, s, get(t, s, made.GetName()), "*"), get(t, s, made.GetName()))
	if count(t, s, "change") != changes {
		t.Error("the clock has moved the record")
	}
}

// TestSnooze moves the date of a promised task, which does not move the promise.
func TestSnooze(t *testing.T) {
	s := apitest.Start(t)
	made := create(t, s, customer(t, s), promise(due))
	name := made.GetName()
	for _, later := range []time.Time{due.Add(time.Hour), never, due.Add(-time.Hour)} {
		got := update(t, s, &rapportv1.Task{Name: name, DueTime: timestamppb.New(later)}, "due_time")
		if !got.GetDueTime().AsTime().Equal(later) || !got.GetPromiseDueTime().AsTime().Equal(due) || got.GetPromiseState() != rapportv1.Task_OVERDUE {
			t.Errorf("snoozed to %s: %v", later, got)
		}
	}
	update(t, s, &rapportv1.Task{Name: name, DueTime: timestamppb.New(never)})
	// Nor can the promise be taken back, moved or its date dropped.
	_, err := tryUpdate(t, s, &rapportv1.Task{Name: name}, "due_time")
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "task.due_time")
	for _, path := range []string{"promised", "promise_due_time", "promise_state", "complete_time", "cancel_time", "customer_agreed", "state"} {
		_, err := tryUpdate(t, s, &rapportv1.Task{Name: name, PromiseDueTime: timestamppb.New(never)}, path)
		apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_UPDATE_MASK, "update_mask")
	}
	if got := update(t, s, &rapportv1.Task{Name: name, Title: "x", DueTime: timestamppb.New(never)}, "*"); !got.GetPromised() || !got.GetPromiseDueTime().AsTime().Equal(due) {
		t.Errorf("replaced: %v", got)
	}
	if got := complete(t, s, name, time.Time{}); got.GetPromiseState() != rapportv1.Task_LATE {
		t.Errorf("done before the date it was moved to: %v, want it late", got)
	}
	// What was not promised when it was made is no promise later.
	plain := create(t, s, customer(t, s), note())
	if got := update(t, s, &rapportv1.Task{Name: plain.GetName(), Promised: true, DueTime: timestamppb.New(due)}); got.GetPromised() || got.GetPromiseDueTime() != nil {
		t.Errorf("promised by an edit: %v", got)
	}
	if got := update(t, s, &rapportv1.Task{Name: plain.GetName()}, "due_time"); got.GetDueTime() != nil {
		t.Errorf("the date of no promise was not dropped: %v", got)
	}
}
