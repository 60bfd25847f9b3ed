package aip

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
)

const (
	defaultPageSize = 50
	maxPageSize     = 1000

	// UnknownTotal is the Total of a cursor whose list was not counted.
	UnknownTotal = -1
)

// PageSize returns how many rows a page has at most: 50 where the caller asks for
// none, 1,000 where for more (AIP-158). Validation has refused negative sizes.
func PageSize(n int32) int {
	switch {
	case n <= 0:
		return defaultPageSize
	case n > maxPageSize:
		return maxPageSize
	default:
		return int(n)
	}
}

// Never is the sort key of a row that has no time, in an order by OrNever: it comes after
// every time that there is.
var Never = time.UnixMicro(math.MaxInt64).UTC()

// OrNever returns what a list is ordered by for a time that not every row has.
func OrNever(column string) string { return "coalesce(" + column + ", 'infinity')" }

// Cursor is the place in a list after which a page starts.
type Cursor struct {
	// Time is the sort key of the last row read, in an order by a TimeKey, to the
	// microsecond, or Never.
	Time time.Time
	// Key is the sort key of the last row read, in an order by a TextKey.
	Key string
	// ID breaks ties among equal keys.
	ID uuid.UUID
	// Total is the size of the whole list as the first page counted it, or
	// UnknownTotal. It travels in the token so that only the first page counts.
	Total int32
}

// Fingerprint says which list a token is for. A token is good for no other one.
type Fingerprint struct {
	hash uint64
	kind KeyKind
}

// FingerprintOf returns the fingerprint of the list that the order and the parts say
// together: the method, and all of the request but page_size and page_token.
func FingerprintOf(order Order, parts ...string) Fingerprint {
	h := fnv(fnvOffset, order.String())
	for _, p := range parts {
		h = fnv(h, p)
	}
	return Fingerprint{hash: h, kind: order.Kind}
}

const fnvOffset = 14695981039346656037

// fnv goes on with a 64-bit FNV-1a hash over the length of s and s, so that no two
// lists of parts run together into the same bytes.
func fnv(h uint64, s string) uint64 {
	const prime = 1099511628211
	for n := len(s); ; n >>= 8 {
		h = (h ^ uint64(n&0xff)) * prime
		if n == 0 {
			break
		}
	}
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * prime
	}
	return h
}

// A token is, in base64url: version, kind of key, fingerprint, total, id, key. All but
// a text key have a fixed width, so that one cursor has one token.
const (
	tokenVersion   = 1
	tokenKeyOffset = 1 + 1 + 8 + 4 + 16
	maxTokenLen    = 512
)

// tokenEncoding is strict, so that bits that say nothing cannot differ.
var tokenEncoding = base64.RawURLEncoding.Strict()

// Token returns the page token of the cursor. A text key of 60 characters gives at
// most 360 bytes; the contract's limit is 512.
func (c Cursor) Token(f Fingerprint) string {
	var buf [maxTokenLen]byte
	b := append(buf[:0], tokenVersion, byte(f.kind))
	b = binary.BigEndian.AppendUint64(b, f.hash)
	b = binary.BigEndian.AppendUint32(b, uint32(c.Total))
	b = append(b, c.ID[:]...)
	if f.kind == TimeKey {
		b = binary.BigEndian.AppendUint64(b, uint64(c.Time.UnixMicro()))
	} else {
		b = append(b, c.Key...)
	}
	return tokenEncoding.EncodeToString(b)
}

// ParseToken returns the cursor in a page token, nil for an empty one, or
// INVALID_PAGE_TOKEN where the token is not one of ours or is for another list. A
// caller can forge a token, as it holds no secret; it then gets a page that starts
// elsewhere in a list it may read anyway.
func ParseToken(token string, f Fingerprint) (*Cursor, error) {
	if token == "" {
		return nil, nil //nolint:nilnil // no token is no cursor, and no error either
	}
	var buf [maxTokenLen]byte
	if len(token) > maxTokenLen {
		return nil, invalidToken("this is not a token of this service")
	}
	// The decoder skips line ends; a token has none.
	n, err := tokenEncoding.Decode(buf[:], []byte(token))
	b := buf[:n]
	if err != nil || strings.ContainsAny(token, "\r\n") || len(b) < tokenKeyOffset || b[0] != tokenVersion {
		return nil, invalidToken("this is not a token of this service")
	}
	if b[1] != byte(f.kind) || binary.BigEndian.Uint64(b[2:]) != f.hash {
		return nil, invalidToken("the token is for another method, parent, filter or order")
	}
	c := &Cursor{Total: int32(binary.BigEndian.Uint32(b[10:])), ID: uuid.UUID(b[14:30])}
	key := b[tokenKeyOffset:]
	ok := c.Total >= UnknownTotal && c.Total <= CountLimit
	if f.kind == TimeKey {
		ok = ok && len(key) == 8
		if ok {
			c.Time = time.UnixMicro(int64(binary.BigEndian.Uint64(key))).UTC()
			ok = storable(c.Time) || c.Time.Equal(Never)
		}
	} else {
		c.Key = string(key)
		ok = ok && utf8.ValidString(c.Key) && !strings.ContainsRune(c.Key, 0)
	}
	if !ok {
		return nil, invalidToken("this is not a token of this service")
	}
	return c, nil
}

// storable tells whether a time is within what protobuf and RFC 3339 can say, years 1
// to 9999, which PostgreSQL can store as well.
func storable(t time.Time) bool {
	year := t.UTC().Year()
	return year >= 1 && year <= 9999
}

// InvalidToken is INVALID_PAGE_TOKEN for a token whose key is not one of the list's.
func InvalidToken() error { return invalidToken("this is not a token of this service") }

func invalidToken(description string) error {
	return apierr.Invalid(rapportv1.ErrorReason_INVALID_PAGE_TOKEN,
		apierr.Violation{Field: "page_token", Description: description})
}
