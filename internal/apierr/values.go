package apierr

import (
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Most adds a violation of a list or map of more entries than it may have.
func (v *Violations) Most(field string, have, most int) {
	if have > most {
		v.Add(field, "would have %d entries, more than %d", have, most)
	}
}

// Time cuts a time, which may be unset, to the microsecond that PostgreSQL keeps, in
// place, and adds a violation of one that no calendar of ours has.
func (v *Violations) Time(field string, t *timestamppb.Timestamp) {
	if t == nil {
		return
	}
	if err := t.CheckValid(); err != nil {
		v.Add(field, "must lie in the years 1 to 9999")
		return
	}
	t.Nanos -= t.GetNanos() % int32(time.Microsecond)
}

// Money adds what is wrong with an amount, which may be unset: it is zero or more, of a
// currency.
func (v *Violations) Money(field string, m *money.Money) {
	if m == nil {
		return
	}
	if code := m.GetCurrencyCode(); len(code) != 3 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		v.Add(field+".currency_code", "must be three capital letters, as in ISO 4217")
	}
	if m.GetUnits() < 0 {
		v.Add(field+".units", "must not be negative")
	}
	if m.GetNanos() < 0 || m.GetNanos() > 999_999_999 {
		v.Add(field+".nanos", "must be 0 to 999,999,999")
	}
}
