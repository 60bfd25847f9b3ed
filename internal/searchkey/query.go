package searchkey

import (
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/rapport-crm/rapport/internal/contactpoint"
)

// The ranks of what a query finds, the best first. Corrected names have the rank of
// rankCorrected and the number of corrections added.
const (
	rankExact     = iota // a whole address or number
	rankPhoneEnd         // the end of a number
	rankPhonePart        // a number that is the end of the query's
	rankPhrase           // words of a name, in order or turned round
	rankWords            // words of a name, others between them
	rankCorrected        // words of a name with letters wrong
)

const (
	// maxWords is how many words of a query are looked at.
	maxWords = 8
	// maxAddresses is how many parts of a query are taken for e-mail addresses.
	maxAddresses = 4
	// armScan is how many keys of an arm are looked at; wordScan how many for words in any
	// order.
	armScan, wordScan = 1_000, 20_000
	// filteredScan is armScan where a filter may refuse most of what is found.
	filteredScan = 2_000
	// correctedScan and correctedWordScan are the same for one correction of many.
	correctedScan, correctedWordScan = 150, 1_000
)

// Arm is one of the ways in which a query can be meant.
type Arm struct {
	Range
	// Rank orders the arms; customers found by several have the best one's.
	Rank int16
	// Patterns are what keys must be LIKE, all of them, a line each; empty for no more
	// than the range.
	Patterns string
	// Scan is how many keys of the range to look at, in their order.
	Scan int32
}

// Deleted is the arm that finds what is deleted.
func (a Arm) Deleted() Arm {
	a.Low, a.High = deleted(a.Low), deleted(a.High)
	return a
}

// Query is what a person looks for.
type Query struct {
	// Arms are the ways to find it.
	Arms []Arm

	words   []word
	address bool
}

// Parse reads a query: a phone number, an e-mail address or words of a name, or what may
// be either. The region is the CLDR code by which numbers without a leading + are read;
// it may be empty. Where a filter may refuse what is found, the arms look further. A
// query of white space alone has none.
func Parse(query, region string, filtered bool) Query {
	var q Query
	for _, address := range addresses(query) {
		q.address = true
		q.Arms = append(q.Arms, Arm{Rank: rankExact, Range: exactly(cut(kindEmail + address))})
	}
	q.Arms = append(q.Arms, phoneArms(query, region)...)
	q.words = words(query)
	// The whole name must be found by itself, however long it is.
	if whole := phrase(q.words); whole != "" {
		q.Arms = append(q.Arms, Arm{Rank: rankPhrase, Range: prefixed(kindName + whole)})
	}
	q.words = q.words[:min(len(q.words), maxWords)]
	q.Arms = append(q.Arms, turnedArms(q.words, rankPhrase, prefixed)...)
	if arm, ok := wordsArm(q.words); ok {
		q.Arms = append(q.Arms, arm)
	}
	q.Arms = distinct(q.Arms)
	for i := range q.Arms {
		q.Arms[i].Scan = max(q.Arms[i].Scan, armScan)
		if filtered {
			q.Arms[i].Scan = max(q.Arms[i].Scan, filteredScan)
		}
	}
	return q
}

// distinct returns the arms without those that look for what a better one does.
func distinct(arms []Arm) []Arm {
	out := arms[:0]
	for _, a := range arms {
		if !slices.ContainsFunc(out, func(b Arm) bool { return a.Range == b.Range && a.Patterns == b.Patterns }) {
			out = append(out, a)
		}
	}
	return out
}

// addresses returns what may be meant as an e-mail address: the parts of the query that
// hold an @, as in `Ada <ada@example.com>`.
func addresses(query string) (out []string) {
	if !strings.ContainsAny(query, "@＠") {
		return nil
	}
	for _, part := range strings.FieldsFunc(query, func(r rune) bool { return strings.ContainsRune(" \t\r\n<>()[],;:\"　", r) }) {
		for _, form := range []string{part, norm.NFKC.String(part)} {
			form = contactpoint.NormalEmail(form)
			if strings.Contains(form, "@") && len(out) < maxAddresses && !slices.Contains(out, form) {
				out = append(out, form)
			}
		}
	}
	return out
}

// turnedArms returns arms for words that stand the other way round in the name: Smith
// John, or 太郎 山田.
func turnedArms(ws []word, rank int16, of func(string) Range) (arms []Arm) {
	for i := 1; i < len(ws); i++ {
		arms = append(arms, Arm{Rank: rank, Range: of(cut(kindName + turned(ws, i)))})
	}
	return arms
}

// wordsArm returns the arm for words in any order, others between them. The longest one
// says where to look, the others are looked for in the keys there.
func wordsArm(ws []word) (Arm, bool) {
	if len(ws) < 2 {
		return Arm{}, false
	}
	longest := 0
	for i, w := range ws {
		if w.length() > ws[longest].length() {
			longest = i
		}
	}
	var patterns []string
	for i, w := range ws {
		if i == longest {
			continue
		}
		// A word follows a space, for it is not the key's first; a Chinese one need not. None
		// of several words has a character in it that means something to LIKE.
		before := "% "
		if w.cjk {
			before = "%"
		}
		patterns = append(patterns, before+w.text+"%")
	}
	return Arm{
		Rank: rankWords, Range: prefixed(kindName + ws[longest].text),
		Patterns: strings.Join(patterns, "\n"), Scan: wordScan,
	}, true
}
