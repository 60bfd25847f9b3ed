package contact_test

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

func TestDeleteAndUndelete(t *testing.T) {
	s := apitest.StartWith(t, func(c *server.Config) { c.PurgeAfter = 5 * time.Hour })
	made := create(t, s, customer(t, s), full())
	gone := remove(t, s, made.GetName())
	want := proto.CloneOf(made)
	want.Etag, want.UpdateTime, want.DeleteTime, want.PurgeTime = `"2"`, gone.GetUpdateTime(), gone.GetUpdateTime(), gone.GetPurgeTime()
	apitest.WantEqual(t, gone, want)
	apitest.WantEqual(t, get(t, s, made.GetName()), want)
	if d := gone.GetPurgeTime().AsTime().Sub(gone.GetDeleteTime().AsTime()); d != 5*time.Hour {
		t.Errorf("purged after %s", d)
	}
	_, err := s.Customers.DeleteContact(t.Context(), &rapportv1.DeleteContactRequest{Name: made.GetName()})
	apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_CONTACT_DELETED)
	_, err = s.Customers.UndeleteContact(t.Context(), &rapportv1.UndeleteContactRequest{Name: made.GetName(), Etag: made.GetEtag()})
	apitest.WantReason(t, err, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH)
	back, err := undelete(t, s, made.GetName())
	if err != nil {
		t.Fatal(err)
	}
	want = proto.CloneOf(made)
	want.Etag, want.UpdateTime = `"3"`, back.GetUpdateTime()
	apitest.WantEqual(t, back, want)
	apitest.WantEqual(t, get(t, s, made.GetName()), want)
	_, err = undelete(t, s, made.GetName())
	apitest.WantReason(t, err, codes.AlreadyExists, rapportv1.ErrorReason_NOT_DELETED)
	_, err = s.Customers.DeleteContact(t.Context(), &rapportv1.DeleteContactRequest{Name: made.GetName(), Etag: `"1"`})
	apitest.WantReason(t, err, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH)
	nobody := customer(t, s) + "/contacts/" + newID(t)
	_, err = s.Customers.DeleteContact(t.Context(), &rapportv1.DeleteContactRequest{Name: nobody})
	apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_CONTACT_NOT_FOUND)
	_, err = undelete(t, s, nobody)
	apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_CONTACT_NOT_FOUND)
	_, err = undelete(t, s, "customers/-")
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "name")
}

// TestContactsOfADeletedCustomer can be read and deleted, and neither made nor taken
// back until their customer is.
func TestContactsOfADeletedCustomer(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	made := create(t, s, parent, full())
	deleteCustomer(t, s, parent)
	apitest.WantEqual(t, get(t, s, made.GetName()), made)
	remove(t, s, made.GetName())
	_, err := undelete(t, s, made.GetName())
	apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED)
	if _, err := s.Customers.UndeleteCustomer(t.Context(), &rapportv1.UndeleteCustomerRequest{Name: parent}); err != nil {
		t.Fatal(err)
	}
	if _, err := undelete(t, s, made.GetName()); err != nil {
		t.Error(err)
	}
}

// TestOnePrimary holds over deletion, undeletion and moves of the mark.
func TestOnePrimary(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	first, second := create(t, s, parent, full()), create(t, s, parent, bob())
	mark := func(c *rapportv1.Contact, primary bool) error {
		_, err := s.Customers.UpdateContact(t.Context(), &rapportv1.UpdateContactRequest{
			Contact: &rapportv1.Contact{Name: c.GetName(), Primary: primary}, UpdateMask: mask("primary"),
		})
		return err
	}
	exists := func(err error) {
		t.Helper()
		apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_PRIMARY_CONTACT_EXISTS)
	}
	exists(mark(second, true))
	remove(t, s, first.GetName())
	if err := mark(second, true); err != nil {
		t.Fatalf("the only live one: %v", err)
	}
	_, err := undelete(t, s, first.GetName())
	exists(err)
	if err := mark(second, false); err != nil {
		t.Fatal(err)
	}
	if _, err := undelete(t, s, first.GetName()); err != nil {
		t.Errorf("nobody else is primary: %v", err)
	}
	exists(mark(second, true))
	// Of another customer there is another one.
	create(t, s, customer(t, s), full())
}

// TestConcurrentPrimaries lets contacts claim the mark at once: one gets it.
func TestConcurrentPrimaries(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	var callers sync.WaitGroup
	for range 10 {
		callers.Go(func() {
			_, err := s.Customers.CreateContact(t.Context(), &rapportv1.CreateContactRequest{Parent: parent, Contact: full()})
			if err != nil {
				apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_PRIMARY_CONTACT_EXISTS)
			}
		})
	}
	callers.Wait()
	list, err := s.Customers.ListContacts(t.Context(), &rapportv1.ListContactsRequest{Parent: parent})
	if err != nil || len(list.GetContacts()) != 1 {
		t.Errorf("%d contacts, %v, want one", len(list.GetContacts()), err)
	}
}
