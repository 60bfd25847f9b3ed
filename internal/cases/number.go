package cases

import (
	"math/rand/v2"
	"strings"
)

// digits are those of Crockford's Base32: none looks like another one.
const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

const (
	numberDigits = 8
	digitBits    = 5
	// laneShift leaves the first six of forty bits to the lane.
	laneShift = numberDigits*digitBits - 6
)

// newNumber draws a number of the lane, such as 7K3M-9QXP. Its first six bits are the lane,
// so that a number which is one of a kind in its lane is so among all; the others are
// random, so that nobody learns from a number how many cases there are.
func newNumber(lane int16) string {
	n := uint64(lane)<<laneShift | rand.Uint64N(1<<laneShift) //nolint:gosec // a number that can be guessed opens nothing
	var out [numberDigits + 1]byte
	for i := numberDigits; i >= 0; i-- {
		if i == numberDigits/2 {
			out[i] = '-'
			continue
		}
		out[i] = digits[n%(1<<digitBits)]
		n >>= digitBits
	}
	return string(out[:])
}

// parseNumber reads a number as people write it: in lower case, without the hyphen, with the
// letters that they take for digits.
func parseNumber(text string) (number string, lane int16, ok bool) {
	text = strings.NewReplacer("O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(text))
	if len(text) == numberDigits+1 && text[numberDigits/2] == '-' {
		text = text[:numberDigits/2] + text[numberDigits/2+1:]
	}
	if len(text) != numberDigits {
		return "", 0, false
	}
	var n uint64
	for i := range len(text) {
		digit := strings.IndexByte(digits, text[i])
		if digit < 0 {
			return "", 0, false
		}
		n = n<<digitBits | uint64(digit) //nolint:gosec // not negative
	}
	return text[:numberDigits/2] + "-" + text[numberDigits/2:], int16(n >> laneShift), true //nolint:gosec // six bits
}
