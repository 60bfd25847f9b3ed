package sweep

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/followup"
)

// readOccasionsSQL locks the occasions whose day is over. Whoever changes when they are holds
// the customer and then waits for these rows, so the time zone that is read is the one to which
// the row belongs.
const readOccasionsSQL = `-- name: ReadPastOccasions
SELECT f.lane, f.customer_id, f.subject_id, f.place, f.month_day, coalesce(c.time_zone, ''), now()
FROM follow_up f JOIN customer c ON c.lane = f.lane AND c.customer_id = f.customer_id
WHERE f.end_time < now() AND f.reason = 'OCCASION' ORDER BY f.end_time LIMIT $1 FOR UPDATE OF f SKIP LOCKED`

const moveOccasionsSQL = `-- name: MovePastOccasions
UPDATE follow_up AS f SET start_time = w.start_time, end_time = w.end_time
FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::smallint[], $5::timestamptz[], $6::timestamptz[])
    AS w (lane, customer_id, subject_id, place, start_time, end_time)
WHERE f.lane = w.lane AND f.customer_id = w.customer_id AND f.reason = 'OCCASION' AND f.subject_id = w.subject_id AND f.place = w.place`

// pastOccasion is an occasion whose day is over.
type pastOccasion struct {
	lane              int16
	customer, subject uuid.UUID
	place, monthDay   int16
	zone              string
	now               time.Time
}

// Targets implements db.Row.
func (o *pastOccasion) Targets() []any {
	return []any{&o.lane, (*[16]byte)(&o.customer), (*[16]byte)(&o.subject), &o.place, &o.monthDay, &o.zone, &o.now}
}

// occasions moves a batch of occasions whose day is over to when it is next, and returns how
// many.
func (s *Sweeper) occasions(ctx context.Context) (n int64, err error) {
	conn, err := s.DB.Acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, readOccasionsSQL, batchSize)
		past, err := db.CollectRows[pastOccasion](rows)
		if n = int64(len(past)); err != nil || n == 0 {
			return err
		}
		lanes, places := make([]int16, n), make([]int16, n)
		customers, subjects := make([]pgtype.UUID, n), make([]pgtype.UUID, n)
		starts, ends := make([]time.Time, n), make([]time.Time, n)
		for i, o := range past {
			lanes[i], customers[i], subjects[i], places[i] = o.lane, db.UUID(o.customer), db.UUID(o.subject), o.place
			starts[i], ends[i] = followup.NextOccasion(o.monthDay, o.zone, o.now)
		}
		_, err = tx.Exec(ctx, moveOccasionsSQL, lanes, customers, subjects, places, starts, ends)
		return err
	})
	return n, err
}
