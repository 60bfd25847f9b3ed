package purchase

import (
	"time"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
)

// orders are those of one customer's purchases and of all. Both times have an index for
// each; there is none for update_time, which tells of voids alone.
var orders = map[string]aip.OrderColumn{
	"purchase_time": {Column: "purchase_time", Kind: aip.TimeKey},
	"create_time":   {Column: "create_time", Kind: aip.TimeKey},
}

// fields are those that a filter can name. An article can be in so many purchases that
// an index of it would be read in vain.
var fields = aip.Fields{
	"purchase_time":        aip.Timestamp("purchase_time"),
	"amount.currency_code": aip.Text("amount_currency"),
	"amount.units":         aip.Number("amount_units"),
	"items.sku":            aip.Unindexed(aip.JSONList("items", "sku", nil)),
	"items.category":       aip.Unindexed(aip.JSONList("items", "category", nil)),
	"channel":              aip.Enum("channel", rapportv1.Channel_CHANNEL_UNSPECIFIED.Descriptor()),
	"staff":                aip.Text("staff"),
	"void_time":            aip.Timestamp("void_time"),
}

// Time implements owned.Timed.
func (r *row) Time(string) time.Time { return r.PurchaseTime }
