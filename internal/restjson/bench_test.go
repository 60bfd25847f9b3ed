package restjson

import (
	"fmt"
	"testing"

	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/genproto/googleapis/type/postaladdress"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

func fullCustomer(i int) *rapportv1.Customer {
	at := &timestamppb.Timestamp{Seconds: 1_790_000_000 + int64(i), Nanos: 123_456_000}
	id := fmt.Sprintf("0198c0de-0000-7000-8000-%012d", i)
	return &rapportv1.Customer{
		Name: "customers/" + id, Uid: id, Type: rapportv1.Customer_ORGANIZATION, DisplayName: "Müller & Söhne GmbH",
		Emails: []*rapportv1.EmailAddress{{Address: "office@example.com", Primary: true}, {Address: "sales@example.com"}},
		Phones: []*rapportv1.PhoneNumber{{Number: "020 7183 8750", E164: "+442071838750", Primary: true}},
		PostalAddresses: []*postaladdress.PostalAddress{{
			RegionCode: "DE", PostalCode: "10115", Locality: "Berlin", AddressLines: []string{"Invalidenstraße 1", "Hinterhof"},
		}},
		LanguageCode: proto.String("de-DE"), TimeZone: proto.String("Europe/Berlin"),
		ExternalIds: map[string]string{"erp": "K-4711", "shop": "u_99"},
		Tags:        []string{"key-account", "vip"},
		Attributes: map[string]*rapportv1.AttributeValue{
			"plan":  {Kind: &rapportv1.AttributeValue_StringValue{StringValue: "gold"}},
			"seats": {Kind: &rapportv1.AttributeValue_DoubleValue{DoubleValue: 42}},
			"since": {Kind: &rapportv1.AttributeValue_TimestampValue{TimestampValue: at}},
		},
		Owner: proto.String("staff-17"), AcquisitionSource: rapportv1.Customer_REFERRAL,
		AcquisitionCost: &money.Money{CurrencyCode: "EUR", Units: 1200, Nanos: 500_000_000},
		Referrer:        proto.String("customers/0198c0de-0000-7000-8000-000000000001"),
		ProspectTime:    at, State: rapportv1.Customer_ACTIVE, CreateTime: at, UpdateTime: at, Etag: `"7"`,
	}
}

func page() *rapportv1.ListCustomersResponse {
	out := &rapportv1.ListCustomersResponse{NextPageToken: "eyJ2IjoxfQ", TotalSize: proto.Int32(10_001)}
	for i := range 50 {
		out.Customers = append(out.Customers, fullCustomer(i))
	}
	return out
}

func TestFullPage(t *testing.T) { check(t, page()) }

// The buffer of a page is one allocation where none is given, and none where one is.
func TestAllocations(t *testing.T) {
	p := page()
	buffer, err := Append(nil, p)
	if err != nil {
		t.Fatal(err)
	}
	got := testing.AllocsPerRun(100, func() {
		if _, err := Append(buffer[:0], p); err != nil {
			t.Fatal(err)
		}
	})
	// A collection that empties the pool in the middle may cost a few.
	if got > 2 {
		t.Errorf("a page of 50 customers took %v allocations", got)
	}
}

func BenchmarkPage(b *testing.B) {
	p := page()
	b.Run("restjson", func(b *testing.B) {
		b.ReportAllocs()
		var buffer []byte
		for b.Loop() {
			buffer, _ = Append(buffer[:0], p)
		}
		b.SetBytes(int64(len(buffer)))
	})
	b.Run("protojson", func(b *testing.B) {
		b.ReportAllocs()
		var buffer []byte
		for b.Loop() {
			buffer, _ = protojson.MarshalOptions{EmitDefaultValues: true}.MarshalAppend(buffer[:0], p)
		}
		b.SetBytes(int64(len(buffer)))
	})
}

func BenchmarkCustomer(b *testing.B) {
	c := fullCustomer(1)
	b.ReportAllocs()
	var buffer []byte
	for b.Loop() {
		buffer, _ = Append(buffer[:0], c)
	}
}
