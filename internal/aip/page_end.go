package aip

import "unicode/utf8"

// textKeyLen is how many characters of a text a list is ordered by.
const textKeyLen = 60

// TextKeyOf returns the part of a text that the SQL expression left(column, 60) gives.
func TextKeyOf(text string) string {
	n := 0
	for i := range text {
		if n == textKeyLen {
			return text[:i]
		}
		n++
	}
	return text[:min(len(text), textKeyLen*utf8.UTFMax)]
}

// PageEnd returns the last two fields of a list's response: the token of the next
// page, empty where next is nil, and the total, nil where it is unknown.
func PageEnd(next *Cursor, total int32, f Fingerprint) (token string, size *int32) {
	if next != nil {
		next.Total = total
		token = next.Token(f)
	}
	if total != UnknownTotal {
		size = &total
	}
	return token, size
}
