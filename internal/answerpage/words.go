package answerpage

import (
	"encoding/json"

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

// languages are those of the page, each with its words in a file, by the names of the fields. The
// first is for those who read none of them.
var languages = []string{"en", "de", "fr", "es", "pt", "nl", "it", "pl", "tr", "ja", "zh"}

// catalogue are the words in each language, in the same order.
var catalogue = readWords()

func readWords() []words {
	all := make([]words, len(languages))
	for i, code := range languages {
		all[i].code = code
		if err := json.Unmarshal([]byte(mustRead("words/"+code+".json")), &all[i]); err != nil {
			panic(err) // which a test would have seen
		}
	}
	return all
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
	for _, code := range languages {
		tags = append(tags, language.Make(code))
	}
	return tags
}())
