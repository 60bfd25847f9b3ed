package aip

import (
	"strconv"
	"strings"
	"time"
)

// Literal is the right side of a comparison.
type Literal struct {
	// Text is the value without quotes and escapes.
	Text string
	// Quoted tells whether it stood in quotes, which make a string of anything.
	Quoted bool

	// star tells that Text starts or ends with a star that was not escaped, and
	// prefix and suffix which: `"x*"` is a prefix.
	star, prefix, suffix bool
}

// Present tells whether the literal is the star of `field:*`, which asks whether the
// field is set.
func (l Literal) Present() bool { return l.Text == "*" && !l.Quoted && l.star }

// newLiteral notes the stars at either end of a text; a lone star is both.
func newLiteral(text string, quoted, first, last bool) Literal {
	return Literal{Text: text, Quoted: quoted, star: first || last, prefix: last, suffix: first}
}

// pattern is the LIKE pattern of a literal with wildcards.
func (l Literal) pattern() string {
	text, head, tail := l.Text, "", ""
	if l.suffix {
		text, head = text[1:], "%"
	}
	if l.prefix && text != "" {
		text, tail = text[:len(text)-1], "%"
	}
	return head + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + tail
}

// boolean returns the truth value an unquoted literal is.
func (l Literal) boolean() (value, ok bool) {
	return l.Text == "true", !l.Quoted && (l.Text == "true" || l.Text == "false")
}

// number returns the number an unquoted literal is: decimal, perhaps with an exponent.
func (l Literal) number() (float64, bool) {
	if l.Quoted || l.Text == "" || strings.Trim(l.Text, "+-.0123456789eE") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(l.Text, 64)
	return f, err == nil
}

// duration returns the seconds of the duration that a literal is, quoted or not.
func (l Literal) duration() (float64, bool) {
	text, ok := strings.CutSuffix(l.Text, "s")
	seconds, isNumber := Literal{Text: text}.number()
	return seconds, ok && isNumber
}

// time returns the instant a literal is, quoted or not, in UTC and microseconds.
func (l Literal) time() (time.Time, bool) {
	at, err := time.Parse(time.RFC3339Nano, l.Text)
	if err != nil || !storable(at) {
		return time.Time{}, false
	}
	return at.UTC().Truncate(time.Microsecond), true
}

// attribute returns the values a literal stands for: a string, a float64, a bool or a
// time.Time, or a string and a time.Time.
func (l Literal) attribute() []any {
	at, isTime := l.time()
	if l.Quoted {
		if isTime {
			return []any{l.Text, at}
		}
		return []any{l.Text}
	}
	if b, ok := l.boolean(); ok {
		return []any{b}
	}
	if f, ok := l.number(); ok {
		return []any{f}
	}
	if isTime {
		return []any{at}
	}
	return []any{l.Text}
}
