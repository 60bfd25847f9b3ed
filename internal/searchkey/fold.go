package searchkey

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// word is a run of letters and digits of a folded text. Chinese, Japanese and Korean
// characters make words of their own, as these are often written without spaces.
type word struct {
	text      string
	cjk       bool
	corrected bool // the word is not the query's own
}

// words folds a text and returns its words. Case, accents and width are gone, so that
// they do not matter to a search. A text without any letter or digit is one word of
// whatever it is made of; white space alone is none.
func words(text string) []word {
	folded := fold(text)
	var out []word
	start, cjk := -1, false
	end := func(at int) {
		if start >= 0 {
			out = append(out, word{text: folded[start:at], cjk: cjk})
		}
		start = -1
	}
	for i, r := range folded {
		if !isWord(r) {
			end(i)
			continue
		}
		if is := isCJK(r); start < 0 || is != cjk {
			// A mark belongs to the letter before it, whatever that is.
			if start < 0 || !unicode.IsMark(r) {
				end(i)
				start, cjk = i, is
			}
		}
	}
	end(len(folded))
	if len(out) == 0 {
		return symbols(text, folded)
	}
	return out
}

// symbols returns the one word of a text that has no letters and no digits.
func symbols(text, folded string) []word {
	whole := strings.Join(strings.Fields(folded), "")
	if whole == "" {
		// Even what is left of marks and characters that are not seen must be found.
		whole = strings.Join(strings.Fields(norm.NFC.String(strings.ToValidUTF8(text, ""))), "")
	}
	whole = strings.ReplaceAll(whole, "\x00", "")
	if whole == "" {
		return nil
	}
	return []word{{text: whole}}
}

func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z'
	}
	return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r)
}

// isCJK tells the characters that are words without a space: those of Chinese,
// Japanese and Korean, with the marks of repetition and length.
func isCJK(r rune) bool {
	return r >= 0x1100 && (unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) || r == 0x30fc || r == 0x3006)
}

// fold returns the text without what a search does not look at, with the digits of all
// scripts as ASCII.
func fold(text string) string {
	if folded, ok := foldASCII(text); ok {
		return folded
	}
	// Width and other forms of the same letter go first, so that what they turn into is
	// folded too. Case folding knows nothing of accents, but for a dot that it adds.
	text = cases.Fold().String(norm.NFKC.String(strings.ToValidUTF8(text, " ")))
	var b strings.Builder
	b.Grow(len(text))
	for _, r := range norm.NFKD.String(text) {
		switch {
		case isDropped(r):
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		default:
			if plain, ok := plainLetters[r]; ok {
				b.WriteString(plain)
			} else if d, ok := digit(r); ok {
				b.WriteByte('0' + d)
			} else {
				b.WriteRune(r)
			}
		}
	}
	return norm.NFC.String(b.String())
}

// foldASCII is fold for most names there are, without the tables.
func foldASCII(text string) (string, bool) {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return "", false
		}
	}
	if strings.IndexByte(text, '\'') >= 0 || strings.IndexByte(text, '`') >= 0 {
		text = strings.NewReplacer("'", "", "`", "").Replace(text)
	}
	return strings.ToLower(text), true
}

// apostrophes are written in many ways or left out: O'Brien, O’Brien, OBrien. The
// letters among them stand for a glottal stop.
const apostrophes = "'`´‘’‚‛′ʹʻʼʽʾʿˈˊˋ׳＇ꞌ"

// isDropped tells the characters that a search does not see: accents, the vowel points
// of Hebrew and Arabic, what joins or directs letters, and apostrophes. The marks of
// Thai and of the scripts of India are vowels, those of Japanese other sounds; they stay.
func isDropped(r rune) bool {
	switch {
	case r < 0x80:
		return r == '\'' || r == '`'
	case r == 0x3099 || r == 0x309a: // the marks of kana
		return false
	case r == 0x0640: // the Arabic stroke that fills a line
		return true
	case unicode.Is(unicode.Cf, r), strings.ContainsRune(apostrophes, r):
		return true
	default:
		return unicode.Is(unicode.Mn, r) &&
			unicode.In(r, unicode.Inherited, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Arabic, unicode.Hebrew)
	}
}

// plainLetters are those that Unicode does not take apart into a letter and a mark,
// though people without them on the keyboard do. Case is folded before, so that they
// are all small.
var plainLetters = map[rune]string{
	'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'æ': "ae", 'œ': "oe", 'ı': "i", 'ħ': "h", 'ŧ': "t", 'ŋ': "n",
	'ĸ': "k", 'ɓ': "b", 'ƀ': "b", 'ɖ': "d", 'ɗ': "d", 'ƒ': "f", 'ǥ': "g", 'ɨ': "i", 'ƙ': "k", 'ƚ': "l", 'ɫ': "l",
	'ɔ': "o", 'ɛ': "e", 'ə': "e", 'ƥ': "p", 'ʉ': "u", 'ƶ': "z", 'ȥ': "z", 'ⱥ': "a", 'ɇ': "e", 'ɉ': "j", 'ɍ': "r", 'ɏ': "y",
	'ς': "σ", 'ѓ': "г", 'ћ': "ђ", 'ґ': "г", 'ў': "у", 'ᵭ': "d", 'ꝑ': "p", 'ⱡ': "l", 'ɲ': "n", 'ŀ': "l", 'ŉ': "n",
}
