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

// invited is how many were asked, of one group and period.
type invited struct {
	place
	sent, answered int64
}

// Targets implements db.Row.
func (i *invited) Targets() []any {
	return []any{&i.groups[0], &i.groups[1], &i.period, &i.sent, &i.answered}
}

// grouping is what statements by group and period have in common.
type grouping struct {
	shown, keys, names string // of the select list, of that inside, and of GROUP BY
	from               string
	// once counts the rows, once those that are in several groups.
	once string
}

// grouping groups the rows of a scope. The periods are found in Go, by the zone's rules that
// all of the service goes by, and cost each row a look into a sorted list, which is less than
// date_trunc in a time zone takes.
func (r *feelings) grouping(s *scope, column string) grouping {
	g := grouping{from: s.from(), once: "count(*)"}
	var shown, keys, names []string
	for i, d := range r.dimensions {
		name := fmt.Sprintf("group_%d", i+1)
		keys, names = append(keys, d.key+" AS "+name), append(names, name)
		shown = append(shown, "coalesce("+name+"::text, '')")
		if g.from += d.join; d.join != "" {
			g.once = "count(*) FILTER (WHERE coalesce(t.place, 1) = 1)"
		}
	}
	for len(shown) < maxGroups {
		shown = append(shown, "''")
	}
	period := "0"
	if len(r.periods.starts) > 0 {
		period = "width_bucket(s." + column + ", " + s.bind(r.periods.starts, "timestamptz[]") + ")"
	}
	g.shown, g.keys, g.names = strings.Join(shown, ", "), strings.Join(append(keys, period+" AS period"), ", "), strings.Join(append(names, "period"), ", ")
	return g
}

// scoresSQL returns the statement of scores and its arguments. It reads each score once and
// counts how often each rating was given beside each expectation, which are some tens of numbers
// for a group and a period whatever the number of scores; all sums are made of those.
func (r *feelings) scoresSQL() (sql string, args []any) {
	s := r.scores
	g := r.grouping(&s, "submit_time")
	return fmt.Sprintf(scoresSQL, g.shown, g.keys, g.once, g.from, g.names, maxTallies+1), s.args
}

// invitationsSQL returns the statement of invitations and its arguments.
func (r *feelings) invitationsSQL() (sql string, args []any) {
	s := *r.invitations
	g := r.grouping(&s, "send_time")
	return fmt.Sprintf(invitationsSQL, g.shown, g.keys, g.from, g.names, maxTallies+1), s.args
}

const scoresSQL = `-- name: ReadSatisfaction
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

const invitationsSQL = `-- name: ReadResponseRates
SELECT %[1]s, period, sent, answered
FROM (
    SELECT %[2]s, count(*) AS sent, count(s.answer_time) AS answered
    FROM %[3]s
    GROUP BY %[4]s
) counted
LIMIT %[5]d`
