// Package insight tells what the records of all customers come to. PostgreSQL counts, so that
// only sums travel, and reads each score once for them, twice for what drives satisfaction, since
// which factors are weighed follows from how many rate them. What the sums come to is worked out
// by package statistics.
package insight

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/genproto/googleapis/type/interval"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/rpc"
	"github.com/rapport-crm/rapport/internal/satisfaction"
	"github.com/rapport-crm/rapport/internal/statistics"
)

// Server serves InsightService.
type Server struct {
	// DB is what reports are read from.
	DB *db.Pool
	// Scores knows by what scores can be filtered.
	Scores *satisfaction.Server
	// Clock gives the moment of which a report tells.
	Clock func() time.Time
}

// now is the moment of which a report tells.
func (s *Server) now() time.Time { return s.Clock().UTC().Truncate(time.Microsecond) }

// allowTime queues that the transaction's statements may take what time the call has, as a report
// of all customers is worth waiting for, not just what a statement has otherwise.
func allowTime(ctx context.Context, batch *pgx.Batch) {
	left := rpc.MaxDeadline
	if deadline, ok := ctx.Deadline(); ok {
		left = max(time.Until(deadline), time.Millisecond)
	}
	batch.Queue(`-- name: AllowTime
SELECT set_config('statement_timeout', $1::text, true)`, strconv.FormatInt(left.Milliseconds()+1, 10))
}

// collect reads the rows of a queued statement.
func collect[R any, T db.Row[R]](query *pgx.QueuedQuery, into *[]R) {
	query.Query(func(rows pgx.Rows) (err error) {
		*into, err = db.CollectRows[R, T](rows)
		return err
	})
}

// fewest is how many scores a figure needs. Of fewer there are counts only.
const fewest = 10

// span is an interval of time; an end that is nil is open.
type span struct{ start, end *time.Time }

// checkInterval returns a request's interval to the microsecond, and adds what is wrong with it.
func checkInterval(wrong *apierr.Violations, in *interval.Interval) (out span) {
	if t := in.GetStartTime(); t != nil {
		if t.CheckValid() != nil {
			wrong.Add("interval.start_time", "must lie in the years 1 to 9999")
			return out
		}
		at := t.AsTime().Truncate(time.Microsecond)
		out.start = &at
	}
	if t := in.GetEndTime(); t != nil {
		if t.CheckValid() != nil {
			wrong.Add("interval.end_time", "must lie in the years 1 to 9999")
			return out
		}
		at := t.AsTime().Truncate(time.Microsecond)
		out.end = &at
	}
	if out.start != nil && out.end != nil && !out.start.Before(*out.end) {
		wrong.Add("interval.end_time", "must be after start_time")
	}
	return out
}

// estimate is an estimate in a message.
func estimate(e statistics.Estimate) *rapportv1.Estimate {
	return &rapportv1.Estimate{Value: e.Value, Lower: e.Lower, Upper: e.Upper}
}
