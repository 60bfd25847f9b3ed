package demo_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/demo"
	"github.com/rapport-crm/rapport/internal/load"
)

func fill(t *testing.T, s *apitest.Service, customers int) demo.Summary {
	t.Helper()
	summary, err := demo.Company{Seed: 1}.Fill(t.Context(), s.Customers, customers, demo.Watcher{
		Refused: func(resource string, err error) { t.Errorf("%s was refused: %v", resource, err) },
	})
	if err != nil {
		t.Fatalf("fill: %v", err)
	}
	return summary
}

func changes(t *testing.T, s *apitest.Service) (n int) {
	t.Helper()
	if err := s.DB.QueryRow(t.Context(), `SELECT count(*) FROM change`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestFillIsWhatTheServiceTakes(t *testing.T) {
	s := apitest.Start(t)
	first := fill(t, s, 400)
	people := first.Contacts.Created
	if want := (load.Summary{Created: 400}); first.Customers != want || people < 100 {
		t.Fatalf("a fill of an empty service made %+v; want 400 customers and their contacts", first)
	}
	written := changes(t, s)

	again := fill(t, s, 400)
	want := demo.Summary{Customers: load.Summary{Unchanged: 400}, Contacts: load.Summary{Unchanged: people}}
	if diff := cmp.Diff(want, again); diff != "" || changes(t, s) != written {
		t.Errorf("a second fill changed something (-want +got):\n%s%d changes are now %d", diff, written, changes(t, s))
	}

	if more := fill(t, s, 450).Customers; more != (load.Summary{Created: 50, Unchanged: 400}) {
		t.Errorf("a fill of 50 more made %+v", more)
	}
}

// TestFillHasWhatFollowUpsLiveOf: a share of the customers has each kind of occasion,
// preference and interval, the awkward ones too.
func TestFillHasWhatFollowUpsLiveOf(t *testing.T) {
	const customers = 3000
	n := map[string]int{}
	count := func(what string, is bool) {
		if is {
			n[what]++
		}
	}
	for number := range customers {
		p := demo.Company{Seed: 1}.Persona(number + 1)
		c := p.Customer()
		occasions := c.GetOccasions()
		for _, contact := range p.Contacts() {
			occasions = append(occasions, contact.GetOccasions()...)
		}
		for _, o := range occasions {
			count(o.GetType().String(), true)
			count("29 February", o.GetDate().GetMonth() == 2 && o.GetDate().GetDay() == 29)
			count("a day without a year", o.GetDate().GetYear() == 0)
		}
		count("member", c.GetMembership() != nil)
		count("member for good", c.GetMembership() != nil && c.GetMembership().GetExpireTime() == nil)
		count("not to be contacted", c.GetContactPreference().GetDoNotContact())
		count("pausing", c.GetContactPreference().GetPauseEndTime() != nil)
		count("with a channel", c.GetContactPreference().GetPreferredChannel() != 0)
		count("consenting", len(c.GetContactPreference().GetConsents()) > 0)
		count("with an interval", c.GetContactInterval() != nil)
	}
	for what, least := range map[string]int{
		"BIRTHDAY": 1000, "ANNIVERSARY": 100, "CUSTOM": 20, "29 February": 10, "a day without a year": 100, "member": 600, "member for good": 100,
		"not to be contacted": 30, "pausing": 10, "with a channel": 400, "consenting": 600, "with an interval": 300,
	} {
		if n[what] < least {
			t.Errorf("%s: %d of %d customers, want %d", what, n[what], customers, least)
		}
	}
}

// What the service reads out of the made-up numbers shows whether they are real enough:
// each has its E.164 form, also where it is written as people at home write it.
func TestEveryPhoneIsAValidNumber(t *testing.T) {
	s := apitest.Start(t)
	fill(t, s, 600)
	national := 0
	req := &rapportv1.ListCustomersRequest{PageSize: 1000}
	resp, err := s.Customers.ListCustomers(t.Context(), req)
	if err != nil || len(resp.GetCustomers()) != 600 {
		t.Fatalf("%d customers: %v", len(resp.GetCustomers()), err)
	}
	for _, c := range resp.GetCustomers() {
		for _, p := range c.GetPhones() {
			if p.GetE164() == "" {
				t.Errorf("%s of %v: %q is no valid number", c.GetDisplayName(), c.GetPostalAddresses(), p.GetNumber())
			}
			if p.GetNumber()[0] != '+' {
				national++
			}
		}
	}
	contacts, err := s.Customers.ListContacts(t.Context(), &rapportv1.ListContactsRequest{Parent: "customers/-", PageSize: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range contacts.GetContacts() {
		for _, p := range c.GetPhones() {
			if p.GetE164() == "" {
				t.Errorf("contact %s: %q is no valid number", c.GetDisplayName(), p.GetNumber())
			}
		}
	}
	if national < 100 {
		t.Errorf("%d numbers are in national notation, want a hundred", national)
	}
}

// What a user deleted stays deleted: a contact without a word, a customer with one.
func TestFillBringsNothingBack(t *testing.T) {
	s := apitest.Start(t)
	company := demo.Company{Seed: 1}
	before := fill(t, s, 60)
	contacts, err := s.Customers.ListContacts(t.Context(), &rapportv1.ListContactsRequest{Parent: "customers/-"})
	if err != nil || len(contacts.GetContacts()) == 0 {
		t.Fatalf("contacts: %v %v", contacts, err)
	}
	contact := contacts.GetContacts()[0].GetName()
	if _, err := s.Customers.DeleteContact(t.Context(), &rapportv1.DeleteContactRequest{Name: contact}); err != nil {
		t.Fatal(err)
	}
	n := 1
	for len(company.Persona(n).Contacts()) == 0 || strings.HasPrefix(contact, company.Persona(n).Customer().GetName()) {
		n++
	}
	customer := company.Persona(n).Customer().GetName()
	if _, err := s.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: customer}); err != nil {
		t.Fatal(err)
	}
	var refused []string
	summary, err := company.Fill(t.Context(), s.Customers, 60, demo.Watcher{
		Refused: func(resource string, err error) {
			refused = append(refused, resource)
			apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED)
		},
	})
	want := demo.Summary{
		Customers: load.Summary{Unchanged: 59, Rejected: 1},
		Contacts:  load.Summary{Unchanged: before.Contacts.Created - int64(len(company.Persona(n).Contacts()))},
	}
	if diff := cmp.Diff(want, summary); err != nil || diff != "" || !slices.Equal(refused, []string{customer}) {
		t.Errorf("error %v, refused %v, want %v; (-want +got):\n%s", err, refused, customer, diff)
	}
	got, err := s.Customers.GetContact(t.Context(), &rapportv1.GetContactRequest{Name: contact})
	if err != nil || got.GetDeleteTime() == nil {
		t.Errorf("the contact is %v, %v; want it deleted still", got, err)
	}
}
