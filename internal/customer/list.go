package customer

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/contactpoint"
	"github.com/rapport-crm/rapport/internal/db"
)

// orders are the fields by which customers can be listed; each has an index with the
// id behind it. Names are ordered by what fits a page token.
var orders = map[string]aip.OrderColumn{
	"create_time":  {Column: "create_time", Kind: aip.TimeKey},
	"update_time":  {Column: "update_time", Kind: aip.TimeKey},
	"display_name": {Column: "left(display_name, 60)", Kind: aip.TextKey},
}

var newestFirst = aip.Order{Field: "create_time", Column: "create_time", Kind: aip.TimeKey, Desc: true}

// fields are those that a filter can name. Equality on owner, referrer, emails,
// phones, tags, attributes and external ids is served by an index.
var fields = aip.Fields{
	"type":               aip.Enum("type", rapportv1.Customer_TYPE_UNSPECIFIED.Descriptor()),
	"display_name":       aip.Text("display_name"),
	"emails.address":     aip.JSONList("emails", "address", contactpoint.NormalEmail),
	"phones.number":      aip.JSONList("phones", "number", nil),
	"phones.e164":        aip.JSONList("phones", "e164", nil),
	"language_code":      aip.Text("language_code"),
	"time_zone":          aip.Text("time_zone"),
	"external_ids":       aip.CustomKeyed(externalID),
	"tags":               aip.TextArray("tags"),
	"attributes":         aip.Attributes("attributes"),
	"owner":              aip.Indexed(aip.Text("owner")),
	"acquisition_source": aip.Enum("acquisition_source", rapportv1.Customer_ACQUISITION_SOURCE_UNSPECIFIED.Descriptor()),
	"referrer":           aip.Indexed(aip.UUIDName("referrer_id", parseReferrer)),
	"prospect_time":      aip.Timestamp("prospect_time"),
	"create_time":        aip.Timestamp("create_time"),
	"update_time":        aip.Timestamp("update_time"),
	"delete_time":        aip.Timestamp("delete_time"),
}

func parseReferrer(name string) (uuid.UUID, error) { return aip.ParseCustomerName("filter", name) }

// externalID compiles `external_ids.SOURCE = "id"` to a look-up in the table of keys.
func externalID(t *aip.Term) (aip.Condition, error) {
	if t.Op != "=" {
		return aip.Condition{}, t.Refuse("is compared by `=`")
	}
	return aip.Condition{
		SQL: "(lane, customer_id) IN (SELECT customer_lane, customer_id FROM external_id WHERE key_lane = " +
			t.Bind(db.KeyLane(t.Key, t.Value.Text), "smallint") + " AND source = " + t.Bind(t.Key, "text") +
			" AND id = " + t.Bind(t.Value.Text, "text") + ")",
		Served: true,
	}, nil
}

// listed is a row of a page.
type listed struct {
	row
	aip.Scan
}

// ListCustomers returns one page of customers.
func (s *Server) ListCustomers(ctx context.Context, req *rapportv1.ListCustomersRequest) (*rapportv1.ListCustomersResponse, error) {
	order, err := aip.ParseOrderBy(req.GetOrderBy(), orders, newestFirst)
	if err != nil {
		return nil, err
	}
	filter, err := aip.CompileFilter(req.GetFilter(), fields, nil)
	if err != nil {
		return nil, err
	}
	fingerprint := aip.FingerprintOf(order, "ListCustomers", req.GetFilter(), strconv.FormatBool(req.GetShowDeleted()))
	cursor, err := aip.ParseToken(req.GetPageToken(), fingerprint)
	if err != nil {
		return nil, err
	}
	list := aip.List{
		Table: "customer", Columns: columns, ID: "customer_id", Filter: filter, Order: order,
		Cursor: cursor, Size: aip.PageSize(req.GetPageSize()),
	}
	if !req.GetShowDeleted() {
		list.Live = "delete_time IS NULL"
	}
	rows, total, err := db.FetchPage[listed](ctx, s.DB, "ListCustomers", list)
	if err != nil {
		return nil, err
	}
	page, next := aip.Page(rows, list.Size, func(l *listed) aip.Scan { return l.Scan }, func(l *listed) aip.Cursor { return l.cursor(order) })
	resp := &rapportv1.ListCustomersResponse{Customers: make([]*rapportv1.Customer, len(page))}
	for i := range page {
		resp.Customers[i] = page[i].proto()
	}
	resp.NextPageToken, resp.TotalSize = aip.PageEnd(next, total, fingerprint)
	return resp, nil
}

// cursor is the row's place in the order.
func (r *row) cursor(order aip.Order) aip.Cursor {
	c := aip.Cursor{ID: r.CustomerID}
	switch order.Field {
	case "create_time":
		c.Time = r.CreateTime
	case "update_time":
		c.Time = r.UpdateTime
	default:
		c.Key = aip.TextKeyOf(r.DisplayName)
	}
	return c
}
