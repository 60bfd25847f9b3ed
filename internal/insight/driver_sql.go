package insight

import (
	"fmt"
	"strings"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/statistics"
)

// factor is what the scores that rate one factor come to.
type factor struct {
	name string
	// once counts the scores, once each of them in one factor only.
	once int64
	// satisfaction is that with the factor, rating that of the whole in the same scores, and
	// importance what was stated.
	satisfaction, rating, importance statistics.Sums
	// products is the sum of satisfaction times rating.
	products int64
}

// Targets implements db.Row.
func (f *factor) Targets() []any {
	return []any{
		&f.name, &f.once, &f.satisfaction.N, &f.satisfaction.Sum, &f.satisfaction.Squares,
		&f.rating.Sum, &f.rating.Squares, &f.products, &f.importance.N, &f.importance.Sum, &f.importance.Squares,
	}
}

// proto is the factor without what other factors decide on.
func (f *factor) proto() *rapportv1.DriverReport_Factor {
	f.rating.N = f.satisfaction.N
	out := &rapportv1.DriverReport_Factor{Factor: f.name, N: count(f.satisfaction.N), ImportanceN: count(f.importance.N)}
	if f.satisfaction.N >= fewest {
		out.Satisfaction = estimate(f.satisfaction.Mean())
		if r, ok := statistics.Pearson(f.satisfaction, f.rating, f.products); ok {
			out.Correlation = estimate(statistics.Correlation(r, f.satisfaction.N))
		}
	}
	if f.importance.N >= fewest {
		out.StatedImportance = estimate(f.importance.Mean())
	}
	return out
}

// factorsSQL returns the statement of the factors: it counts how often each satisfaction was
// given beside each importance and rating, and sums up those.
func (r *drivers) factorsSQL() (sql string, args []any) {
	s := r.scope
	elements := "jsonb_array_elements(s.factors) WITH ORDINALITY AS f (value, place)"
	if len(r.req.GetFactors()) > 0 {
		elements = "(SELECT value, row_number() OVER () AS place FROM jsonb_array_elements(s.factors) AS e (value) WHERE e.value ->> 'factor' = ANY(" +
			s.bind(r.req.GetFactors(), "text[]") + ")) f"
	}
	return fmt.Sprintf(`-- name: ReadFactors
SELECT factor, sum(once)::bigint, sum(n)::bigint, sum(n * satisfaction)::bigint, sum(n * satisfaction * satisfaction)::bigint,
    sum(n * rating)::bigint, sum(n * rating * rating)::bigint, sum(n * satisfaction * rating)::bigint,
    coalesce(sum(n) FILTER (WHERE importance IS NOT NULL), 0)::bigint,
    coalesce(sum(n * importance), 0)::bigint, coalesce(sum(n * importance * importance), 0)::bigint
FROM (
    SELECT f.value ->> 'factor' AS factor, (f.value -> 'satisfaction')::int AS satisfaction, (f.value -> 'importance')::int AS importance,
        s.rating, count(*) AS n, count(*) FILTER (WHERE f.place = 1) AS once
    FROM %s CROSS JOIN LATERAL %s
    GROUP BY 1, 2, 3, 4
) counted
GROUP BY factor
ORDER BY factor
LIMIT %d`, s.from(), elements, maxFactors+1), s.args
}

// products are the sums over the scores that rate all of several factors.
type products struct {
	rating statistics.Sums
	// sums are those of each factor, withRating of its products with the rating of the whole,
	// and among of those of the factors with each other: the first with itself and each that
	// follows, then the second, and so on.
	sums, withRating, among []int64
}

// Targets implements db.Row.
func (p *products) Targets() []any {
	return []any{&p.rating.N, &p.rating.Sum, &p.rating.Squares, &p.sums, &p.withRating, &p.among}
}

// productsSQL returns the statement of the products of some factors. It makes a vector of each
// score; OFFSET 0 keeps PostgreSQL from looking up an element's factor once for each place in it.
func (r *drivers) productsSQL(names []string) (sql string, args []any) {
	s := r.scope
	known := s.bind(names, "text[]")
	var values, present, sums, withRating, among []string
	for i := range names {
		v := fmt.Sprintf("v%d", i)
		values = append(values, fmt.Sprintf("max(satisfaction) FILTER (WHERE place = %d) AS %s", i+1, v))
		present = append(present, v+" IS NOT NULL")
		sums = append(sums, "coalesce(sum("+v+"), 0)")
		withRating = append(withRating, "coalesce(sum("+v+" * s.rating), 0)")
		for j := i; j < len(names); j++ {
			among = append(among, fmt.Sprintf("coalesce(sum(v%d * v%d), 0)", i, j))
		}
	}
	return fmt.Sprintf(`-- name: ReadFactorProducts
SELECT count(*), coalesce(sum(s.rating), 0)::bigint, coalesce(sum(s.rating * s.rating), 0)::bigint,
    ARRAY[%s]::bigint[], ARRAY[%s]::bigint[], ARRAY[%s]::bigint[]
FROM %s CROSS JOIN LATERAL (
    SELECT %s
    FROM (
        SELECT array_position(%s, e.value ->> 'factor') AS place, (e.value -> 'satisfaction')::int AS satisfaction
        FROM jsonb_array_elements(s.factors) AS e (value) OFFSET 0
    ) e
) f
WHERE %s`, strings.Join(sums, ", "), strings.Join(withRating, ", "), strings.Join(among, ", "), s.from(),
		strings.Join(values, ",\n        "), known, strings.Join(present, " AND ")), s.args
}
