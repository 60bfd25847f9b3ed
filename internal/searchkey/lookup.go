package searchkey

import (
	"strings"

	"github.com/rapport-crm/rapport/internal/contactpoint"
)

// EmailKeys returns the keys of an e-mail address, of what is live and of what is
// deleted.
func EmailKeys(address string) []string { return all(kindEmail + contactpoint.NormalEmail(address)) }

// E164Keys returns the keys of a number in E.164 form.
func E164Keys(number string) []string { return all(phoneKey(digitsOf(number))) }

func all(key string) []string { return []string{key, deleted(key), deletedContact(key)} }

// NumberRanges returns the ranges in which the keys of a number lie that is written so.
func NumberRanges(number string) []Range {
	significant := strings.TrimLeft(digitsOf(number), "0")
	r := prefixed(phoneKey(significant))
	if len(significant) < minDigits {
		key := cut(kindNumber + number)
		r = Range{Low: key, High: key + "\x01"}
	}
	return []Range{r, {deleted(r.Low), deleted(r.High)}, {deletedContact(r.Low), deletedContact(r.High)}}
}
