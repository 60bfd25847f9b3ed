package searchkey_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/contactpoint"
	"github.com/rapport-crm/rapport/internal/searchkey"
)

func nameKeys(name string) []string {
	return searchkey.Customer(&rapportv1.Customer{DisplayName: name})
}

func TestKeysOfNames(t *testing.T) {
	for name, want := range map[string][]string{
		"John Ronald Smith":      {"njohn ronald smith", "nronald smith, john", "nsmith, john ronald"},
		"王小明":                    {"n王小明", "n小明,王", "n明,王小"},
		"山田　太郎":                  {"n山田太郎", "n田太郎,山", "n太郎,山田", "n郎,山田太"},
		"山田太郎":                   {"n山田太郎", "n田太郎,山", "n太郎,山田", "n郎,山田太"},
		"株式会社Ada":                {"n株式会社 ada", "n式会社 ada,株", "n会社 ada,株式", "n社 ada,株式会", "nada, 株式会社"},
		"O’Brien-Łukasz ß":       {"nobrien lukasz ss", "nlukasz ss, obrien", "nss, obrien lukasz"},
		"ＡＢＣ　ｶﾞﾗｽ":               {"nabc ガラス", "nガラス, abc", "nラス,abc ガ", "nス,abc ガラ"},
		"İstanbul IŞIK":          {"nistanbul isik", "nisik, istanbul"},
		"Άγγελος":                {"nαγγελοσ"},
		"Й. Ёлкин":               {"nи елкин", "nелкин, и"},
		"มานะ":                   {"nมานะ"},
		"किरण":                   {"nकिरण"},
		"١٢٣ شركة":               {"n123 شركة", "nشركة, 123"},
		"ha ha":                  {"nha ha", "nha, ha"},
		"℡ Shop":                 {"ntel shop", "nshop, tel"},
		"😀 !":                    {"n😀!"},
		"  ":                     {},
		strings.Repeat("a", 600): {"n" + strings.Repeat("a", 511)},
	} {
		got := nameKeys(name)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", name, diff)
		}
	}
}

func TestKeysOfNumbers(t *testing.T) {
	for _, test := range []struct {
		number, region string
		want           []string
	}{
		{"020 7183 8750", "GB", []string{"p057838170244"}},
		{"020 7183 8750", "", []string{"p05783817020"}},
		{"+1-800-FLOWERS", "", []string{"p77396530081", "p0081"}},
		{"٠٢٠-٧١٨٣-٨٧٥٠", "", []string{"p05783817020"}},
		{"117", "", []string{"w117", "p711"}},
		{"none", "", []string{"wnone"}},
	} {
		phones := []*rapportv1.PhoneNumber{{Number: test.number, E164: contactpoint.E164(test.number, test.region)}}
		got := searchkey.Contact(&rapportv1.Contact{Phones: phones})
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%q in %q (-want +got):\n%s", test.number, test.region, diff)
		}
	}
}

// TestVariants wants each word one step away, and no other.
func TestVariants(t *testing.T) {
	_, got := searchkey.Parse("smith 王小明 abc", "", false).Variants()
	for _, v := range []string{"smiht", "msith", "smit", "mith", "smyth", "xmith", "smiths", "asmith", "smmith"} {
		if !slices.Contains(got, v) {
			t.Errorf("%s is not among the variants", v)
		}
	}
	for _, v := range []string{"smith", "smtih2", "schmidt", "smythe", "王明", "ab", "abd"} {
		if slices.Contains(got, v) {
			t.Errorf("%s is among the variants", v)
		}
	}
	for _, query := range []string{"abc", "12345", "王小明朋友", "someone@example.com"} {
		if _, got := searchkey.Parse(query, "", false).Variants(); len(got) != 0 {
			t.Errorf("%s has variants %q", query, got)
		}
	}
}

func finds(arms []searchkey.Arm, keys []string) bool {
	return slices.ContainsFunc(arms, func(a searchkey.Arm) bool { return a.Patterns == "" && within(a.Range, keys) })
}

func within(r searchkey.Range, keys []string) bool {
	return slices.ContainsFunc(keys, func(k string) bool { return k >= r.Low && k < r.High })
}

// FuzzKeys makes keys of any name and number, and wants them bounded, and found by what
// they were made of.
func FuzzKeys(f *testing.F) {
	for _, seed := range []string{
		"John Ronald Smith", "王小明", "株式会社Ada", "020 7183 8750", "\u200b", "ﷺﷺ", "%_\\", "a@b@c", "😀", "￿\U0010ffff", "1\n2", "ก็็็", "٠٢٠٧", "+1-800-FLOWERS",
	} {
		f.Add(seed, "GB")
	}
	f.Fuzz(func(t *testing.T, text, region string) {
		if text == "" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > 200 || strings.ContainsRune(text, 0) {
			return
		}
		names := nameKeys(text)
		if len(names) > 64 || len(names) == 0 && strings.TrimSpace(text) != "" {
			t.Errorf("%d keys of the name", len(names))
		}
		phone := &rapportv1.PhoneNumber{Number: text, E164: contactpoint.E164(text, region)}
		numbers := searchkey.Contact(&rapportv1.Contact{Phones: []*rapportv1.PhoneNumber{phone}})
		for _, key := range slices.Concat(names, numbers) {
			if len(key) > 512 || len(key) < 2 || !utf8.ValidString(key) || strings.ContainsRune(key, 0) {
				t.Errorf("key %q", key)
			}
		}
		q := searchkey.Parse(text, region, false)
		if len(names) > 0 && !finds(q.Arms, names) {
			t.Errorf("the name is not found by itself: %q, %+v", names, q.Arms)
		}
		if phone.GetE164() != "" && !finds(q.Arms, numbers) {
			t.Errorf("the number is not found by itself: %q, %+v", numbers, q.Arms)
		}
		if !slices.ContainsFunc(searchkey.NumberRanges(text), func(r searchkey.Range) bool { return within(r, numbers) }) {
			t.Errorf("the number is not found by a filter: %q, %+v", numbers, searchkey.NumberRanges(text))
		}
		_, spellings := q.Variants()
		if corrected := q.Corrected(spellings); len(q.Arms) > 40 || len(spellings) > 3000 || len(corrected) > 32*9 {
			t.Errorf("%d arms, %d variants, %d arms for them", len(q.Arms), len(spellings), len(corrected))
		}
	})
}
