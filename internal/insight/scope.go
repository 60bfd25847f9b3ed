package insight

import (
	"strconv"
	"strings"

	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/customer"
	"github.com/rapport-crm/rapport/internal/satisfaction"
)

// scope is which rows a report is about, as a part of its statement.
type scope struct {
	// table is that of scores or of invitations.
	table string
	// rows are conditions on the table, customers one on customer; each names the
	// table's own columns alone. customers is empty where those of all count.
	rows      []string
	customers string
	// columns are those of the customer that the statement needs.
	columns []string
	args    []any
}

// bind makes the value a parameter and returns its placeholder.
func (s *scope) bind(value any, sqlType string) string {
	s.args = append(s.args, value)
	return "$" + strconv.Itoa(len(s.args)) + "::" + sqlType
}

// filterCustomers adds the filter of customers.
func (s *scope) filterCustomers(filter string) error {
	f, err := customer.CompileFilter(filter, s.args)
	s.customers, s.args = f.SQL, f.Args
	return err
}

// filterScores adds the filter of scores.
func (s *scope) filterScores(known *satisfaction.Server, filter string) error {
	f, err := known.CompileFilter(filter, s.args)
	if err != nil {
		return apierr.Renamed(err, "filter", "score_filter")
	}
	if f.SQL != "" {
		s.rows = append(s.rows, f.SQL)
	}
	s.args = f.Args
	return nil
}

// during adds the condition that the time in the column is in the interval.
func (s *scope) during(column string, in span) {
	if in.start != nil {
		s.rows = append(s.rows, column+" >= "+s.bind(*in.start, "timestamptz"))
	}
	if in.end != nil {
		s.rows = append(s.rows, column+" < "+s.bind(*in.end, "timestamptz"))
	}
}

// from returns what follows FROM: the rows s and, where the statement needs it, their
// customer c. In a query of its own each filter finds the columns by the names that it knows;
// PostgreSQL makes one plan of all.
func (s *scope) from() string {
	rows := s.table
	if len(s.rows) > 0 {
		rows = "(SELECT * FROM " + s.table + " WHERE (" + strings.Join(s.rows, ") AND (") + "))"
	}
	if s.customers == "" && len(s.columns) == 0 {
		return rows + " s"
	}
	where := ""
	if s.customers != "" {
		where = " WHERE " + s.customers
	}
	columns := strings.Join(append([]string{"lane", "customer_id"}, s.columns...), ", ")
	return rows + " s JOIN (SELECT " + columns + " FROM customer" + where + ") c ON c.lane = s.lane AND c.customer_id = s.customer_id"
}
