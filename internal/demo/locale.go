package demo

import (
	"math/rand/v2"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A locale is a country, or a language in it, with the words its customers are made of.
// Lists are ordered by how common their words are.
type locale struct {
	region   string // CLDR, also of the phone numbers
	language string // BCP-47
	weight   int    // how many customers live here, in proportion to the other weights

	feminine, masculine, family []word
	// endings are what the family names of women end in, for what those of men do; the
	// first that fits counts.
	endings [][2]string
	person  string // how a name is put together
	wide    bool   // whether some write a wide space, or none, in a name

	cities  []city
	streets []word
	line    string // how street and number are put together
	firms   []firm
}

var locales = []*locale{
	&germany, &states, &china, &britain, &japan, &france, &italy, &spain, &brazil, &korea, &hindi, &poland, &sweden,
	&mexico, &taiwan, &turkey, &ukraine, &czechia, &egypt, &thailand, &greece, &israel, &vietnam, &arabia, &bulgaria,
	&hungary, &nigeria, &tamil, &bengal, &serbia, &georgia, &armenia, &ethiopia, &iceland,
}

// A city has a postal code in which # stands for a digit.
type city struct{ name, area, zone, postalCode string }

// A firm is a kind of organisation and how one of that kind is called.
type firm struct{ industry, name string }

// A word is a name in its own script and, for e-mail addresses, in lower-case ASCII
// letters.
type word struct{ text, latin string }

// words reads a list: words between spaces, with _ for a space inside a word, and
// =latin behind those whose letters do not tell it.
func words(list string) []word {
	fields := strings.Fields(list)
	out := make([]word, len(fields))
	for i, field := range fields {
		text, latin, given := strings.Cut(strings.ReplaceAll(field, "_", " "), "=")
		if !given {
			latin = ascii(text)
		}
		out[i] = word{text, latin}
	}
	return out
}

// undecomposed are the letters of our lists that no accent can be taken from.
var undecomposed = strings.NewReplacer("ß", "ss", "ø", "o", "ł", "l", "đ", "d", "ı", "i", "æ", "ae", "þ", "th", "ð", "d", "ö", "oe", "ü", "ue", "ä", "ae")

// ascii returns the Latin letters of a text in lower case, without their accents.
func ascii(text string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(undecomposed.Replace(norm.NFC.String(strings.ToLower(text)))) {
		if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// ofWoman returns a family name as a woman has it.
func (l *locale) ofWoman(family word) word {
	text := l.ending(family.text)
	if family.latin == ascii(family.text) {
		return word{text, ascii(text)}
	}
	return word{text, l.ending(family.latin)}
}

func (l *locale) ending(family string) string {
	for _, e := range l.endings {
		if stem, fits := strings.CutSuffix(family, e[0]); fits {
			return stem + e[1]
		}
	}
	return family
}

// pick takes one of a list whose first are the most common.
func pick[T any](r *rand.Rand, list []T) T {
	u := r.Float64()
	return list[int(u*u*float64(len(list)))]
}

// pickLocale takes a country by how many customers live there.
func pickLocale(r *rand.Rand) *locale {
	sum := 0
	for _, l := range locales {
		sum += l.weight
	}
	at := r.IntN(sum)
	for _, l := range locales {
		if at -= l.weight; at < 0 {
			return l
		}
	}
	panic("unreachable: the weights add up to their sum")
}

// digits puts a digit, never 0, for each # of a pattern.
func digits(r *rand.Rand, pattern string) string {
	return strings.Map(func(c rune) rune {
		if c == '#' {
			return '1' + r.Int32N(9)
		}
		return c
	}, pattern)
}

// chance says yes with this probability.
func chance(r *rand.Rand, p float64) bool { return r.Float64() < p }
