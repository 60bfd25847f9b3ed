package survey

import (
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/tidwall/gjson"
	"google.golang.org/protobuf/types/known/durationpb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/definition"
	"github.com/rapport-crm/rapport/internal/jsoncolumn"
)

const day = 24 * time.Hour

// row is a survey as the table holds it.
type row struct {
	definition.Head

	DisplayName        string
	Metric             string
	Texts              string // JSON
	Factors            []string
	AskImportance      bool
	AskExpectation     bool
	AskComment         bool
	RepeatIntervalDays pgtype.Int4
	LifetimeMicros     int64
}

// columns are the table's columns of a row, in the order of Targets.
var columns = []string{
	"display_name", "metric", "texts", "factors", "ask_importance", "ask_expectation", "ask_comment", "repeat_interval_days", "invitation_lifetime_micros",
}

// Targets implements definition.Row.
func (r *row) Targets() []any {
	return []any{
		&r.DisplayName, &r.Metric, &r.Texts, &r.Factors, &r.AskImportance, &r.AskExpectation, &r.AskComment, &r.RepeatIntervalDays, &r.LifetimeMicros,
	}
}

// Proto implements definition.Row.
func (r *row) Proto() *rapportv1.Survey {
	s := &rapportv1.Survey{
		DisplayName: r.DisplayName, Metric: db.EnumOf[rapportv1.SatisfactionScore_Metric](r.Metric),
		Texts: decodeTexts(r.Texts), Factors: r.Factors,
		AskImportance: r.AskImportance, AskExpectation: r.AskExpectation, AskComment: r.AskComment,
		InvitationLifetime: durationpb.New(time.Duration(r.LifetimeMicros) * time.Microsecond),
	}
	if r.RepeatIntervalDays.Valid {
		s.RepeatInterval = durationpb.New(time.Duration(r.RepeatIntervalDays.Int32) * day)
	}
	return s
}

// Set implements definition.Row. The metric is immutable.
func (r *row) Set(s *rapportv1.Survey) (err error) {
	r.DisplayName, r.Metric = s.GetDisplayName(), s.GetMetric().String()
	r.Factors = append([]string{}, s.GetFactors()...) // an empty array, not NULL
	r.AskImportance, r.AskExpectation, r.AskComment = s.GetAskImportance(), s.GetAskExpectation(), s.GetAskComment()
	days := int32(s.GetRepeatInterval().AsDuration() / day) //nolint:gosec // 3,650 at most
	r.RepeatIntervalDays = pgtype.Int4{Int32: days, Valid: days > 0}
	r.LifetimeMicros = s.GetInvitationLifetime().AsDuration().Microseconds()
	r.Texts, err = encodeTexts(s.GetTexts())
	return err
}

// storedText is a text in its column.
type storedText struct {
	LanguageCode  string            `json:"language_code"`
	Question      string            `json:"question"`
	CommentPrompt string            `json:"comment_prompt,omitempty"`
	LowLabel      string            `json:"low_label,omitempty"`
	HighLabel     string            `json:"high_label,omitempty"`
	Thanks        string            `json:"thanks,omitempty"`
	FactorLabels  map[string]string `json:"factor_labels,omitempty"`
}

func encodeTexts(texts []*rapportv1.Survey_Text) (string, error) {
	return jsoncolumn.EncodeList(texts, func(t *rapportv1.Survey_Text) storedText {
		return storedText{
			t.GetLanguageCode(), t.GetQuestion(), t.GetCommentPrompt(), t.GetLowLabel(), t.GetHighLabel(), t.GetThanks(), t.GetFactorLabels(),
		}
	})
}

func decodeTexts(column string) []*rapportv1.Survey_Text {
	return jsoncolumn.DecodeList(column, func(t *rapportv1.Survey_Text, key string, value gjson.Result) {
		switch key {
		case "language_code":
			t.LanguageCode = value.Str
		case "question":
			t.Question = value.Str
		case "comment_prompt":
			t.CommentPrompt = &value.Str
		case "low_label":
			t.LowLabel = &value.Str
		case "high_label":
			t.HighLabel = &value.Str
		case "thanks":
			t.Thanks = &value.Str
		case "factor_labels":
			t.FactorLabels = map[string]string{}
			value.ForEach(func(factor, label gjson.Result) bool {
				t.FactorLabels[factor.Str] = label.Str
				return true
			})
		}
	})
}
