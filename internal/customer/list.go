package customer

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/search"
)

// orders are the fields by which customers can be listed; each has an index with the
// id behind it. Names are ordered by what fits a page token.
var orders = map[string]aip.OrderColumn{
	"create_time":  {Column: "create_time", Kind: aip.TimeKey},
	"update_time":  {Column: "update_time", Kind: aip.TimeKey},
	"display_name": {Column: "left(display_name, 60)", Kind: aip.TextKey},
}

var newestFirst = aip.Order{Field: "create_time", Column: "create_time", Kind: aip.TimeKey, Desc: true}

// fields are those that a filter can name. Equality on owner, referrer, service tier, emails,
// phones, tags, attributes and external ids is served by an index.
var fields = withSatisfaction(aip.Fields{
	"type":                                 aip.Enum("type", rapportv1.Customer_TYPE_UNSPECIFIED.Descriptor()),
	"display_name":                         aip.Text("display_name"),
	"emails.address":                       search.Emails(),
	"phones.number":                        search.Numbers(),
	"phones.e164":                          search.E164(),
	"language_code":                        aip.Text("language_code"),
	"time_zone":                            aip.Text("time_zone"),
	"external_ids":                         aip.CustomKeyed(externalID),
	"tags":                                 aip.TextArray("tags"),
	"attributes":                           aip.Attributes("attributes"),
	"owner":                                aip.Indexed(aip.Text("owner")),
	"acquisition_source":                   aip.Enum("acquisition_source", rapportv1.Customer_ACQUISITION_SOURCE_UNSPECIFIED.Descriptor()),
	"referrer":                             aip.Indexed(aip.UUIDName("referrer_id", parseReferrer)),
	"prospect_time":                        aip.Timestamp("prospect_time"),
	"service_tier":                         aip.Indexed(aip.UUIDName("service_tier_id", parseServiceTier)),
	"membership.number":                    aip.Text("membership_number"),
	"membership.level":                     aip.Text("membership_level"),
	"membership.expire_time":               aip.Timestamp("membership_expire_time"),
	"contact_preference.preferred_channel": aip.Enum("preferred_channel", rapportv1.Channel_CHANNEL_UNSPECIFIED.Descriptor()),
	"contact_preference.do_not_contact":    aip.Bool("do_not_contact"),
	"contact_preference.pause_end_time":    aip.Timestamp("pause_end_time"),
	"contact_interval":                     aip.Duration("(contact_interval_days * 86400)"),
	"last_contact_time":                    aip.Timestamp(lastContactTime),
	"create_time":                          aip.Timestamp("create_time"),
	"update_time":                          aip.Timestamp("update_time"),
	"delete_time":                          aip.Timestamp("delete_time"),
})

func parseServiceTier(name string) (uuid.UUID, error) {
	return aip.ParseServiceTierName("filter", name)
}

func parseReferrer(name string) (uuid.UUID, error) { return aip.ParseCustomerName("filter", name) }

// CompileFilter compiles a filter of customers to a condition on the table customer, by its
// columns alone. The args are those of the statement so far.
func CompileFilter(filter string, args []any) (aip.Filter, error) {
	return aip.CompileFilter(filter, fields, args)
}

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

// Targets implements db.Row.
func (l *listed) Targets() []any { return append(l.row.Targets(), l.Scan.Targets()...) }

// ListCustomers returns one page of customers, or those that a query finds.
func (s *Server) ListCustomers(ctx context.Context, req *rapportv1.ListCustomersRequest) (*rapportv1.ListCustomersResponse, error) {
	if isSearch(req) {
		return s.searchCustomers(ctx, req)
	}
	list, fingerprint, err := parseList(req)
	if err != nil {
		return nil, err
	}
	page, err := db.ReadPage[listed](ctx, s.DB, "ListCustomers", list, fingerprint)
	if err != nil {
		return nil, err
	}
	resp := &rapportv1.ListCustomersResponse{
		Customers: make([]*rapportv1.Customer, len(page.Rows)), NextPageToken: page.NextToken, TotalSize: page.Total,
	}
	now := s.Mutations.Clock()
	for i := range page.Rows {
		resp.Customers[i] = page.Rows[i].proto(now)
	}
	return resp, nil
}

func parseList(req *rapportv1.ListCustomersRequest) (list aip.List, fingerprint aip.Fingerprint, err error) {
	list = aip.List{
		Table: "customer", Columns: columns, Outputs: outputs, ID: "customer_id", Size: aip.PageSize(req.GetPageSize()),
		Deleted: aip.DeletedOf(req.GetShowDeleted()),
	}
	if list.Order, err = aip.ParseOrderBy(req.GetOrderBy(), orders, newestFirst); err != nil {
		return list, fingerprint, err
	}
	if list.Filter, err = aip.CompileFilter(req.GetFilter(), fields, nil); err != nil {
		return list, fingerprint, err
	}
	fingerprint = aip.FingerprintOf(list.Order, "ListCustomers", req.GetFilter(), strconv.FormatBool(req.GetShowDeleted()))
	list.Cursor, err = aip.ParseToken(req.GetPageToken(), fingerprint)
	return list, fingerprint, err
}

// Place is the row's place in the order.
func (l *listed) Place(order aip.Order) (aip.Scan, aip.Cursor) {
	c := aip.Cursor{ID: l.CustomerID}
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
