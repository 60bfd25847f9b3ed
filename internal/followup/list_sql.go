package followup

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
)

// list is a page to read, or a part of one.
type list struct {
	// customer is the one whose follow-ups are listed; nil for all.
	customer uuid.UUID
	staff    string // empty for all
	asOf     time.Time
	horizon  time.Duration
	filter   aip.Filter // compiled without arguments before its own
	cursor   *cursor
	// size is how many rows are wanted, window how many in the order of the list are looked
	// at to find them.
	size, window int
}

// sql returns the statement of a page, and its arguments.
//
// Of all follow-ups it looks at the heads of groups: those of one reason and one pace, whose
// order by start_time is that of the list. It finds the groups by skipping from one to the next
// in the index; takes the first few rows of each, and with them the place behind which the
// page cannot reach; and reads of each group what is before that. There are as many groups as
// there are paces in use, some tens in most companies: at most 178 for each of tasks, promises
// and cases, and one for each contact interval and each service tier in use.
func (l *list) sql() (sql string, args []any) {
	args = l.filter.Args
	bind := func(value any, sqlType string) string {
		args = append(args, value)
		return fmt.Sprintf("$%d::%s", len(args), sqlType)
	}
	asOf := bind(l.asOf, "timestamptz")
	of, whose := "", ""
	if l.staff != "" {
		of = " AND f.staff = " + bind(l.staff, "text")
	}
	only := l.filter.Only(reasonColumn)
	if only != "" {
		only = " AND (" + only + ")"
	}
	body := allSQL
	if l.customer != uuid.Nil {
		body = oneSQL
		whose = "f.lane = " + bind(db.Lane(l.customer), "smallint") + " AND f.customer_id = " + bind(db.UUID(l.customer), "uuid")
	}
	after, from := "", "'-infinity'::timestamptz"
	if c := l.cursor; c != nil {
		r, due := bind(c.ratio, "float8"), bind(c.due, "timestamptz")
		after = fmt.Sprintf(" AND (-f.ratio, f.due_time, f.lane, f.customer_id, f.reason, f.subject_id, f.place) > (-%s, %s, %s, %s, %s, %s, %s)", r, due,
			bind(db.Lane(c.customer), "smallint"), bind(db.UUID(c.customer), "uuid"), bind(c.reason, "text"), bind(db.UUID(c.subject), "uuid"), bind(c.place, "smallint"))
		from = startSQL(asOf, r, due, "-", "f.days")
	}
	filter := "true"
	if l.filter.SQL != "" {
		filter = l.filter.SQL
	}
	return strings.NewReplacer(
		"{of}", of, "{only}", only, "{whose}", whose, "{from}", from, "{bound}", startSQL(asOf, "b.ratio", "b.due_time", "+", "g.days"),
		"{as_of}", asOf, "{due_by}", bind(l.asOf.Add(l.horizon), "timestamptz"),
		"{window}", bind(l.window, "bigint"), "{size}", bind(l.size, "bigint"), "{filter}", filter,
		"{shown}", "f.end_time > "+asOf+after,
		"{ratio}", "greatest(date_part('epoch', "+asOf+" - f.due_time), 0) / (f.days * 86400.0::float8) AS ratio",
		"{order}", "f.ratio DESC, f.due_time, f.lane, f.customer_id, f.reason, f.subject_id, f.place",
		"{days}", "coalesce(nullif(f.pace_days, 0), t.contact_interval_days) AS days",
		"{due}", "f.start_time + f.days * interval '24 hours' AS due_time",
	).Replace(body + pageSQL), args
}

// startSQL is when the clock started of what has the ratio or, where that is 0, is due then. A
// ratio is no exact number, so a millisecond is given to be on the safe side.
func startSQL(asOf, ratio, due, safe, days string) string {
	return strings.NewReplacer("{as_of}", asOf, "{r}", ratio, "{due}", due, "{safe}", safe, "{d}", days).Replace(`CASE WHEN {r} > 0
        THEN {as_of} - least({d} * 86400.0::float8 * (1 + {r}), 2e11) * interval '1 second' {safe} interval '1 millisecond'
        ELSE {due} - {d} * interval '24 hours' END`)
}

// ranked are the columns that decide on a row's rank, and its key.
const ranked = `f.lane, f.customer_id, f.reason, f.subject_id, f.place, f.due_time, f.ratio`

// oneSQL ranks all that one customer has.
const oneSQL = `-- name: ListFollowUps
WITH ranked AS (
    SELECT ` + ranked + ` FROM (
        SELECT f.*, {ratio} FROM (SELECT f.*, {due} FROM (
            SELECT f.*, {days} FROM follow_up f LEFT JOIN service_tier t ON t.service_tier_id = f.service_tier_id
            WHERE {whose} AND f.hidden_until <= {as_of}{of}{only}
        ) f) f WHERE f.due_time <= {due_by}
    ) f WHERE {shown} ORDER BY {order} LIMIT {window}
)`

// headsSQL are the first rows of a group, up to a time and a number.
const headsSQL = `SELECT ` + ranked + ` FROM (SELECT f.*, {ratio} FROM (SELECT f.*, {due} FROM (
            SELECT f.*, g.days FROM follow_up f WHERE f.hidden_until = '-infinity'{of}
            AND f.reason = g.reason AND f.pace_days = g.pace_days AND f.service_tier_id = g.service_tier_id
            AND f.start_time >= g.from_time AND f.start_time <= `

const headsEnd = `
        ) f) f) f WHERE {shown} ORDER BY f.start_time, f.lane, f.customer_id, f.subject_id, f.place LIMIT `

// allSQL ranks what all customers have. A bound is a place of the list behind which the window
// cannot reach, as there is a window full of rows before it: the first one takes two windows
// of rows evenly from all groups, the second one more of those groups that are before the first.
// Those whose pause is over and of which the sweep has not taken note yet are few, and read
// whole.
const allSQL = `-- name: ListFollowUps
WITH RECURSIVE groups AS (
    (SELECT f.reason, f.pace_days, f.service_tier_id FROM follow_up f WHERE f.hidden_until = '-infinity'{of}
    ORDER BY f.reason, f.pace_days, f.service_tier_id LIMIT 1)
    UNION ALL
    SELECT n.* FROM groups g, LATERAL (
        SELECT f.reason, f.pace_days, f.service_tier_id FROM follow_up f
        WHERE f.hidden_until = '-infinity'{of} AND (f.reason, f.pace_days, f.service_tier_id) > (g.reason, g.pace_days, g.service_tier_id)
        ORDER BY f.reason, f.pace_days, f.service_tier_id LIMIT 1
    ) n
), paced AS (
    SELECT f.*, {from} AS from_time, {due_by} - f.days * interval '24 hours' AS to_time FROM (
        SELECT f.*, {days} FROM groups f LEFT JOIN service_tier t ON t.service_tier_id = f.service_tier_id
    ) f WHERE f.days IS NOT NULL{only}
), share AS MATERIALIZED (
    SELECT 1 + 2 * {window} / count(*) AS rows FROM paced
), first_bound AS MATERIALIZED (
    SELECT f.ratio, f.due_time FROM paced g, LATERAL (` + headsSQL + `g.to_time` + headsEnd + `(SELECT rows FROM share)) f
    ORDER BY f.ratio DESC, f.due_time LIMIT 1 OFFSET {window} - 1
), second_bound AS MATERIALIZED (
    SELECT f.ratio, f.due_time FROM (
        SELECT g.*, least(g.to_time, (SELECT {bound} FROM first_bound b)) AS until_time FROM paced g
    ) g, LATERAL (` + headsSQL + `g.until_time` + headsEnd + `(SELECT 8 * rows FROM share)) f
    ORDER BY f.ratio DESC, f.due_time LIMIT 1 OFFSET {window} - 1
), ranked AS (
    SELECT f.* FROM (
        SELECT f.* FROM (
            SELECT g.*, least(g.to_time, (SELECT {bound} FROM second_bound b)) AS until_time FROM paced g
        ) g, LATERAL (` + headsSQL + `g.until_time` + headsEnd + `{window}) f
        UNION ALL
        SELECT ` + ranked + ` FROM (
            SELECT f.*, {ratio} FROM (SELECT f.*, {due} FROM (
                SELECT f.*, {days} FROM follow_up f LEFT JOIN service_tier t ON t.service_tier_id = f.service_tier_id
                WHERE f.hidden_until > '-infinity' AND f.hidden_until < 'infinity' AND f.hidden_until <= {as_of}{of}{only}
            ) f) f WHERE f.due_time <= {due_by}
        ) f WHERE {shown}
    ) f ORDER BY {order} LIMIT {window}
)`

// pageSQL finds the wanted rows among those that were ranked. The last of these comes along,
// wanted or not, so that the next page knows where this one ended.
const pageSQL = `
SELECT f.customer_id, f.reason, f.subject_id, f.place, f.title, f.staff, f.due_time, f.ratio,
    f.display_name, f.do_not_contact, f.preferred_channel, f.matched, f.n
FROM (
    SELECT f.*, c.display_name, c.do_not_contact, c.preferred_channel, ({filter}) IS TRUE AS matched
    FROM (
        SELECT r.*, f.title, f.staff FROM (SELECT f.*, row_number() OVER (ORDER BY {order}) AS n, count(*) OVER () AS looked_at FROM ranked f) r
        JOIN follow_up f ON f.lane = r.lane AND f.customer_id = r.customer_id AND f.reason = r.reason AND f.subject_id = r.subject_id AND f.place = r.place
    ) f JOIN customer c ON c.lane = f.lane AND c.customer_id = f.customer_id
) f WHERE f.matched OR f.n = f.looked_at ORDER BY f.n LIMIT {size}`
