package task_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// pages reads a whole list, and calls between after each page but the last.
func pages(t testing.TB, s *apitest.Service, req *rapportv1.ListTasksRequest, between func()) (all []*rapportv1.Task) {
	t.Helper()
	req = proto.CloneOf(req)
	for {
		resp, err := s.Tasks.ListTasks(t.Context(), req)
		if err != nil {
			t.Fatalf("%v: %v", req, err)
		}
		all = append(all, resp.GetTasks()...)
		if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
			return all
		}
		between()
	}
}

// seed makes a customer's tasks by SQL, five due at each time, and a third without one.
func seed(t testing.TB, s *apitest.Service, parent string, n int) {
	t.Helper()
	_, err := s.DB.Exec(t.Context(), `
		INSERT INTO task (lane, customer_id, task_id, revision, title, customer_agreed, due_time, complete_time, assignee, create_time, update_time)
		SELECT lane, customer_id, gen_random_uuid(), 1, 't' || n, false,
			CASE WHEN n % 3 > 0 THEN timestamptz '2026-01-01Z' + (n * 6007 % $2) / 5 * interval '1 second' END,
			CASE WHEN n % 4 > 0 THEN timestamptz '2026-02-01Z' END, 's' || n % 7,
			timestamptz '2026-01-01Z' + n / 5 * interval '1 second',
			timestamptz '2026-01-01Z' + (n * 7919 % $2) / 5 * interval '1 second'
		FROM customer, generate_series(1, $2) AS n WHERE customer_id = $1::uuid`, strings.TrimPrefix(parent, "customers/"), n)
	if err != nil {
		t.Fatal(err)
	}
}

func TestListOrders(t *testing.T) {
	s := apitest.Start(t)
	parent, other := customer(t, s), customer(t, s)
	seed(t, s, parent, 60)
	seed(t, s, other, 20)
	keys := map[string]func(*rapportv1.Task) string{
		"due_time": func(task *rapportv1.Task) string {
			if task.GetDueTime() == nil {
				return "never"
			}
			return task.GetDueTime().AsTime().String()
		},
		"create_time": func(task *rapportv1.Task) string { return task.GetCreateTime().AsTime().String() },
		"update_time": func(task *rapportv1.Task) string { return task.GetUpdateTime().AsTime().String() },
	}
	for of, total := range map[string]int{parent: 60, anyCustomer: 80} {
		for _, orderBy := range []string{"", "due_time", "due_time desc", "create_time", "create_time desc", "update_time", "update_time desc"} {
			for filter, part := range map[string]int{"": total, "state = OPEN": total / 4, "NOT due_time:*": total / 3, `title = "t*"`: total} {
				// An empty order is the newest first.
				field, desc := cmp.Or(strings.TrimSuffix(orderBy, " desc"), "create_time"), orderBy == "" || strings.HasSuffix(orderBy, "desc")
				got := pages(t, s, &rapportv1.ListTasksRequest{Parent: of, OrderBy: orderBy, Filter: filter, PageSize: 7}, func() {})
				sorted := slices.IsSortedFunc(got, func(a, b *rapportv1.Task) int {
					c := cmp.Or(cmp.Compare(keys[field](a), keys[field](b)), cmp.Compare(a.GetUid(), b.GetUid()))
					if desc {
						return -c
					}
					return c
				})
				seen := map[string]bool{}
				for _, task := range got {
					seen[task.GetName()] = true
				}
				if !sorted || len(got) != len(seen) || len(got) != part {
					t.Errorf("%s by %q where %q: sorted %t, %d tasks, %d different, want %d", of, orderBy, filter, sorted, len(got), len(seen), part)
				}
			}
		}
		_, err := s.Tasks.ListTasks(t.Context(), &rapportv1.ListTasksRequest{Parent: of, OrderBy: "title"})
		apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_ORDER_BY, "order_by")
	}
}

// TestPagesAreStable: what is done, made or moved between two pages neither repeats nor
// hides another.
func TestPagesAreStable(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	want := map[string]bool{}
	for n := range 30 {
		task := with(func(t *rapportv1.Task) { t.Title = fmt.Sprint(n) })
		if n%2 == 0 {
			task.DueTime = timestamppb.New(due)
		}
		want[create(t, s, parent, task).GetName()] = true
	}
	got := map[string]bool{}
	for _, task := range pages(t, s, &rapportv1.ListTasksRequest{Parent: parent, Filter: `title != "extra" AND state = OPEN`, OrderBy: "due_time", PageSize: 4}, func() {
		complete(t, s, create(t, s, parent, with(func(t *rapportv1.Task) { t.Title = "extra" })).GetName(), due)
		create(t, s, parent, with(func(t *rapportv1.Task) { t.Title, t.DueTime = "extra", timestamppb.New(due) }))
	}) {
		if got[task.GetName()] || !want[task.GetName()] {
			t.Errorf("%v is listed twice, or should not be", task)
		}
		got[task.GetName()] = true
	}
	if len(got) != len(want) {
		t.Errorf("%d tasks, want %d", len(got), len(want))
	}
}

func TestListParents(t *testing.T) {
	s := apitest.Start(t)
	a, b, gone := customer(t, s), customer(t, s), customer(t, s)
	one, two := create(t, s, a, full()), create(t, s, gone, note())
	deleteCustomer(t, s, gone)
	for parent, want := range map[string][]*rapportv1.Task{a: {one}, b: nil, gone: {two}, anyCustomer: {two, one}} {
		resp, err := s.Tasks.ListTasks(t.Context(), &rapportv1.ListTasksRequest{Parent: parent})
		if err != nil {
			t.Fatal(err)
		}
		apitest.WantEqual(t, resp, &rapportv1.ListTasksResponse{Tasks: want, TotalSize: proto.Int32(int32(len(want)))})
	}
	_, err := s.Tasks.ListTasks(t.Context(), &rapportv1.ListTasksRequest{Parent: unknown})
	apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND)
	for _, parent := range []string{"", "-", "customers", "customers/x"} {
		_, err := s.Tasks.ListTasks(t.Context(), &rapportv1.ListTasksRequest{Parent: parent})
		apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "parent")
	}
	_, err = s.Tasks.ListTasks(t.Context(), &rapportv1.ListTasksRequest{Parent: a, PageSize: -1})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "page_size")
	// A token is good for its own list alone.
	create(t, s, a, note())
	first, err := s.Tasks.ListTasks(t.Context(), &rapportv1.ListTasksRequest{Parent: a, PageSize: 1, OrderBy: "due_time desc"})
	if err != nil || first.GetNextPageToken() == "" {
		t.Fatalf("%v, %v", first, err)
	}
	for _, req := range []*rapportv1.ListTasksRequest{
		{Parent: a, OrderBy: "due_time"},
		{Parent: b, OrderBy: "due_time desc"},
		{Parent: a, OrderBy: "due_time desc", Filter: "promise_state = OVERDUE"},
	} {
		req.PageToken = first.GetNextPageToken()
		_, err := s.Tasks.ListTasks(t.Context(), req)
		apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_PAGE_TOKEN, "page_token")
	}
}

func TestListFilters(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	support, interaction := newCase(t, s, parent), newInteraction(t, s, parent)
	in := full()
	in.Case, in.Interaction = &support, &interaction
	create(t, s, parent, in)
	done := with(func(t *rapportv1.Task) { t.CompleteTime = timestamppb.New(due) })
	create(t, s, parent, done)
	create(t, s, parent, with(func(t *rapportv1.Task) {
		t.CancelTime, t.Promised, t.DueTime = timestamppb.New(due), true, timestamppb.New(never)
	}))
	create(t, s, customer(t, s), with(func(t *rapportv1.Task) { t.Assignee = proto.String("grace") }))
	// Which of the full, the completed and the cancelled one, and that of another customer.
	for filter, want := range map[string]string{
		``:                                    "full done cancelled other",
		`title = "送*"`:                        "full",
		`kind = DELIVER`:                      "full",
		`kind = KIND_UNSPECIFIED`:             "done cancelled other",
		`kind:*`:                              "full",
		`assignee = "grace"`:                  "full other",
		`assignee = "grace" AND state = OPEN`: "full other",
		`assignee = "grace" AND state = COMPLETED`:  "",
		`assignee != "grace"`:                       "",
		`NOT assignee:*`:                            "done cancelled",
		`due_time = "2026-03-01T09:30:00.123456Z"`:  "full",
		`due_time < "2026-03-01T09:30:01Z"`:         "full",
		`due_time <= "2026-03-01T09:30:00Z"`:        "",
		`due_time > "2026-03-01T09:30:00Z"`:         "full cancelled",
		`due_time >= "9999-01-01T00:00:00Z"`:        "cancelled",
		`due_time > "9999-12-31T23:59:59.999999Z"`:  "",
		`due_time != "9999-01-01T00:00:00Z"`:        "full",
		`NOT due_time > "2026-03-01T09:30:00Z"`:     "done other",
		`due_time:*`:                                "full cancelled",
		`complete_time < "2026-04-01T00:00:00Z"`:    "done",
		`cancel_time:*`:                             "cancelled",
		`promised = true`:                           "full cancelled",
		`promised = false`:                          "done other",
		`promise_due_time < "2026-04-01T00:00:00Z"`: "full",
		`state = OPEN`:                              "full other",
		`state != OPEN`:                             "done cancelled",
		`state = COMPLETED`:                         "done",
		`state = CANCELLED`:                         "cancelled",
		`state = STATE_UNSPECIFIED`:                 "",
		`state:*`:                                   "full done cancelled other",
		`state = OPEN OR state = CANCELLED`:         "full cancelled other",
		`promise_state = OVERDUE`:                   "full",
		`promise_state = PENDING`:                   "",
		`promise_state = BROKEN`:                    "cancelled",
		`promise_state:*`:                           "full cancelled",
		`NOT promise_state = OVERDUE`:               "done cancelled other",
		`case = "` + support + `"`:                  "full",
		`case:*`:                                    "full",
		`case = "` + customer(t, s) + `/cases/` + support[len(support)-36:] + `"`: "",
		`interaction = "` + interaction + `"`:                                     "full",
		`external_id.source = "erp" AND external_id.id = "job-1"`:                 "full",
		`create_time > "2026-01-01T00:00:00Z" AND update_time:*`:                  "full done cancelled other",
	} {
		for _, orderBy := range []string{"", "due_time"} {
			var got []string
			for _, task := range pages(t, s, &rapportv1.ListTasksRequest{Parent: anyCustomer, Filter: filter, OrderBy: orderBy, PageSize: 2}, func() {}) {
				switch {
				case task.GetExternalId() != nil:
					got = append(got, "full")
				case task.GetCompleteTime() != nil:
					got = append(got, "done")
				case task.GetCancelTime() != nil:
					got = append(got, "cancelled")
				default:
					got = append(got, "other")
				}
			}
			wanted := strings.Fields(want)
			slices.Sort(got)
			slices.Sort(wanted)
			if !slices.Equal(got, wanted) {
				t.Errorf("%s by %q: %v, want %v", filter, orderBy, got, wanted)
			}
		}
	}
	for _, filter := range []string{
		`state = open`, `state > OPEN`, `state:OPEN`, `promise_state = LOST`, `promise_state < KEPT`, `case = "x"`, `case != "x"`, `interaction:"x"`,
		`interaction = "` + support + `"`, `due_time = "soon"`, `promised = 1`, `assignee = `, `customer_agreed = true`, `description = "x"`, `state = OPEN*`,
	} {
		_, err := s.Tasks.ListTasks(t.Context(), &rapportv1.ListTasksRequest{Parent: parent, Filter: filter})
		apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FILTER, "filter")
	}
}

// TestManyThatAreDone are read past by no list of what is open in the order in which it is due.
func TestManyThatAreDone(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	if _, err := s.DB.Exec(t.Context(), `
		INSERT INTO task (lane, customer_id, task_id, revision, title, customer_agreed, due_time, promise_due_time, complete_time, assignee, create_time, update_time)
		SELECT lane, customer_id, gen_random_uuid(), 1, 'done', false, timestamptz '2020-01-01Z' + n * interval '1 second', timestamptz '2020-01-01Z', now(), 'grace', now(), now()
		FROM customer, generate_series(1, 11000) AS n`); err != nil {
		t.Fatal(err)
	}
	open := full()
	want := create(t, s, parent, open)
	for _, of := range []string{parent, anyCustomer} {
		for _, filter := range []string{`state = OPEN`, `assignee = "grace" AND state = OPEN`, `promise_state = OVERDUE`, `promise_state = OVERDUE AND kind = DELIVER`} {
			resp, err := s.Tasks.ListTasks(t.Context(), &rapportv1.ListTasksRequest{Parent: of, Filter: filter, OrderBy: "due_time"})
			if err != nil {
				t.Fatal(err)
			}
			apitest.WantEqual(t, resp, &rapportv1.ListTasksResponse{Tasks: []*rapportv1.Task{want}, TotalSize: proto.Int32(1)})
		}
	}
}
