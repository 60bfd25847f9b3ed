package insight

import (
	"strconv"
	"strings"

	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/customer"
	"github.com/rapport-crm/rapport/internal/satisfaction"
)

// scope is which scores a report is about, as a part of its statement.
type scope struct {
	// scores are conditions on satisfaction_score, customers one on customer; each names the
	// table's own columns alone. customers is empty where those of all count.
	scores    []string
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

// filter adds the two filters of a request.
func (s *scope) filter(known *satisfaction.Server, customers, scores string) error {
	c, err := customer.CompileFilter(customers, s.args)
	if err != nil {
		return err
	}
	s.customers, s.args = c.SQL, c.Args
	f, err := known.CompileFilter(scores, s.args)
	if err != nil {
		return apierr.Renamed(err, "filter", "score_filter")
	}
	if f.SQL != "" {
		s.scores = append(s.scores, f.SQL)
	}
	s.args = f.Args
	return nil
}

// during adds the condition that scores were given in the interval.
func (s *scope) during(in span) {
	if in.start != nil {
		s.scores = append(s.scores, "submit_time >= "+s.bind(*in.start, "timestamptz"))
	}
	if in.end != nil {
		s.scores = append(s.scores, "submit_time < "+s.bind(*in.end, "timestamptz"))
	}
}

// from returns what follows FROM: the scores s and, where the statement needs it, their
// customer c. In a query of its own each filter finds the columns by the names that it knows;
// PostgreSQL makes one plan of all.
func (s *scope) from() string {
	scores := "satisfaction_score"
	if len(s.scores) > 0 {
		scores = "(SELECT * FROM satisfaction_score WHERE (" + strings.Join(s.scores, ") AND (") + "))"
	}
	if s.customers == "" && len(s.columns) == 0 {
		return scores + " s"
	}
	where := ""
	if s.customers != "" {
		where = " WHERE " + s.customers
	}
	columns := strings.Join(append([]string{"lane", "customer_id"}, s.columns...), ", ")
	return scores + " s JOIN (SELECT " + columns + " FROM customer" + where + ") c ON c.lane = s.lane AND c.customer_id = s.customer_id"
}
