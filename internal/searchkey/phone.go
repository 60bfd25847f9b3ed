package searchkey

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/rapport-crm/rapport/internal/contactpoint"
)

// phoneKeys returns the keys of a number: that of its E.164 form, or of the digits as
// written where it has none. Where the digits as written are not the end of the E.164
// form but for zeros before it, they are a key of their own: it is found by what people
// see.
func phoneKeys(number, e164 string) []string {
	written := digitsOf(number)
	significant := strings.TrimLeft(written, "0")
	var keys []string
	if e164 != "" {
		international := digitsOf(e164)
		keys = append(keys, phoneKey(international))
		if len(significant) >= minDigits && strings.HasSuffix(international, significant) {
			return keys
		}
	}
	if len(significant) < minDigits {
		keys = append(keys, cut(kindNumber+number))
	}
	if written != "" {
		keys = appendNew(keys, 0, phoneKey(written))
	}
	return keys
}

// phoneKey is the key of a number's digits.
func phoneKey(digits string) string { return cut(kindPhone + reversed(digits)) }

func reversed(digits string) string {
	b := []byte(digits)
	slices.Reverse(b)
	return string(b)
}

// digitsOf returns the digits of a text, of any script and width, as ASCII.
func digitsOf(text string) string {
	var b strings.Builder
	for _, r := range text {
		if d, ok := digit(r); ok {
			b.WriteByte('0' + d)
		}
	}
	return b.String()
}

// digit returns the value of a decimal digit. Unicode keeps the ten of a script
// together, in order.
func digit(r rune) (byte, bool) {
	if r < 0x80 {
		return byte(r - '0'), r >= '0' && r <= '9' //nolint:gosec // not used where it is no digit
	}
	for _, t := range unicode.Nd.R16 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) {
			return byte((r - rune(t.Lo)) % 10), true //nolint:gosec // less than 10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) { //nolint:gosec // code points
			return byte((r - rune(t.Lo)) % 10), true //nolint:gosec // less than 10
		}
	}
	return 0, false
}

// maxPhoneLetters lets "tel" and "ext" stand in what is taken for a number.
const maxPhoneLetters = 5

// phoneArms returns what to look for where the query may be a number: the number that
// it is in the region or by its own country code, the digits as they are, and the last
// digits of longer numbers. The region is a CLDR code, or empty.
func phoneArms(query, region string) (arms []Arm) {
	written, letters := digitsOf(query), 0
	if len(written) < minDigits {
		// Too few for the end of a number, but some numbers have no more.
		if written != "" && !strings.ContainsFunc(query, unicode.IsLetter) {
			arms = append(arms, Arm{Rank: rankExact, Range: exactly(phoneKey(written))})
		}
		return arms
	}
	query = norm.NFKC.String(query)
	if e164 := contactpoint.E164(asciiDigits(query), region); e164 != "" {
		arms = append(arms, Arm{Rank: rankExact, Range: exactly(phoneKey(digitsOf(e164)))})
	}
	for _, r := range query {
		if unicode.IsLetter(r) {
			letters++
		}
	}
	if letters > maxPhoneLetters || letters >= len(written) {
		return arms
	}
	// Zeros in front are dialled and not stored, but where they are all that makes the
	// end of a number long enough.
	significant := strings.TrimLeft(written, "0")
	if len(significant) < minDigits {
		significant = written
	}
	for _, n := range []string{written, significant} {
		arms = append(arms, Arm{Rank: rankExact, Range: exactly(phoneKey(n))})
	}
	arms = append(arms, Arm{Rank: rankPhoneEnd, Range: prefixed(phoneKey(significant))})
	return append(arms, shorterNumbers(significant)...)
}

const (
	// maxCountryCode is how many digits a country code has at most, with the digit that
	// some countries dial before a long-distance number.
	maxCountryCode = 4
	// minNational is the fewest digits of a national number that is taken for the rest
	// of a longer one.
	minNational = 7
)

// shorterNumbers returns what to look for where a number was stored as it is written
// within its country, because nothing said which that is: the query without its first
// digits, as a whole number, with or without the zero that is dialled first. And where
// the query begins with the 8 that is dialled first in Russia and its neighbours, what
// follows is the end of the number.
func shorterNumbers(significant string) (arms []Arm) {
	if len(significant) == 11 && significant[0] == '8' {
		arms = append(arms, Arm{Rank: rankPhoneEnd, Range: prefixed(phoneKey(significant[1:]))})
	}
	for n := 1; n <= maxCountryCode && len(significant)-n >= minNational; n++ {
		national := strings.TrimLeft(significant[n:], "0")
		if len(national) < minNational {
			break
		}
		for _, form := range []string{national, "0" + national} {
			arms = append(arms, Arm{Rank: rankPhonePart, Range: exactly(phoneKey(form))})
		}
	}
	return arms
}

// asciiDigits returns the text with the digits of all scripts as ASCII.
func asciiDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if d, ok := digit(r); ok {
			return rune('0' + d)
		}
		return r
	}, text)
}
