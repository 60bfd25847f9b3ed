package servicetier

import (
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"google.golang.org/protobuf/types/known/durationpb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/definition"
)

const day = 24 * time.Hour

// row is a service tier as the table holds it. The form of its JSON is in stored.go.
type row struct {
	definition.Head

	DisplayName         string
	Promises            string // JSON, the targets
	SilenceDays         pgtype.Int4
	ContactIntervalDays pgtype.Int4
	Calendar            pgtype.Text // JSON
}

// columns are the table's columns of a row, in the order of Targets.
var columns = []string{"display_name", "targets", "silence_days", "contact_interval_days", "calendar"}

// Targets implements definition.Row.
func (r *row) Targets() []any {
	return []any{&r.DisplayName, &r.Promises, &r.SilenceDays, &r.ContactIntervalDays, &r.Calendar}
}

// Proto implements definition.Row.
func (r *row) Proto() *rapportv1.ServiceTier {
	t := &rapportv1.ServiceTier{DisplayName: r.DisplayName, Targets: decodeTargets(r.Promises)}
	if r.SilenceDays.Valid {
		t.SilenceDays = &r.SilenceDays.Int32
	}
	if r.ContactIntervalDays.Valid {
		t.ContactInterval = durationpb.New(time.Duration(r.ContactIntervalDays.Int32) * day)
	}
	if r.Calendar.Valid {
		t.Calendar = decodeCalendar(r.Calendar.String)
	}
	return t
}

// Set implements definition.Row.
func (r *row) Set(t *rapportv1.ServiceTier) (err error) {
	r.DisplayName = t.GetDisplayName()
	r.SilenceDays = pgtype.Int4{Int32: t.GetSilenceDays(), Valid: t.SilenceDays != nil}
	days := int32(t.GetContactInterval().AsDuration() / day) //nolint:gosec // 3,650 at most
	r.ContactIntervalDays = pgtype.Int4{Int32: days, Valid: days > 0}
	if r.Promises, err = encodeTargets(t.GetTargets()); err != nil {
		return err
	}
	r.Calendar, err = encodeCalendar(t.GetCalendar())
	return err
}
