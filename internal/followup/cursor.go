package followup

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"time"

	"github.com/google/uuid"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
)

// order is the list's one order.
var order = aip.Order{Field: "overdue_ratio", Desc: true, Kind: aip.TextKey}

// cursor is a place in the list: what the order compares, up to the key of the row.
type cursor struct {
	ratio    float64
	due      time.Time
	customer uuid.UUID
	reason   string
	subject  uuid.UUID
	place    int16
}

// A token holds as its key, in base64, the time of which the list tells and the cursor but for
// the subject, which is its id.
const keySize = 8 + 8 + 8 + 16 + 1 + 2

// token returns the page token of what comes behind the cursor.
func (c *cursor) token(asOf time.Time, f aip.Fingerprint) string {
	b := make([]byte, 0, keySize)
	b = binary.BigEndian.AppendUint64(b, uint64(asOf.UnixMicro())) //nolint:gosec // back in goOn
	b = binary.BigEndian.AppendUint64(b, math.Float64bits(c.ratio))
	b = binary.BigEndian.AppendUint64(b, uint64(c.due.UnixMicro())) //nolint:gosec // back in goOn
	b = append(b, c.customer[:]...)
	b = append(b, byte(rapportv1.FollowUp_Reason_value[c.reason]))
	b = binary.BigEndian.AppendUint16(b, uint16(c.place)) //nolint:gosec // back in goOn
	return aip.Cursor{ID: c.subject, Key: base64.RawURLEncoding.EncodeToString(b), Total: aip.UnknownTotal}.Token(f)
}

// A token that somebody forged must do no harm: times that PostgreSQL cannot reckon with are
// refused. The range leaves room for what is added to them and taken away.
var earliest, latestTime = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// maxRatio is more than the ratio of what is late by all that time at a pace of a day.
const maxRatio = 1e7

// goOn has the list go on where a token says, and tell of the moment of the first page.
func (l *list) goOn(token string, f aip.Fingerprint) error {
	at, err := aip.ParseToken(token, f)
	if err != nil || at == nil {
		return err
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(at.Key)
	if err != nil || len(b) != keySize {
		return invalidToken()
	}
	asOf := time.UnixMicro(int64(binary.BigEndian.Uint64(b))).UTC() //nolint:gosec // checked below
	c := &cursor{
		ratio:    math.Float64frombits(binary.BigEndian.Uint64(b[8:])),
		due:      time.UnixMicro(int64(binary.BigEndian.Uint64(b[16:]))).UTC(), //nolint:gosec // checked below
		customer: uuid.UUID(b[24:40]), subject: at.ID, reason: rapportv1.FollowUp_Reason(b[40]).String(),
		place: int16(binary.BigEndian.Uint16(b[41:])), //nolint:gosec // any will do
	}
	for _, t := range []time.Time{asOf, c.due} {
		if t.Before(earliest) || t.After(latestTime) {
			return invalidToken()
		}
	}
	if !(c.ratio >= 0 && c.ratio < maxRatio) || asOf.Year() < 2000 || asOf.Year() > 9000 {
		return invalidToken()
	}
	l.asOf, l.cursor = asOf, c
	return nil
}

func invalidToken() error {
	return apierr.Invalid(rapportv1.ErrorReason_INVALID_PAGE_TOKEN,
		apierr.Violation{Field: "page_token", Description: "this is not a token of this service"})
}
