package insight

import (
	"fmt"
	"strings"
)

const (
	// maxRows bounds the rows of a report.
	maxRows = 10_000
	// maxTallies bounds what is read for them: four metrics, and the period before the first.
	maxTallies = 8 * maxRows
)

// tally is what the scores of one metric come to, of one group and period.
type tally struct {
	place
	metric string
	// n counts the scores, once each of them in one group only, top those that are favorable
	// and bottom the detractors.
	n, once, top, bottom int64
	sum, squares         int64 // of the ratings
	// gapN and the rest are of the scores that have an expectation: rating less that.
	gapN, gapSum, gapSquares, exceeded, missed int64
}

// place is a group, of up to two dimensions, and a period.
type place struct {
	groups [maxGroups]string
	period int32
}

// Targets implements db.Row.
func (t *tally) Targets() []any {
	return []any{
		&t.groups[0], &t.groups[1], &t.period, &t.metric, &t.n, &t.once, &t.top, &t.bottom,
		&t.sum, &t.squares, &t.gapN, &t.gapSum, &t.gapSquares, &t.exceeded, &t.missed,
	}
}

// sql returns the statement of the report and its arguments. It reads each score once and counts
// how often each rating was given beside each expectation, which are some tens of numbers for
// a group and a period whatever the number of scores; all sums are made of those. The periods
// are found in Go, by the zone's rules that all of the service goes by, and cost each score a
// look into a sorted list; date_trunc in a time zone costs ten times that.
func (r *feelings) sql() (sql string, args []any) {
	var selected, keys, names, joins []string
	for i, d := range r.dimensions {
		name := fmt.Sprintf("group_%d", i+1)
		keys, names = append(keys, d.key+" AS "+name), append(names, name)
		selected = append(selected, "coalesce("+name+"::text, '')")
		joins = append(joins, d.join)
	}
	for len(selected) < maxGroups {
		selected = append(selected, "''")
	}
	once := "count(*)"
	if strings.Join(joins, "") != "" {
		once = "count(*) FILTER (WHERE coalesce(t.place, 1) = 1)"
	}
	period := "0"
	if len(r.periods.starts) > 0 {
		period = "width_bucket(s.submit_time, " + r.scope.bind(r.periods.starts, "timestamptz[]") + ")"
	}
	return fmt.Sprintf(satisfactionSQL,
		strings.Join(selected, ", "), strings.Join(append(keys, period+" AS period"), ", "), once,
		r.scope.from()+strings.Join(joins, ""), strings.Join(append(names, "period"), ", "), maxTallies+1), r.scope.args
}

const satisfactionSQL = `-- name: ReadSatisfactionReport
SELECT %[1]s, period, metric, sum(n)::bigint, sum(once)::bigint,
    coalesce(sum(n) FILTER (WHERE rating >= CASE metric WHEN 'NPS' THEN 9 WHEN 'CES' THEN 5 ELSE 4 END), 0)::bigint,
    coalesce(sum(n) FILTER (WHERE rating <= 6), 0)::bigint,
    sum(n * rating)::bigint, sum(n * rating * rating)::bigint,
    coalesce(sum(n) FILTER (WHERE expectation IS NOT NULL), 0)::bigint,
    coalesce(sum(n * (rating - expectation)), 0)::bigint,
    coalesce(sum(n * (rating - expectation) * (rating - expectation)), 0)::bigint,
    coalesce(sum(n) FILTER (WHERE rating > expectation), 0)::bigint,
    coalesce(sum(n) FILTER (WHERE rating < expectation), 0)::bigint
FROM (
    SELECT %[2]s, s.metric, s.rating, s.expectation, count(*) AS n, %[3]s AS once
    FROM %[4]s
    GROUP BY %[5]s, s.metric, s.rating, s.expectation
) counted
GROUP BY %[5]s, metric
LIMIT %[6]d`
