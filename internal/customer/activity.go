package customer

import (
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
)

const (
	secondsOfDay = 24 * 60 * 60
	// maxContactInterval is in days.
	maxContactInterval = 3650
)

// activity is what a row that is read has besides its columns: what is kept elsewhere and
// says when the customer is to be contacted next, and what the customer felt last.
type activity struct {
	LastContactTime *time.Time
	Satisfaction    pgtype.Text // JSON
	// TierIntervalDays is the contact interval of the customer's service tier.
	TierIntervalDays pgtype.Int4
}

// lastContactTime, satisfaction and tierInterval are expressions of a customer's columns: look-ups by key
// that leave the table alone in its FROM, where lists filter and transactions lock it.
const (
	ofActivity = ` FROM customer_activity AS activity (of_lane, of_customer) ` +
		`WHERE of_lane = lane AND of_customer = customer_id)`
	lastContactTime = `(SELECT last_contact_time` + ofActivity
	satisfaction    = `(SELECT satisfaction` + ofActivity
	tierInterval    = `(SELECT tier.contact_interval_days FROM service_tier AS tier (of_tier) WHERE of_tier = service_tier_id)`
)

// outputs are the columns of an activity.
const outputs = lastContactTime + ` AS last_contact_time, ` + satisfaction + ` AS satisfaction, ` + tierInterval + ` AS tier_interval_days`

// due sets when the customer was last contacted and is to be next, and how late that is.
func (r *row) due(c *rapportv1.Customer, now time.Time) {
	c.LastContactTime, c.NextContactTime, c.ContactOverdueRatio = aip.ToTimestamp(r.LastContactTime), nil, nil
	days := r.ContactIntervalDays
	if !days.Valid {
		days = r.TierIntervalDays
	}
	if !days.Valid {
		return
	}
	last := r.CreateTime
	if r.LastContactTime != nil {
		last = *r.LastContactTime
	}
	next := last.Add(time.Duration(days.Int32) * 24 * time.Hour)
	c.NextContactTime = timestamppb.New(next)
	// Not by way of time.Duration, which ends after 292 years.
	late := float64(now.UnixMicro()-next.UnixMicro()) / (float64(days.Int32) * secondsOfDay * 1e6)
	c.ContactOverdueRatio = proto.Float64(max(late, 0))
}

// interval adds what is wrong with a contact interval, which may be unset.
func (v *violations) interval(d *durationpb.Duration) {
	if d != nil && (d.GetNanos() != 0 || d.GetSeconds()%secondsOfDay != 0 || d.GetSeconds() < secondsOfDay ||
		d.GetSeconds() > maxContactInterval*secondsOfDay) {
		v.Add("customer.contact_interval", "must be whole days of 24 hours, 1 to 3,650")
	}
}
