package customer

import (
	"context"
	"slices"
	"strings"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/searchkey"
)

const (
	// maxFound is the most customers that a search returns.
	maxFound = 100
	// fewFound is below how many a search looks for names with a letter wrong, too.
	fewFound = 10
	// searchArgs is how many arguments of the search come before those of the filter.
	searchArgs = 5
)

// parsedSearch is a ListCustomersRequest with a query, parsed.
type parsedSearch struct {
	query   searchkey.Query
	filter  aip.Filter
	deleted aip.Deleted
	size    int
}

// isSearch tells whether a request has a query. Who typed nothing but spaces looks for
// nothing yet.
func isSearch(req *rapportv1.ListCustomersRequest) bool {
	return strings.TrimSpace(req.GetQuery()) != ""
}

func (s *Server) parseSearch(req *rapportv1.ListCustomersRequest) (out parsedSearch, err error) {
	var wrong apierr.Violations
	if req.GetOrderBy() != "" {
		wrong.Add("order_by", "cannot be combined with query, whose answer has the best first")
	}
	if req.GetPageToken() != "" {
		wrong.Add("page_token", "cannot be combined with query, whose answer is one page")
	}
	if err := wrong.Err(); err != nil {
		return out, err
	}
	out = parsedSearch{
		query: searchkey.Parse(req.GetQuery(), s.DefaultRegion, req.GetFilter() != ""), deleted: aip.DeletedOf(req.GetShowDeleted()),
		size: min(aip.PageSize(req.GetPageSize()), maxFound),
	}
	out.filter, err = aip.CompileFilter(req.GetFilter(), fields, make([]any, searchArgs))
	return out, err
}

// searchCustomers returns the best of the customers that a person may mean. What is
// exact comes before what begins so, and that before what has a letter wrong.
func (s *Server) searchCustomers(ctx context.Context, req *rapportv1.ListCustomersRequest) (*rapportv1.ListCustomersResponse, error) {
	wanted, err := s.parseSearch(req)
	if err != nil {
		return nil, err
	}
	rows, err := wanted.find(ctx, s.DB, wanted.query.Arms, wanted.size)
	if err != nil {
		return nil, err
	}
	if len(rows) < min(fewFound, wanted.size) {
		words, err := known(ctx, s.DB, wanted.query)
		if err != nil {
			return nil, err
		}
		corrected, err := wanted.find(ctx, s.DB, wanted.query.Corrected(words), wanted.size)
		if err != nil {
			return nil, err
		}
		rows = appendOthers(rows, corrected, wanted.size)
	}
	resp := &rapportv1.ListCustomersResponse{Customers: make([]*rapportv1.Customer, len(rows))}
	now := s.Mutations.Clock()
	for i := range rows {
		resp.Customers[i] = rows[i].proto(now)
	}
	return resp, nil
}

// appendOthers appends the rows of customers that are not there yet, up to a size.
func appendOthers(rows, more []row, size int) []row {
	for _, r := range more {
		if len(rows) < size && !slices.ContainsFunc(rows, func(have row) bool { return have.CustomerID == r.CustomerID }) {
			rows = append(rows, r)
		}
	}
	return rows
}
