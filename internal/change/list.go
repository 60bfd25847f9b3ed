package change

import (
	"context"

	"github.com/google/uuid"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
)

var newestFirst = aip.Order{Field: "change_time", Column: "change_time", Kind: aip.TimeKey, Desc: true}

// fields are those that a filter can name. Equality on customer, resource and actor
// is served by an index.
var fields = aip.Fields{
	"resource":    aip.Custom(resource),
	"customer":    aip.Where("resource LIKE ANY ('{customers/%,surveys/%/%}')", aip.Indexed(aip.UUIDName("customer_id", parseCustomer))),
	"actor":       aip.Indexed(aip.Text("actor")),
	"type":        aip.Enum("type", rapportv1.Change_TYPE_UNSPECIFIED.Descriptor()),
	"request_id":  aip.UUIDName("request_id", uuid.Parse),
	"change_time": aip.Timestamp("change_time"),
}

func parseCustomer(name string) (uuid.UUID, error) { return aip.ParseCustomerName("filter", name) }

// resource compiles `resource = "..."` with the id of Record.CustomerID beside it, for it
// is by that that an index finds changes.
func resource(t *aip.Term) (aip.Condition, error) {
	if t.Op != "=" {
		return aip.Condition{}, t.Refuse("is compared by `=`")
	}
	if _, _, err := aip.ParseInvitationName("filter", t.Value.Text); err == nil {
		// Its name does not say whose it is; beside `customer = "..."` an index finds it.
		return aip.Condition{SQL: "resource = " + t.Bind(t.Value.Text, "text")}, nil
	}
	owner, err := aip.ParseOwner("filter", t.Value.Text)
	if err != nil {
		owner, err = aip.ParseServiceTierName("filter", t.Value.Text)
	}
	if err != nil {
		owner, err = aip.ParseSurveyName("filter", t.Value.Text)
	}
	if err != nil {
		return aip.Condition{}, t.Refuse("is compared with the name of a customer, of what a customer owns, of a service tier or of a survey")
	}
	return aip.Condition{
		SQL:    "customer_id = " + t.Bind(owner, "uuid") + " AND resource = " + t.Bind(t.Value.Text, "text"),
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

// ListChanges returns one page of changes, newest first.
func (s *Server) ListChanges(ctx context.Context, req *rapportv1.ListChangesRequest) (*rapportv1.ListChangesResponse, error) {
	list, fingerprint, err := parseList(req)
	if err != nil {
		return nil, err
	}
	page, err := db.ReadUncountedPage[listed](ctx, s.DB, "ListChanges", list, fingerprint)
	if err != nil {
		return nil, err
	}
	resp := &rapportv1.ListChangesResponse{
		Changes: make([]*rapportv1.Change, len(page.Rows)), NextPageToken: page.NextToken,
	}
	for i := range page.Rows {
		if resp.Changes[i], err = page.Rows[i].proto(); err != nil {
			return nil, err
		}
	}
	return resp, nil
}

func parseList(req *rapportv1.ListChangesRequest) (list aip.List, fingerprint aip.Fingerprint, err error) {
	list = aip.List{Table: "change", Columns: columns, ID: "change_id", Order: newestFirst, Size: aip.PageSize(req.GetPageSize())}
	if list.Filter, err = aip.CompileFilter(req.GetFilter(), fields, nil); err != nil {
		return list, fingerprint, err
	}
	fingerprint = aip.FingerprintOf(newestFirst, "ListChanges", req.GetFilter())
	list.Cursor, err = aip.ParseToken(req.GetPageToken(), fingerprint)
	return list, fingerprint, err
}

// Place is the row's place in the order.
func (l *listed) Place(aip.Order) (aip.Scan, aip.Cursor) {
	return l.Scan, aip.Cursor{Time: l.ChangeTime, ID: l.ChangeID}
}
