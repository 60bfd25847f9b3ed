package customer_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/genproto/googleapis/type/postaladdress"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

const unknown = "customers/0198c0de-0000-7000-8000-00000000dead"

func text(s string) *rapportv1.AttributeValue {
	return &rapportv1.AttributeValue{Kind: &rapportv1.AttributeValue_StringValue{StringValue: s}}
}

func number(f float64) *rapportv1.AttributeValue {
	return &rapportv1.AttributeValue{Kind: &rapportv1.AttributeValue_DoubleValue{DoubleValue: f}}
}

func yes(b bool) *rapportv1.AttributeValue {
	return &rapportv1.AttributeValue{Kind: &rapportv1.AttributeValue_BoolValue{BoolValue: b}}
}

func instant(seconds int64, nanos int32) *rapportv1.AttributeValue {
	return &rapportv1.AttributeValue{Kind: &rapportv1.AttributeValue_TimestampValue{
		TimestampValue: &timestamppb.Timestamp{Seconds: seconds, Nanos: nanos},
	}}
}

// ada is the least that a customer can be.
func ada() *rapportv1.Customer {
	return &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Ada"}
}

// full has every field set that a client can set, but the referrer and the service tier.
func full() *rapportv1.Customer {
	return &rapportv1.Customer{
		Type: rapportv1.Customer_ORGANIZATION, DisplayName: "株式会社 Ada & Söhne",
		Emails: []*rapportv1.EmailAddress{{Address: "ada@example.com"}, {Address: "info@example.com", Primary: true}},
		Phones: []*rapportv1.PhoneNumber{{Number: "020 7183 8750", Primary: true}, {Number: "+86 10 6552 9988"}},
		PostalAddresses: []*postaladdress.PostalAddress{{
			RegionCode: "GB", LanguageCode: "en", PostalCode: "SW1A 1AA", SortingCode: "7", AdministrativeArea: "England",
			Locality: "London", Sublocality: "Westminster", AddressLines: []string{"12 St James's Square", "2nd floor"},
			Recipients: []string{"Ada Lovelace"}, Organization: "Ada & Sons",
		}, {RegionCode: "CN"}},
		LanguageCode: proto.String("zh-Hans-CN"), TimeZone: proto.String("Asia/Shanghai"),
		ExternalIds: map[string]string{"erp": "4711", "shop": "a-1"},
		Tags:        []string{"new", "vip"},
		Attributes: map[string]*rapportv1.AttributeValue{
			"plan": text("gold"), "seats": number(12.5), "trial": yes(false), "since": instant(1_700_000_000, 123_456_000),
		},
		Owner: proto.String("staff-7"), AcquisitionSource: rapportv1.Customer_REFERRAL,
		AcquisitionCost: &money.Money{CurrencyCode: "EUR", Units: 12, Nanos: 500_000_000},
		ProspectTime:    &timestamppb.Timestamp{Seconds: 1_600_000_000, Nanos: 1000},
		Occasions: []*rapportv1.Occasion{
			{Type: rapportv1.Occasion_BIRTHDAY, Date: &date.Date{Month: 2, Day: 29}},
			{Type: rapportv1.Occasion_CUSTOM, Date: &date.Date{Year: 2012, Month: 12, Day: 31}, Label: proto.String("Eröffnung")},
		},
		Membership: &rapportv1.Membership{
			Number: proto.String("K-7"), Level: proto.String("gold"),
			StartTime:  &timestamppb.Timestamp{Seconds: 1_700_000_000, Nanos: 1000},
			ExpireTime: &timestamppb.Timestamp{Seconds: 1_900_000_000, Nanos: 2000},
		},
		ContactPreference: &rapportv1.ContactPreference{
			PreferredChannel: rapportv1.Channel_PHONE, DoNotContact: proto.Bool(true),
			PauseEndTime: &timestamppb.Timestamp{Seconds: 1_910_000_000, Nanos: 3000},
			Consents: []*rapportv1.ContactPreference_Consent{
				{Purpose: "marketing", ConsentTime: &timestamppb.Timestamp{Seconds: 1_650_000_000, Nanos: 4000}},
				{
					Purpose: "newsletter", Channel: rapportv1.Channel_EMAIL, Granted: true,
					ConsentTime: &timestamppb.Timestamp{Seconds: 1_660_000_000}, Evidence: proto.String("form 7"),
				},
			},
		},
		ContactInterval: days(30),
	}
}

func days(n int64) *durationpb.Duration { return &durationpb.Duration{Seconds: n * 24 * 60 * 60} }

// dueIn is the customer with what follows from a contact interval of so many days, where
// there was no contact yet.
func dueIn(c *rapportv1.Customer, days int) *rapportv1.Customer {
	c.NextContactTime = timestamppb.New(c.GetCreateTime().AsTime().Add(time.Duration(days) * 24 * time.Hour))
	c.ContactOverdueRatio = proto.Float64(0)
	return c
}

// tier makes a service tier with a contact interval, or without one for 0, and returns its
// name.
func tier(t testing.TB, s *apitest.Service, days int) string {
	t.Helper()
	id := newID(t)
	if _, err := s.DB.Exec(t.Context(), `INSERT INTO service_tier (service_tier_id, revision, display_name, targets, contact_interval_days,
		create_time, update_time) VALUES ($1, 1, 'Gold', '[]', nullif($2, 0), now(), now())`, id, days); err != nil {
		t.Fatal(err)
	}
	return "serviceTiers/" + id
}

func create(t testing.TB, s *apitest.Service, c *rapportv1.Customer) *rapportv1.Customer {
	t.Helper()
	made, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{Customer: c})
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	return made
}

func get(t testing.TB, s *apitest.Service, name string) *rapportv1.Customer {
	t.Helper()
	c, err := s.Customers.GetCustomer(t.Context(), &rapportv1.GetCustomerRequest{Name: name})
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	return c
}

func update(t testing.TB, s *apitest.Service, req *rapportv1.UpdateCustomerRequest) *rapportv1.Customer {
	t.Helper()
	c, err := s.Customers.UpdateCustomer(t.Context(), req)
	if err != nil {
		t.Fatalf("update: %v", err)
	}
	return c
}

func remove(t testing.TB, s *apitest.Service, name string) *rapportv1.Customer {
	t.Helper()
	c, err := s.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: name})
	if err != nil {
		t.Fatalf("delete: %v", err)
	}
	return c
}

func mask(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

// changesOf returns the types of the changes of a resource, newest first.
func changesOf(t testing.TB, s *apitest.Service, resource string) []*rapportv1.Change {
	t.Helper()
	resp, err := s.Changes.ListChanges(t.Context(), &rapportv1.ListChangesRequest{
		PageSize: 1000, Filter: `resource = "` + resource + `"`,
	})
	if err != nil {
		t.Fatalf("list changes: %v", err)
	}
	return resp.GetChanges()
}

func newID(t testing.TB) string {
	t.Helper()
	id, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	return id.String()
}

func times[T any](n int, f func(i int) T) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = f(i)
	}
	return out
}

func emails(n int) []*rapportv1.EmailAddress {
	return times(n, func(i int) *rapportv1.EmailAddress {
		return &rapportv1.EmailAddress{Address: fmt.Sprintf("a%d@example.com", i)}
	})
}

func phones(n int) []*rapportv1.PhoneNumber {
	return times(n, func(i int) *rapportv1.PhoneNumber { return &rapportv1.PhoneNumber{Number: fmt.Sprint(i)} })
}

func tags(n int) []string { return times(n, func(i int) string { return fmt.Sprintf("t%02d", i) }) }

func attributes(n int) map[string]*rapportv1.AttributeValue {
	m := map[string]*rapportv1.AttributeValue{}
	for i := range n {
		m[fmt.Sprintf("a%d", i)] = number(float64(i))
	}
	return m
}

func externalIDs(n int) map[string]string {
	m := map[string]string{}
	for i := range n {
		m[fmt.Sprintf("s%d", i)] = fmt.Sprint(i)
	}
	return m
}

// longEmail returns an address of as many bytes, or one fewer, whose local part is of
// this letter.
func longEmail(letter string, size int) string {
	const domain = "@example.com"
	return strings.Repeat(letter, (size-len(domain))/len(letter)) + domain
}
