package survey

import (
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/tidwall/gjson"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/jsoncolumn"
)

const day = 24 * time.Hour

// row is a survey as the table holds it.
type row struct {
	ID                 uuid.UUID
	Revision           int64
	DisplayName        string
	Metric             string
	Texts              string // JSON
	Factors            []string
	AskImportance      bool
	AskExpectation     bool
	AskComment         bool
	RepeatIntervalDays pgtype.Int4
	LifetimeMicros     int64
	CreateTime         time.Time
	UpdateTime         time.Time
}

const columns = `survey_id, revision, display_name, metric, texts, factors, ask_importance, ask_expectation, ask_comment,
    repeat_interval_days, invitation_lifetime_micros, create_time, update_time`

// args are the values of the columns.
func (r *row) args() []any {
	return []any{
		db.UUID(r.ID), r.Revision, r.DisplayName, r.Metric, r.Texts, r.Factors, r.AskImportance, r.AskExpectation, r.AskComment,
		r.RepeatIntervalDays, r.LifetimeMicros, r.CreateTime, r.UpdateTime,
	}
}

// Targets implements db.Row.
func (r *row) Targets() []any {
	return []any{
		(*[16]byte)(&r.ID), &r.Revision, &r.DisplayName, &r.Metric, &r.Texts, &r.Factors, &r.AskImportance, &r.AskExpectation, &r.AskComment,
		&r.RepeatIntervalDays, &r.LifetimeMicros, &r.CreateTime, &r.UpdateTime,
	}
}

func (r *row) proto() *rapportv1.Survey {
	s := &rapportv1.Survey{
		Name: aip.SurveyName(r.ID), Uid: r.ID.String(), Etag: aip.Etag(r.Revision),
		DisplayName: r.DisplayName, Metric: db.EnumOf[rapportv1.SatisfactionScore_Metric](r.Metric),
		Texts: decodeTexts(r.Texts), Factors: r.Factors,
		AskImportance: r.AskImportance, AskExpectation: r.AskExpectation, AskComment: r.AskComment,
		InvitationLifetime: durationpb.New(time.Duration(r.LifetimeMicros) * time.Microsecond),
		CreateTime:         timestamppb.New(r.CreateTime), UpdateTime: timestamppb.New(r.UpdateTime),
	}
	if r.RepeatIntervalDays.Valid {
		s.RepeatInterval = durationpb.New(time.Duration(r.RepeatIntervalDays.Int32) * day)
	}
	return s
}

// set takes over what a client can change of a normalised survey.
func (r *row) set(s *rapportv1.Survey) (err error) {
	r.DisplayName = s.GetDisplayName()
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
