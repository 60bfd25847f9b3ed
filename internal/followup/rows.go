package followup

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/db"
)

const rowColumns = `lane, customer_id, reason, subject_id, place, title, staff, by_owner, outreach,
    pace_days, service_tier_id, start_time, end_time, month_day, hidden_until`

// overwrite takes over all of a row that is there already.
const overwrite = `ON CONFLICT (lane, customer_id, reason, subject_id, place) DO UPDATE SET
    title = excluded.title, staff = excluded.staff, by_owner = excluded.by_owner, outreach = excluded.outreach,
    pace_days = excluded.pace_days, service_tier_id = excluded.service_tier_id, start_time = excluded.start_time,
    end_time = excluded.end_time, month_day = excluded.month_day, hidden_until = excluded.hidden_until`

// putSQL takes what depends on the customer from its row, which the transaction holds.
const putSQL = `-- name: PutFollowUps
INSERT INTO follow_up (` + rowColumns + `)
SELECT w.lane, w.customer_id, w.reason, w.subject_id, w.place, w.title, coalesce(nullif(w.staff, ''), c.owner, ''), w.staff = '', w.outreach,
    w.pace_days, w.service_tier_id, CASE w.reason WHEN 'CONTACT' THEN coalesce(a.last_contact_time, c.create_time) ELSE w.start_time END,
    w.end_time, w.month_day, CASE WHEN w.outreach THEN ` + outreachHidden + ` WHEN c.delete_time IS NOT NULL THEN 'infinity' ELSE '-infinity' END
FROM unnest($1::smallint[], $2::uuid[], $4::text[], $5::uuid[], $6::smallint[], $7::text[], $8::text[], $9::boolean[],
    $10::integer[], $11::uuid[], $12::timestamptz[], $13::timestamptz[], $14::smallint[])
    AS w (lane, customer_id, reason, subject_id, place, title, staff, outreach, pace_days, service_tier_id, start_time, end_time, month_day)
JOIN customer c ON c.lane = w.lane AND c.customer_id = w.customer_id
LEFT JOIN customer_activity a ON a.lane = w.lane AND a.customer_id = w.customer_id
` + overwrite

const removeSQL = `-- name: RemoveFollowUps
DELETE FROM follow_up f USING unnest($1::smallint[], $2::uuid[], $3::text[], $4::uuid[], $5::smallint[])
    AS w (lane, customer_id, reason, subject_id, place)
WHERE f.lane = w.lane AND f.customer_id = w.customer_id AND f.reason = w.reason AND f.subject_id = w.subject_id AND f.place = w.place`

// alignSQL gives all that follows for customers to their owners, and shows it or not, as the
// customers' rows say.
const alignSQL = `-- name: AlignFollowUps
UPDATE follow_up AS f SET staff = CASE WHEN f.by_owner THEN coalesce(c.owner, '') ELSE f.staff END,
    hidden_until = CASE WHEN f.outreach THEN ` + outreachHidden + ` WHEN c.delete_time IS NOT NULL THEN 'infinity' ELSE '-infinity' END
FROM unnest($1::smallint[], $2::uuid[]) AS w (lane, customer_id)
JOIN customer c ON c.lane = w.lane AND c.customer_id = w.customer_id
WHERE f.lane = w.lane AND f.customer_id = w.customer_id`

// row is what there is to do, but for what depends on the customer's own row.
type row struct {
	reason   rapportv1.FollowUp_Reason
	subject  uuid.UUID
	place    int16
	title    string
	staff    string // empty for the customer's owner
	outreach bool
	paceDays int32
	tier     uuid.UUID
	start    pgtype.Timestamptz
	end      pgtype.Timestamptz
	monthDay int16
}

var never = pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}

func at(t time.Time) pgtype.Timestamptz { return pgtype.Timestamptz{Time: t.UTC(), Valid: true} }

// moved is a row of a customer.
type moved struct {
	customer uuid.UUID
	row
}

func (m moved) compare(other moved) int {
	return cmp.Or(
		key{m.customer, m.subject}.compare(key{other.customer, other.subject}),
		cmp.Compare(m.reason, other.reason), cmp.Compare(m.place, other.place),
	)
}

// rowMoves are rows that go, and rows that come or change.
type rowMoves struct{ gone, put []moved }

// move notes that what follows from a record turned from before into after.
func (m *rowMoves) move(customer uuid.UUID, before, after []row) {
	same := func(r row) func(row) bool {
		return func(o row) bool { return o.reason == r.reason && o.subject == r.subject && o.place == r.place }
	}
	for _, r := range before {
		if !slices.ContainsFunc(after, same(r)) {
			m.gone = append(m.gone, moved{customer, r})
		}
	}
	for _, r := range after {
		if !slices.Contains(before, r) {
			m.put = append(m.put, moved{customer, r})
		}
	}
}

func (m *rowMoves) queue(to queuer, now time.Time) {
	if len(m.gone) > 0 {
		lanes, customers, reasons, subjects, places := ids(m.gone)
		to.Queue(removeSQL, lanes, customers, reasons, subjects, places)
	}
	if len(m.put) == 0 {
		return
	}
	n := len(m.put)
	lanes, customers, reasons, subjects, places := ids(m.put)
	titles, staff, outreach := make([]string, n), make([]string, n), make([]bool, n)
	paces, tiers, monthDays := make([]int32, n), make([]pgtype.UUID, n), make([]int16, n)
	starts, ends := make([]pgtype.Timestamptz, n), make([]pgtype.Timestamptz, n)
	for i, r := range m.put {
		titles[i], staff[i], outreach[i] = r.title, r.staff, r.outreach
		paces[i], tiers[i], monthDays[i], starts[i], ends[i] = r.paceDays, db.UUID(r.tier), r.monthDay, r.start, r.end
	}
	to.Queue(putSQL, lanes, customers, now, reasons, subjects, places, titles, staff, outreach, paces, tiers, starts, ends, monthDays)
}

// ids returns the keys of rows in their order, a slice a column.
func ids(rows []moved) (lanes []int16, customers []pgtype.UUID, reasons []string, subjects []pgtype.UUID, places []int16) {
	slices.SortFunc(rows, moved.compare)
	for _, r := range rows {
		lanes, customers = append(lanes, db.Lane(r.customer)), append(customers, db.UUID(r.customer))
		reasons, subjects, places = append(reasons, r.reason.String()), append(subjects, db.UUID(r.subject)), append(places, r.place)
	}
	return lanes, customers, reasons, subjects, places
}
