package customer_test

import (
	"testing"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// FuzzUpdate sends any mask and any values. The call succeeds, and what it answers is
// what is stored, or it is refused as the caller's mistake, and nothing has changed.
func FuzzUpdate(f *testing.F) {
	s := apitest.Start(f)
	name := create(f, s, ada()).GetName()
	for _, path := range []string{"", "*", "display_name", "attributes.k", "external_ids.k", "tags", "acquisition_cost.units", "membership.level", "contact_preference.consents", "service_tier", "a.b.c", "customer", "emails"} {
		f.Add(path, "k", "value")
	}
	f.Add("attributes", "\x00", "\xff")
	f.Fuzz(func(t *testing.T, path, key, value string) {
		if !utf8.ValidString(path + key + value) {
			t.Skip("the client cannot send it")
		}
		before := get(t, s, name)
		c := &rapportv1.Customer{
			Name: name, DisplayName: value, Owner: proto.String(value), TimeZone: proto.String(key), LanguageCode: proto.String(key),
			Tags: []string{key, value}, ExternalIds: map[string]string{key: value},
			Attributes:  map[string]*rapportv1.AttributeValue{key: text(value)},
			ServiceTier: proto.String(value), Membership: &rapportv1.Membership{Number: proto.String(key), Level: proto.String(value)},
			ContactPreference: &rapportv1.ContactPreference{Consents: []*rapportv1.ContactPreference_Consent{
				{Purpose: value, Evidence: proto.String(key), ConsentTime: &timestamppb.Timestamp{}},
			}},
			Emails: []*rapportv1.EmailAddress{{Address: value}}, Phones: []*rapportv1.PhoneNumber{{Number: value}},
		}
		got, err := s.Customers.UpdateCustomer(t.Context(), &rapportv1.UpdateCustomerRequest{Customer: c, UpdateMask: mask(path)})
		after := get(t, s, name)
		switch {
		case err == nil:
			apitest.WantEqual(t, after, got)
		case status.Code(err) != codes.InvalidArgument:
			t.Errorf("mask %q, key %q, value %q: %v", path, key, value, err)
		default:
			apitest.WantEqual(t, after, before)
		}
	})
}
