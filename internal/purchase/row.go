package purchase

import (
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/tidwall/gjson"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/jsoncolumn"
	"github.com/rapport-crm/rapport/internal/owned"
)

// row is a purchase as the table holds it. All amounts are in the one currency.
type row struct {
	owned.Permanent

	PurchaseTime             time.Time
	Currency                 string
	Amount, Margin, Discount db.Amount
	Items                    string // JSON
	Channel                  pgtype.Text
	Staff                    pgtype.Text
	External                 db.ExternalID
	VoidTime                 *time.Time
	VoidReason               pgtype.Text
}

// columns are the row's own, in the order of Targets.
var columns = []string{
	"purchase_time", "amount_currency", "amount_units", "amount_nanos", "margin_units", "margin_nanos",
	"discount_units", "discount_nanos", "items", "channel", "staff", "external_source", "external_id",
	"void_time", "void_reason",
}

// Targets implements owned.Row.
func (r *row) Targets() []any {
	return []any{
		&r.PurchaseTime, &r.Currency, &r.Amount.Units, &r.Amount.Nanos, &r.Margin.Units, &r.Margin.Nanos,
		&r.Discount.Units, &r.Discount.Nanos, &r.Items, &r.Channel, &r.Staff, &r.External.Source, &r.External.ID,
		&r.VoidTime, &r.VoidReason,
	}
}

// Proto implements owned.Row.
func (r *row) Proto(_ time.Time) *rapportv1.Purchase {
	return &rapportv1.Purchase{
		PurchaseTime: timestamppb.New(r.PurchaseTime),
		Amount:       r.Amount.Money(r.Currency),
		Margin:       r.Margin.Money(r.Currency),
		Discount:     r.Discount.Money(r.Currency),
		Items:        decodeItems(r.Items),
		Channel:      db.EnumOf[rapportv1.Channel](r.Channel.String),
		Staff:        db.TextOrNil(r.Staff),
		ExternalId:   r.External.Proto(),
		VoidTime:     aip.ToTimestamp(r.VoidTime),
		VoidReason:   db.TextOrNil(r.VoidReason),
	}
}

// Set implements owned.Row.
func (r *row) Set(p *rapportv1.Purchase) (err error) {
	r.PurchaseTime = p.GetPurchaseTime().AsTime()
	r.Currency, r.Amount = p.GetAmount().GetCurrencyCode(), db.AmountOf(p.GetAmount())
	r.Margin, r.Discount = db.AmountOf(p.GetMargin()), db.AmountOf(p.GetDiscount())
	r.Channel = db.Enum(p.GetChannel())
	r.Staff = db.Text(p.GetStaff())
	r.External = db.ExternalIDOf(p.GetExternalId())
	r.Items, err = encodeItems(p.GetItems())
	return err
}

// storedItem is an item in its column.
type storedItem struct {
	SKU      string  `json:"sku"`
	Quantity float64 `json:"quantity"`
	Category string  `json:"category,omitempty"`
}

func encodeItems(items []*rapportv1.Purchase_Item) (string, error) {
	return jsoncolumn.EncodeList(items, func(i *rapportv1.Purchase_Item) storedItem {
		return storedItem{i.GetSku(), i.GetQuantity(), i.GetCategory()}
	})
}

func decodeItems(column string) []*rapportv1.Purchase_Item {
	return jsoncolumn.DecodeList(column, func(i *rapportv1.Purchase_Item, key string, value gjson.Result) {
		switch key {
		case "sku":
			i.Sku = value.Str
		case "quantity":
			i.Quantity = value.Num
		case "category":
			i.Category = &value.Str
		}
	})
}
