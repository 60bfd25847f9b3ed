package dataset

import (
	"fmt"
	"strings"
	"time"
)

// passes are the periods by which interactions are written, those of all customers in the
// order of time: so a customer's lie as far from each other as those of years of work.
const passes = 20

// fillerSQL notes how many entries each customer's history has, up to when, and what makes
// one customer differ from another.
const fillerSQL = `CREATE TEMP TABLE filler AS
SELECT lane, customer_id, n, owner, create_time, hashint8(n) & 1048575 AS h, n <= {last_short} AS all_kinds,
    CASE WHEN n = 0 THEN {long} WHEN n <= {last_short} THEN {short} ELSE (n * 7) % (2 * {mean} + 1) END AS entries,
    CASE WHEN n = 0 THEN '{long_end}'::timestamptz ELSE now() - interval '1 day' END AS until
FROM (SELECT *, ('x' || right(customer_id::text, 12))::bit(48)::bigint AS n FROM customer) AS c`

// factsSQL are the entries of histories from {from} to {to} twentieths of their time.
const factsSQL = `SELECT lane, customer_id, n, k, h, all_kinds,
    ('01950000-0000-7001-8000-' || lpad(to_hex(n * 32768 + k), 12, '0'))::uuid AS id,
    '{start}'::timestamptz + (until - '{start}'::timestamptz) * ((k + (hashint8(n * 32768 + k) & 1023) / 1024.0) / entries) AS at
FROM filler, LATERAL generate_series(entries * {from} / {passes}, entries * {to} / {passes} - 1) AS k`

// Of the histories of all kinds an entry in four is of each.
const interactionsSQL = `INSERT INTO interaction (lane, customer_id, interaction_id, revision, channel, direction, purpose, occur_time,
    duration_micros, subject, body, staff, customer_reaction, attributes, create_time, update_time)
SELECT lane, customer_id, id, 1, (ARRAY['PHONE', 'EMAIL', 'CHAT', 'IN_PERSON_VISIT', 'STORE'])[1 + (h + k) % 5],
    CASE (h + k) % 11 WHEN 0 THEN 'INTERNAL' WHEN 1 THEN 'INBOUND' WHEN 2 THEN 'INBOUND' WHEN 3 THEN 'INBOUND' ELSE 'OUTBOUND' END,
    (ARRAY['SALES', 'SUPPORT', 'FOLLOW_UP', 'NEEDS_DISCOVERY', NULL])[1 + (h / 5 + k) % 5], at,
    CASE WHEN (h + k) % 5 = 0 THEN (h % 900 + 30) * 1000000::bigint END, 'About order ' || h % 90000,
    'Talked about the delivery of order ' || h % 90000 || ' and what comes next; wants to hear from us again.',
    'staff-' || lpad(((h + k) % {staff})::text, 3, '0'),
    (ARRAY['POSITIVE', 'NEUTRAL', 'NEGATIVE', 'NO_RESPONSE', NULL])[1 + (h / 7 + k) % 5], '{}', at, at
FROM (` + factsSQL + `) AS f WHERE NOT all_kinds OR k % 4 = 0 ORDER BY at`

const casesSQL = `INSERT INTO support_case (lane, customer_id, case_id, revision, case_number, type, priority, category, description, channel,
    assignee, verified, waiting_on_customer, receive_time, resolution, resolution_type, resolve_time, feedback_time, customer_confirmed, close_time,
    reopen_count, first_response_breach_recorded, resolve_used_micros, resolve_breached, resolve_breach_recorded, create_time, update_time)
SELECT lane, customer_id, id, 1, lpad(lane::text, 2, '0') || (n * 32768 + k), 'ENQUIRY', 'MEDIUM', 'delivery', 'Where is my order?', 'EMAIL',
    'staff-' || lpad((h % {staff})::text, 3, '0'), true, false, at, 'It came the next day.', NULL, at + interval '1 day', at + interval '1 day', true,
    at + interval '2 days', 0, false, 0, false, false, at, at + interval '2 days'
FROM (` + factsSQL + `) AS f WHERE all_kinds AND k % 4 = 1 ORDER BY at`

const tasksSQL = `INSERT INTO task (lane, customer_id, task_id, revision, title, kind, assignee, due_time, customer_agreed, complete_time, create_time, update_time)
SELECT lane, customer_id, id, 1, 'Call back about order ' || h % 90000, 'FOLLOW_UP', 'staff-' || lpad((h % {staff})::text, 3, '0'),
    at + interval '1 day', false, at, at - interval '3 days', at
FROM (` + factsSQL + `) AS f WHERE all_kinds AND k % 4 = 2 ORDER BY at`

const purchasesSQL = `INSERT INTO purchase (lane, customer_id, purchase_id, revision, purchase_time, amount_currency, amount_units, amount_nanos,
    items, channel, staff, create_time, update_time)
SELECT lane, customer_id, id, 1, at, 'GBP', h % 500, 990000000, '[]', 'STORE', 'staff-' || lpad((h % {staff})::text, 3, '0'), at, at
FROM (` + factsSQL + `) AS f WHERE all_kinds AND k % 4 = 3 ORDER BY at`

// Whom the company may not contact, and who wants a pause: a customer in fifty each.
const wishesSQL = `UPDATE customer c SET do_not_contact = f.n % 50 = 7, pause_end_time = CASE WHEN f.n % 50 = 8 THEN date_trunc('day', now()) + interval '60 days' END
FROM filler f WHERE f.n % 50 IN (7, 8) AND f.lane = c.lane AND f.customer_id = c.customer_id`

// scoresSQL has at least as many scores as there are customers, each with ten factors; customers with
// histories of all kinds have none, so that those keep their length.
const scoresSQL = `INSERT INTO satisfaction_score (lane, customer_id, satisfaction_score_id, revision, metric, rating, expectation, factor_names, factor_satisfactions, factor_importances, source, channel,
    staff, submit_time, create_time, update_time)
SELECT lane, customer_id, ('01950000-0000-7004-8000-' || lpad(to_hex(n * 2 + k), 12, '0'))::uuid, 1, 'CSAT', rating, CASE WHEN h % 3 = 0 THEN 3 END,
    ARRAY(SELECT 'factor-' || f FROM generate_series(0, 9) AS f), ARRAY(SELECT least(greatest(rating + (h >> f) % 4 - 1, 1), 5) FROM generate_series(0, 9) AS f),
    ARRAY(SELECT 1 + (h >> f) % 5 FROM generate_series(0, 9) AS f),
    'CUSTOMER', 'EMAIL', 'staff-' || lpad((h % {staff})::text, 3, '0'), at, at, at
FROM (
    SELECT *, 1 + (h + k) % 5 AS rating, '{start}'::timestamptz + (until - '{start}'::timestamptz) * (h / 1048576.0) + k * interval '1 minute' AS at
    FROM filler, LATERAL generate_series(0, CASE WHEN n <= 2 * {last_short} + 1 THEN 1 ELSE 0 END) AS k
    WHERE NOT all_kinds
) AS s ORDER BY at`

// activitySQL has what internal/followup makes of the interactions and scores, and a purchase in
// the last days of every fifth customer.
const activitySQL = `INSERT INTO customer_activity (lane, customer_id, last_contact_time, last_purchase_time, last_purchase_id, satisfaction)
SELECT f.lane, f.customer_id, i.at, p.at, p.id, s.latest FROM filler f LEFT JOIN (
    SELECT lane, customer_id, max(occur_time) AS at FROM interaction
    WHERE direction <> 'INTERNAL' AND (direction = 'OUTBOUND' AND customer_reaction = 'NO_RESPONSE') IS NOT TRUE GROUP BY lane, customer_id
) AS i USING (lane, customer_id) LEFT JOIN (
    SELECT lane, customer_id, now() - h % 13 * interval '12 hours' AS at, ('01950000-0000-7002-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS id
    FROM filler WHERE n % 5 = 0
) AS p USING (lane, customer_id) LEFT JOIN (
    SELECT DISTINCT ON (lane, customer_id) lane, customer_id, jsonb_build_object('CSAT', jsonb_build_object('rating', rating,
        'submit_time', to_json(submit_time AT TIME ZONE 'UTC') #>> '{}' || 'Z', 'satisfaction_score_id', satisfaction_score_id)) AS latest
    FROM satisfaction_score ORDER BY lane, customer_id, submit_time DESC
) AS s USING (lane, customer_id) WHERE i.at IS NOT NULL OR p.at IS NOT NULL OR s.latest IS NOT NULL`

// followUpsSQL has about three rows a customer: a contact, tasks, promises and cases of 285
// paces, occasions and thank-yous. The records of which most of them tell are not there, as no
// call that is measured reads them. None ends within maxAge.
const followUpsSQL = `INSERT INTO follow_up (lane, customer_id, reason, subject_id, place, title, staff, by_owner, outreach, pace_days, service_tier_id,
    start_time, end_time, month_day, hidden_until)
SELECT lane, customer_id, reason, subject, 0, title, staff, by_owner, outreach, pace, '00000000-0000-0000-0000-000000000000', start, until, month_day,
    CASE WHEN NOT outreach THEN '-infinity' WHEN n % 50 = 7 THEN 'infinity' WHEN n % 50 = 8 THEN date_trunc('day', now()) + interval '60 days' ELSE '-infinity' END
FROM (
    SELECT f.lane, f.customer_id, n, 'CONTACT' AS reason, f.customer_id AS subject, '' AS title, owner AS staff, true AS by_owner, true AS outreach,
        (ARRAY[7, 14, 21, 30, 45, 60, 75, 90, 120, 150, 180, 365])[1 + h % 12] AS pace, coalesce(a.last_contact_time, f.create_time) AS start,
        'infinity'::timestamptz AS until, 0 AS month_day
    FROM filler f LEFT JOIN customer_activity a USING (lane, customer_id)
    UNION ALL
    SELECT lane, customer_id, n, reason, id, title, 'staff-' || lpad((h % {staff})::text, 3, '0'), false, reason = 'TASK', pace,
        now() + (h / 1024 % 1440 - 720) * interval '2 hours' - pace * interval '24 hours', 'infinity', 0
    FROM (
        SELECT *, CASE WHEN i < 60 THEN i + 1 ELSE (i - 57) * 30 END AS pace FROM (
            SELECT lane, customer_id, n, v.reason, v.title, hashint8(n * 8 + v.k) & 16777215 AS h, (hashint8(n * 8 + v.k + 4) & 16777215) % v.paces AS i,
                ('01950000-0000-7003-8000-' || lpad(to_hex(n * 8 + v.k), 12, '0'))::uuid AS id
            FROM filler, (VALUES ('TASK', 'Call back', 0, 110, 10), ('PROMISE', 'Send the offer', 1, 110, 4), ('CASE', 'delivery', 2, 65, 2))
                AS v (reason, title, k, paces, of_ten)
            WHERE (h + v.k * 3) % 10 < v.of_ten
        ) AS v
    ) AS v
    UNION ALL
    SELECT lane, customer_id, n, 'OCCASION', customer_id, 'BIRTHDAY', owner, true, true, 1, day - interval '24 hours', day + interval '24 hours',
        extract(month FROM day) * 100 + extract(day FROM day)
    FROM (SELECT *, date_trunc('day', now(), 'UTC') + (4 + h % 360) * interval '24 hours' AS day FROM filler WHERE h % 5 < 2) AS o
    UNION ALL
    SELECT f.lane, f.customer_id, n, 'THANK_YOU', a.last_purchase_id, '', owner, true, true, 3, a.last_purchase_time, a.last_purchase_time + interval '336 hours', 0
    FROM filler f JOIN customer_activity a USING (lane, customer_id) WHERE a.last_purchase_id IS NOT NULL
) AS rows`

// historyTables are filled in this order.
var historyTables = []string{"interaction", "support_case", "task", "purchase", "satisfaction_score", "customer_activity", "follow_up"}

// historyStatements are what fills a table.
func (s Size) historyStatements(table string) (statements []string) {
	whole := map[string]string{
		"support_case": casesSQL, "task": tasksSQL, "purchase": purchasesSQL, "satisfaction_score": scoresSQL, "customer_activity": activitySQL, "follow_up": followUpsSQL,
	}
	if table != "interaction" {
		return []string{s.historySQL(whole[table], 0, passes)}
	}
	for pass := range passes {
		statements = append(statements, s.historySQL(interactionsSQL, pass, pass+1))
	}
	return statements
}

// historySQL is a statement about the histories' twentieths from one to another.
func (s Size) historySQL(sql string, from, to int) string {
	_, shortsEnd := s.Shorts()
	number := func(n int) string { return fmt.Sprint(n) }
	return strings.NewReplacer(
		"{from}", number(from), "{to}", number(to), "{passes}", number(passes), "{staff}", number(StaffCount),
		"{long}", number(LongHistory), "{short}", number(ShortHistory), "{last_short}", number(shortsEnd-1),
		"{mean}", number(s.Interactions/s.Customers),
		"{start}", HistoryStart.Format(time.RFC3339), "{long_end}", longTime(LongHistory).Format(time.RFC3339),
	).Replace(sql)
}
