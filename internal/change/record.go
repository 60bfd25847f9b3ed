// Package change keeps the log of what happened to each resource, and serves it.
//
// A write appends its changes in its own transaction (package mutation); nothing is
// ever altered afterwards. The log is the audit, the history and the feed in one.
package change

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/db"
)

// Record is one change that a transaction is about to append.
type Record struct {
	// CustomerID is the customer that the resource is or belongs to; it says the lane.
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
