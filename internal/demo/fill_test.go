package demo_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/demo"
	"github.com/rapport-crm/rapport/internal/load"
	"github.com/rapport-crm/rapport/internal/server"
)

// start starts a service whose clock stands still, so that only fills change records.
func start(t *testing.T) *apitest.Service {
	t.Helper()
	return apitest.StartWith(t, func(c *server.Config) { c.ClockInterval = time.Hour })
}

func fill(t *testing.T, s *apitest.Service, customers int) demo.Summary {
	t.Helper()
	summary, err := company.Fill(t.Context(), s.Conn, customers, demo.Watcher{
		Refused: func(resource string, err error) { t.Errorf("%s was refused: %v", resource, err) },
	})
	if err != nil {
		t.Fatalf("fill: %v", err)
	}
	return summary
}

var company = demo.Company{Seed: 1, Today: time.Now()}

func changes(t *testing.T, s *apitest.Service) (n int) {
	t.Helper()
	if err := s.DB.QueryRow(t.Context(), `SELECT count(*) FROM change`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func unchanged(s load.Summary) load.Summary { return load.Summary{Unchanged: s.Rows()} }

// TestFill: a fill makes all that it has, another one changes nothing, and one of more
// customers adds them alone.
func TestFill(t *testing.T) {
	const customers, more = 120, 10
	s := start(t)
	first := fill(t, s, customers)
	for what, got := range map[string]struct {
		load.Summary
		least int64
	}{
		"customers": {first.Customers, customers}, "contacts": {first.Contacts, customers / 4}, "cases": {first.Cases, customers / 5},
		"interactions": {first.Interactions, customers * 3}, "purchases": {first.Purchases, customers * 3}, "tasks": {first.Tasks, customers / 2},
		"scores": {first.Scores, customers / 2},
	} {
		if got.Created < got.least || got.Created != got.Rows() {
			t.Errorf("a fill of an empty service with %d customers made %+v %s", customers, got, what)
		}
	}
	written := changes(t, s)
	again := fill(t, s, customers)
	want := demo.Summary{
		Customers: unchanged(first.Customers), Contacts: unchanged(first.Contacts), Cases: unchanged(first.Cases),
		Interactions: unchanged(first.Interactions), Purchases: unchanged(first.Purchases), Tasks: unchanged(first.Tasks),
		Scores: unchanged(first.Scores),
	}
	if diff := cmp.Diff(want, again); diff != "" || changes(t, s) != written {
		t.Errorf("a second fill changed something (-want +got):\n%s%d changes are now %d", diff, written, changes(t, s))
	}
	// Some are filled on another day: what was there stays as it was.
	tomorrow := company
	tomorrow.Today = company.Today.AddDate(0, 0, 1)
	if _, err := tomorrow.Fill(t.Context(), s.Conn, customers/4, demo.Watcher{}); err != nil || changes(t, s) != written {
		t.Errorf("a fill of the next day changed something: %v, %d changes are now %d", err, written, changes(t, s))
	}
	if grown := fill(t, s, customers+more).Customers; grown != (load.Summary{Created: more, Unchanged: customers}) {
		t.Errorf("a fill of %d more made %+v", more, grown)
	}
	t.Run("every phone is a valid number", func(t *testing.T) { validPhones(t, s, customers+more) })
	t.Run("there is something to do", func(t *testing.T) { somethingToDo(t, s) })
}

// somethingToDo looks for what the company's people would see: cases and promises in each
// state, a day's work, and histories.
func somethingToDo(t *testing.T, s *apitest.Service) {
	tiers, err := s.Cases.ListServiceTiers(t.Context(), &rapportv1.ListServiceTiersRequest{})
	if err != nil || len(tiers.GetServiceTiers()) != 2 {
		t.Errorf("service tiers: %v, %v", tiers, err)
	}
	states := map[string]int{}
	cases, err := s.Cases.ListCases(t.Context(), &rapportv1.ListCasesRequest{Parent: "customers/-", PageSize: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases.GetCases() {
		states["case "+c.GetState().String()]++
	}
	tasks, err := s.Tasks.ListTasks(t.Context(), &rapportv1.ListTasksRequest{Parent: "customers/-", PageSize: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks.GetTasks() {
		states["task "+task.GetState().String()]++
		states["promise "+task.GetPromiseState().String()]++
	}
	ups, err := s.Tasks.ListFollowUps(t.Context(), &rapportv1.ListFollowUpsRequest{Parent: "customers/-", PageSize: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, up := range ups.GetFollowUps() {
		states["follow-up "+up.GetReason().String()]++
	}
	scores, err := s.Satisfaction.ListSatisfactionScores(t.Context(), &rapportv1.ListSatisfactionScoresRequest{Parent: "customers/-", PageSize: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, score := range scores.GetSatisfactionScores() {
		states["score "+score.GetMetric().String()]++
		if len(score.GetFactors()) > 0 {
			states["factors"]++
		}
	}
	timeline, err := s.Customers.ListTimeline(t.Context(), &rapportv1.ListTimelineRequest{Parent: cases.GetCases()[0].GetName()[:len("customers/")+36]})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range timeline.GetTimelineEntries() {
		states[fmt.Sprintf("entry %T", e.GetRecord())]++
	}
	for _, what := range []string{
		"case NEW", "case CLASSIFIED", "case IN_PROGRESS", "case WAITING", "case RESOLVED", "case CLOSED",
		"task OPEN", "task COMPLETED", "task CANCELLED",
		"promise PENDING", "promise OVERDUE", "promise KEPT", "promise LATE", "promise BROKEN", "promise RELEASED",
		"follow-up TASK", "follow-up PROMISE", "follow-up CASE", "follow-up CONTACT", "follow-up THANK_YOU",
		"entry *rapportv1.TimelineEntry_Case", "entry *rapportv1.TimelineEntry_Interaction", "entry *rapportv1.TimelineEntry_Purchase",
		"score NPS", "score CSAT", "score CES", "score REPURCHASE_INTENT", "factors",
	} {
		if states[what] == 0 {
			t.Errorf("the demo has no %s: %v", what, states)
		}
	}
}

// TestFillHasWhatFollowUpsLiveOf: a share of the customers has each kind of occasion,
// preference and interval, the awkward ones too.
func TestFillHasWhatFollowUpsLiveOf(t *testing.T) {
	n := map[string]int{}
	count := func(what string, is bool) {
		if is {
			n[what]++
		}
	}
	for _, m := range made() {
		c, occasions := m.customer, m.customer.GetOccasions()
		for _, contact := range m.contacts {
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
		"BIRTHDAY": 500, "ANNIVERSARY": 50, "CUSTOM": 10, "29 February": 5, "a day without a year": 50, "member": 300, "member for good": 50,
		"not to be contacted": 15, "pausing": 5, "with a channel": 200, "consenting": 300, "with an interval": 150,
	} {
		if n[what] < least {
			t.Errorf("%s: %d of %d customers, want %d", what, n[what], len(made()), least)
		}
	}
}

// What the service reads out of the made-up numbers shows whether they are real enough:
// each has its E.164 form, also where it is written as people at home write it.
func validPhones(t *testing.T, s *apitest.Service, customers int) {
	national := 0
	req := &rapportv1.ListCustomersRequest{PageSize: 1000}
	resp, err := s.Customers.ListCustomers(t.Context(), req)
	if err != nil || len(resp.GetCustomers()) != customers {
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
	if national < customers/6 {
		t.Errorf("%d numbers are in national notation, want a sixth", national)
	}
}

// What a user deleted stays deleted: a contact without a word, a customer with one.
func TestFillBringsNothingBack(t *testing.T) {
	s := start(t)
	before := fill(t, s, 25)
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
	summary, err := company.Fill(t.Context(), s.Conn, 25, demo.Watcher{
		Refused: func(resource string, err error) {
			refused = append(refused, resource)
			apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED)
		},
	})
	without := func(s load.Summary, theirs int) load.Summary {
		return load.Summary{Unchanged: s.Created - int64(theirs)}
	}
	p := company.Persona(n)
	want := demo.Summary{
		Customers: load.Summary{Unchanged: 24, Rejected: 1}, Contacts: without(before.Contacts, len(p.Contacts())),
		Cases: without(before.Cases, len(p.Cases())), Interactions: without(before.Interactions, len(p.Interactions())),
		Purchases: without(before.Purchases, len(p.Purchases())), Tasks: without(before.Tasks, len(p.Tasks())),
		Scores: without(before.Scores, len(p.Scores())),
	}
	if diff := cmp.Diff(want, summary); err != nil || diff != "" || !slices.Equal(refused, []string{customer}) {
		t.Errorf("error %v, refused %v, want %v; (-want +got):\n%s", err, refused, customer, diff)
	}
	got, err := s.Customers.GetContact(t.Context(), &rapportv1.GetContactRequest{Name: contact})
	if err != nil || got.GetDeleteTime() == nil {
		t.Errorf("the contact is %v, %v; want it deleted still", got, err)
	}
}
