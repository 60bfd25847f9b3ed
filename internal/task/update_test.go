package task_test

import (
	"fmt"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// TestUpdateEachFieldAlone sets each field by a mask of its own and clears it again.
func TestUpdateEachFieldAlone(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	support, interaction := newCase(t, s, parent), newInteraction(t, s, parent)
	for _, name := range []string{"title", "description", "kind", "assignee", "due_time", "case", "interaction", "external_id"} {
		t.Run(name, func(t *testing.T) {
			made := create(t, s, parent, note())
			source := full()
			source.Name, source.Case, source.Interaction = made.GetName(), &support, &interaction
			fd := made.ProtoReflect().Descriptor().Fields().ByName(protoreflect.Name(name))
			got := update(t, s, source, name)
			want := proto.CloneOf(made)
			want.ProtoReflect().Set(fd, source.ProtoReflect().Get(fd))
			want.Etag, want.UpdateTime = `"2"`, got.GetUpdateTime()
			apitest.WantEqual(t, got, want)
			apitest.WantEqual(t, get(t, s, made.GetName()), want)
			cleared := &rapportv1.Task{Name: made.GetName()}
			if name == "title" {
				_, err := tryUpdate(t, s, cleared, name)
				apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "task.title")
				return
			}
			got = update(t, s, cleared, name)
			want = proto.CloneOf(made)
			want.Etag, want.UpdateTime = `"3"`, got.GetUpdateTime()
			apitest.WantEqual(t, got, want)
			apitest.WantEqual(t, get(t, s, made.GetName()), want)
		})
	}
}

// TestReferences are checked when they are named, and stay named when they go.
func TestReferences(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	support, first, gone := newCase(t, s, parent), newInteraction(t, s, parent), newInteraction(t, s, parent)
	made := create(t, s, parent, with(func(t *rapportv1.Task) { t.Case, t.Interaction = &support, &first }))
	deleteInteraction(t, s, gone)
	other := customer(t, s)
	for _, names := range [][2]string{
		{parent + "/cases/" + nothing, gone}, {newCase(t, s, other), newInteraction(t, s, other)}, {first, support}, {"x", parent + "/interactions/" + nothing},
	} {
		_, err := tryUpdate(t, s, &rapportv1.Task{Name: made.GetName(), Case: &names[0]})
		apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "task.case")
		_, err = tryUpdate(t, s, &rapportv1.Task{Name: made.GetName(), Interaction: &names[1]})
		apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "task.interaction")
	}
	deleteInteraction(t, s, first)
	if got := update(t, s, &rapportv1.Task{Name: made.GetName(), Interaction: &first, Title: "x"}); got.GetInteraction() != first {
		t.Errorf("%v, want the interaction that was deleted since", got)
	}
	if got := complete(t, s, made.GetName(), due); got.GetInteraction() != first || got.GetCase() != support {
		t.Errorf("completed as %v", got)
	}
}

func TestUpdateRefusals(t *testing.T) {
	s := apitest.Start(t)
	parent, dead := customer(t, s), customer(t, s)
	live, taken, orphan := create(t, s, parent, note()), create(t, s, parent, full()), create(t, s, dead, note())
	completed := complete(t, s, create(t, s, parent, note()).GetName(), due)
	cancelled := cancel(t, s, create(t, s, parent, note()).GetName(), false)
	deleteCustomer(t, s, dead)
	patch := func(name string) *rapportv1.Task { return &rapportv1.Task{Name: name, Description: proto.String("x")} }
	stale, clash, only := patch(live.GetName()), patch(live.GetName()), &rapportv1.Task{Name: live.GetName(), Promised: true, CustomerAgreed: true}
	stale.Etag, clash.ExternalId = `"0"`, taken.GetExternalId()
	missing := with(func(task *rapportv1.Task) { task.Name = unknown + "/tasks/" + nothing })
	known := patch(completed.GetName())
	known.Etag = completed.GetEtag()
	invalid := codes.InvalidArgument
	for name, test := range map[string]struct {
		in      *rapportv1.Task
		missing bool
		code    codes.Code
		reason  rapportv1.ErrorReason
		fields  []string
	}{
		"no task":         {nil, false, invalid, rapportv1.ErrorReason_INVALID_FIELD, []string{"task"}},
		"no name":         {patch(""), false, invalid, rapportv1.ErrorReason_INVALID_FIELD, []string{"task.name"}},
		"any parent":      {patch("customers/-/tasks/" + live.GetUid()), false, invalid, rapportv1.ErrorReason_INVALID_FIELD, []string{"task.name"}},
		"nothing":         {&rapportv1.Task{Name: live.GetName()}, false, invalid, rapportv1.ErrorReason_EMPTY_UPDATE_MASK, []string{"update_mask"}},
		"immutable alone": {only, false, invalid, rapportv1.ErrorReason_EMPTY_UPDATE_MASK, []string{"update_mask"}},
		"unknown":         {patch(parent + "/tasks/" + nothing), false, codes.NotFound, rapportv1.ErrorReason_TASK_NOT_FOUND, nil},
		"incomplete":      {patch(parent + "/tasks/" + nothing), true, invalid, rapportv1.ErrorReason_INVALID_FIELD, []string{"task.title"}},
		"no customer":     {missing, true, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, nil},
		"dead customer":   {patch(orphan.GetName()), false, codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED, nil},
		"completed":       {patch(completed.GetName()), true, codes.FailedPrecondition, rapportv1.ErrorReason_TASK_ENDED, nil},
		"completed, seen": {known, false, codes.FailedPrecondition, rapportv1.ErrorReason_TASK_ENDED, nil},
		"cancelled":       {patch(cancelled.GetName()), false, codes.FailedPrecondition, rapportv1.ErrorReason_TASK_ENDED, nil},
		"stale":           {stale, false, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH, nil},
		"external id":     {clash, false, codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Tasks.UpdateTask(t.Context(), &rapportv1.UpdateTaskRequest{Task: test.in, AllowMissing: test.missing})
			apitest.WantFields(t, err, test.code, test.reason, test.fields...)
			for _, was := range []*rapportv1.Task{live, taken, orphan, completed, cancelled} {
				apitest.WantEqual(t, get(t, s, was.GetName()), was)
			}
		})
	}
}

// TestUpsert makes what is not there by all that is populated, what is set once included.
func TestUpsert(t *testing.T) {
	s := apitest.Start(t)
	in := full()
	in.Name = customer(t, s) + "/tasks/" + newID(t)
	made, err := s.Tasks.UpdateTask(t.Context(), &rapportv1.UpdateTaskRequest{Task: in, AllowMissing: true})
	if err != nil {
		t.Fatal(err)
	}
	apitest.WantEqual(t, made, stored(in, made))
	again, err := s.Tasks.UpdateTask(t.Context(), &rapportv1.UpdateTaskRequest{Task: in, AllowMissing: true})
	if err != nil {
		t.Fatal(err)
	}
	apitest.WantEqual(t, again, made)
}

// TestConcurrentUpdates lets 20 callers change a task at once: those who say what they saw
// have it as they saw it, and of the others none is lost.
func TestConcurrentUpdates(t *testing.T) {
	s := apitest.Start(t)
	seen, blind := create(t, s, customer(t, s), note()), create(t, s, customer(t, s), promise(due))
	var callers sync.WaitGroup
	for n := range 20 {
		callers.Go(func() {
			for {
				was := get(t, s, seen.GetName())
				_, err := tryUpdate(t, s, &rapportv1.Task{Name: was.GetName(), Etag: was.GetEtag(), Description: proto.String(was.GetDescription() + "x")})
				if err == nil {
					break
				}
				apitest.WantReason(t, err, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH)
			}
			if _, err := tryUpdate(t, s, &rapportv1.Task{Name: blind.GetName(), Title: fmt.Sprint(n)}); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	if got := get(t, s, seen.GetName()); len(got.GetDescription()) != 20 || got.GetEtag() != `"21"` {
		t.Errorf("%v, want all 20", got)
	}
	if got := get(t, s, blind.GetName()); got.GetEtag() != `"21"` || !got.GetPromiseDueTime().AsTime().Equal(due) {
		t.Errorf("%v, want 20 updates", got)
	}
}

// TestConcurrentUpserts makes one task of 20 callers who all bring it.
func TestConcurrentUpserts(t *testing.T) {
	s := apitest.Start(t)
	name := customer(t, s) + "/tasks/" + newID(t)
	var callers sync.WaitGroup
	for n := range 20 {
		callers.Go(func() {
			task := with(func(t *rapportv1.Task) { t.Name, t.Title = name, fmt.Sprint(n) })
			if _, err := s.Tasks.UpdateTask(t.Context(), &rapportv1.UpdateTaskRequest{Task: task, AllowMissing: true}); err != nil {
				t.Errorf("upsert %d: %v", n, err)
			}
		})
	}
	callers.Wait()
	if got := get(t, s, name); got.GetEtag() != `"20"` {
		t.Errorf("etag %s after one creation and 19 updates", got.GetEtag())
	}
}
