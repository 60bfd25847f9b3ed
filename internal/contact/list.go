package contact

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/search"
)

// orders are the fields by which the contacts of all customers can be listed; each
// has an index with the id behind it.
var orders = map[string]aip.OrderColumn{
	"create_time": {Column: "create_time", Kind: aip.TimeKey},
	"update_time": {Column: "update_time", Kind: aip.TimeKey},
}

// ordersOfOne are those of one customer's contacts, who are few enough to sort. Over
// all customers names would need the customer as a second tie-break, for a caller's
// contact ids need to be unique within a customer only.
var ordersOfOne = func() map[string]aip.OrderColumn {
	m := maps.Clone(orders)
	m["display_name"] = aip.OrderColumn{Column: "left(display_name, 60)", Kind: aip.TextKey}
	return m
}()

var newestFirst = aip.Order{Field: "create_time", Column: "create_time", Kind: aip.TimeKey, Desc: true}

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
	"create_time":       aip.Timestamp("create_time"),
	"update_time":       aip.Timestamp("update_time"),
	"delete_time":       aip.Timestamp("delete_time"),
}

// listed is a row of a page.
type listed struct {
	row
	aip.Scan
}

// Targets implements db.Row.
func (l *listed) Targets() []any { return append(l.row.Targets(), l.Scan.Targets()...) }

// ListContacts returns one page of the contacts of one customer or of all.
func (s *Server) ListContacts(ctx context.Context, req *rapportv1.ListContactsRequest) (*rapportv1.ListContactsResponse, error) {
	list, fingerprint, err := parseList(req)
	if err != nil {
		return nil, err
	}
	page, err := db.ReadPage[listed](ctx, s.DB, "ListContacts", list, fingerprint)
	if err != nil {
		return nil, err
	}
	if len(page.Rows) == 0 && list.Base != "" && list.Cursor == nil {
		if err := s.customerExists(ctx, req.GetParent()); err != nil {
			return nil, err
		}
	}
	resp := &rapportv1.ListContactsResponse{
		Contacts: make([]*rapportv1.Contact, len(page.Rows)), NextPageToken: page.NextToken, TotalSize: page.Total,
	}
	for i := range page.Rows {
		resp.Contacts[i] = page.Rows[i].proto()
	}
	return resp, nil
}

func parseList(req *rapportv1.ListContactsRequest) (list aip.List, fingerprint aip.Fingerprint, err error) {
	customer, all, err := aip.ParseCustomerParent("parent", req.GetParent())
	if err != nil {
		return list, fingerprint, err
	}
	list = aip.List{Table: "contact", Columns: columns, ID: "contact_id", Size: aip.PageSize(req.GetPageSize()), Deleted: aip.DeletedOf(req.GetShowDeleted())}
	columnsOf, args := orders, []any(nil)
	if !all {
		columnsOf, args = ordersOfOne, []any{db.Lane(customer), db.UUID(customer)}
		list.Base = "lane = $1 AND customer_id = $2"
	}
	if list.Order, err = aip.ParseOrderBy(req.GetOrderBy(), columnsOf, newestFirst); err != nil {
		return list, fingerprint, err
	}
	if list.Filter, err = aip.CompileFilter(req.GetFilter(), fields, args); err != nil {
		return list, fingerprint, err
	}
	fingerprint = aip.FingerprintOf(list.Order, "ListContacts", req.GetParent(), req.GetFilter(), strconv.FormatBool(req.GetShowDeleted()))
	list.Cursor, err = aip.ParseToken(req.GetPageToken(), fingerprint)
	return list, fingerprint, err
}

// customerExists tells an empty list from one of a customer that is not there. Only
// an empty first page pays for it.
func (s *Server) customerExists(ctx context.Context, parent string) error {
	id, err := aip.ParseCustomerName("parent", parent)
	if err != nil {
		return err
	}
	var deleted *time.Time
	err = s.DB.QueryRow(ctx, customerSQL, db.Lane(id), db.UUID(id)).Scan(&deleted)
	if errors.Is(err, pgx.ErrNoRows) {
		return customerNotFound(id)
	}
	return err
}

// Place is the row's place in the order.
func (l *listed) Place(order aip.Order) (aip.Scan, aip.Cursor) {
	c := aip.Cursor{ID: l.ContactID}
	switch order.Field {
	case "create_time":
		c.Time = l.CreateTime
	case "update_time":
		c.Time = l.UpdateTime
	default:
		c.Key = aip.TextKeyOf(l.DisplayName)
	}
	return l.Scan, c
}
