package servicetier

import (
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
)

const day = 24 * time.Hour

// row is a service tier as the table holds it. The form of its JSON is in stored.go.
type row struct {
	ID                  uuid.UUID
	Revision            int64
	DisplayName         string
	Promises            string // JSON, the targets
	SilenceDays         pgtype.Int4
	ContactIntervalDays pgtype.Int4
	Calendar            pgtype.Text // JSON
	CreateTime          time.Time
	UpdateTime          time.Time
}

const columns = `service_tier_id, revision, display_name, targets, silence_days, contact_interval_days, calendar, create_time, update_time`

// args are the values of the columns.
func (r *row) args() []any {
	return []any{
		db.UUID(r.ID), r.Revision, r.DisplayName, r.Promises, r.SilenceDays, r.ContactIntervalDays, r.Calendar, r.CreateTime, r.UpdateTime,
	}
}

// Targets implements db.Row.
func (r *row) Targets() []any {
	return []any{
		(*[16]byte)(&r.ID), &r.Revision, &r.DisplayName, &r.Promises, &r.SilenceDays, &r.ContactIntervalDays, &r.Calendar, &r.CreateTime, &r.UpdateTime,
	}
}

func (r *row) proto() *rapportv1.ServiceTier {
	t := &rapportv1.ServiceTier{
		Name: aip.ServiceTierName(r.ID), Uid: r.ID.String(), Etag: aip.Etag(r.Revision),
		DisplayName: r.DisplayName, Targets: decodeTargets(r.Promises),
		CreateTime: timestamppb.New(r.CreateTime), UpdateTime: timestamppb.New(r.UpdateTime),
	}
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

// set takes over what a client can set from a normalised tier.
func (r *row) set(t *rapportv1.ServiceTier) (err error) {
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
