package answerpage

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/language"
)

// TestWords: each language has each word and no other, and no two words run into each other with
// blanks that do not show.
func TestWords(t *testing.T) {
	entries, err := files.ReadDir("words")
	if err != nil || len(entries) != len(languages) || languages[0] != "en" {
		t.Fatalf("%d files of %d languages, %v", len(entries), len(languages), err)
	}
	for _, w := range catalogue {
		if tag, err := language.Parse(w.code); err != nil || tag.String() != w.code {
			t.Errorf("%s is no language: %v", w.code, err)
		}
		text, err := files.ReadFile("words/" + w.code + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var all map[string]string
		if err := json.Unmarshal(text, &all); err != nil {
			t.Fatal(err)
		}
		for field, value := range reflect.ValueOf(w).Fields() {
			if !field.IsExported() {
				continue
			}
			if said := value.String(); said == "" || said != all[field.Name] || strings.TrimFunc(said, unicode.IsSpace) != said {
				t.Errorf("%s of %s is %q", field.Name, w.code, said)
			}
			delete(all, field.Name)
		}
		if len(all) > 0 {
			t.Errorf("%s has words that nothing says: %v", w.code, all)
		}
	}
}
