package followup

import (
	"slices"
	"time"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// lockCasesSQL locks in the order of the key, so that two calls about several cases do not
// wait for each other in a circle.
const lockCasesSQL = `-- name: LockAnsweredCases
SELECT FROM support_case JOIN unnest($1::smallint[], $2::uuid[], $3::uuid[]) AS w (w_lane, w_customer, w_case)
ON lane = w_lane AND customer_id = w_customer AND case_id = w_case
ORDER BY lane, customer_id, case_id FOR NO KEY UPDATE OF support_case`

// answerCasesSQL runs behind the locks, so it sees what all who held them before have written.
// When the clock next has something to record of the case depends on the first response, as
// long as a late or missing one is not in the feed; the rule is that of package cases.
const answerCasesSQL = `-- name: AnswerCases
UPDATE support_case AS s SET response_time = r.response_time, next_event_time = least(
    CASE WHEN NOT s.first_response_breach_recorded AND (least(r.response_time, s.told_time, s.feedback_time) <= s.first_response_due_time) IS NOT TRUE
        THEN s.first_response_due_time + interval '1 microsecond' END,
    CASE WHEN s.resolve_breach_recorded THEN NULL WHEN s.resolve_breached THEN $4::timestamptz
        ELSE s.resolve_due_time + interval '1 microsecond' END,
    s.silence_close_time)
FROM (
    SELECT w.*, (SELECT min(i.occur_time) FROM interaction i WHERE i.lane = w.lane AND i.customer_id = w.customer_id AND i.case_id = w.case_id
        AND i.direction = 'OUTBOUND' AND ` + counts + `) AS response_time
    FROM unnest($1::smallint[], $2::uuid[], $3::uuid[]) AS w (lane, customer_id, case_id)
) r
WHERE s.lane = r.lane AND s.customer_id = r.customer_id AND s.case_id = r.case_id AND s.response_time IS DISTINCT FROM r.response_time`

// caseDue is when the case s is due, where it is not resolved and its clock runs: its first
// response or, after that, its resolution.
const caseDue = `CASE WHEN s.resolve_time IS NULL AND s.close_time IS NULL AND NOT s.waiting_on_customer THEN
    CASE WHEN coalesce(s.response_time, s.told_time, s.feedback_time) IS NULL THEN coalesce(s.first_response_due_time, s.resolve_due_time)
    ELSE s.resolve_due_time END END`

const removeCasesSQL = `-- name: RemoveCaseFollowUps
DELETE FROM follow_up f USING unnest($1::smallint[], $2::uuid[], $3::uuid[]) AS w (lane, customer_id, case_id)
JOIN support_case s ON s.lane = w.lane AND s.customer_id = w.customer_id AND s.case_id = w.case_id
WHERE f.lane = w.lane AND f.customer_id = w.customer_id AND f.reason = 'CASE' AND f.subject_id = w.case_id AND f.place = 0
AND (` + caseDue + `) IS NULL`

// putCasesSQL rounds the time given to a pace as paceOf does.
const putCasesSQL = `-- name: PutCaseFollowUps
INSERT INTO follow_up (` + rowColumns + `)
SELECT d.lane, d.customer_id, 'CASE', d.case_id, 0, coalesce(d.item, d.category, ''), coalesce(d.assignee, c.owner, ''), d.assignee IS NULL, false,
    d.pace, '00000000-0000-0000-0000-000000000000'::uuid, d.due - d.pace * interval '24 hours', 'infinity', 0,
    CASE WHEN c.delete_time IS NULL THEN '-infinity' ELSE 'infinity' END::timestamptz
FROM (
    SELECT g.*, (CASE WHEN days <= 60 THEN greatest(days, 1) WHEN days >= 3600 THEN 3600 ELSE ceil(days / 30) * 30 END)::integer AS pace
    FROM (
        SELECT s.lane, s.customer_id, s.case_id, s.item, s.category, s.assignee, ` + caseDue + ` AS due,
            ceil(extract(epoch FROM (` + caseDue + `) - s.receive_time) / 86400) AS days
        FROM unnest($1::smallint[], $2::uuid[], $3::uuid[]) AS w (lane, customer_id, case_id)
        JOIN support_case s ON s.lane = w.lane AND s.customer_id = w.customer_id AND s.case_id = w.case_id
    ) g WHERE due IS NOT NULL
) d
JOIN customer c ON c.lane = d.lane AND c.customer_id = d.customer_id
` + overwrite

// answer is what counts of an interaction for the first response to a case.
type answer struct {
	caseName string
	time     moment
}

func answerOf(i *rapportv1.Interaction) answer {
	if t := contactTime(i); t.Valid && i.GetDirection() == rapportv1.Interaction_OUTBOUND && i.GetCase() != "" {
		return answer{i.GetCase(), t}
	}
	return answer{}
}

// queueCases queues what changes with cases and with their first responses.
func (c *Changes) queueCases(to queuer, now time.Time) {
	if lanes, customers, cases := c.answered.arrays(); len(cases) > 0 {
		to.Queue(lockCasesSQL, lanes, customers, cases)
		to.Queue(answerCasesSQL, lanes, customers, cases, now)
	}
	c.cases.all = slices.Concat(c.cases.all, c.answered.all)
	if lanes, customers, cases := c.cases.arrays(); len(cases) > 0 {
		to.Queue(removeCasesSQL, lanes, customers, cases)
		to.Queue(putCasesSQL, lanes, customers, cases)
	}
}
