package purchase

import (
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/tidwall/gjson"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/jsoncolumn"
	"github.com/rapport-crm/rapport/internal/owned"
)

// row is a purchase as the table holds it. The margin and the discount are in the
// currency of the amount.
type row struct {
	owned.Permanent

	PurchaseTime   time.Time
	Currency       string
	AmountUnits    int64
	AmountNanos    int32
	MarginUnits    pgtype.Int8
	MarginNanos    pgtype.Int4
	DiscountUnits  pgtype.Int8
	DiscountNanos  pgtype.Int4
	Items          string // JSON
	Channel        pgtype.Text
	Staff          pgtype.Text
	ExternalSource pgtype.Text
	ExternalID     pgtype.Text
	VoidTime       *time.Time
	VoidReason     pgtype.Text
}

// columns are the row's own, in the order of Args and Targets.
var columns = []string{
	"purchase_time", "amount_currency", "amount_units", "amount_nanos", "margin_units", "margin_nanos",
	"discount_units", "discount_nanos", "items", "channel", "staff", "external_source", "external_id",
	"void_time", "void_reason",
}

// Args implements owned.Row.
func (r *row) Args() []any {
	return []any{
		r.PurchaseTime, r.Currency, r.AmountUnits, r.AmountNanos, r.MarginUnits, r.MarginNanos,
		r.DiscountUnits, r.DiscountNanos, r.Items, r.Channel, r.Staff, r.ExternalSource, r.ExternalID,
		r.VoidTime, r.VoidReason,
	}
}

// Targets implements owned.Row.
func (r *row) Targets() []any {
	return []any{
		&r.PurchaseTime, &r.Currency, &r.AmountUnits, &r.AmountNanos, &r.MarginUnits, &r.MarginNanos,
		&r.DiscountUnits, &r.DiscountNanos, &r.Items, &r.Channel, &r.Staff, &r.ExternalSource, &r.ExternalID,
		&r.VoidTime, &r.VoidReason,
	}
}

// Proto implements owned.Row.
func (r *row) Proto(name string, _ time.Time) *rapportv1.Purchase {
	p := &rapportv1.Purchase{
		Name: name, Uid: aip.LastID(name), Etag: aip.Etag(r.Revision),
		PurchaseTime: timestamppb.New(r.PurchaseTime),
		Amount:       &money.Money{CurrencyCode: r.Currency, Units: r.AmountUnits, Nanos: r.AmountNanos},
		Margin:       r.optional(r.MarginUnits, r.MarginNanos),
		Discount:     r.optional(r.DiscountUnits, r.DiscountNanos),
		Items:        decodeItems(r.Items),
		Channel:      db.EnumOf[rapportv1.Channel](r.Channel.String),
		Staff:        db.TextOrNil(r.Staff),
		VoidTime:     aip.ToTimestamp(r.VoidTime),
		VoidReason:   db.TextOrNil(r.VoidReason),
		CreateTime:   timestamppb.New(r.CreateTime),
		UpdateTime:   timestamppb.New(r.UpdateTime),
	}
	if r.ExternalSource.Valid {
		p.ExternalId = &rapportv1.ExternalId{Source: r.ExternalSource.String, Id: r.ExternalID.String}
	}
	return p
}

func (r *row) optional(units pgtype.Int8, nanos pgtype.Int4) *money.Money {
	if !units.Valid {
		return nil
	}
	return &money.Money{CurrencyCode: r.Currency, Units: units.Int64, Nanos: nanos.Int32}
}

// Set implements owned.Row.
func (r *row) Set(p *rapportv1.Purchase) (err error) {
	r.PurchaseTime = p.GetPurchaseTime().AsTime()
	r.Currency, r.AmountUnits, r.AmountNanos = p.GetAmount().GetCurrencyCode(), p.GetAmount().GetUnits(), p.GetAmount().GetNanos()
	r.MarginUnits, r.MarginNanos = columnsOf(p.GetMargin())
	r.DiscountUnits, r.DiscountNanos = columnsOf(p.GetDiscount())
	r.Channel = db.Enum(p.GetChannel())
	r.Staff = db.Text(p.GetStaff())
	r.ExternalSource, r.ExternalID = db.Text(p.GetExternalId().GetSource()), db.Text(p.GetExternalId().GetId())
	r.Items, err = encodeItems(p.GetItems())
	return err
}

func columnsOf(m *money.Money) (pgtype.Int8, pgtype.Int4) {
	return pgtype.Int8{Int64: m.GetUnits(), Valid: m != nil}, pgtype.Int4{Int32: m.GetNanos(), Valid: m != nil}
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
