package survey

import (
	"context"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
)

var newestFirst = aip.Order{Field: "create_time", Column: "create_time", Kind: aip.TimeKey, Desc: true}

var orders = map[string]aip.OrderColumn{
	"create_time": {Column: "create_time", Kind: aip.TimeKey},
	"update_time": {Column: "update_time", Kind: aip.TimeKey},
}

// fields are those that a filter can name. Surveys are so few that no index is needed.
var fields = aip.Fields{
	"display_name": aip.Text("display_name"),
	"metric":       aip.Enum("metric", rapportv1.SatisfactionScore_METRIC_UNSPECIFIED.Descriptor()),
	"create_time":  aip.Timestamp("create_time"),
	"update_time":  aip.Timestamp("update_time"),
}

// listed is a row of a page.
type listed struct {
	row
	aip.Scan
}

// Targets implements db.Row.
func (l *listed) Targets() []any { return append(l.row.Targets(), l.Scan.Targets()...) }

// Place is the row's place in the order.
func (l *listed) Place(order aip.Order) (aip.Scan, aip.Cursor) {
	c := aip.Cursor{ID: l.ID, Time: l.CreateTime}
	if order.Field == "update_time" {
		c.Time = l.UpdateTime
	}
	return l.Scan, c
}

// ListSurveys returns one page of the surveys.
func (s *Server) ListSurveys(ctx context.Context, req *rapportv1.ListSurveysRequest) (*rapportv1.ListSurveysResponse, error) {
	list, fingerprint, err := parseList(req)
	if err != nil {
		return nil, err
	}
	page, err := db.ReadPage[listed](ctx, s.DB, "ListSurveys", list, fingerprint)
	if err != nil {
		return nil, err
	}
	resp := &rapportv1.ListSurveysResponse{
		Surveys: make([]*rapportv1.Survey, len(page.Rows)), NextPageToken: page.NextToken, TotalSize: page.Total,
	}
	for i := range page.Rows {
		resp.Surveys[i] = page.Rows[i].proto()
	}
	return resp, nil
}

func parseList(req *rapportv1.ListSurveysRequest) (list aip.List, fingerprint aip.Fingerprint, err error) {
	list = aip.List{Table: "survey", Columns: columns, ID: "survey_id", Size: aip.PageSize(req.GetPageSize())}
	if list.Order, err = aip.ParseOrderBy(req.GetOrderBy(), orders, newestFirst); err != nil {
		return list, fingerprint, err
	}
	if list.Filter, err = aip.CompileFilter(req.GetFilter(), fields, nil); err != nil {
		return list, fingerprint, err
	}
	fingerprint = aip.FingerprintOf(list.Order, "ListSurveys", req.GetFilter())
	list.Cursor, err = aip.ParseToken(req.GetPageToken(), fingerprint)
	return list, fingerprint, err
}
