package sweep_test

import (
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// TestSweepFollowUps sweeps what there was to do: a day that is over comes again next year,
// thanks that were not said are forgotten, and a pause that is over ends.
func TestSweepFollowUps(t *testing.T) {
	s := apitest.Start(t)
	c, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{Customer: &rapportv1.Customer{
		Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Ada", TimeZone: proto.String("Asia/Shanghai"),
		Occasions:         []*rapportv1.Occasion{{Type: rapportv1.Occasion_BIRTHDAY, Date: &date.Date{Month: 12, Day: 24}}},
		ContactPreference: &rapportv1.ContactPreference{PauseEndTime: timestamppb.New(time.Now().Add(time.Hour))},
	}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Purchases.CreatePurchase(t.Context(), &rapportv1.CreatePurchaseRequest{Parent: c.GetName(), Purchase: &rapportv1.Purchase{
		PurchaseTime: timestamppb.Now(), Amount: &money.Money{CurrencyCode: "EUR", Units: 5},
	}})
	if err != nil {
		t.Fatal(err)
	}
	run(t, sweeper(t, s))
	if n := count(t, s, "follow_up WHERE hidden_until > now()"); n != 2 {
		t.Fatalf("%d follow-ups are hidden, want the birthday and the thanks", n)
	}
	var want, got time.Time
	if err := s.DB.QueryRow(t.Context(), `SELECT start_time FROM follow_up WHERE reason = 'OCCASION'`).Scan(&want); err != nil {
		t.Fatal(err)
	}
	if _, err := s.DB.Exec(t.Context(), `UPDATE follow_up SET end_time = now() - interval '1 second', start_time = start_time - interval '365 days',
		hidden_until = now() - interval '1 second'`); err != nil {
		t.Fatal(err)
	}
	run(t, sweeper(t, s))
	if err := s.DB.QueryRow(t.Context(), `SELECT start_time FROM follow_up WHERE hidden_until = '-infinity' AND end_time = start_time + interval '48 hours'`).Scan(&got); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s, "follow_up"); !got.Equal(want) || n != 1 {
		t.Errorf("%d follow-ups, the birthday starts at %v; want it alone, at %v", n, got, want)
	}
}
