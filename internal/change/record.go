// Package change keeps the log of what happened to each resource, and serves it.
//
// A write appends its changes in its own transaction (package mutation); nothing is
// ever altered afterwards. The log is the audit, the history and the feed in one.
package change

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/db"
)

// Record is one change that a transaction is about to append.
type Record struct {
	// CustomerID is the customer that the resource is or belongs to; it says the lane. For a
	// resource without one, such as a service tier, it is the id of the resource itself: its
	// history is found the same way.
	CustomerID uuid.UUID
	// Resource is the name of what changed.
	Resource string
	Type     rapportv1.Change_Type
	Fields   []Field
	// Time is the resource's update time, so that a history read by it has no gaps.
	Time time.Time
}

// Field is the value of one field before and after, as JSON; empty where it has none.
type Field struct{ Path, Before, After string }

// Origin says who made the call that a change stems from, and where to look it up.
type Origin struct {
	Actor     string
	RequestID uuid.UUID
	TraceID   string
}

// appendSQL bumps the lane's counter and writes the change under the new number. The
// counter's row stays locked to the end of the transaction: it must be the last
// statement before the commit, and several lanes are bumped in ascending order.
const appendSQL = `-- name: AppendChange
WITH bump AS (UPDATE lane_feed SET last_seq = last_seq + 1 WHERE lane = $1 RETURNING last_seq)
INSERT INTO change (lane, change_id, sequence, customer_id, resource, type, fields, actor, request_id, trace_id, change_time)
SELECT $1, $2, bump.last_seq, $3, $4, $5, $6, $7, $8, $9, $10 FROM bump`

// Append queues the statement that writes the record.
func Append(batch *pgx.Batch, r Record, o Origin) error {
	lane := db.Lane(r.CustomerID)
	id, err := db.NewID(lane, r.Time)
	if err != nil {
		return err
	}
	fields, err := encode(r.Fields)
	if err != nil {
		return err
	}
	batch.Queue(appendSQL, lane, db.UUID(id), db.UUID(r.CustomerID), r.Resource, r.Type.String(), fields,
		o.Actor, db.UUID(o.RequestID), o.TraceID, r.Time)
	return nil
}

// appendAllSQL is appendSQL for many records: it locks the counters of their lanes in
// ascending order, so that two transactions that touch several lanes cannot wait for
// each other in a circle, and bumps only what it has locked. A record's number is its
// lane's counter plus its place among the records of the lane.
const appendAllSQL = `-- name: AppendChanges
WITH feed AS (
    SELECT lane, last_seq FROM lane_feed WHERE lane = ANY ($1::smallint[]) ORDER BY lane FOR UPDATE
), bump AS (
    UPDATE lane_feed SET last_seq = lane_feed.last_seq + added.count
    FROM feed JOIN unnest($1::smallint[], $2::bigint[]) AS added (lane, count) ON added.lane = feed.lane
    WHERE lane_feed.lane = feed.lane
)
INSERT INTO change (lane, change_id, sequence, customer_id, resource, type, fields, actor, request_id, trace_id, change_time)
SELECT feed.lane, r.change_id, feed.last_seq + r.place, r.customer_id, r.resource, r.type, r.fields::jsonb, $11, $12, $13, r.change_time
FROM unnest($3::smallint[], $4::uuid[], $5::bigint[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::timestamptz[])
    AS r (lane, change_id, place, customer_id, resource, type, fields, change_time)
JOIN feed ON feed.lane = r.lane`

// AppendAll queues the statement that writes the records, in their order within each
// lane. Like that of Append it must be the last one before the commit.
func AppendAll(batch *pgx.Batch, records []Record, o Origin) error {
	counts := map[int16]int64{}
	n := len(records)
	lanes, places, times := make([]int16, n), make([]int64, n), make([]time.Time, n)
	ids, customers := make([]pgtype.UUID, n), make([]pgtype.UUID, n)
	resources, types, fields := make([]string, n), make([]string, n), make([]string, n)
	latest := make(map[uuid.UUID]uuid.UUID, n)
	for i, r := range records {
		lanes[i] = db.Lane(r.CustomerID)
		counts[lanes[i]]++
		id, err := db.NewID(lanes[i], r.Time)
		if err != nil {
			return err
		}
		if earlier, ok := latest[r.CustomerID]; ok {
			id = db.NextID(earlier)
		}
		latest[r.CustomerID] = id
		if fields[i], err = encode(r.Fields); err != nil {
			return err
		}
		ids[i], customers[i], places[i], times[i] = db.UUID(id), db.UUID(r.CustomerID), counts[lanes[i]], r.Time
		resources[i], types[i] = r.Resource, r.Type.String()
	}
	touched := slices.Sorted(maps.Keys(counts))
	added := make([]int64, len(touched))
	for i, lane := range touched {
		added[i] = counts[lane]
	}
	batch.Queue(appendAllSQL, touched, added, lanes, ids, places, customers, resources, types, fields, times,
		o.Actor, db.UUID(o.RequestID), o.TraceID)
	return nil
}

// encode returns the fields as the JSON of their column. Their values are JSON already
// and most of what a change holds, so they are not read again. JSON travels as
// text: bytes would be taken for bytea where statements are not prepared.
func encode(fields []Field) (string, error) {
	b := []byte{'['}
	for i, f := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		path, err := json.Marshal(f.Path)
		if err != nil {
			return "", err
		}
		b = append(append(b, `{"path":`...), path...)
		if f.Before != "" {
			b = append(append(b, `,"before":`...), f.Before...)
		}
		if f.After != "" {
			b = append(append(b, `,"after":`...), f.After...)
		}
		b = append(b, '}')
	}
	return string(append(b, ']')), nil
}
