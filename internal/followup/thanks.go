package followup

import "time"

// thanksEnd is after what time thanks for a purchase would only be odd.
const thanksEnd = 14 * day

const day = 24 * time.Hour

// restartContactsSQL lets the clock of the contact interval run from the last contact.
const restartContactsSQL = `-- name: RestartContactFollowUps
UPDATE follow_up AS f SET start_time = coalesce(a.last_contact_time, c.create_time)
FROM unnest($1::smallint[], $2::uuid[]) AS w (lane, customer_id)
JOIN customer c ON c.lane = w.lane AND c.customer_id = w.customer_id
JOIN customer_activity a ON a.lane = w.lane AND a.customer_id = w.customer_id
WHERE f.lane = w.lane AND f.customer_id = w.customer_id AND f.reason = 'CONTACT' AND f.subject_id = w.customer_id AND f.place = 0
AND f.start_time <> coalesce(a.last_contact_time, c.create_time)`

// Only the last purchase asks for thanks.
const removeThanksSQL = `-- name: RemoveThanksFollowUps
DELETE FROM follow_up f USING unnest($1::smallint[], $2::uuid[]) AS w (lane, customer_id)
JOIN customer_activity a ON a.lane = w.lane AND a.customer_id = w.customer_id
WHERE f.lane = w.lane AND f.customer_id = w.customer_id AND f.reason = 'THANK_YOU'
AND (f.subject_id IS DISTINCT FROM a.last_purchase_id OR a.last_thanks_time >= a.last_purchase_time)`

const putThanksSQL = `-- name: PutThanksFollowUps
INSERT INTO follow_up (` + rowColumns + `)
SELECT w.lane, w.customer_id, 'THANK_YOU', a.last_purchase_id, 0, '', coalesce(c.owner, ''), true, true,
    3, '00000000-0000-0000-0000-000000000000'::uuid, a.last_purchase_time, a.last_purchase_time + interval '336 hours', 0, ` + outreachHidden + `
FROM unnest($1::smallint[], $2::uuid[]) AS w (lane, customer_id)
JOIN customer_activity a ON a.lane = w.lane AND a.customer_id = w.customer_id
JOIN customer c ON c.lane = w.lane AND c.customer_id = w.customer_id
WHERE a.last_purchase_time > $3::timestamptz - interval '336 hours' AND (a.last_thanks_time >= a.last_purchase_time) IS NOT TRUE
ON CONFLICT (lane, customer_id, reason, subject_id, place) DO NOTHING`

// outreachHidden is the hidden_until of what the company does of its own accord for the
// customer c; $3 is the time of the write.
const outreachHidden = `CASE WHEN c.delete_time IS NOT NULL OR c.do_not_contact THEN 'infinity'
    WHEN c.pause_end_time > $3::timestamptz THEN c.pause_end_time ELSE '-infinity' END`
