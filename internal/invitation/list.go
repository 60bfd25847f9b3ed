package invitation

import (
	"context"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/owned"
)

var newestFirst = aip.Order{Field: "create_time", Column: "create_time", Kind: aip.TimeKey, Desc: true}

// orders has one order: each would cost every invitation two indexes, of one survey's and of all.
var orders = map[string]aip.OrderColumn{"create_time": {Column: "create_time", Kind: aip.TimeKey}}

// fields are those that a filter can name. A customer has few invitations, so an index of them
// serves what names one.
var fields = aip.Fields{
	"customer":    aip.Custom(ofCustomer),
	"contact":     aip.Indexed(owned.Named(aip.Contacts, "contact_id")),
	"interaction": aip.Indexed(owned.Named(aip.Interactions, "interaction_id")),
	"case":        aip.Indexed(owned.Named(aip.Cases, "case_id")),
	"purchase":    aip.Indexed(owned.Named(aip.Purchases, "purchase_id")),
	"send_time":   aip.Timestamp("send_time"),
	"expire_time": aip.Timestamp("expire_time"),
	"answer_time": aip.Timestamp("answer_time"),
	"create_time": aip.Timestamp("create_time"),
}

// ofCustomer compiles `customer = "..."`.
func ofCustomer(t *aip.Term) (aip.Condition, error) {
	if t.Op != "=" {
		return aip.Condition{}, t.Refuse("is compared by `=`")
	}
	id, err := aip.ParseCustomerName("filter", t.Value.Text)
	if err != nil {
		return aip.Condition{}, t.Refuse("is compared with a name, customers/{customer}")
	}
	return aip.Condition{SQL: "lane = " + t.Bind(db.Lane(id), "smallint") + " AND customer_id = " + t.Bind(id, "uuid"), Served: true}, nil
}

// listed is a row of a page.
type listed struct {
	row
	aip.Scan
}

// Targets implements db.Row.
func (l *listed) Targets() []any { return append(l.row.Targets(), l.Scan.Targets()...) }

// Place is the row's place in the order.
func (l *listed) Place(aip.Order) (aip.Scan, aip.Cursor) {
	return l.Scan, aip.Cursor{ID: l.ID, Time: l.CreateTime}
}

// ListSurveyInvitations returns one page of the invitations to one survey or to all.
func (s *Server) ListSurveyInvitations(ctx context.Context, req *rapportv1.ListSurveyInvitationsRequest) (*rapportv1.ListSurveyInvitationsResponse, error) {
	list, fingerprint, err := parseList(req)
	if err != nil {
		return nil, err
	}
	page, err := db.ReadPage[listed](ctx, s.DB, "ListSurveyInvitations", list, fingerprint)
	if err != nil {
		return nil, err
	}
	if len(page.Rows) == 0 && list.Base != "" && list.Cursor == nil {
		// Only an empty first page pays for telling it from that of a survey which is not there.
		if err := s.surveyExists(ctx, req.GetParent()); err != nil {
			return nil, err
		}
	}
	resp := &rapportv1.ListSurveyInvitationsResponse{
		SurveyInvitations: make([]*rapportv1.SurveyInvitation, len(page.Rows)), NextPageToken: page.NextToken, TotalSize: page.Total,
	}
	for i := range page.Rows {
		if resp.SurveyInvitations[i], err = s.withToken(ctx, page.Rows[i].proto()); err != nil {
			return nil, err
		}
	}
	return resp, nil
}

func (s *Server) surveyExists(ctx context.Context, parent string) error {
	id, err := aip.ParseSurveyName("parent", parent)
	if err != nil {
		return err
	}
	_, err = s.Surveys.Find(ctx, id)
	return err
}

func parseList(req *rapportv1.ListSurveyInvitationsRequest) (list aip.List, fingerprint aip.Fingerprint, err error) {
	to, all, err := aip.ParseSurveyParent("parent", req.GetParent())
	if err != nil {
		return list, fingerprint, err
	}
	list = aip.List{Table: "survey_invitation", Columns: columns, ID: "survey_invitation_id", Size: aip.PageSize(req.GetPageSize())}
	var args []any
	if !all {
		list.Base, args = "survey_id = $1", []any{db.UUID(to)}
	}
	if list.Order, err = aip.ParseOrderBy(req.GetOrderBy(), orders, newestFirst); err != nil {
		return list, fingerprint, err
	}
	if list.Filter, err = aip.CompileFilter(req.GetFilter(), fields, args); err != nil {
		return list, fingerprint, err
	}
	fingerprint = aip.FingerprintOf(list.Order, "ListSurveyInvitations", req.GetParent(), req.GetFilter())
	list.Cursor, err = aip.ParseToken(req.GetPageToken(), fingerprint)
	return list, fingerprint, err
}
