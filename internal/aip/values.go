package aip

import (
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
)

const maxNanos = 999_999_999

// maxAhead is how far the clocks of the service and of its callers are taken to differ.
const maxAhead = 5 * time.Minute

// NormaliseTime cuts a time to the microsecond, which is what PostgreSQL keeps, and adds
// what is wrong with it. It may be nil.
func NormaliseTime(wrong *apierr.Violations, field string, t *timestamppb.Timestamp) {
	if t == nil {
		return
	}
	if err := t.CheckValid(); err != nil {
		wrong.Add(field, "must lie in the years 1 to 9999")
		return
	}
	t.Nanos -= t.GetNanos() % int32(time.Microsecond)
}

// NormaliseDuration is NormaliseTime for how long something took.
func NormaliseDuration(wrong *apierr.Violations, field string, d *durationpb.Duration) {
	switch {
	case d == nil:
	case d.CheckValid() != nil || d.GetSeconds() < 0 || d.GetNanos() < 0:
		wrong.Add(field, "must be zero or more, and no longer than 10,000 years")
	default:
		d.Nanos -= d.GetNanos() % int32(time.Microsecond)
	}
}

// NormalisePast is NormaliseTime for what is said to have happened: it must not be still to
// come. It tells whether nothing is wrong.
func NormalisePast(wrong *apierr.Violations, field string, t *timestamppb.Timestamp, now time.Time) bool {
	found := len(*wrong)
	NormaliseTime(wrong, field, t)
	if t.IsValid() && t.AsTime().After(now.Add(maxAhead)) {
		wrong.Add(field, "is still to come")
	}
	return len(*wrong) == found
}

// CheckExternalID adds what is wrong with an external id, which may be nil. A mask can leave
// one half without the other, which the annotations do not see.
func CheckExternalID(wrong *apierr.Violations, field string, id *rapportv1.ExternalId) {
	if id != nil && (id.GetSource() == "" || id.GetId() == "") {
		wrong.Add(field, "needs both a source and an id")
	}
}

// CheckMoney adds what is wrong with an amount that must not be negative. It may be nil.
func CheckMoney(wrong *apierr.Violations, field string, m *money.Money) {
	if m == nil {
		return
	}
	checkCurrency(wrong, field, m)
	if m.GetUnits() < 0 {
		wrong.Add(field+".units", "must not be negative")
	}
	if m.GetNanos() < 0 || m.GetNanos() > maxNanos {
		wrong.Add(field+".nanos", "must be 0 to 999,999,999")
	}
}

// CheckSignedMoney adds what is wrong with an amount that may be negative. It may be nil.
func CheckSignedMoney(wrong *apierr.Violations, field string, m *money.Money) {
	if m == nil {
		return
	}
	checkCurrency(wrong, field, m)
	switch units, nanos := m.GetUnits(), m.GetNanos(); {
	case nanos < -maxNanos || nanos > maxNanos:
		wrong.Add(field+".nanos", "must be -999,999,999 to 999,999,999")
	case units > 0 && nanos < 0 || units < 0 && nanos > 0:
		wrong.Add(field+".nanos", "must have the sign of units")
	}
}

func checkCurrency(wrong *apierr.Violations, field string, m *money.Money) {
	if code := m.GetCurrencyCode(); len(code) != 3 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		wrong.Add(field+".currency_code", "must be three capital letters, as in ISO 4217")
	}
}
