package task_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

const (
	unknown     = "customers/0198c0de-0000-7000-8000-00000000dead"
	anyCustomer = "customers/-"
	// nothing is the id of nothing.
	nothing = "0198c0de-0000-7000-8000-00000000beef"
)

// due is long past, and comes never so far ahead, whenever the tests run.
var (
	due   = time.Date(2026, 3, 1, 9, 30, 0, 123456000, time.UTC)
	never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
)

// full has every field set that a client can set on a task to be done, but for what it
// refers to.
func full() *rapportv1.Task {
	return &rapportv1.Task{
		Title: "送货", Description: proto.String(" kept\tbyte for byte \n"), Kind: rapportv1.Task_DELIVER, Assignee: proto.String("grace"),
		DueTime: timestamppb.New(due), Promised: true, ExternalId: &rapportv1.ExternalId{Source: "erp", Id: "job-1"},
	}
}

// note has nothing set but what is required.
func note() *rapportv1.Task { return &rapportv1.Task{Title: "Call back"} }

// with returns a note that was changed.
func with(change func(*rapportv1.Task)) *rapportv1.Task {
	t := note()
	change(t)
	return t
}

// promise is a promised task.
func promise(by time.Time) *rapportv1.Task {
	return with(func(t *rapportv1.Task) { t.Promised, t.DueTime = true, timestamppb.New(by) })
}

func customer(t testing.TB, s *apitest.Service) string { return known(t, s, uuid.NewString()) }

// known makes a customer with an id in another system.
func known(t testing.TB, s *apitest.Service, id string) string {
	t.Helper()
	c, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{Customer: &rapportv1.Customer{
		Type: rapportv1.Customer_ORGANIZATION, DisplayName: "Acme", ExternalIds: map[string]string{"crm": id},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return c.GetName()
}

func deleteCustomer(t testing.TB, s *apitest.Service, name string) {
	t.Helper()
	if _, err := s.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: name}); err != nil {
		t.Fatal(err)
	}
}

func newInteraction(t testing.TB, s *apitest.Service, parent string) string {
	t.Helper()
	i, err := s.Interactions.CreateInteraction(t.Context(), &rapportv1.CreateInteractionRequest{Parent: parent, Interaction: &rapportv1.Interaction{
		Channel: rapportv1.Channel_PHONE, Direction: rapportv1.Interaction_INBOUND, OccurTime: timestamppb.New(due),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return i.GetName()
}

func deleteInteraction(t testing.TB, s *apitest.Service, name string) {
	t.Helper()
	if _, err := s.Interactions.DeleteInteraction(t.Context(), &rapportv1.DeleteInteractionRequest{Name: name}); err != nil {
		t.Fatal(err)
	}
}

// newCase makes a case in the table alone.
func newCase(t testing.TB, s *apitest.Service, parent string) string {
	t.Helper()
	id := newID(t)
	_, err := s.DB.Exec(t.Context(), `
		INSERT INTO support_case (lane, customer_id, case_id, revision, case_number, type, verified, waiting_on_customer, receive_time,
			customer_confirmed, reopen_count, first_response_breach_recorded, resolve_used_micros, resolve_breach_recorded, resolve_breached, create_time, update_time)
		SELECT lane, customer_id, $2::uuid, 1, $2, 'NEED', false, false, now(), false, 0, false, 0, false, false, now(), now()
		FROM customer WHERE customer_id = $1::uuid`, strings.TrimPrefix(parent, "customers/"), id)
	if err != nil {
		t.Fatal(err)
	}
	return parent + "/cases/" + id
}

func create(t testing.TB, s *apitest.Service, parent string, task *rapportv1.Task) *rapportv1.Task {
	t.Helper()
	made, err := s.Tasks.CreateTask(t.Context(), &rapportv1.CreateTaskRequest{Parent: parent, Task: task})
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	return made
}

func get(t testing.TB, s *apitest.Service, name string) *rapportv1.Task {
	t.Helper()
	task, err := s.Tasks.GetTask(t.Context(), &rapportv1.GetTaskRequest{Name: name})
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	return task
}

func update(t testing.TB, s *apitest.Service, task *rapportv1.Task, paths ...string) *rapportv1.Task {
	t.Helper()
	got, err := tryUpdate(t, s, task, paths...)
	if err != nil {
		t.Fatalf("update: %v", err)
	}
	return got
}

func tryUpdate(t testing.TB, s *apitest.Service, task *rapportv1.Task, paths ...string) (*rapportv1.Task, error) {
	t.Helper()
	return s.Tasks.UpdateTask(t.Context(), &rapportv1.UpdateTaskRequest{Task: task, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}})
}

// complete completes a task at a time, or now where that is zero.
func complete(t testing.TB, s *apitest.Service, name string, at time.Time) *rapportv1.Task {
	t.Helper()
	req := &rapportv1.CompleteTaskRequest{Name: name}
	if !at.IsZero() {
		req.CompleteTime = timestamppb.New(at)
	}
	resp, err := s.Tasks.CompleteTask(t.Context(), req)
	if err != nil || resp.GetNextTask() != nil {
		t.Fatalf("complete: %v, %v", resp, err)
	}
	return resp.GetTask()
}

func cancel(t testing.TB, s *apitest.Service, name string, agreed bool) *rapportv1.Task {
	t.Helper()
	got, err := s.Tasks.CancelTask(t.Context(), &rapportv1.CancelTaskRequest{Name: name, CustomerAgreed: agreed})
	if err != nil {
		t.Fatalf("cancel: %v", err)
	}
	return got
}

// stored is a task of a caller as it is kept.
func stored(in, made *rapportv1.Task) *rapportv1.Task {
	want := proto.CloneOf(in)
	want.Name, want.Uid, want.Etag = made.GetName(), made.GetUid(), `"1"`
	want.CreateTime, want.UpdateTime = made.GetCreateTime(), made.GetCreateTime()
	want.State = rapportv1.Task_OPEN
	switch {
	case in.GetCompleteTime() != nil:
		want.State = rapportv1.Task_COMPLETED
	case in.GetCancelTime() != nil:
		want.State = rapportv1.Task_CANCELLED
	}
	if in.GetPromised() {
		want.PromiseDueTime, want.PromiseState = in.GetDueTime(), made.GetPromiseState()
	}
	return want
}

func count(t testing.TB, s *apitest.Service, table string) (n int) {
	t.Helper()
	if err := s.DB.QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func newID(t testing.TB) string {
	t.Helper()
	id, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	return id.String()
}
