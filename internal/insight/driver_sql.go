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
	// satisfaction is that with the factor, and importance what was stated.
	satisfaction, importance statistics.Sums
	// rated is the satisfaction in the scores that rate the whole too, rating that of the whole,
	// and products the sum of one times the other.
	rated, rating statistics.Sums
	products      int64
}

// Targets implements db.Row.
func (f *factor) Targets() []any {
	return []any{
		&f.name, &f.once, &f.satisfaction.N, &f.satisfaction.Sum, &f.satisfaction.Squares, &f.importance.N, &f.importance.Sum, &f.importance.Squares,
		&f.rated.N, &f.rated.Sum, &f.rated.Squares, &f.rating.Sum, &f.rating.Squares, &f.products,
	}
}

// proto is the factor without what other factors decide on.
func (f *factor) proto() *rapportv1.DriverReport_Factor {
	out := &rapportv1.DriverReport_Factor{
		Factor: f.name, N: count(f.satisfaction.N), ImportanceN: count(f.importance.N), CorrelationN: count(f.rated.N),
	}
	if f.satisfaction.N >= fewest {
		out.Satisfaction = estimate(f.satisfaction.Mean())
	}
	if f.importance.N >= fewest {
		out.StatedImportance = estimate(f.importance.Mean())
	}
	if f.rated.N >= fewest {
		if r, ok := statistics.Pearson(f.rated, f.rating, f.products); ok {
			out.Correlation = estimate(statistics.Correlation(r, f.rated.N))
		}
	}
	return out
}

// factorsSQL returns the statement of the factors: it counts how often each satisfaction was
// given beside each importance and rating, and sums up those.
func (r *drivers) factorsSQL() (sql string, args []any) {
	s := r.scope
	elements := "unnest(s.factor_names, s.factor_satisfactions, s.factor_importances) WITH ORDINALITY AS f (factor, satisfaction, importance, place)"
	if len(r.req.GetFactors()) > 0 {
		elements = `(
        SELECT factor, satisfaction, importance, row_number() OVER () AS place
        FROM unnest(s.factor_names, s.factor_satisfactions, s.factor_importances) AS e (factor, satisfaction, importance)
        WHERE factor = ANY(` + s.bind(r.req.GetFactors(), "text[]") + `)
    ) AS f`
	}
	return fmt.Sprintf(`-- name: ReadFactors
SELECT factor, sum(once)::bigint, sum(n)::bigint, sum(n * satisfaction)::bigint, sum(n * satisfaction * satisfaction)::bigint,
    coalesce(sum(n) FILTER (WHERE importance > 0), 0)::bigint, coalesce(sum(n * importance), 0)::bigint, coalesce(sum(n * importance * importance), 0)::bigint,
    coalesce(sum(n) FILTER (WHERE rating IS NOT NULL), 0)::bigint,
    coalesce(sum(n * satisfaction) FILTER (WHERE rating IS NOT NULL), 0)::bigint,
    coalesce(sum(n * satisfaction * satisfaction) FILTER (WHERE rating IS NOT NULL), 0)::bigint,
    coalesce(sum(n * rating), 0)::bigint, coalesce(sum(n * rating * rating), 0)::bigint, coalesce(sum(n * satisfaction * rating), 0)::bigint
FROM (
    SELECT f.factor, f.satisfaction, f.importance, s.rating, count(*) AS n, count(*) FILTER (WHERE f.place = 1) AS once
    FROM %s CROSS JOIN LATERAL %s
    GROUP BY f.factor, f.satisfaction, f.importance, s.rating
) counted
GROUP BY factor
ORDER BY factor
LIMIT %d`, s.from(), elements, maxFactors+1), s.args
}

// products are the sums over the scores that rate all of several factors, and the whole.
type products struct {
	rating statistics.Sums
	// sums are those of each factor, withRating of its products with the rating of the whole,
	// and among of those of the factors with each other: the first with itself and each that
	// follows, then the second, and so on.
	sums, withRating, among []int64
}

// targets are what the row of productsSQL is scanned into.
func (p *products) targets() []any {
	return []any{&p.rating.N, &p.rating.Sum, &p.rating.Squares, &p.sums, &p.withRating, &p.among}
}

// productsSQL returns the statement of the products of some factors. It makes a vector of each
// score; OFFSET 0 keeps PostgreSQL from looking for a factor's place anew in each product.
func (r *drivers) productsSQL(names []string) (sql string, args []any) {
	s := r.scope
	var values, present, sums, withRating, among []string
	for i, name := range names {
		v := fmt.Sprintf("v%d", i)
		values = append(values, fmt.Sprintf("s.factor_satisfactions[array_position(s.factor_names, %s)]::int AS %s", s.bind(name, "text"), v))
		present = append(present, v+" IS NOT NULL")
		sums = append(sums, "coalesce(sum("+v+"), 0)")
		withRating = append(withRating, "coalesce(sum("+v+" * rating), 0)")
		for j := i; j < len(names); j++ {
			among = append(among, fmt.Sprintf("coalesce(sum(v%d * v%d), 0)", i, j))
		}
	}
	return fmt.Sprintf(`-- name: ReadFactorProducts
SELECT count(*), coalesce(sum(rating), 0)::bigint, coalesce(sum(rating * rating), 0)::bigint,
    ARRAY[%s]::bigint[], ARRAY[%s]::bigint[], ARRAY[%s]::bigint[]
FROM (
    SELECT s.rating::int, %s
    FROM %s OFFSET 0
) rated
WHERE rating IS NOT NULL AND %s`, strings.Join(sums, ", "), strings.Join(withRating, ", "), strings.Join(among, ", "),
		strings.Join(values, ",\n        "), s.from(), strings.Join(present, " AND ")), s.args
}
