package task_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/apitest"
)

func entry(parent string, task *rapportv1.Task) *rapportv1.CreateTaskRequest {
	return &rapportv1.CreateTaskRequest{Parent: parent, Task: task}
}

func TestBatchCreate(t *testing.T) {
	s := apitest.Start(t)
	a, b, id := customer(t, s), known(t, s, "b"), newID(t)
	in := full()
	in.Case, in.Interaction = proto.String(newCase(t, s, a)), proto.String(newInteraction(t, s, a))
	byID := &rapportv1.CreateTaskRequest{CustomerExternalId: &rapportv1.ExternalId{Source: "crm", Id: "b"}, Task: full(), TaskId: id}
	for parent, entries := range map[string][]*rapportv1.CreateTaskRequest{
		a:           {entry("", in), entry(a, note())},
		anyCustomer: {byID, entry(a, promise(due)), entry(b, with(func(t *rapportv1.Task) { t.CompleteTime = timestamppb.New(due) }))},
	} {
		resp, err := s.Tasks.BatchCreateTasks(t.Context(), &rapportv1.BatchCreateTasksRequest{Parent: parent, Requests: entries})
		if err != nil || len(resp.GetTasks()) != len(entries) {
			t.Fatalf("%s: %v, %v", parent, resp, err)
		}
		for n, made := range resp.GetTasks() {
			apitest.WantEqual(t, get(t, s, made.GetName()), stored(entries[n].GetTask(), made))
		}
	}
	if got := get(t, s, b+"/tasks/"+id); got.GetPromiseState() != rapportv1.Task_OVERDUE {
		t.Errorf("%v", got)
	}
	// A change for each, in the feed of its customer.
	changes, err := s.Changes.ListChanges(t.Context(), &rapportv1.ListChangesRequest{Filter: `customer = "` + b + `"`})
	if err != nil || len(changes.GetChanges()) != 3 {
		t.Errorf("%v, %v, want that of the customer and two of tasks", changes, err)
	}
}

func TestBatchOfMany(t *testing.T) {
	s := apitest.Start(t)
	req := &rapportv1.BatchCreateTasksRequest{Parent: anyCustomer}
	parents := []string{customer(t, s), customer(t, s), customer(t, s)}
	for n := range 1000 {
		req.Requests = append(req.Requests, entry(parents[n%3], &rapportv1.Task{Title: fmt.Sprint(n)}))
	}
	resp, err := s.Tasks.BatchCreateTasks(t.Context(), req)
	if err != nil || len(resp.GetTasks()) != 1000 || count(t, s, "task") != 1000 {
		t.Fatalf("%d, %v", len(resp.GetTasks()), err)
	}
	for n, task := range resp.GetTasks() {
		if task.GetTitle() != fmt.Sprint(n) {
			t.Fatalf("%v is in the place of %d", task, n)
		}
	}
	req.Requests = append(req.Requests, entry(parents[0], note()))
	_, err = s.Tasks.BatchCreateTasks(t.Context(), req)
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "requests")
}

// TestPartialBatch has something wrong with each second request. Without
// return_partial_success the first of them refuses the batch, with it the others are made.
func TestPartialBatch(t *testing.T) {
	s := apitest.Start(t)
	a, gone := customer(t, s), customer(t, s)
	deleteCustomer(t, s, gone)
	foreign, deleted, foreignCase := newInteraction(t, s, customer(t, s)), newInteraction(t, s, a), newCase(t, s, customer(t, s))
	deleteInteraction(t, s, deleted)
	taken := create(t, s, a, full())
	invalid, field := codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD
	changed := func(change func(*rapportv1.Task)) *rapportv1.CreateTaskRequest { return entry(a, with(change)) }
	bad := []struct {
		req    *rapportv1.CreateTaskRequest
		code   codes.Code
		reason rapportv1.ErrorReason
		field  string
	}{
		{changed(func(t *rapportv1.Task) { t.Promised = true }), invalid, field, "task.due_time"},
		{changed(func(t *rapportv1.Task) { t.Title = "" }), invalid, field, "task.title"},
		{changed(func(t *rapportv1.Task) { t.Kind = 99 }), invalid, field, "task.kind"},
		{changed(func(t *rapportv1.Task) { t.CustomerAgreed = true }), invalid, field, "task.customer_agreed"},
		{changed(func(t *rapportv1.Task) { t.Interaction = &foreign }), invalid, field, "task.interaction"},
		{changed(func(t *rapportv1.Task) { t.Interaction = &deleted }), invalid, field, "task.interaction"},
		{changed(func(t *rapportv1.Task) { t.Case = &foreignCase }), invalid, field, "task.case"},
		{changed(func(t *rapportv1.Task) { t.Case = proto.String(a + "/cases/" + nothing) }), invalid, field, "task.case"},
		{entry(a, nil), invalid, field, "task"},
		{entry(unknown, note()), codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, ""},
		{entry(gone, note()), codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED, ""},
		{&rapportv1.CreateTaskRequest{Parent: a, Task: note(), TaskId: taken.GetUid()}, codes.AlreadyExists, rapportv1.ErrorReason_TASK_ALREADY_EXISTS, ""},
		{entry(a, full()), codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, ""},
	}
	before := count(t, s, "change")
	req := &rapportv1.BatchCreateTasksRequest{Parent: anyCustomer, ReturnPartialSuccess: true, RequestId: uuid.NewString()}
	for n, e := range bad {
		req.Requests = append(req.Requests, entry(a, &rapportv1.Task{Title: fmt.Sprint(n), Promised: true, DueTime: timestamppb.New(due)}), e.req)
		whole := &rapportv1.BatchCreateTasksRequest{Parent: anyCustomer, Requests: []*rapportv1.CreateTaskRequest{entry(a, note()), proto.CloneOf(e.req), entry(a, note())}}
		_, err := s.Tasks.BatchCreateTasks(t.Context(), whole)
		want(t, err, e.code, e.reason, 1, e.field)
	}
	if count(t, s, "task") != 1 || count(t, s, "change") != before {
		t.Error("a refused batch left something")
	}
	resp, err := s.Tasks.BatchCreateTasks(t.Context(), req)
	if err != nil || len(resp.GetTasks()) != len(bad) || len(resp.GetFailedRequests()) != len(bad) || count(t, s, "task") != len(bad)+1 {
		t.Fatalf("%v, %v, %d tasks", resp, err, count(t, s, "task"))
	}
	for n, made := range resp.GetTasks() {
		if made.GetTitle() != fmt.Sprint(n) {
			t.Errorf("in the place of %d is %v", n, made)
		}
		apitest.WantEqual(t, get(t, s, made.GetName()), made)
	}
	for n, e := range bad {
		err := status.ErrorProto(resp.GetFailedRequests()[int32(2*n+1)])
		want(t, err, e.code, e.reason, 2*n+1, e.field)
		if index := apierr.Info(err).GetMetadata()["index"]; index != fmt.Sprint(2*n+1) {
			t.Errorf("index %s in %v", index, err)
		}
	}
	again, err := s.Tasks.BatchCreateTasks(t.Context(), req)
	if err != nil || !proto.Equal(again, resp) {
		t.Errorf("a repeat: %v, %v", again, err)
	}
}

// want wants an error about a request of a batch and, where it is named, a field of it.
func want(t *testing.T, err error, code codes.Code, reason rapportv1.ErrorReason, index int, field string) {
	t.Helper()
	if field == "" {
		apitest.WantReason(t, err, code, reason)
		return
	}
	apitest.WantFields(t, err, code, reason, fmt.Sprintf("requests[%d].%s", index, field))
}
