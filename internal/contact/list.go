package contact

import (
	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/search"
)

// ordersOfOne are those of one customer's contacts, who are few enough to sort. Over
// all customers names would need the customer as a second tie-break, for a caller's
// contact ids need to be unique within a customer only.
var ordersOfOne = map[string]aip.OrderColumn{
	"display_name": {Column: "left(display_name, 60)", Kind: aip.TextKey},
}

// fields are those that a filter can name. Equality on emails and phones is served by
// an index.
var fields = aip.Fields{
	"display_name":      aip.Text("display_name"),
	"title":             aip.Text("title"),
	"role":              aip.Enum("role", rapportv1.Contact_ROLE_UNSPECIFIED.Descriptor()),
	"emails.address":    search.Emails(),
	"phones.number":     search.Numbers(),
	"phones.e164":       search.E164(),
	"primary":           aip.Bool("is_primary"),
	"preferred_channel": aip.Enum("preferred_channel", rapportv1.Channel_CHANNEL_UNSPECIFIED.Descriptor()),
}

// Key implements owned.Keyed: the one order that is by no time is by name.
func (r *row) Key(string) string { return aip.TextKeyOf(r.DisplayName) }
