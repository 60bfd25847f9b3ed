package customer_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/db"
)

// contacted notes in the table when the customer was last in contact.
func contacted(t testing.TB, s *apitest.Service, c *rapportv1.Customer, at time.Time) {
	t.Helper()
	if _, err := s.DB.Exec(t.Context(), `INSERT INTO customer_activity (lane, customer_id, last_contact_time) VALUES ($1, $2, $3)
		ON CONFLICT (lane, customer_id) DO UPDATE SET last_contact_time = $3`,
		db.Lane(uuid.MustParse(c.GetUid())), c.GetUid(), at); err != nil {
		t.Fatal(err)
	}
}

// wantOverdue fails the test unless the customer was contacted then, and is late by so much.
func wantOverdue(t testing.TB, what string, c *rapportv1.Customer, last time.Time, interval time.Duration, ratio float64) {
	t.Helper()
	got := c.GetContactOverdueRatio()
	if c == nil || !c.GetLastContactTime().AsTime().Equal(last) || !c.GetNextContactTime().AsTime().Equal(last.Add(interval)) ||
		c.ContactOverdueRatio == nil || got < ratio || got > ratio+0.01 {
		t.Errorf("%s: last %v, next %v, ratio %v; want %v, %v later, and %v", what,
			c.GetLastContactTime().AsTime(), c.GetNextContactTime().AsTime(), c.ContactOverdueRatio, last, interval, ratio)
	}
}

// TestOverdueContactsAreShown: whoever reads or changes a customer is told when it was last
// in contact and how late the next one is, a deleted customer too. None of it moves the
// etag, stands in a change, or can be set.
func TestOverdueContactsAreShown(t *testing.T) {
	s := apitest.Start(t)
	const day = 24 * time.Hour
	last := time.Now().UTC().Truncate(time.Microsecond).Add(-50 * day)
	c := ada()
	c.DisplayName, c.ContactInterval = "Ada Lovelace", days(20)
	made := create(t, s, c)
	contacted(t, s, made, last)
	want := func(what string, c *rapportv1.Customer) {
		t.Helper()
		wantOverdue(t, what, c, last, 20*day, 1.5)
	}
	got := get(t, s, made.GetName())
	want("get", got)
	if got.GetEtag() != made.GetEtag() || !got.GetUpdateTime().AsTime().Equal(made.GetUpdateTime().AsTime()) {
		t.Errorf("the contact moved the record: %v", got)
	}
	for _, req := range []*rapportv1.ListCustomersRequest{
		{},
		{OrderBy: "display_name"},
		{ShowDeleted: true},
		{Filter: `contact_interval:*`},
		{Filter: `display_name = "Ada*"`, ShowDeleted: true},
		{Query: "lovelace"},
		{Query: "lovelcae"},
		{Filter: `last_contact_time < "` + last.Add(day).Format(time.RFC3339Nano) + `"`},
		{Filter: `last_contact_time = "` + last.Format(time.RFC3339Nano) + `"`, Query: "ada"},
	} {
		resp, err := s.Customers.ListCustomers(t.Context(), req)
		if err != nil || len(resp.GetCustomers()) != 1 {
			t.Errorf("%v: %v, %v", req, resp, err)
			continue
		}
		want(req.String(), resp.GetCustomers()[0])
	}
	late, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{Filter: `last_contact_time > "` + last.Format(time.RFC3339Nano) + `"`})
	if err != nil || len(late.GetCustomers()) != 0 {
		t.Errorf("contacted later: %v, %v", late, err)
	}
	several, err := s.Customers.BatchGetCustomers(t.Context(), &rapportv1.BatchGetCustomersRequest{Names: []string{made.GetName()}})
	if err != nil {
		t.Fatal(err)
	}
	want("batch get", several.GetCustomers()[0])
	want("export", exported(t, export(t, s, &rapportv1.ExportCustomersRequest{}))[0])
	byREST := s.Do(t, http.MethodGet, "/v1/"+made.GetName(), "")
	if !strings.Contains(string(byREST.Body), `"contactInterval":"1728000s","lastContactTime":"`+last.Format("2006-01-02T15:04:05")) ||
		!strings.Contains(string(byREST.Body), `"contactOverdueRatio":1.5`) {
		t.Errorf("REST: %s", byREST.Body)
	}

	forged := proto.CloneOf(got)
	forged.DisplayName, forged.LastContactTime, forged.ContactOverdueRatio = "Ada King", timestamppb.Now(), proto.Float64(9)
	want("update", update(t, s, &rapportv1.UpdateCustomerRequest{Customer: forged}))
	want("update of nothing", update(t, s, &rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{Name: made.GetName(), DisplayName: "Ada King"}}))
	want("batch update", batchUpdate(t, s, &rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{Name: made.GetName(), DisplayName: "Ada Noel"}})[0])
	want("delete", remove(t, s, made.GetName()))
	want("get of a deleted one", get(t, s, made.GetName()))
	want("undelete", undelete(t, s, made.GetName()))
	halved := update(t, s, &rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{Name: made.GetName(), ContactInterval: days(40)}})
	wantOverdue(t, "a longer interval", halved, last, 40*day, 0.25)
	unset := update(t, s, &rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{Name: made.GetName()}, UpdateMask: mask("contact_interval")})
	if !unset.GetLastContactTime().AsTime().Equal(last) || unset.GetNextContactTime() != nil || unset.ContactOverdueRatio != nil {
		t.Errorf("without an interval: %v", unset)
	}
	for _, change := range changesOf(t, s, made.GetName()) {
		for _, f := range change.GetFields() {
			if slices.Contains([]string{"last_contact_time", "next_contact_time", "contact_overdue_ratio"}, f.GetPath()) {
				t.Errorf("%s is in the log: %v", f.GetPath(), change)
			}
		}
	}
}

// TestTiersThatChange: a customer follows its tier's interval, without a change of its own.
func TestTiersThatChange(t *testing.T) {
	s := apitest.Start(t)
	gold := tier(t, s, 7)
	made := create(t, s, inTier(gold))
	if _, err := s.DB.Exec(t.Context(), `UPDATE service_tier SET contact_interval_days = 3`); err != nil {
		t.Fatal(err)
	}
	wantDue(t, s, dueIn(proto.CloneOf(made), 3), 3)
	long := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC) // as long ago as can be
	contacted(t, s, made, long)
	years := float64(time.Now().Unix()-long.Unix()) / (3 * 24 * 60 * 60)
	if got := get(t, s, made.GetName()).GetContactOverdueRatio(); got < years-2 || got > years {
		t.Errorf("the ratio is %v, want about %v", got, years)
	}
}
