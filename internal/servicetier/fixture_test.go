package servicetier_test

import (
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/dayofweek"
	"google.golang.org/genproto/googleapis/type/timeofday"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

const unknown = "serviceTiers/0198c0de-0000-7000-8000-00000000dead"

func hours(h float64) *durationpb.Duration {
	return durationpb.New(time.Duration(h * float64(time.Hour)))
}

func span(day dayofweek.DayOfWeek, start, end int32) *rapportv1.ServiceTier_Hours {
	return &rapportv1.ServiceTier_Hours{Day: day, Start: &timeofday.TimeOfDay{Hours: start}, End: &timeofday.TimeOfDay{Hours: end}}
}

// full has every field set that a client can set, in the form in which they are answered.
func full() *rapportv1.ServiceTier {
	return &rapportv1.ServiceTier{
		DisplayName: "金", SilenceDays: proto.Int32(14), ContactInterval: hours(30 * 24),
		Targets: []*rapportv1.ServiceTier_Target{
			{Priority: rapportv1.Priority_P1, FirstResponse: hours(0.5), Resolve: hours(8)},
			{Priority: rapportv1.Priority_P2, FirstResponse: durationpb.New(time.Microsecond)},
			{Priority: rapportv1.Priority_P4, Resolve: hours(10000)},
		},
		Calendar: &rapportv1.ServiceTier_Calendar{
			TimeZone: "Asia/Shanghai",
			Hours:    []*rapportv1.ServiceTier_Hours{span(dayofweek.DayOfWeek_MONDAY, 9, 18), span(dayofweek.DayOfWeek_SUNDAY, 0, 24)},
			Holidays: []*date.Date{{Month: 2, Day: 29}, {Month: 10, Day: 1}, {Year: 2026, Month: 2, Day: 17}},
		},
	}
}

func create(t testing.TB, s *apitest.Service, tier *rapportv1.ServiceTier) *rapportv1.ServiceTier {
	t.Helper()
	made, err := s.Cases.CreateServiceTier(t.Context(), &rapportv1.CreateServiceTierRequest{ServiceTier: tier})
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	return made
}

func get(t testing.TB, s *apitest.Service, name string) *rapportv1.ServiceTier {
	t.Helper()
	got, err := s.Cases.GetServiceTier(t.Context(), &rapportv1.GetServiceTierRequest{Name: name})
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	return got
}

func mask(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

// give gives the tier to a new customer.
func give(t testing.TB, s *apitest.Service, tier string) {
	t.Helper()
	c, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{
		Customer: &rapportv1.Customer{Type: rapportv1.Customer_ORGANIZATION, DisplayName: "Acme"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.DB.Exec(t.Context(), "UPDATE customer SET service_tier_id = $1 WHERE customer_id = $2", tier[len("serviceTiers/"):], c.GetUid()); err != nil {
		t.Fatal(err)
	}
}
