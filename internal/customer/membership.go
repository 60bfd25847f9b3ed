package customer

import (
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
)

// membership is a customer's membership in the table; there is none where all is NULL.
type membership struct {
	MembershipNumber     pgtype.Text
	MembershipLevel      pgtype.Text
	MembershipStartTime  *time.Time
	MembershipExpireTime *time.Time
}

func (m *membership) proto() *rapportv1.Membership {
	if *m == (membership{}) {
		return nil
	}
	return &rapportv1.Membership{
		Number: db.TextOrNil(m.MembershipNumber), Level: db.TextOrNil(m.MembershipLevel),
		StartTime: aip.ToTimestamp(m.MembershipStartTime), ExpireTime: aip.ToTimestamp(m.MembershipExpireTime),
	}
}

func (m *membership) set(c *rapportv1.Membership) {
	m.MembershipNumber, m.MembershipLevel = db.Text(c.GetNumber()), db.Text(c.GetLevel())
	m.MembershipStartTime, m.MembershipExpireTime = aip.FromTimestamp(c.GetStartTime()), aip.FromTimestamp(c.GetExpireTime())
}

// membership brings a membership into its stored form, which is nil for one of which
// nothing is known.
func (v *violations) membership(m *rapportv1.Membership) *rapportv1.Membership {
	if m == nil {
		return nil
	}
	m.Number = v.optional("", m.Number, nil)
	m.Level = v.optional("", m.Level, nil)
	aip.NormaliseTime(&v.Violations, "customer.membership.start_time", m.GetStartTime())
	aip.NormaliseTime(&v.Violations, "customer.membership.expire_time", m.GetExpireTime())
	start, end := m.GetStartTime(), m.GetExpireTime()
	if start != nil && end != nil && end.AsTime().Before(start.AsTime()) {
		v.Add("customer.membership.expire_time", "lies before start_time")
	}
	if m.Number == nil && m.Level == nil && start == nil && end == nil {
		return nil
	}
	return m
}
