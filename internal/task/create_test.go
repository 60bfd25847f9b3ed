package task_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

func TestCreateEveryField(t *testing.T) {
	s := apitest.Start(t)
	parent, id := customer(t, s), newID(t)
	in := full()
	in.Case, in.Interaction = proto.String(newCase(t, s, parent)), proto.String(newInteraction(t, s, parent))
	// What is finer than a microsecond is cut.
	in.DueTime.Nanos = 123456789
	made, err := s.Tasks.CreateTask(t.Context(), &rapportv1.CreateTaskRequest{Parent: parent, Task: in, TaskId: id})
	if err != nil {
		t.Fatal(err)
	}
	in.DueTime.Nanos = 123456000
	want := stored(in, made)
	want.Name, want.Uid, want.PromiseState = parent+"/tasks/"+id, id, rapportv1.Task_OVERDUE
	apitest.WantEqual(t, made, want)
	apitest.WantEqual(t, get(t, s, made.GetName()), want)

	// Another customer's task may have the same id, also in the other system.
	other, err := s.Tasks.CreateTask(t.Context(), &rapportv1.CreateTaskRequest{Parent: customer(t, s), Task: full(), TaskId: id})
	if err != nil || other.GetUid() != id {
		t.Errorf("%v, %v", other, err)
	}

	// What only the service sets is ignored, and an empty text is none.
	sent := with(func(t *rapportv1.Task) {
		t.Name, t.Uid, t.Etag, t.State, t.PromiseState = "x", "x", `"7"`, rapportv1.Task_CANCELLED, rapportv1.Task_KEPT
		t.PromiseDueTime, t.CreateTime = timestamppb.New(due), timestamppb.New(due)
		t.Description, t.Assignee, t.Case, t.Interaction = proto.String(""), proto.String(""), proto.String(""), proto.String("")
	})
	made = create(t, s, parent, sent)
	apitest.WantEqual(t, get(t, s, made.GetName()), stored(note(), made))
}

// TestExtremes are kept exactly.
func TestExtremes(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	ahead := timestamppb.New(time.Now().Add(4 * time.Minute).Truncate(time.Microsecond))
	first, last := &timestamppb.Timestamp{Seconds: -62135596800}, &timestamppb.Timestamp{Seconds: 253402300799, Nanos: 999_999_000}
	for name, in := range map[string]*rapportv1.Task{
		"year 1":    with(func(t *rapportv1.Task) { t.DueTime, t.CompleteTime = first, first }),
		"year 9999": promise(last.AsTime()),
		"ahead":     with(func(t *rapportv1.Task) { t.CompleteTime = ahead }),
		"cancelled": with(func(t *rapportv1.Task) { t.CancelTime, t.CustomerAgreed = ahead, true }),
		"longest texts": with(func(t *rapportv1.Task) {
			t.Title, t.Description, t.Assignee = strings.Repeat("名", 200), proto.String(strings.Repeat("名", 20_000)), proto.String(strings.Repeat("名", 200))
		}),
	} {
		made := create(t, s, parent, proto.CloneOf(in))
		t.Run(name, func(t *testing.T) { apitest.WantEqual(t, get(t, s, made.GetName()), stored(in, made)) })
	}
}

// TestHostileTexts are kept byte for byte, found by a filter, or refused for what they are.
func TestHostileTexts(t *testing.T) {
	raw, err := os.ReadFile("../../../shared/data/bad_input/blns.json")
	if os.IsNotExist(err) {
		t.Skip("the hard input lies beside the checkout, not in it")
	}
	var texts []string
	if err != nil || json.Unmarshal(raw, &texts) != nil {
		t.Fatal(err)
	}
	s := apitest.Start(t)
	parent := customer(t, s)
	req := &rapportv1.BatchCreateTasksRequest{Parent: parent, ReturnPartialSuccess: true}
	for _, text := range append(texts, "\x00", "'; DROP TABLE task; --", "\u202e\U0010ffff") {
		req.Requests = append(req.Requests, &rapportv1.CreateTaskRequest{Task: &rapportv1.Task{
			Title: text, Description: &text, Assignee: &text, ExternalId: &rapportv1.ExternalId{Source: "erp", Id: text},
		}})
	}
	resp, err := s.Tasks.BatchCreateTasks(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	made := resp.GetTasks()
	for n, r := range req.GetRequests() {
		text := r.GetTask().GetTitle()
		if failed := resp.GetFailedRequests()[int32(n)]; failed != nil {
			if text != "" && !strings.Contains(text, "\x00") && utf8.RuneCountInString(text) <= 200 && !strings.Contains(failed.String(), "EXTERNAL_ID_IN_USE") {
				t.Errorf("%q was refused: %v", text, failed)
			}
			continue
		}
		got := get(t, s, made[0].GetName())
		made = made[1:]
		if got.GetTitle() != text || got.GetDescription() != text || got.GetAssignee() != text || got.GetExternalId().GetId() != text {
			t.Errorf("%q was kept as %v", text, got)
		}
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, `*`, `\*`).Replace(text)
		page, err := s.Tasks.ListTasks(t.Context(), &rapportv1.ListTasksRequest{Parent: parent, Filter: `title = "` + quoted + `"`})
		if err != nil || len(page.GetTasks()) == 0 || page.GetTasks()[0].GetTitle() != text {
			t.Errorf("%q is not found: %v, %v", text, page, err)
		}
	}
	if len(made) != 0 || count(t, s, "task") < len(texts)*9/10 {
		t.Errorf("%d tasks of %d texts", count(t, s, "task"), len(texts))
	}
}

type refusal struct {
	req    *rapportv1.CreateTaskRequest
	code   codes.Code
	reason rapportv1.ErrorReason
	fields []string
}

func TestCreateRefusals(t *testing.T) {
	s := apitest.Start(t)
	parent, other, gone := customer(t, s), customer(t, s), known(t, s, "gone")
	first := create(t, s, parent, full())
	foreignCase, foreign, deleted := newCase(t, s, other), newInteraction(t, s, other), newInteraction(t, s, parent)
	deleteInteraction(t, s, deleted)
	deleteCustomer(t, s, gone)
	req := func(parent string, task *rapportv1.Task) *rapportv1.CreateTaskRequest {
		return &rapportv1.CreateTaskRequest{Parent: parent, Task: task}
	}
	invalid := func(r *rapportv1.CreateTaskRequest, names ...string) refusal {
		return refusal{r, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, names}
	}
	field := func(change func(*rapportv1.Task), names ...string) refusal {
		return invalid(req(parent, with(change)), names...)
	}
	long := func(n int) *string { return proto.String(strings.Repeat("名", n)) }
	ahead, bad := timestamppb.New(time.Now().Add(6*time.Minute)), &timestamppb.Timestamp{Seconds: 1 << 60}
	crm := func(id string) *rapportv1.ExternalId { return &rapportv1.ExternalId{Source: "crm", Id: id} }
	for name, test := range map[string]refusal{
		"no task":              invalid(req(parent, nil), "task"),
		"no parent":            invalid(req("", note()), "parent"),
		"any parent":           invalid(req(anyCustomer, note()), "parent"),
		"two parents":          invalid(&rapportv1.CreateTaskRequest{Parent: parent, Task: note(), CustomerExternalId: crm("gone")}, "customer_external_id"),
		"wrong id":             invalid(&rapportv1.CreateTaskRequest{Parent: parent, Task: note(), TaskId: "x"}, "task_id"),
		"empty":                invalid(req(parent, &rapportv1.Task{}), "task.title"),
		"long texts":           field(func(t *rapportv1.Task) { t.Title, t.Description, t.Assignee = *long(201), long(20_001), long(201) }, "task.title", "task.description", "task.assignee"),
		"NUL":                  field(func(t *rapportv1.Task) { t.Title, t.Description = "\x00", proto.String("a\x00") }, "task.title", "task.description"),
		"kind":                 field(func(t *rapportv1.Task) { t.Kind = 99 }, "task.kind"),
		"promise of no time":   field(func(t *rapportv1.Task) { t.Promised = true }, "task.due_time"),
		"times":                field(func(t *rapportv1.Task) { t.DueTime, t.CompleteTime = bad, bad }, "task.due_time", "task.complete_time"),
		"done ahead":           field(func(t *rapportv1.Task) { t.CompleteTime = ahead }, "task.complete_time"),
		"cancelled ahead":      field(func(t *rapportv1.Task) { t.CancelTime = ahead }, "task.cancel_time"),
		"both":                 field(func(t *rapportv1.Task) { t.CompleteTime, t.CancelTime = timestamppb.New(due), timestamppb.New(due) }, "task.cancel_time"),
		"agreed":               field(func(t *rapportv1.Task) { t.CustomerAgreed = true }, "task.customer_agreed"),
		"agreed to completion": field(func(t *rapportv1.Task) { t.CustomerAgreed, t.CompleteTime = true, timestamppb.New(due) }, "task.customer_agreed"),
		"all at once": field(func(t *rapportv1.Task) { t.Title, t.Promised, t.CompleteTime, t.CustomerAgreed = "", true, ahead, true },
			"task.title", "task.due_time", "task.complete_time", "task.customer_agreed"),
		"no names":          field(func(t *rapportv1.Task) { t.Case, t.Interaction = proto.String("x"), proto.String(parent) }, "task.case", "task.interaction"),
		"foreign":           field(func(t *rapportv1.Task) { t.Case, t.Interaction = &foreignCase, &foreign }, "task.case", "task.interaction"),
		"unknown case":      field(func(t *rapportv1.Task) { t.Case = proto.String(parent + "/cases/" + nothing) }, "task.case"),
		"no interaction":    field(func(t *rapportv1.Task) { t.Interaction = proto.String(parent + "/interactions/" + nothing) }, "task.interaction"),
		"deleted":           field(func(t *rapportv1.Task) { t.Interaction = &deleted }, "task.interaction"),
		"external id":       field(func(t *rapportv1.Task) { t.ExternalId = &rapportv1.ExternalId{Source: "ERP"} }, "task.external_id.source", "task.external_id.id"),
		"unknown customer":  {req(unknown, note()), codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, nil},
		"nobody's id":       {&rapportv1.CreateTaskRequest{Parent: anyCustomer, Task: note(), CustomerExternalId: crm("nobody")}, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, nil},
		"deleted customer":  {req(gone, note()), codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED, nil},
		"taken id":          {&rapportv1.CreateTaskRequest{Parent: parent, Task: note(), TaskId: first.GetUid()}, codes.AlreadyExists, rapportv1.ErrorReason_TASK_ALREADY_EXISTS, nil},
		"taken external id": {req(parent, full()), codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Tasks.CreateTask(t.Context(), test.req)
			apitest.WantFields(t, err, test.code, test.reason, test.fields...)
		})
	}
	if n := count(t, s, "task"); n != 1 {
		t.Errorf("%d tasks: a refused call made something", n)
	}
}

func TestCreateByExternalID(t *testing.T) {
	s := apitest.Start(t)
	parent := known(t, s, "17")
	made, err := s.Tasks.CreateTask(t.Context(), &rapportv1.CreateTaskRequest{
		Parent: anyCustomer, CustomerExternalId: &rapportv1.ExternalId{Source: "crm", Id: "17"}, Task: full(),
	})
	if err != nil || !strings.HasPrefix(made.GetName(), parent+"/tasks/") {
		t.Fatalf("%v, %v", made, err)
	}
	apitest.WantEqual(t, get(t, s, made.GetName()), stored(full(), made))
}

func TestGetRefusals(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	made := create(t, s, parent, note())
	for _, name := range []string{
		"", "x", parent, parent + "/tasks/-", "customers/-/tasks/" + made.GetUid(), strings.ToUpper(made.GetName()),
		parent + "/interactions/" + made.GetUid(),
	} {
		_, err := s.Tasks.GetTask(t.Context(), &rapportv1.GetTaskRequest{Name: name})
		apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "name")
	}
	for _, name := range []string{parent + "/tasks/" + nothing, customer(t, s) + "/tasks/" + made.GetUid(), unknown + "/tasks/" + made.GetUid()} {
		_, err := s.Tasks.GetTask(t.Context(), &rapportv1.GetTaskRequest{Name: name})
		apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_TASK_NOT_FOUND)
	}
}
