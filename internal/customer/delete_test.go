package customer_test

import (
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/server"
)

func undelete(t testing.TB, s *apitest.Service, name string) *rapportv1.Customer {
	t.Helper()
	c, err := s.Customers.UndeleteCustomer(t.Context(), &rapportv1.UndeleteCustomerRequest{Name: name})
	if err != nil {
		t.Fatalf("undelete: %v", err)
	}
	return c
}

func TestDeleteAndUndelete(t *testing.T) {
	s := apitest.StartWith(t, func(c *server.Config) { c.PurgeAfter = 5 * time.Hour })
	made := create(t, s, full())
	gone := remove(t, s, made.GetName())
	want := proto.CloneOf(made)
	want.State, want.Etag, want.UpdateTime = rapportv1.Customer_DELETED, `"2"`, gone.GetUpdateTime()
	want.DeleteTime, want.PurgeTime = gone.GetUpdateTime(), gone.GetPurgeTime()
	apitest.WantEqual(t, gone, want)
	apitest.WantEqual(t, get(t, s, made.GetName()), want)
	if d := gone.GetPurgeTime().AsTime().Sub(gone.GetDeleteTime().AsTime()); d != 5*time.Hour {
		t.Errorf("purged after %s, want 5h", d)
	}
	back := undelete(t, s, made.GetName())
	want = proto.CloneOf(made)
	want.Etag, want.UpdateTime = `"3"`, back.GetUpdateTime()
	apitest.WantEqual(t, back, want)
	apitest.WantEqual(t, get(t, s, made.GetName()), want)
	changes := changesOf(t, s, made.GetName())
	for i, kind := range []rapportv1.Change_Type{rapportv1.Change_UNDELETED, rapportv1.Change_DELETED, rapportv1.Change_CREATED} {
		if changes[i].GetType() != kind {
			t.Errorf("change %d is %v, want %v", i, changes[i].GetType(), kind)
		}
	}
}

func TestDeletedAreHiddenFromLists(t *testing.T) {
	s := apitest.Start(t)
	live, gone := create(t, s, ada()).GetName(), create(t, s, full()).GetName()
	remove(t, s, gone)
	for _, test := range []struct {
		filter string
		show   bool
		want   []string
	}{
		{"", false, []string{live}},
		{"", true, []string{gone, live}},
		{`tags:"vip"`, false, nil},
		{`tags:"vip"`, true, []string{gone}},
		{`external_ids.erp = "4711"`, false, nil},
		{`external_ids.erp = "4711"`, true, []string{gone}},
		{`delete_time:*`, true, []string{gone}},
		{`NOT delete_time:*`, true, []string{live}},
	} {
		resp, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{Filter: test.filter, ShowDeleted: test.show})
		if err != nil {
			t.Fatal(err)
		}
		names := times(len(resp.GetCustomers()), func(i int) string { return resp.GetCustomers()[i].GetName() })
		if len(names) != len(test.want) || len(names) > 0 && names[0] != test.want[0] || int(resp.GetTotalSize()) != len(test.want) {
			t.Errorf("%q, show %t: %q of %d, want %q", test.filter, test.show, names, resp.GetTotalSize(), test.want)
		}
	}
}

func TestDeleteRefusals(t *testing.T) {
	s := apitest.Start(t)
	live, gone := create(t, s, ada()), create(t, s, ada())
	gone = remove(t, s, gone.GetName())
	type request interface {
		proto.Message
		GetName() string
	}
	call := func(req request) (err error) {
		switch req := req.(type) {
		case *rapportv1.DeleteCustomerRequest:
			_, err = s.Customers.DeleteCustomer(t.Context(), req)
		case *rapportv1.UndeleteCustomerRequest:
			_, err = s.Customers.UndeleteCustomer(t.Context(), req)
		}
		return err
	}
	for name, test := range map[string]struct {
		req    request
		code   codes.Code
		reason rapportv1.ErrorReason
		fields []string
	}{
		"delete nothing":       {&rapportv1.DeleteCustomerRequest{}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"name"}},
		"delete all":           {&rapportv1.DeleteCustomerRequest{Name: "customers/-"}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"name"}},
		"delete unknown":       {&rapportv1.DeleteCustomerRequest{Name: unknown}, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, nil},
		"delete deleted":       {&rapportv1.DeleteCustomerRequest{Name: gone.GetName()}, codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED, nil},
		"delete stale":         {&rapportv1.DeleteCustomerRequest{Name: live.GetName(), Etag: `"0"`}, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH, nil},
		"undelete nothing":     {&rapportv1.UndeleteCustomerRequest{}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"name"}},
		"undelete unknown":     {&rapportv1.UndeleteCustomerRequest{Name: unknown}, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, nil},
		"undelete live":        {&rapportv1.UndeleteCustomerRequest{Name: live.GetName()}, codes.AlreadyExists, rapportv1.ErrorReason_NOT_DELETED, nil},
		"undelete stale":       {&rapportv1.UndeleteCustomerRequest{Name: gone.GetName(), Etag: `"1"`}, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH, nil},
		"undelete a long etag": {&rapportv1.UndeleteCustomerRequest{Name: gone.GetName(), Etag: string(make([]byte, 65))}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"etag", "etag"}},
	} {
		t.Run(name, func(t *testing.T) {
			apitest.WantFields(t, call(test.req), test.code, test.reason, test.fields...)
			apitest.WantEqual(t, get(t, s, live.GetName()), live)
			apitest.WantEqual(t, get(t, s, gone.GetName()), gone)
		})
	}
	if err := call(&rapportv1.DeleteCustomerRequest{Name: live.GetName(), Etag: live.GetEtag()}); err != nil {
		t.Errorf("the current etag: %v", err)
	}
}

// TestOneOfManyDeletes lets callers delete one customer at once: one does, the others
// are told.
func TestOneOfManyDeletes(t *testing.T) {
	s := apitest.Start(t)
	name := create(t, s, ada()).GetName()
	var callers sync.WaitGroup
	done := make(chan bool, 10)
	for range cap(done) {
		callers.Go(func() {
			_, err := s.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: name})
			if err != nil {
				apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED)
			}
			done <- err == nil
		})
	}
	callers.Wait()
	close(done)
	n := 0
	for ok := range done {
		if ok {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d callers deleted it", n)
	}
}

func TestRequireEtag(t *testing.T) {
	s := apitest.StartWith(t, func(c *server.Config) { c.RequireEtag = true })
	made := create(t, s, ada())
	c := &rapportv1.Customer{Name: made.GetName(), DisplayName: "B"}
	_, err := s.Customers.UpdateCustomer(t.Context(), &rapportv1.UpdateCustomerRequest{Customer: c})
	apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_ETAG_REQUIRED)
	_, err = s.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: made.GetName()})
	apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_ETAG_REQUIRED)
	c.Etag = made.GetEtag()
	update(t, s, &rapportv1.UpdateCustomerRequest{Customer: c})
	if _, err = s.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: made.GetName(), Etag: `"2"`}); err != nil {
		t.Error(err)
	}
}
