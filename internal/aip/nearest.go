package aip

import (
	"iter"
	"slices"
)

// DidYouMean returns `; did you mean X?` for the candidate nearest to word, or
// nothing where none is near. Candidates may come in any order.
func DidYouMean(word string, candidates iter.Seq[string]) string {
	// Beyond any name of ours, and the distance costs the product of the lengths.
	const maxLen = 64
	if len(word) > maxLen {
		return ""
	}
	best, bestDistance := "", len(word)/3+2
	for _, c := range slices.Sorted(candidates) {
		if d := distance(word, c); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean `" + best + "`?"
}

// distance is the Levenshtein distance in bytes; the case of ASCII letters and
// underscores count nothing, so that display_nam is near displayName.
func distance(a, b string) int {
	a, b = fold(a), fold(b)
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func fold(s string) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		switch c := s[i]; {
		case c == '_':
		case c >= 'A' && c <= 'Z':
			out = append(out, c+'a'-'A')
		default:
			out = append(out, c)
		}
	}
	return string(out)
}
