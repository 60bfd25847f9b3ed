package answerpage

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/invitation"
	"github.com/rapport-crm/rapport/internal/satisfaction"
	"github.com/rapport-crm/rapport/internal/survey"
)

// form is the page on which a survey is answered.
type form struct {
	page

	Rating      *scale
	Expectation *scale
	Factors     []factor
	Comment     comment
}

// factor is what is asked of one factor.
type factor struct {
	key                      string
	Satisfaction, Importance *scale
}

// comment is the field for one; nothing where none is asked for.
type comment struct {
	Asked                bool
	Prompt, Value, Error string
}

// scale is one choice among numbers.
type scale struct {
	*page

	// Name is that of the field and what ids begin with; Legend is what is asked.
	Name, Legend string
	// Low and High are what the ends mean.
	Low, High string
	Values    []int32
	// Optional scales have a choice that is none.
	Optional bool
	Error    string

	chosen *int32
}

// Chosen tells whether the number is chosen.
func (s *scale) Chosen(value int32) bool { return s.chosen != nil && *s.chosen == value }

// None tells whether no number is chosen.
func (s *scale) None() bool { return s.chosen == nil }

// First and Last are the ends of the scale.
func (s *scale) First() int32 { return s.Values[0] }

// Last is the other end.
func (s *scale) Last() int32 { return s.Values[len(s.Values)-1] }

// Columns is how many choices there are.
func (s *scale) Columns() int {
	if s.Optional {
		return len(s.Values) + 1
	}
	return len(s.Values)
}

// choose takes over what a field says, if it is on the scale, and returns it.
func (s *scale) choose(text string) *int32 {
	n, err := strconv.ParseInt(text, 10, 32)
	if value := int32(n); err == nil && value >= s.First() && value <= s.Last() {
		s.chosen = &value
	}
	return s.chosen
}

// newForm returns the empty form of what a link leads to.
func newForm(o invitation.Opened) *form {
	s, text := o.Survey, survey.TextFor(o.Survey, o.LanguageCode)
	f := &form{page: newPage(text.GetLanguageCode())}
	w := f.W
	newScale := func(name, legend string, low, high int32, lowLabel, highLabel string) *scale {
		made := &scale{page: &f.page, Name: name, Legend: legend, Low: lowLabel, High: highLabel, Optional: name != "rating"}
		for v := low; v <= high; v++ {
			made.Values = append(made.Values, v)
		}
		return made
	}
	low, high := satisfaction.Scale(s.GetMetric())
	lowLabel, highLabel := ends(w, s.GetMetric())
	lowLabel, highLabel = cmp.Or(text.GetLowLabel(), lowLabel), cmp.Or(text.GetHighLabel(), highLabel)
	f.Title, f.Rating = text.GetQuestion(), newScale("rating", text.GetQuestion(), low, high, lowLabel, highLabel)
	if s.GetAskExpectation() {
		f.Expectation = newScale("expectation", w.Expectation, low, high, lowLabel, highLabel)
	}
	for _, key := range s.GetFactors() {
		label := cmp.Or(text.GetFactorLabels()[key], s.GetTexts()[0].GetFactorLabels()[key], key)
		asked := factor{key: key, Satisfaction: newScale("factor."+key, label, 1, 5, w.FactorsLow, w.FactorsHigh)}
		if s.GetAskImportance() {
			asked.Importance = newScale("importance."+key, w.Importance, 1, 5, w.ImportanceLow, w.ImportanceHigh)
		}
		f.Factors = append(f.Factors, asked)
	}
	f.Comment = comment{Asked: s.GetAskComment(), Prompt: cmp.Or(text.GetCommentPrompt(), w.Comment)}
	return f
}

// ends are what the ends of a metric's scale mean.
func ends(w *words, m rapportv1.SatisfactionScore_Metric) (low, high string) {
	switch m {
	case rapportv1.SatisfactionScore_NPS:
		return w.NPSLow, w.NPSHigh
	case rapportv1.SatisfactionScore_CES:
		return w.CESLow, w.CESHigh
	case rapportv1.SatisfactionScore_REPURCHASE_INTENT:
		return w.RepurchaseLow, w.RepurchaseHigh
	default:
		return w.CSATLow, w.CSATHigh
	}
}

// read takes over what was entered, notes what is wrong with it, and returns the answer.
func (f *form) read(values url.Values) *rapportv1.SubmitResponseRequest {
	req := &rapportv1.SubmitResponseRequest{Rating: f.Rating.choose(values.Get("rating"))}
	if req.Rating == nil {
		f.Rating.Error = f.W.ChooseRating
	}
	if f.Expectation != nil {
		req.Expectation = f.Expectation.choose(values.Get("expectation"))
	}
	for i := range f.Factors {
		asked := &f.Factors[i]
		found := &rapportv1.SatisfactionScore_Factor{Factor: asked.key}
		satisfied := asked.Satisfaction.choose(values.Get(asked.Satisfaction.Name))
		if asked.Importance != nil {
			found.Importance = asked.Importance.choose(values.Get(asked.Importance.Name))
		}
		switch {
		case satisfied != nil:
			found.Satisfaction = *satisfied
			req.Factors = append(req.Factors, found)
		case found.Importance != nil:
			asked.Satisfaction.Error = f.W.ChooseSatisfaction
		}
	}
	if f.Comment.Asked {
		// Browsers send the ends of lines as CR LF, whatever was typed.
		f.Comment.Value = strings.ReplaceAll(values.Get("comment"), "\r\n", "\n")
		if strings.TrimSpace(f.Comment.Value) != "" {
			req.Comment = proto.String(f.Comment.Value)
		}
		if strings.ContainsRune(f.Comment.Value, 0) || !utf8.ValidString(f.Comment.Value) {
			f.Comment.Error = f.W.CommentWrong
		}
	}
	return req
}

// blame notes the fields that the service refused.
func (f *form) blame(fields []string) {
	for _, field := range fields {
		if field == "comment" {
			f.Comment.Error = f.W.CommentWrong
			return
		}
	}
	f.Rating.Error = f.W.ChooseRating
}

// Wrong tells whether something is wrong with what was entered.
func (f *form) Wrong() bool {
	for i := range f.Factors {
		if f.Factors[i].Satisfaction.Error != "" {
			return true
		}
	}
	return f.Rating.Error != "" || f.Comment.Error != ""
}
