package cases_test

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

func wanted() *rapportv1.Case {
	c := assigned()
	c.Type, c.Item = rapportv1.Case_STOCK_REQUEST, proto.String("Blue teapot")
	return c
}

func tasksOf(t testing.TB, s *apitest.Service, parent string) []*rapportv1.Task {
	t.Helper()
	resp, err := s.Tasks.ListTasks(t.Context(), &rapportv1.ListTasksRequest{Parent: parent, OrderBy: "create_time"})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetTasks()
}

func TestAStockRequestPromisesToTell(t *testing.T) {
	s := apitest.Start(t)
	in := func(d time.Duration) *timestamppb.Timestamp { return ago(-d) }
	for name, test := range map[string]struct {
		tier   *rapportv1.ServiceTier
		change func(*rapportv1.CreateCaseRequest)
		due    func(made *rapportv1.Case) time.Time
	}{
		"as promised": {nil, func(r *rapportv1.CreateCaseRequest) { r.NotifyDueTime = in(48 * time.Hour) }, func(c *rapportv1.Case) time.Time { return c.GetReceiveTime().AsTime().Add(48 * time.Hour) }},
		"by the tier": {gold(), func(*rapportv1.CreateCaseRequest) {}, func(c *rapportv1.Case) time.Time { return c.GetResolveDueTime().AsTime() }},
		"in a week":   {nil, func(*rapportv1.CreateCaseRequest) {}, func(c *rapportv1.Case) time.Time { return c.GetReceiveTime().AsTime().AddDate(0, 0, 7) }},
		"received long ago": {
			gold(), func(r *rapportv1.CreateCaseRequest) { r.Case.ReceiveTime = ago(1000 * time.Hour) },
			func(c *rapportv1.Case) time.Time { return c.GetCreateTime().AsTime().AddDate(0, 0, 7) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			parent := customer(t, s)
			if test.tier != nil {
				parent, _ = tiered(t, s, test.tier)
			}
			req := &rapportv1.CreateCaseRequest{Parent: parent, Case: wanted()}
			test.change(req)
			made, err := s.Cases.CreateCase(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			tasks := tasksOf(t, s, parent)
			if len(tasks) != 1 {
				t.Fatalf("%d tasks", len(tasks))
			}
			got := tasks[0]
			if got.GetTitle() != "Tell the customer: Blue teapot is in stock" || got.GetKind() != rapportv1.Task_NOTIFY || !got.GetPromised() ||
				got.GetCase() != made.GetName() || got.GetAssignee() != "grace" || got.GetState() != rapportv1.Task_OPEN {
				t.Errorf("the task: %v", got)
			}
			if off := got.GetDueTime().AsTime().Sub(test.due(made)).Abs(); off > time.Second {
				t.Errorf("due %s, %s off", got.GetDueTime().AsTime(), off)
			}
		})
	}
}

func TestStockRequestsOfABatch(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	long, done, first := wanted(), full(), ago(-time.Hour)
	long.Item, done.Type = proto.String(strings.Repeat("茶", 200)), rapportv1.Case_STOCK_REQUEST
	got, err := s.Cases.BatchCreateCases(t.Context(), &rapportv1.BatchCreateCasesRequest{Parent: parent, ReturnPartialSuccess: true, Requests: []*rapportv1.CreateCaseRequest{
		{Case: wanted(), NotifyDueTime: first},
		{Case: long},
		{Case: done},
		{Case: &rapportv1.Case{Type: rapportv1.Case_STOCK_REQUEST}},
		{Case: assigned(), NotifyDueTime: first},
	}})
	if err != nil || len(got.GetCases()) != 4 || got.GetFailedRequests()[4].GetCode() != int32(codes.InvalidArgument) {
		t.Fatalf("%v, %v", got, err)
	}
	titles := map[string]*rapportv1.Task{}
	for _, task := range tasksOf(t, s, parent) {
		titles[task.GetTitle()] = task
	}
	cut := "Tell the customer: " + strings.Repeat("茶", 168) + "… is in stock"
	if len(titles) != 3 || titles[cut] == nil || titles["Tell the customer that it is in stock"] == nil {
		t.Errorf("tasks: %v", titles)
	}
	apitest.WantEqual(t, titles["Tell the customer: Blue teapot is in stock"].GetDueTime(), first)
}

func TestStockRefusals(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	for name, req := range map[string]*rapportv1.CreateCaseRequest{
		"another type":       {Case: assigned(), NotifyDueTime: ago(0)},
		"no time":            {Case: wanted(), NotifyDueTime: &timestamppb.Timestamp{Nanos: -1}},
		"before the receipt": {Case: wanted(), NotifyDueTime: ago(time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			req.Parent = parent
			_, err := s.Cases.CreateCase(t.Context(), req)
			apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "notify_due_time")
		})
	}
	if _, err := s.Cases.CreateCase(t.Context(), &rapportv1.CreateCaseRequest{Parent: parent, Case: wanted(), ValidateOnly: true}); err != nil {
		t.Error(err)
	}
	if got := tasksOf(t, s, parent); len(got) != 0 {
		t.Errorf("tasks of what was refused: %v", got)
	}
}
