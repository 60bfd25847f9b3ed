package cases_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// TestLife takes a case from its receipt to its end, and beyond.
func TestLife(t *testing.T) {
	s := apitest.Start(t)
	name := create(t, s, customer(t, s), complaint()).GetName()
	step := func(got *rapportv1.Case, want rapportv1.Case_State) *rapportv1.Case {
		t.Helper()
		if got.GetState() != want {
			t.Fatalf("state %s, want %s", got.GetState(), want)
		}
		apitest.WantEqual(t, get(t, s, name), got)
		return got
	}
	at := func(c *rapportv1.Case) *rapportv1.Case { c.Name = name; return c }
	step(update(t, s, at(&rapportv1.Case{Category: proto.String("repair"), Priority: rapportv1.Priority_P2})), rapportv1.Case_CLASSIFIED)
	step(update(t, s, at(&rapportv1.Case{Assignee: proto.String("grace")})), rapportv1.Case_IN_PROGRESS)
	step(update(t, s, at(&rapportv1.Case{WaitingOnCustomer: true})), rapportv1.Case_WAITING)
	resolved := step(resolve(t, s, name), rapportv1.Case_RESOLVED)
	if resolved.GetWaitingOnCustomer() || resolved.GetResolveTime() == nil || resolved.GetResolution() != "Done" {
		t.Errorf("resolved: %v", resolved)
	}
	told := step(update(t, s, at(&rapportv1.Case{FeedbackTime: timestamppb.Now()})), rapportv1.Case_RESOLVED)
	closed, err := s.Cases.CloseCase(t.Context(), &rapportv1.CloseCaseRequest{Name: name, Etag: told.GetEtag()})
	if err != nil {
		t.Fatal(err)
	}
	step(closed, rapportv1.Case_CLOSED)
	if !closed.GetCustomerConfirmed() || closed.GetCloseTime() == nil {
		t.Errorf("closed: %v", closed)
	}
	again := step(reopen(t, s, name), rapportv1.Case_IN_PROGRESS)
	want := proto.CloneOf(closed)
	want.Resolution, want.ResolutionType, want.ResolveTime, want.FeedbackTime, want.CloseTime, want.CustomerConfirmed = nil, 0, nil, nil, nil, false
	want.State, want.ReopenCount, want.Etag, want.UpdateTime = rapportv1.Case_IN_PROGRESS, 1, again.GetEtag(), again.GetUpdateTime()
	apitest.WantEqual(t, again, want)

	all := history(t, s, name)
	if len(all) != 8 || all[0].GetType() != rapportv1.Change_CREATED {
		t.Fatalf("history %v", all)
	}
	if diff := cmp.Diff([]string{"close_time", "customer_confirmed", "state"}, paths(all[6])); diff != "" {
		t.Errorf("the closing: %s", diff)
	}
}

func TestResolveWithFeedback(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	c := assigned()
	c.ReceiveTime = ago(time.Hour)
	name, told := create(t, s, parent, c).GetName(), ago(30*time.Minute)
	got, err := s.Cases.ResolveCase(t.Context(), &rapportv1.ResolveCaseRequest{Name: name, Resolution: "Done", ResolutionType: rapportv1.Case_EXPLAINED, FeedbackTime: told})
	if err != nil {
		t.Fatal(err)
	}
	apitest.WantEqual(t, got.GetFeedbackTime(), told)
	apitest.WantEqual(t, got.GetResolveTime(), told)
	apitest.WantEqual(t, got.GetFirstResponseTime(), told)
	closed, err := s.Cases.CloseCase(t.Context(), &rapportv1.CloseCaseRequest{Name: name, FeedbackTime: told})
	if err != nil || closed.GetState() != rapportv1.Case_CLOSED {
		t.Errorf("%v, %v", closed, err)
	}
}

func TestStepRefusals(t *testing.T) {
	s := apitest.Start(t)
	parent, gone := customer(t, s), customer(t, s)
	fresh, open := create(t, s, parent, complaint()).GetName(), create(t, s, parent, assigned()).GetName()
	resolved := resolve(t, s, create(t, s, parent, assigned()).GetName())
	closed := create(t, s, parent, full())
	told := full()
	told.ExternalId, told.CloseTime, told.CustomerConfirmed = nil, nil, false
	untold := create(t, s, parent, told)
	orphan := create(t, s, gone, assigned()).GetName()
	deleteCustomer(t, s, gone)

	text := func() string { return "Done" }()
	resolving := func(name string, change func(*rapportv1.ResolveCaseRequest)) func() error {
		return func() error {
			req := &rapportv1.ResolveCaseRequest{Name: name, Resolution: text, ResolutionType: rapportv1.Case_FIXED}
			change(req)
			_, err := s.Cases.ResolveCase(t.Context(), req)
			return err
		}
	}
	closing := func(req *rapportv1.CloseCaseRequest) func() error {
		return func() error { _, err := s.Cases.CloseCase(t.Context(), req); return err }
	}
	reopening := func(name, etag string) func() error {
		return func() error {
			_, err := s.Cases.ReopenCase(t.Context(), &rapportv1.ReopenCaseRequest{Name: name, Etag: etag})
			return err
		}
	}
	updating := func(c *rapportv1.Case, fields ...string) func() error {
		return func() error {
			_, err := s.Cases.UpdateCase(t.Context(), &rapportv1.UpdateCaseRequest{Case: c, UpdateMask: mask(fields...)})
			return err
		}
	}
	as := func(name string, c *rapportv1.Case) *rapportv1.Case { c.Name = name; return c }
	plain := func(*rapportv1.ResolveCaseRequest) {}
	const (
		precondition, invalid = codes.FailedPrecondition, codes.InvalidArgument
		invalidField          = rapportv1.ErrorReason_INVALID_FIELD
	)
	for name, test := range map[string]struct {
		call   func() error
		code   codes.Code
		reason rapportv1.ErrorReason
	}{
		"resolve: unclassified": {resolving(fresh, plain), precondition, rapportv1.ErrorReason_CASE_NOT_CLASSIFIED},
		"resolve: unassigned": {
			resolving(create(t, s, parent, &rapportv1.Case{Type: 1, Category: proto.String("x"), Priority: 1}).GetName(), plain),
			precondition, rapportv1.ErrorReason_CASE_NOT_IN_PROGRESS,
		},
		"resolve: resolved":     {resolving(resolved.GetName(), plain), precondition, rapportv1.ErrorReason_CASE_RESOLVED},
		"resolve: closed":       {resolving(closed.GetName(), plain), precondition, rapportv1.ErrorReason_CASE_CLOSED},
		"resolve: not there":    {resolving(unknownCase, plain), codes.NotFound, rapportv1.ErrorReason_CASE_NOT_FOUND},
		"resolve: orphan":       {resolving(orphan, plain), precondition, rapportv1.ErrorReason_CUSTOMER_DELETED},
		"resolve: stale":        {resolving(open, func(r *rapportv1.ResolveCaseRequest) { r.Etag = `"9"` }), codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH},
		"resolve: without":      {resolving(open, func(r *rapportv1.ResolveCaseRequest) { r.Resolution = "" }), invalid, invalidField},
		"resolve: no type":      {resolving(open, func(r *rapportv1.ResolveCaseRequest) { r.ResolutionType = 0 }), invalid, invalidField},
		"resolve: told later":   {resolving(open, func(r *rapportv1.ResolveCaseRequest) { r.FeedbackTime = ago(-time.Hour) }), invalid, invalidField},
		"resolve: told earlier": {resolving(open, func(r *rapportv1.ResolveCaseRequest) { r.FeedbackTime = ago(time.Hour) }), invalid, invalidField},

		"close: open":         {closing(&rapportv1.CloseCaseRequest{Name: open}), precondition, rapportv1.ErrorReason_CASE_NOT_RESOLVED},
		"close: not told":     {closing(&rapportv1.CloseCaseRequest{Name: resolved.GetName()}), precondition, rapportv1.ErrorReason_CASE_FEEDBACK_MISSING},
		"close: closed":       {closing(&rapportv1.CloseCaseRequest{Name: closed.GetName()}), precondition, rapportv1.ErrorReason_CASE_CLOSED},
		"close: other time":   {closing(&rapportv1.CloseCaseRequest{Name: untold.GetName(), FeedbackTime: ago(time.Minute)}), invalid, invalidField},
		"close: told earlier": {closing(&rapportv1.CloseCaseRequest{Name: resolved.GetName(), FeedbackTime: ago(time.Hour)}), invalid, invalidField},
		"close: told later":   {closing(&rapportv1.CloseCaseRequest{Name: resolved.GetName(), FeedbackTime: ago(-time.Hour)}), invalid, invalidField},
		"close: stale":        {closing(&rapportv1.CloseCaseRequest{Name: untold.GetName(), Etag: `"9"`}), codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH},

		"reopen: open":      {reopening(open, ""), precondition, rapportv1.ErrorReason_CASE_NOT_RESOLVED},
		"reopen: stale":     {reopening(closed.GetName(), `"9"`), codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH},
		"reopen: not there": {reopening(unknownCase, ""), codes.NotFound, rapportv1.ErrorReason_CASE_NOT_FOUND},

		"update: assign":            {updating(as(fresh, &rapportv1.Case{Assignee: proto.String("x")})), precondition, rapportv1.ErrorReason_CASE_NOT_CLASSIFIED},
		"update: declassify":        {updating(as(open, &rapportv1.Case{}), "category"), precondition, rapportv1.ErrorReason_CASE_NOT_CLASSIFIED},
		"update: wait":              {updating(as(fresh, &rapportv1.Case{WaitingOnCustomer: true, Category: proto.String("x"), Priority: 1})), precondition, rapportv1.ErrorReason_CASE_NOT_IN_PROGRESS},
		"update: wait resolved":     {updating(as(resolved.GetName(), &rapportv1.Case{WaitingOnCustomer: true})), precondition, rapportv1.ErrorReason_CASE_NOT_IN_PROGRESS},
		"update: unassign resolved": {updating(as(resolved.GetName(), &rapportv1.Case{}), "assignee"), precondition, rapportv1.ErrorReason_CASE_NOT_IN_PROGRESS},
		"update: resolve":           {updating(as(open, &rapportv1.Case{Resolution: &text, ResolutionType: 1})), precondition, rapportv1.ErrorReason_CASE_NOT_RESOLVED},
		"update: tell":              {updating(as(open, &rapportv1.Case{FeedbackTime: ago(0)})), precondition, rapportv1.ErrorReason_CASE_NOT_RESOLVED},
		"update: unresolve":         {updating(as(resolved.GetName(), &rapportv1.Case{}), "resolution"), invalid, invalidField},
		"update: told too soon":     {updating(as(resolved.GetName(), &rapportv1.Case{FeedbackTime: ago(time.Hour)})), invalid, invalidField},
		"update: closed":            {updating(as(closed.GetName(), &rapportv1.Case{Item: proto.String("x")})), precondition, rapportv1.ErrorReason_CASE_CLOSED},
		"update: immutable":         {updating(as(open, &rapportv1.Case{Type: 2}), "type"), invalid, rapportv1.ErrorReason_INVALID_UPDATE_MASK},
		"update: confirm":           {updating(as(resolved.GetName(), &rapportv1.Case{CustomerConfirmed: true}), "customer_confirmed"), invalid, rapportv1.ErrorReason_INVALID_UPDATE_MASK},
		"update: nothing":           {updating(as(open, &rapportv1.Case{})), invalid, rapportv1.ErrorReason_EMPTY_UPDATE_MASK},
		"update: not there":         {updating(as(unknownCase, &rapportv1.Case{Item: proto.String("x")})), codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND},
		"update: orphan":            {updating(as(orphan, &rapportv1.Case{Item: proto.String("x")})), precondition, rapportv1.ErrorReason_CUSTOMER_DELETED},
		"update: stale":             {updating(as(open, &rapportv1.Case{Item: proto.String("x"), Etag: `"9"`})), codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH},
	} {
		t.Run(name, func(t *testing.T) { apitest.WantReason(t, test.call(), test.code, test.reason) })
	}
	// What is closed can be sent again as it is.
	same := get(t, s, closed.GetName())
	apitest.WantEqual(t, update(t, s, same), closed)
}

func TestUpsert(t *testing.T) {
	s := apitest.Start(t)
	name := customer(t, s) + "/cases/0198c0de-0000-7000-8000-000000000001"
	sent := full()
	sent.Name = name
	req := &rapportv1.UpdateCaseRequest{Case: sent, AllowMissing: true}
	made, err := s.Cases.UpdateCase(t.Context(), req)
	if err != nil || made.GetState() != rapportv1.Case_CLOSED || made.GetEtag() != `"1"` {
		t.Fatalf("%v, %v", made, err)
	}
	again, err := s.Cases.UpdateCase(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	apitest.WantEqual(t, again, made)
}

// TestOnlyOneResolves lets many resolve one case at once.
func TestOnlyOneResolves(t *testing.T) {
	s := apitest.Start(t)
	name := create(t, s, customer(t, s), assigned()).GetName()
	var resolved, refused atomic.Int32
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			switch _, err := s.Cases.ResolveCase(t.Context(), &rapportv1.ResolveCaseRequest{Name: name, Resolution: "x", ResolutionType: 1}); status.Code(err) {
			case codes.OK:
				resolved.Add(1)
			case codes.FailedPrecondition:
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if resolved.Load() != 1 || refused.Load() != 9 || len(history(t, s, name)) != 2 {
		t.Errorf("%d resolved it, %d were refused", resolved.Load(), refused.Load())
	}
}
