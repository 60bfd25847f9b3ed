package dataset

import (
	"fmt"
	"strings"
)

// QueryKinds are the ways in which people look for a customer.
var QueryKinds = []string{"phone", "digits", "email", "name", "chinese", "typo"}

// Query returns what a person types who looks for the customer of this number, or for
// one near it where that one has no such name or number: the whole mobile number, the
// last four digits of the landline, the whole e-mail address, the first four letters of
// the family name, a Chinese given name of two characters, or the whole name with two
// neighbouring letters swapped.
func Query(kind string, n int) string {
	switch kind {
	case "phone":
		return fmt.Sprintf("+44 7400 %06d", n/2*2%1e6)
	case "digits":
		return fmt.Sprintf("%04d", n%10000)
	case "email":
		return fmt.Sprintf("customer-%d@example.com", n)
	case "chinese":
		for n = n/10*10 + 7; ; n += 10 {
			if name := []rune(name(n)); len(name) == 3 {
				return string(name[1:])
			}
		}
	}
	if n%10 == 7 {
		n--
	}
	given, family, _ := strings.Cut(name(n), " ")
	letters := []rune(strings.ToLower(family))
	if kind == "name" {
		return string(letters[:min(4, len(letters))])
	}
	letters[1], letters[2] = letters[2], letters[1]
	return given + " " + string(letters)
}
