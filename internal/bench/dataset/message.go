package dataset

import (
	"fmt"

	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/genproto/googleapis/type/postaladdress"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
)

// Name returns the resource name of the customer of this number.
func Name(n int) string { return aip.CustomerName(ID(n)) }

// Serial writes what makes a message unlike all others: 12 digits that always take
// the same room, so that a ready-made request can be changed in place.
func Serial(n int) string { return fmt.Sprintf("%012d", n) }

// New returns a customer to make, as full as those of the fill, with the name and the
// numbers of the one of this number. Its address and its external id, which must be new,
// have the serial.
func New(n, serial int) *rapportv1.Customer {
	return &rapportv1.Customer{
		Type:        rapportv1.Customer_INDIVIDUAL,
		DisplayName: name(n),
		Emails:      []*rapportv1.EmailAddress{{Address: "new-" + Serial(serial) + "@example.com", Primary: true}},
		Phones: []*rapportv1.PhoneNumber{
			{Number: fmt.Sprintf("020 7%03d %04d", n/10000%1000, n%10000), Primary: true}, {Number: fmt.Sprintf("+44 7400 %06d", n%1e6)},
		},
		PostalAddresses: []*postaladdress.PostalAddress{{
			RegionCode: "GB", PostalCode: "EC1A 1BB", Locality: "London", AddressLines: []string{"24 High Street", "Flat 7"},
		}},
		LanguageCode: proto.String("en-GB"),
		TimeZone:     proto.String("Europe/London"),
		ExternalIds:  map[string]string{"crm": "B-" + Serial(serial)},
		Tags:         []string{"newsletter", "region-07"},
		Attributes: map[string]*rapportv1.AttributeValue{
			"level": {Kind: &rapportv1.AttributeValue_StringValue{StringValue: "gold"}},
			"score": {Kind: &rapportv1.AttributeValue_DoubleValue{DoubleValue: 71.5}},
			"vip":   {Kind: &rapportv1.AttributeValue_BoolValue{BoolValue: true}},
		},
		Owner:             proto.String("staff-017"),
		AcquisitionSource: rapportv1.Customer_ONLINE,
		AcquisitionCost:   &money.Money{CurrencyCode: "GBP", Units: 40},
	}
}

// Assigned returns what an update of the customer of this number says: a new owner,
// which ends with the serial.
func Assigned(n, serial int) *rapportv1.Customer {
	return &rapportv1.Customer{Name: Name(n), Owner: proto.String("staff-" + Serial(serial))}
}

// Lane returns the lane of the customer of this number.
func Lane(n int) int16 { return db.Lane(ID(n)) }
