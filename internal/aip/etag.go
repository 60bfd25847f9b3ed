package aip

import (
	"strconv"

	"github.com/rapport-crm/rapport/internal/apierr"
)

// Etag returns the quoted strong entity tag (RFC 9110) of a revision, such as `"7"`.
func Etag(revision int64) string {
	var buf [22]byte
	b := strconv.AppendInt(append(buf[:0], '"'), revision, 10)
	return string(append(b, '"'))
}

// CheckEtag returns ETAG_MISMATCH where the etag a caller sent is not that of the
// named resource's revision. An empty one asks for no check, `*` for any revision. A
// weak tag never matches, as RFC 9110 wants it for writes.
func CheckEtag(sent, name string, revision int64) error {
	if sent == "" || sent == "*" {
		return nil
	}
	if current := Etag(revision); sent != current {
		return apierr.EtagMismatch(name, current)
	}
	return nil
}
