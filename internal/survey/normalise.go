package survey

import (
	"fmt"
	"slices"
	"time"

	"golang.org/x/text/language"
	"google.golang.org/protobuf/types/known/durationpb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
)

const (
	maxRepeatDays   = 3650
	defaultLifetime = 30 * day
	minLifetime     = time.Minute
	maxLifetime     = 365 * day
)

// normalise brings a whole survey, as it would be stored, into its stored form in place, and
// returns all that is wrong with it beyond what the annotations state.
func normalise(s *rapportv1.Survey) error {
	var wrong apierr.Violations
	if s.GetDisplayName() == "" {
		wrong.Add("survey.display_name", "is required")
	}
	if s.GetMetric() == rapportv1.SatisfactionScore_METRIC_UNSPECIFIED {
		wrong.Add("survey.metric", "is required")
	}
	for i, factor := range s.GetFactors() {
		if slices.Contains(s.GetFactors()[:i], factor) {
			wrong.Add(fmt.Sprintf("survey.factors[%d]", i), "is there already; each factor is asked for once")
		}
	}
	texts(&wrong, s)
	if d := s.GetRepeatInterval(); d != nil {
		if n := d.AsDuration(); d.CheckValid() != nil || n < day || n > maxRepeatDays*day || n%day != 0 {
			wrong.Add("survey.repeat_interval", "must be 1 to 3,650 whole days of 24 hours")
		}
	}
	switch d := s.GetInvitationLifetime(); {
	case d == nil:
		s.InvitationLifetime = durationpb.New(defaultLifetime)
	case d.CheckValid() != nil || d.AsDuration() < minLifetime || d.AsDuration() > maxLifetime || d.GetNanos() != 0:
		wrong.Add("survey.invitation_lifetime", "must be one minute to 365 days, in whole seconds")
	}
	return wrong.Err()
}

// texts normalises the words of the survey.
func texts(wrong *apierr.Violations, s *rapportv1.Survey) {
	if len(s.GetTexts()) == 0 {
		wrong.Add("survey.texts", "needs at least one")
	}
	languages := map[string]bool{}
	for i, t := range s.GetTexts() {
		field := fmt.Sprintf("survey.texts[%d].", i)
		tag, err := language.Parse(t.GetLanguageCode())
		switch code := tag.String(); {
		case err != nil || tag == language.Und:
			wrong.Add(field+"language_code", "must be a BCP-47 language such as zh-Hans-CN")
		case languages[code]:
			wrong.Add(field+"language_code", "has a text already: %s", code)
		default:
			t.LanguageCode, languages[code] = code, true
		}
		if t.GetQuestion() == "" {
			wrong.Add(field+"question", "is required")
		}
		for factor := range t.GetFactorLabels() {
			if !slices.Contains(s.GetFactors(), factor) {
				wrong.Add(fmt.Sprintf("%sfactor_labels[%q]", field, factor), "is no factor of the survey")
			}
		}
	}
}

// TextFor returns the survey's text for a language: the one that is nearest to it, as CLDR has
// it, or else the first one. The language may be empty. CLDR also knows which other language people
// mostly understand, such as Russian where Ukrainian is missing; that is not for a survey to presume.
func TextFor(s *rapportv1.Survey, code string) *rapportv1.Survey_Text {
	tags := make([]language.Tag, len(s.GetTexts()))
	for i, t := range s.GetTexts() {
		tags[i] = language.Make(t.GetLanguageCode())
	}
	wanted := language.Make(code)
	_, i, confidence := language.NewMatcher(tags).Match(wanted)
	if confidence < language.High && !sameBase(wanted, tags[i]) {
		i = 0
	}
	return s.GetTexts()[i]
}

func sameBase(a, b language.Tag) bool {
	baseA, _ := a.Base()
	baseB, _ := b.Base()
	return baseA == baseB
}
