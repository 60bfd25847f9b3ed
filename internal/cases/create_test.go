package cases_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

var number = regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$`)

func TestCreateAndGet(t *testing.T) {
	s := apitest.Start(t)
	parent, before := customer(t, s), time.Now().Add(-time.Second)
	sent := full()
	sent.ReceiveTime.Nanos += 999 // finer than what is kept
	sent.State, sent.CaseNumber, sent.ReopenCount, sent.Etag = rapportv1.Case_NEW, "0000-0000", 9, `"7"`
	sent.FirstResponseBreached, sent.ResolveBreached = true, true
	made := create(t, s, parent, proto.CloneOf(sent))
	want := sent
	want.ReceiveTime.Nanos -= 999
	want.Name, want.Uid, want.Etag, want.CaseNumber = made.GetName(), made.GetUid(), made.GetEtag(), made.GetCaseNumber()
	want.CreateTime, want.UpdateTime = made.GetCreateTime(), made.GetCreateTime()
	want.State, want.ReopenCount, want.FirstResponseTime = rapportv1.Case_CLOSED, 0, want.GetFeedbackTime()
	want.FirstResponseBreached, want.ResolveBreached = false, false
	apitest.WantEqual(t, made, want)
	apitest.WantEqual(t, get(t, s, made.GetName()), want)
	if !strings.HasPrefix(made.GetName(), parent+"/cases/") || !number.MatchString(made.GetCaseNumber()) {
		t.Errorf("made %v", made)
	}

	bare := create(t, s, parent, complaint())
	if got := get(t, s, bare.GetName()); got.GetReceiveTime().AsTime().Before(before) || got.Category != nil || got.GetState() != rapportv1.Case_NEW || got.GetFirstResponseTime() != nil {
		t.Errorf("got %v", got)
	}
}

// TestStatesFollowFromFacts makes cases in each state, as history is loaded.
func TestStatesFollowFromFacts(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	with := func(change func(*rapportv1.Case)) *rapportv1.Case {
		c := full()
		c.ExternalId = nil
		change(c)
		return c
	}
	for name, test := range map[string]struct {
		c    *rapportv1.Case
		want rapportv1.Case_State
	}{
		"new":        {complaint(), rapportv1.Case_NEW},
		"half":       {&rapportv1.Case{Type: rapportv1.Case_NEED, Category: proto.String("x")}, rapportv1.Case_NEW},
		"classified": {&rapportv1.Case{Type: rapportv1.Case_NEED, Category: proto.String("x"), Priority: rapportv1.Priority_P4}, rapportv1.Case_CLASSIFIED},
		"assigned":   {assigned(), rapportv1.Case_IN_PROGRESS},
		"waiting": {
			&rapportv1.Case{Type: rapportv1.Case_NEED, Category: proto.String("x"), Priority: rapportv1.Priority_P4, Assignee: proto.String("a"), WaitingOnCustomer: true},
			rapportv1.Case_WAITING,
		},
		"resolved":  {with(func(c *rapportv1.Case) { c.FeedbackTime, c.CloseTime, c.CustomerConfirmed = nil, nil, false }), rapportv1.Case_RESOLVED},
		"told":      {with(func(c *rapportv1.Case) { c.CloseTime, c.CustomerConfirmed = nil, false }), rapportv1.Case_RESOLVED},
		"confirmed": {with(func(c *rapportv1.Case) { c.CloseTime = nil }), rapportv1.Case_CLOSED},
		"silent":    {with(func(c *rapportv1.Case) { c.CustomerConfirmed = false }), rapportv1.Case_CLOSED},
		"bare":      {with(func(c *rapportv1.Case) { c.ResolveTime = nil }), rapportv1.Case_CLOSED},
	} {
		t.Run(name, func(t *testing.T) {
			made := create(t, s, parent, proto.CloneOf(test.c))
			var stored string
			if err := s.DB.QueryRow(t.Context(), "SELECT state FROM support_case WHERE case_id = $1", made.GetUid()).Scan(&stored); err != nil {
				t.Fatal(err)
			}
			if made.GetState() != test.want || stored != test.want.String() {
				t.Errorf("%s, and %s in the table; want %s", made.GetState(), stored, test.want)
			}
			switch name {
			case "confirmed":
				apitest.WantEqual(t, made.GetCloseTime(), test.c.GetFeedbackTime())
			case "bare":
				apitest.WantEqual(t, made.GetResolveTime(), test.c.GetReceiveTime())
			}
		})
	}
}

func TestCreateRefusals(t *testing.T) {
	s := apitest.Start(t)
	parent, gone := customer(t, s), customer(t, s)
	first := create(t, s, parent, full())
	deleteCustomer(t, s, gone)
	with := func(change func(*rapportv1.Case)) *rapportv1.CreateCaseRequest {
		c := full()
		c.ExternalId.Id = "other"
		change(c)
		return &rapportv1.CreateCaseRequest{Parent: parent, Case: c}
	}
	type refusal struct {
		req    *rapportv1.CreateCaseRequest
		code   codes.Code
		reason rapportv1.ErrorReason
		fields []string
	}
	field := func(req *rapportv1.CreateCaseRequest, fields ...string) refusal {
		return refusal{req, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, fields}
	}
	step := func(reason rapportv1.ErrorReason, change func(*rapportv1.Case)) refusal {
		return refusal{with(change), codes.FailedPrecondition, reason, nil}
	}
	unresolved := func(c *rapportv1.Case) { c.Resolution, c.ResolutionType, c.ResolveTime = nil, 0, nil }
	for name, test := range map[string]refusal{
		"nothing":           field(&rapportv1.CreateCaseRequest{Parent: parent}, "case"),
		"no parent":         field(&rapportv1.CreateCaseRequest{Case: complaint()}, "parent"),
		"wrong id":          field(&rapportv1.CreateCaseRequest{Parent: parent, Case: complaint(), CaseId: "-"}, "case_id"),
		"no type":           field(&rapportv1.CreateCaseRequest{Parent: parent, Case: &rapportv1.Case{}}, "case.type"),
		"unknown type":      field(with(func(c *rapportv1.Case) { c.Type = 99 }), "case.type"),
		"unknown priority":  field(with(func(c *rapportv1.Case) { c.Priority = 99 }), "case.priority"),
		"long category":     field(with(func(c *rapportv1.Case) { c.Category = proto.String(strings.Repeat("x", 201)) }), "case.category"),
		"NUL":               field(with(func(c *rapportv1.Case) { c.Description = proto.String("\x00") }), "case.description"),
		"long description":  field(with(func(c *rapportv1.Case) { c.Description = proto.String(strings.Repeat("x", 20_001)) }), "case.description"),
		"the future":        field(&rapportv1.CreateCaseRequest{Parent: parent, Case: &rapportv1.Case{Type: 1, ReceiveTime: ago(-6 * time.Minute)}}, "case.receive_time"),
		"no such time":      field(&rapportv1.CreateCaseRequest{Parent: parent, Case: &rapportv1.Case{Type: 1, ReceiveTime: &timestamppb.Timestamp{Nanos: -1}}}, "case.receive_time"),
		"no outcome type":   field(with(func(c *rapportv1.Case) { c.ResolutionType = 0 }), "case.resolution_type"),
		"no outcome":        field(with(func(c *rapportv1.Case) { c.Resolution = nil }), "case.resolution"),
		"a time alone":      field(&rapportv1.CreateCaseRequest{Parent: parent, Case: &rapportv1.Case{Type: 1, ReceiveTime: ago(time.Hour), ResolveTime: ago(0)}}, "case.resolution", "case.resolution_type"),
		"resolved too soon": field(with(func(c *rapportv1.Case) { c.ResolveTime = ago(73 * time.Hour) }), "case.resolve_time"),
		"told too soon":     field(with(func(c *rapportv1.Case) { c.FeedbackTime = ago(49 * time.Hour) }), "case.feedback_time"),
		"closed too soon":   field(with(func(c *rapportv1.Case) { c.CloseTime = ago(25 * time.Hour) }), "case.close_time"),
		"told later":        field(with(func(c *rapportv1.Case) { c.FeedbackTime, c.CloseTime = ago(-time.Hour), nil }), "case.feedback_time", "case.close_time"),
		"told before it came": field(with(func(c *rapportv1.Case) {
			c.ReceiveTime, c.ResolveTime, c.CloseTime, c.CustomerConfirmed = nil, nil, nil, false
		}), "case.feedback_time"),
		"no source": field(with(func(c *rapportv1.Case) { c.ExternalId.Source = "" }), "case.external_id.source"),

		"not classified":   step(rapportv1.ErrorReason_CASE_NOT_CLASSIFIED, func(c *rapportv1.Case) { c.Category = nil }),
		"no priority":      step(rapportv1.ErrorReason_CASE_NOT_CLASSIFIED, func(c *rapportv1.Case) { c.Priority = 0 }),
		"not assigned":     step(rapportv1.ErrorReason_CASE_NOT_IN_PROGRESS, func(c *rapportv1.Case) { c.Assignee = nil }),
		"waiting for":      step(rapportv1.ErrorReason_CASE_NOT_IN_PROGRESS, func(c *rapportv1.Case) { c.WaitingOnCustomer = true }),
		"nothing to tell":  step(rapportv1.ErrorReason_CASE_NOT_RESOLVED, func(c *rapportv1.Case) { unresolved(c); c.CustomerConfirmed, c.CloseTime = false, nil }),
		"nothing to close": step(rapportv1.ErrorReason_CASE_NOT_RESOLVED, func(c *rapportv1.Case) { unresolved(c); c.FeedbackTime = nil }),
		"not told":         step(rapportv1.ErrorReason_CASE_FEEDBACK_MISSING, func(c *rapportv1.Case) { c.FeedbackTime = nil }),
		"not even told":    step(rapportv1.ErrorReason_CASE_FEEDBACK_MISSING, func(c *rapportv1.Case) { c.FeedbackTime, c.CloseTime = nil, nil }),

		"unknown customer":  {&rapportv1.CreateCaseRequest{Parent: unknown, Case: complaint()}, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, nil},
		"deleted customer":  {&rapportv1.CreateCaseRequest{Parent: gone, Case: complaint()}, codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED, nil},
		"taken id":          {&rapportv1.CreateCaseRequest{Parent: parent, Case: complaint(), CaseId: first.GetUid()}, codes.AlreadyExists, rapportv1.ErrorReason_CASE_ALREADY_EXISTS, nil},
		"taken external id": {with(func(c *rapportv1.Case) { c.ExternalId.Id = "T-1" }), codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Cases.CreateCase(t.Context(), test.req)
			apitest.WantFields(t, err, test.code, test.reason, test.fields...)
		})
	}
}

func TestCreateByExternalIDAndReplay(t *testing.T) {
	s := apitest.Start(t)
	made, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{Customer: &rapportv1.Customer{
		Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Ada", ExternalIds: map[string]string{"erp": "17"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	req := &rapportv1.CreateCaseRequest{
		Parent: "customers/-", CustomerExternalId: &rapportv1.ExternalId{Source: "erp", Id: "17"}, Case: full(), RequestId: uuid.NewString(),
	}
	first, err := s.Cases.CreateCase(t.Context(), req)
	if err != nil || !strings.HasPrefix(first.GetName(), made.GetName()) {
		t.Fatalf("%v, %v", first, err)
	}
	again, err := s.Cases.CreateCase(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	apitest.WantEqual(t, again, first)
}

func TestBatchCreate(t *testing.T) {
	s := apitest.Start(t)
	parent, _ := tiered(t, s, gold())
	other := customer(t, s)
	req := &rapportv1.BatchCreateCasesRequest{Parent: "customers/-", Requests: []*rapportv1.CreateCaseRequest{
		{Parent: parent, Case: assigned()}, {Parent: other, Case: assigned()}, {Parent: other, Case: &rapportv1.Case{Type: 1, Assignee: proto.String("x")}},
	}}
	_, err := s.Cases.BatchCreateCases(t.Context(), req)
	apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_CASE_NOT_CLASSIFIED)
	req.ReturnPartialSuccess = true
	got, err := s.Cases.BatchCreateCases(t.Context(), req)
	if err != nil || len(got.GetCases()) != 2 || len(got.GetFailedRequests()) != 1 || got.GetFailedRequests()[2] == nil {
		t.Fatalf("%v, %v", got, err)
	}
	// Each has the tier of its customer.
	if got.GetCases()[0].GetResolveDueTime() == nil || got.GetCases()[1].GetResolveDueTime() != nil {
		t.Errorf("%v", got)
	}
}
