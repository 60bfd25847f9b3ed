package searchkey

import (
	"strings"

	"github.com/rapport-crm/rapport/internal/contactpoint"
)

// EmailKeys returns the keys of an e-mail address, of what is live and of what is
// deleted.
func EmailKeys(address string) []string { return both(kindEmail + contactpoint.NormalEmail(address)) }

// E164Keys returns the keys of a number in E.164 form.
func E164Keys(number string) []string { return both(phoneKey(digitsOf(number))) }

// NumberRanges returns ranges in which the keys of a number lie that is written so.
func NumberRanges(number string) []Range {
	significant := strings.TrimLeft(digitsOf(number), "0")
	r := prefixed(phoneKey(significant))
	if len(significant) < minDigits {
		key := cut(kindNumber + number)
		r = Range{Low: key, High: key + "\x01"}
	}
	return []Range{r, {Low: deleted(r.Low), High: deleted(r.High)}}
}

func both(key string) []string { return []string{key, deleted(key)} }
