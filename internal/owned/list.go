package owned

import (
	"context"
	"maps"
	"strconv"
	"time"

	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
)

// ByTime are the orders by the times that every record has, and by times of the resource's
// own, whose columns have the fields' names.
func ByTime(own ...string) map[string]aip.OrderColumn {
	all := make(map[string]aip.OrderColumn)
	for _, field := range append(own, "create_time", "update_time") {
		all[field] = aip.OrderColumn{Column: field, Kind: aip.TimeKey}
	}
	return all
}

// NewestFirst is the order by a time of which the column has the field's name.
func NewestFirst(field string) aip.Order {
	return aip.Order{Field: field, Column: field, Kind: aip.TimeKey, Desc: true}
}

// ListRequest is a list's; that of records which can be deleted has a show_deleted too.
type ListRequest interface {
	GetParent() string
	GetPageSize() int32
	GetPageToken() string
	GetFilter() string
	GetOrderBy() string
}

// shown returns what a list does with deleted records.
func (r *Resource[M, R, P]) shown(req ListRequest) aip.Deleted {
	deletable, ok := req.(interface{ GetShowDeleted() bool })
	if !ok || r.permanent() {
		return aip.NeverDeleted
	}
	return aip.DeletedOf(deletable.GetShowDeleted())
}

// Page is a page of a list as a response tells it.
type Page[M Message] struct {
	Items     []M
	NextToken string
	Total     *int32
}

// List returns one page of the records of one customer or of all.
func (r *Resource[M, R, P]) List(ctx context.Context, req ListRequest) (out Page[M], err error) {
	// To the microsecond, as the times are which a filter compares with it: no record is then
	// listed for what it no longer is.
	now := r.Mutations.Clock().Truncate(time.Microsecond)
	list, fingerprint, err := r.ParseList(req, now)
	if err != nil {
		return out, err
	}
	page, err := db.ReadPage[listed[R, M, P]](ctx, r.DB, "List"+r.Plural, list, fingerprint)
	if err != nil {
		return out, err
	}
	if len(page.Rows) == 0 && list.Base != "" && list.Cursor == nil {
		if err := r.customerExists(ctx, req.GetParent()); err != nil {
			return out, err
		}
	}
	out = Page[M]{Items: make([]M, len(page.Rows)), NextToken: page.NextToken, Total: page.Total}
	for i := range page.Rows {
		out.Items[i] = r.proto(&page.Rows[i].row, now)
	}
	return out, nil
}

// ParseList returns what a request lists at this time, and the fingerprint that its page
// tokens carry.
func (r *Resource[M, R, P]) ParseList(req ListRequest, now time.Time) (list aip.List, fingerprint aip.Fingerprint, err error) {
	customer, all, err := aip.ParseCustomerParent("parent", req.GetParent())
	if err != nil {
		return list, fingerprint, err
	}
	list = aip.List{
		Table: r.Table, Columns: r.columns, ID: r.idColumn(),
		Size: aip.PageSize(req.GetPageSize()), Deleted: r.shown(req),
	}
	orders, args := r.Orders, []any(nil)
	if !all {
		orders = maps.Clone(r.Orders)
		maps.Copy(orders, r.OrdersOfOne)
		list.Base, args = "lane = $1 AND customer_id = $2", []any{db.Lane(customer), db.UUID(customer)}
	}
	first := NewestFirst("create_time")
	if r.DefaultOrder != (aip.Order{}) {
		first = r.DefaultOrder
	}
	if list.Order, err = aip.ParseOrderBy(req.GetOrderBy(), orders, first); err != nil {
		return list, fingerprint, err
	}
	fields := r.Fields
	if r.FieldsAt != nil && req.GetFilter() != "" {
		fields = maps.Clone(r.Fields)
		maps.Copy(fields, r.FieldsAt(now))
	}
	if list.Filter, err = aip.CompileFilter(req.GetFilter(), fields, args); err != nil {
		return list, fingerprint, err
	}
	fingerprint = aip.FingerprintOf(list.Order, "List"+r.Plural, req.GetParent(), req.GetFilter(), strconv.FormatBool(list.Deleted == aip.ShowDeleted))
	list.Cursor, err = aip.ParseToken(req.GetPageToken(), fingerprint)
	return list, fingerprint, err
}

// customerExists tells an empty list from one of a customer that is not there. Only
// an empty first page pays for it.
func (r *Resource[M, R, P]) customerExists(ctx context.Context, parent string) error {
	id, err := aip.ParseCustomerName("parent", parent)
	if err != nil {
		return err
	}
	c, err := r.customer(ctx, id)
	if err != nil || c.Found {
		return err
	}
	return c.live(id)
}

// listed is a row of a page.
type listed[R any, M Message, P Row[R, M]] struct {
	record[R, M, P]
	aip.Scan
}

// Targets implements db.Row.
func (l *listed[R, M, P]) Targets() []any { return append(l.record.Targets(), l.Scan.Targets()...) }

// Place is the row's place in the order.
func (l *listed[R, M, P]) Place(order aip.Order) (aip.Scan, aip.Cursor) {
	row := P(&l.row)
	c := aip.Cursor{ID: row.Own().ID}
	switch order.Field {
	case "create_time":
		c.Time = row.Own().CreateTime
	case "update_time":
		c.Time = row.Own().UpdateTime
	default:
		switch row := any(row).(type) {
		case Timed:
			c.Time = row.Time(order.Field)
		case Keyed:
			c.Key = row.Key(order.Field)
		}
	}
	return l.Scan, c
}

// Timed is a row of a resource with orders by times of its own.
type Timed interface {
	// Time returns the row's place in the order by the field.
	Time(field string) time.Time
}

// Keyed is a row of a resource with orders that are by no time.
type Keyed interface {
	// Key returns the row's place in the order by the field.
	Key(field string) string
}
