package searchkey

import (
	"slices"
	"unicode"
)

const (
	// minCorrected and maxCorrected are how many letters a word has that can be wrong:
	// shorter words are near to too many others.
	minCorrected, maxCorrected = 4, 24
	// maxVariants bounds the spellings of one query, and so the look-ups.
	maxVariants = 3_000
	// maxPhrases bounds the corrected queries that are looked for.
	maxPhrases = 32
)

// alphabets are the letters by which one that is wrong can be replaced, in the form that
// fold leaves. For other scripts only letters too many and letters in the wrong order
// are corrected.
var alphabets = []struct {
	script  *unicode.RangeTable
	letters []rune
}{
	{unicode.Latin, []rune("abcdefghijklmnopqrstuvwxyz")},
	{unicode.Cyrillic, []rune("абвгдежзиклмнопрстуфхцчшщъыьэюяієђљњџј")},
	{unicode.Greek, []rune("αβγδεζηθικλμνξοπρστυφχψω")},
}

// Variants returns the ranges of the keys of all words that are one letter away from a
// word of the query: one letter wrong, missing or too many, or two that changed places
// (a Damerau distance of one). The spellings are the words themselves, in the same
// order. There are none for a query that has no words to correct.
func (q Query) Variants() (ranges []Range, spellings []string) {
	if q.address {
		return nil, nil
	}
	seen := map[string]bool{}
	for _, w := range q.words {
		for _, v := range variants(w) {
			if len(spellings) == maxVariants {
				return ranges, spellings
			}
			if !seen[v] {
				seen[v] = true
				ranges, spellings = append(ranges, wholeWords(kindName+v)), append(spellings, v)
			}
		}
	}
	return ranges, spellings
}

// variants returns the spellings of a word that are one letter away, the likeliest kind
// of mistake first.
func variants(w word) (out []string) {
	letters := []rune(w.text)
	if w.cjk || len(letters) < minCorrected || len(letters) > maxCorrected || !slices.ContainsFunc(letters, unicode.IsLetter) {
		return nil
	}
	add := func(before, middle, after []rune) {
		v := string(before) + string(middle) + string(after)
		if v != w.text {
			out = append(out, v)
		}
	}
	for i := range len(letters) - 1 {
		add(letters[:i], []rune{letters[i+1], letters[i]}, letters[i+2:])
	}
	for i := range letters {
		add(letters[:i], nil, letters[i+1:])
	}
	alphabet := alphabetOf(letters)
	for i := range letters {
		for _, r := range alphabet {
			add(letters[:i], []rune{r}, letters[i+1:])
		}
	}
	for i := range len(letters) + 1 {
		for _, r := range alphabet {
			add(letters[:i], []rune{r}, letters[i:])
		}
	}
	return out
}

func alphabetOf(letters []rune) []rune {
	for _, a := range alphabets {
		if slices.ContainsFunc(letters, func(r rune) bool { return unicode.Is(a.script, r) }) {
			return a.letters
		}
	}
	return nil
}

// Corrected returns the arms for the query with words replaced by those of Variants that
// there are, the fewest replaced first.
func (q Query) Corrected(known []string) (arms []Arm) {
	there := make(map[string]bool, len(known))
	for _, k := range known {
		there[k] = true
	}
	choices := make([][]string, len(q.words))
	for i, w := range q.words {
		for _, v := range variants(w) {
			if there[v] && !slices.Contains(choices[i], v) {
				choices[i] = append(choices[i], v)
			}
		}
	}
	phrases := 0
	for n := 1; n <= len(q.words) && phrases < maxPhrases; n++ {
		replace(q.words, choices, 0, n, func(ws []word) bool {
			phrases++
			arms = append(arms, correctedArms(ws, rankCorrected+int16(n))...) //nolint:gosec // maxWords at most
			return phrases < maxPhrases
		})
	}
	return arms
}

// replace calls found with the words, n of those from the start on replaced, in every
// way there is, until it returns false.
func replace(ws []word, choices [][]string, start, n int, found func([]word) bool) bool {
	if n == 0 {
		return found(ws)
	}
	for i := start; i < len(ws); i++ {
		for _, v := range choices[i] {
			with := slices.Clone(ws)
			with[i].text, with[i].corrected = v, true
			if !replace(with, choices, i+1, n-1, found) {
				return false
			}
		}
	}
	return true
}

// correctedArms returns the arms for words some of which were corrected. A corrected
// word is a whole one: what was typed last may be the beginning of a word, but a
// mistake in it cannot be told from what is still to come.
func correctedArms(ws []word, rank int16) []Arm {
	of := prefixed
	if ws[len(ws)-1].corrected {
		of = wholeWords
	}
	arms := append([]Arm{{Rank: rank, Range: of(cut(kindName + phrase(ws)))}}, turnedArms(ws, rank, of)...)
	for i := range arms {
		arms[i].Scan = correctedScan
	}
	if arm, ok := wordsArm(ws); ok {
		arm.Rank, arm.Scan = rank, correctedWordScan
		arms = append(arms, arm)
	}
	return arms
}
