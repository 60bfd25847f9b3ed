package followup_test

import (
	"slices"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

const day = 24 * time.Hour

func ago(d time.Duration) *timestamppb.Timestamp { return timestamppb.New(time.Now().Add(-d)) }

// screen returns the reasons that are listed, the most pressing first.
func screen(t *testing.T, s *apitest.Service, req *rapportv1.ListFollowUpsRequest) []string {
	t.Helper()
	resp, err := s.Tasks.ListFollowUps(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	reasons := []string{}
	for _, f := range resp.GetFollowUps() {
		reasons = append(reasons, f.GetReason().String())
	}
	return reasons
}

// busy is a customer with something of nearly each kind to do.
func busy(t *testing.T, s *apitest.Service, today time.Time) *rapportv1.Customer {
	t.Helper()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	c, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{Customer: &rapportv1.Customer{
		Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Ada", Owner: proto.String("ann"), Tags: []string{"vip"}, ContactInterval: durationpb.New(day),
		Occasions: []*rapportv1.Occasion{{
			Type: rapportv1.Occasion_BIRTHDAY, Date: &date.Date{Month: int32(today.Month()), Day: int32(today.Day())}, //nolint:gosec // a day
		}},
		Membership: &rapportv1.Membership{ExpireTime: ago(time.Minute)},
	}})
	ok(err)
	_, err = s.Interactions.CreateInteraction(t.Context(), &rapportv1.CreateInteractionRequest{Parent: c.GetName(), Interaction: &rapportv1.Interaction{
		Channel: rapportv1.Channel_PHONE, Direction: rapportv1.Interaction_INBOUND, OccurTime: ago(11 * day),
	}})
	ok(err)
	_, err = s.Purchases.CreatePurchase(t.Context(), &rapportv1.CreatePurchaseRequest{Parent: c.GetName(), Purchase: &rapportv1.Purchase{
		PurchaseTime: ago(9 * day), Amount: &money.Money{CurrencyCode: "EUR", Units: 5},
	}})
	ok(err)
	due := timestamppb.New(time.Now().Add(2 * day))
	for _, promised := range []bool{false, true} {
		_, err = s.Tasks.CreateTask(t.Context(), &rapportv1.CreateTaskRequest{Parent: c.GetName(), Task: &rapportv1.Task{
			Title: "call", Kind: rapportv1.Task_FOLLOW_UP, Promised: promised, DueTime: due, Assignee: proto.String("bob"),
		}})
		ok(err)
	}
	return c
}

func TestDailyScreen(t *testing.T) {
	s := apitest.Start(t)
	today := time.Now().UTC()
	c := busy(t, s, today)
	all := &rapportv1.ListFollowUpsRequest{Parent: "customers/-"}
	want := func(req *rapportv1.ListFollowUpsRequest, reasons ...string) {
		t.Helper()
		got := screen(t, s, req)
		if time.Now().UTC().Day() != today.Day() {
			t.Skip("the birthday is over")
		}
		if !slices.Equal(got, append([]string{}, reasons...)) {
			t.Errorf("%v: %v, want %v", req, got, reasons)
		}
	}
	// Ten times, twice, less than once and next to nothing of what was given; then what is not
	// due yet.
	want(all, "CONTACT", "THANK_YOU", "OCCASION", "MEMBERSHIP", "PROMISE", "TASK")
	want(&rapportv1.ListFollowUpsRequest{Parent: c.GetName(), Staff: "bob"}, "PROMISE", "TASK")
	want(&rapportv1.ListFollowUpsRequest{Parent: "customers/-", Staff: "ann", Filter: "reason = CONTACT OR reason = MEMBERSHIP"}, "CONTACT", "MEMBERSHIP")
	want(&rapportv1.ListFollowUpsRequest{Parent: "customers/-", Filter: `customer.tags:"vip" AND overdue_ratio > 1.5`}, "CONTACT", "THANK_YOU")
	want(&rapportv1.ListFollowUpsRequest{Parent: "customers/-", Filter: `customer.tags:"nobody"`})
	want(&rapportv1.ListFollowUpsRequest{Parent: "customers/-", Horizon: durationpb.New(0)}, "CONTACT", "THANK_YOU", "OCCASION", "MEMBERSHIP")

	// Thanks are a contact as well.
	_, err := s.Interactions.CreateInteraction(t.Context(), &rapportv1.CreateInteractionRequest{Parent: c.GetName(), Interaction: &rapportv1.Interaction{
		Channel: rapportv1.Channel_PHONE, Direction: rapportv1.Interaction_OUTBOUND, OccurTime: ago(0), Purpose: rapportv1.Interaction_THANK_YOU,
	}})
	if err != nil {
		t.Fatal(err)
	}
	open := []string{"OCCASION", "MEMBERSHIP", "CONTACT", "PROMISE", "TASK"}
	want(all, open...)
	prefer := func(p *rapportv1.ContactPreference) {
		t.Helper()
		_, err := s.Customers.UpdateCustomer(t.Context(), &rapportv1.UpdateCustomerRequest{
			Customer: &rapportv1.Customer{Name: c.GetName(), ContactPreference: p}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"contact_preference"}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	prefer(&rapportv1.ContactPreference{DoNotContact: proto.Bool(true)})
	want(all, "PROMISE")
	prefer(&rapportv1.ContactPreference{PauseEndTime: timestamppb.New(time.Now().Add(day))})
	want(all, "PROMISE")
	prefer(&rapportv1.ContactPreference{PauseEndTime: ago(day)})
	want(all, open...)

	if _, err := s.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: c.GetName()}); err != nil {
		t.Fatal(err)
	}
	want(all)
	want(&rapportv1.ListFollowUpsRequest{Parent: c.GetName()})
	if _, err := s.Customers.UndeleteCustomer(t.Context(), &rapportv1.UndeleteCustomerRequest{Name: c.GetName()}); err != nil {
		t.Fatal(err)
	}
	want(all, open...)
}

// TestOne looks at all fields of one follow-up.
func TestOne(t *testing.T) {
	s := apitest.Start(t)
	c := busy(t, s, time.Now().UTC())
	resp, err := s.Tasks.ListFollowUps(t.Context(), &rapportv1.ListFollowUpsRequest{Parent: c.GetName(), Filter: "reason = THANK_YOU"})
	if err != nil || len(resp.GetFollowUps()) != 1 {
		t.Fatalf("%v, %v", resp, err)
	}
	bought, err := s.Purchases.ListPurchases(t.Context(), &rapportv1.ListPurchasesRequest{Parent: c.GetName()})
	if err != nil {
		t.Fatal(err)
	}
	p := bought.GetPurchases()[0]
	due := p.GetPurchaseTime().AsTime().Add(3 * day)
	got := resp.GetFollowUps()[0]
	ratio := resp.GetAsOfTime().AsTime().Sub(due).Hours() / 72
	if got.GetCustomer() != c.GetName() || got.GetCustomerDisplayName() != "Ada" || got.GetSubject() != p.GetName() || got.GetStaff() != "ann" ||
		!got.GetDueTime().AsTime().Equal(due) || got.GetOverdueRatio() < ratio-1e-9 || got.GetOverdueRatio() > ratio+1e-9 {
		t.Errorf("%v; want one of %s, due %v, late by %v", got, p.GetName(), due, ratio)
	}
	if _, err := s.Purchases.VoidPurchase(t.Context(), &rapportv1.VoidPurchaseRequest{Name: p.GetName()}); err != nil {
		t.Fatal(err)
	}
	if left := screen(t, s, &rapportv1.ListFollowUpsRequest{Parent: c.GetName()}); slices.Contains(left, "THANK_YOU") {
		t.Errorf("%v: thanks for what was given back", left)
	}
}

// TestPauseEnds lists what was hidden as soon as the pause is over, swept or not.
func TestPauseEnds(t *testing.T) {
	s := apitest.Start(t)
	busy(t, s, time.Now().UTC())
	all := &rapportv1.ListFollowUpsRequest{Parent: "customers/-"}
	open := screen(t, s, all)
	if _, err := s.DB.Exec(t.Context(), `UPDATE follow_up SET hidden_until = now() - interval '1 second' WHERE outreach`); err != nil {
		t.Fatal(err)
	}
	if got := screen(t, s, all); !slices.Equal(got, open) {
		t.Errorf("%v, want %v", got, open)
	}
}

func TestListRefusals(t *testing.T) {
	s := apitest.Start(t)
	c := busy(t, s, time.Now().UTC())
	first, err := s.Tasks.ListFollowUps(t.Context(), &rapportv1.ListFollowUpsRequest{Parent: "customers/-", PageSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	token := first.GetNextPageToken()
	for name, test := range map[string]struct {
		req    *rapportv1.ListFollowUpsRequest
		code   codes.Code
		reason rapportv1.ErrorReason
	}{
		"parent":   {&rapportv1.ListFollowUpsRequest{Parent: "customers"}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD},
		"customer": {&rapportv1.ListFollowUpsRequest{Parent: "customers/0198c0de-0000-7000-8000-00000000dead"}, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND},
		"field":    {&rapportv1.ListFollowUpsRequest{Parent: "customers/-", Filter: "subject = 1"}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FILTER},
		"value":    {&rapportv1.ListFollowUpsRequest{Parent: "customers/-", Filter: "reason = NONE"}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FILTER},
		"horizon":  {&rapportv1.ListFollowUpsRequest{Parent: "customers/-", Horizon: durationpb.New(91 * day)}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD},
		"token":    {&rapportv1.ListFollowUpsRequest{Parent: "customers/-", PageToken: "x"}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_PAGE_TOKEN},
		"staff":    {&rapportv1.ListFollowUpsRequest{Parent: "customers/-", Staff: "ann", PageToken: token}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_PAGE_TOKEN},
		"other":    {&rapportv1.ListFollowUpsRequest{Parent: c.GetName(), PageToken: token}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_PAGE_TOKEN},
		"longer":   {&rapportv1.ListFollowUpsRequest{Parent: "customers/-", Horizon: durationpb.New(8 * day), PageToken: token}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_PAGE_TOKEN},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Tasks.ListFollowUps(t.Context(), test.req)
			apitest.WantReason(t, err, test.code, test.reason)
		})
	}
	second, err := s.Tasks.ListFollowUps(t.Context(), &rapportv1.ListFollowUpsRequest{Parent: "customers/-", PageSize: 1000, PageToken: token})
	if err != nil || !second.GetAsOfTime().AsTime().Equal(first.GetAsOfTime().AsTime()) || len(second.GetFollowUps()) != 5 || second.GetNextPageToken() != "" {
		t.Errorf("%v, %v: want the other five, as of %v", second, err, first.GetAsOfTime())
	}
}
