package searchkey

import (
	"strings"
	"unicode/utf8"
)

// appendName appends the keys of a name: the name from each of its words on, or from
// each Chinese, Japanese or Korean character, with what comes before at the end, behind
// a comma. "John Ronald Smith" becomes
//
//	john ronald smith
//	ronald smith, john
//	smith, john ronald
//
// so that each word is found by its beginning, and 小明 in 王小明. The order of the keys
// is the ranking: a name that is just the word comes first, then those that begin with
// it, those that have it further on, and at last those with longer words.
func appendName(keys []string, name string) []string {
	ws := words(name)
	if len(ws) == 0 {
		return keys
	}
	whole := phrase(ws)
	first, at := len(keys), 0
	for i, w := range ws {
		comma := ","
		if i > 0 {
			at += len(gap(ws[i-1], w))
			comma += gap(ws[i-1], w)
		}
		for n, r := range w.text {
			if n > 0 && (!w.cjk || !isCJK(r)) {
				continue
			}
			if n > 0 {
				comma = ","
			}
			if len(keys)-first == maxNameKeys {
				return keys
			}
			keys = appendNew(keys, first, rotated(whole, at+n, comma))
		}
		at += len(w.text)
	}
	return keys
}

// rotated returns the key of a name from an offset on.
func rotated(whole string, at int, comma string) string {
	if at == 0 {
		return cut(kindName + whole)
	}
	return cut(kindName + whole[at:] + comma + strings.TrimSuffix(whole[:at], " "))
}

// phrase joins words as a key does. Between Chinese, Japanese or Korean characters no
// space counts, so that 山田　太郎 is 山田太郎.
func phrase(ws []word) string {
	if len(ws) == 1 {
		return ws[0].text
	}
	var b strings.Builder
	for i, w := range ws {
		if i > 0 {
			b.WriteString(gap(ws[i-1], w))
		}
		b.WriteString(w.text)
	}
	return b.String()
}

// gap is what stands between two words in a key.
func gap(a, b word) string {
	if a.cjk && b.cjk {
		return ""
	}
	return " "
}

// turned joins words in the form that a name has whose words stand the other way
// round: those from i on came first in it.
func turned(ws []word, i int) string {
	return phrase(ws[:i]) + "," + gap(ws[i-1], ws[i]) + phrase(ws[i:])
}

// length counts the letters of a word. A Chinese character says as much as two.
func (w word) length() int {
	n := utf8.RuneCountInString(w.text)
	if w.cjk {
		n *= 2
	}
	return n
}
