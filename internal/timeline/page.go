package timeline

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/db"
)

// order is that of a history. Two records of two kinds can have one time and one id, which
// their callers chose, so the kind is part of the key.
var order = aip.Order{Field: "entry_time", Kind: aip.TextKey, Desc: true}

// place is where an entry stands in a history; the zero value is before all of them.
type place struct {
	micros int64
	id     uuid.UUID
	kind   int16
	set    bool
}

// start is before all entries.
var start = place{id: uuid.Max, kind: 1<<15 - 1}

// time is the time of the place as a parameter.
func (p place) time() pgtype.Timestamptz {
	if !p.set {
		return pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}
	}
	return pgtype.Timestamptz{Time: time.UnixMicro(p.micros).UTC(), Valid: true}
}

func (p place) token(list aip.Fingerprint) string {
	key := strconv.FormatInt(p.micros, 10) + " " + strconv.Itoa(int(p.kind))
	return aip.Cursor{Key: key, ID: p.id, Total: aip.UnknownTotal}.Token(list)
}

// parsePlace returns the place in a page token, start for an empty one.
func parsePlace(token string, list aip.Fingerprint) (place, error) {
	cursor, err := aip.ParseToken(token, list)
	if err != nil || cursor == nil {
		return start, err
	}
	micros, kind, _ := strings.Cut(cursor.Key, " ")
	p := place{id: cursor.ID, set: true}
	number, errKind := strconv.ParseInt(kind, 10, 16)
	p.micros, err = strconv.ParseInt(micros, 10, 64)
	p.kind = int16(number)
	if err := errors.Join(err, errKind, timestamppb.New(time.UnixMicro(p.micros)).CheckValid()); err != nil {
		return start, aip.InvalidToken()
	}
	return p, nil
}

// page is a page as it was read.
type page struct {
	entries []*rapportv1.TimelineEntry
	last    place // of the last entry
	more    bool
}

// collect reads a page, cut short where its rows are very large. A row has the columns of all
// kinds, of which those of its own are read.
func (s *Server) collect(rows pgx.Rows, size int) (out page, err error) {
	defer rows.Close()
	now, bytes := s.clock(), 0
	width := 3
	for _, k := range s.kinds {
		width += len(k.columns)
	}
	targets := make([]any, width)
	for rows.Next() {
		for _, value := range rows.RawValues() {
			bytes += len(value)
		}
		if len(out.entries) == size || len(out.entries) > 0 && bytes > db.MaxPageBytes {
			out.more = true
			return out, nil
		}
		var (
			at    time.Time
			entry func(time.Time) *rapportv1.TimelineEntry
		)
		out.last = place{set: true}
		clear(targets)
		targets[0] = &out.last.kind
		if err := rows.Scan(targets...); err != nil {
			return out, err
		}
		targets[1], targets[2] = &at, (*[16]byte)(&out.last.id)
		offset := 3
		for _, k := range s.kinds {
			if int16(k.number) == out.last.kind {
				var own []any
				own, entry = k.read()
				copy(targets[offset:], own)
			}
			offset += len(k.columns)
		}
		if err := rows.Scan(targets...); err != nil {
			return out, err
		}
		out.last.micros = at.UnixMicro()
		made := entry(now)
		made.EntryTime = timestamppb.New(at)
		out.entries = append(out.entries, made)
	}
	return out, rows.Err()
}

const customerSQL = `-- name: CustomerExists
SELECT true FROM customer WHERE lane = $1 AND customer_id = $2`

// customerExists tells an empty history from that of a customer who is not there. Only an
// empty first page pays for it.
func (s *Server) customerExists(ctx context.Context, id uuid.UUID) error {
	var found bool
	err := s.pool.QueryRow(ctx, customerSQL, db.Lane(id), db.UUID(id)).Scan(&found)
	if errors.Is(err, pgx.ErrNoRows) {
		return apierr.NotFound(rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, aip.CustomerName(id))
	}
	return err
}
