package timeline

import (
	"fmt"
	"strings"
)

// listSQL is the statement of a page, the first one like any other, of whatever kinds and
// however long the history is. Each kind gives the heads of its own index, as many as the
// page may hold; what they come to in one order is the page, and only of that the records
// are read. Of the columns of the other kinds a row has none.
//
// Its parameters are the lane, the customer, the place behind which the page starts (time, id
// and kind), the number of rows, and the kinds.
func listSQL(kinds []kind) string {
	var heads, columns, joins strings.Builder
	for i, k := range kinds {
		if i > 0 {
			heads.WriteString("    UNION ALL\n")
		}
		shown := ""
		if k.shown != "" {
			shown = " AND " + k.shown
		}
		fmt.Fprintf(&heads, `    (SELECT %[1]d::smallint AS kind, %[2]s AS place, %[3]s AS id FROM %[4]s
    WHERE lane = $1 AND customer_id = $2%[5]s AND %[1]d = ANY ($7::smallint[])
    AND (%[2]s, %[3]s, %[1]d::smallint) < ($3::timestamptz, $4::uuid, $5::smallint)
    ORDER BY %[2]s DESC, %[3]s DESC LIMIT $6)
`, k.number, k.time, k.id, k.table, shown)
		for _, column := range k.columns {
			fmt.Fprintf(&columns, ", %s.%s", k.table, column)
		}
		// The limit keeps the planner from reading all of a customer's records to join them, and
		// with the place each index of theirs leads to one record.
		fmt.Fprintf(&joins, `LEFT JOIN LATERAL (SELECT %[4]s FROM %[1]s
    WHERE page.kind = %[2]d AND lane = $1 AND customer_id = $2%[6]s AND %[5]s = page.place AND %[3]s = page.id LIMIT 1) AS %[1]s ON true
`, k.table, k.number, k.id, strings.Join(k.columns, ", "), k.time, shown)
	}
	return `-- name: ListTimeline
WITH page AS MATERIALIZED (
    SELECT kind, place, id FROM (
` + heads.String() + `    ) AS heads ORDER BY place DESC, id DESC, kind DESC LIMIT $6
)
SELECT page.kind, page.place, page.id` + columns.String() + `
FROM page
` + joins.String() + `ORDER BY page.place DESC, page.id DESC, page.kind DESC`
}
