package answerpage

import (
	"embed"
	"encoding/json"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// words are what the page says of its own, in one language.
type words struct {
	code string

	// Send is the button, Optional stands beside what may be left out, NoAnswer takes a choice back.
	Send, Optional, NoAnswer string
	// Check stands above a form in which something is wrong, the others beside it.
	Check, ChooseRating, ChooseSatisfaction, CommentWrong string
	// What is asked for beside the survey's own question, and what the ends of the scales mean.
	Comment, Expectation                      string
	Factors, FactorsLow, FactorsHigh          string
	Importance, ImportanceLow, ImportanceHigh string
	// What the ends of the metrics' scales mean, where the survey does not say.
	NPSLow, NPSHigh, CSATLow, CSATHigh, CESLow, CESHigh, RepurchaseLow, RepurchaseHigh string
	// What stands in place of the form.
	ThanksTitle, AnsweredTitle, AnsweredText, ExpiredTitle, ExpiredText string
	UnknownTitle, UnknownText, BusyTitle, BusyText                      string
	FailedTitle, FailedText                                             string
}

// Lang is the language of the words.
func (w *words) Lang() string { return w.code }

// wordFiles has the words of each language in a file of its own, by the names of the fields.
//
//go:embed words/*.json
var wordFiles embed.FS

// catalogue are the words of all languages; the first is English.
var catalogue = readWords()

// readWords reads the files, in which nothing can be wrong that no test sees.
func readWords() (all []words) {
	entries, err := wordFiles.ReadDir("words")
	if err != nil {
		panic(err)
	}
	for _, entry := range entries {
		w := words{code: strings.TrimSuffix(entry.Name(), ".json")}
		text, err := wordFiles.ReadFile("words/" + entry.Name())
		if err == nil {
			err = json.Unmarshal(text, &w)
		}
		if err != nil {
			panic(err)
		}
		all = append(all, w)
	}
	slices.SortStableFunc(all, func(a, b words) int { return order(a) - order(b) })
	return all
}

// order puts English first.
func order(w words) int {
	if w.code == "en" {
		return 0
	}
	return 1
}

// wordsFor returns the words in the language that is nearest to one of the wanted ones, or in
// English.
func wordsFor(wanted ...language.Tag) *words {
	_, i, confidence := matcher.Match(wanted...)
	if confidence == language.No {
		i = 0
	}
	return &catalogue[i]
}

var matcher = language.NewMatcher(func() (tags []language.Tag) {
	for i := range catalogue {
		tags = append(tags, language.Make(catalogue[i].code))
	}
	return tags
}())
