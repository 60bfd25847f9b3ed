package customer

import (
	"context"
	"strconv"

	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/searchkey"
)

// searchHead reads the keys of each arm in their order, keeps the best key of each
// customer, and reads the customers: at most 2,000 of an arm. The kind of a key, its
// first letter, is left out of the order: a deleted customer's is another.
const searchHead = `-- name: SearchCustomers
SELECT ` + selected + ` FROM (
    SELECT DISTINCT ON (hit_lane, hit_id) hit_lane, hit_id, hit_rank, hit_key FROM (
        SELECT arm.hit_rank, substr(found.key, 2) AS hit_key, found.lane AS hit_lane, found.customer_id AS hit_id
        FROM unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::int[]) AS arm (hit_rank, low, high, patterns, scan)
        CROSS JOIN LATERAL (
            SELECT lane, customer_id, key FROM (
                SELECT lane, customer_id, key FROM search_key
                WHERE key >= arm.low AND key < arm.high ORDER BY key, lane, customer_id LIMIT arm.scan
            ) AS looked_at
            WHERE key LIKE ALL (string_to_array(arm.patterns, E'\n'))
            LIMIT 2000
        ) AS found
    ) AS hits
    ORDER BY hit_lane, hit_id, hit_rank, hit_key
) AS best
JOIN customer ON lane = hit_lane AND customer_id = hit_id
WHERE `

// searchTail is what follows the condition; the limit is a parameter behind it.
const searchTail = ` ORDER BY hit_rank, hit_key, hit_id LIMIT `

// knownWordsSQL returns the numbers, from 1, of the ranges in which there is a key.
const knownWordsSQL = `-- name: FindKnownWords
SELECT n::int FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS variant (low, high, n)
CROSS JOIN LATERAL (SELECT FROM search_key WHERE key >= low AND key < high ORDER BY key LIMIT 1) AS known`

// statement returns the statement that finds the customers of the arms.
func (s parsedSearch) statement(arms []searchkey.Arm, limit int) (string, []any) {
	if s.deleted == aip.ShowDeleted {
		for _, arm := range arms[:len(arms):len(arms)] {
			arms = append(arms, arm.Deleted())
		}
	}
	n := len(arms)
	ranks, scans := make([]int16, n), make([]int32, n)
	lows, highs, patterns := make([]string, n), make([]string, n), make([]string, n)
	for i, a := range arms {
		ranks[i], lows[i], highs[i], patterns[i], scans[i] = a.Rank, a.Low, a.High, a.Patterns, a.Scan
	}
	args := append([]any{ranks, lows, highs, patterns, scans}, s.filter.Args[searchArgs:]...)
	args = append(args, limit)
	where := "TRUE"
	if s.deleted == aip.HideDeleted {
		where = "delete_time IS NULL"
	}
	if s.filter.SQL != "" {
		where += " AND " + s.filter.SQL
	}
	return searchHead + where + searchTail + "$" + strconv.Itoa(len(args)), args
}

// find returns the customers of the arms, the best first.
func (s parsedSearch) find(ctx context.Context, p *db.Pool, arms []searchkey.Arm, limit int) ([]row, error) {
	if len(arms) == 0 {
		return nil, nil
	}
	sql, args := s.statement(arms, limit)
	rows, _ := p.Query(ctx, sql, args...)
	return db.CollectRows[row](rows)
}

// number is a row of one number.
type number struct{ n int32 }

// Targets implements db.Row.
func (r *number) Targets() []any { return []any{&r.n} }

// known returns the spellings that are a word of some name.
func known(ctx context.Context, p *db.Pool, q searchkey.Query) (words []string, err error) {
	ranges, spellings := q.Variants()
	if len(ranges) == 0 {
		return nil, nil
	}
	lows, highs := make([]string, len(ranges)), make([]string, len(ranges))
	for i, r := range ranges {
		lows[i], highs[i] = r.Low, r.High
	}
	rows, _ := p.Query(ctx, knownWordsSQL, lows, highs)
	numbers, err := db.CollectRows[number](rows)
	for _, r := range numbers {
		words = append(words, spellings[r.n-1])
	}
	return words, err
}
