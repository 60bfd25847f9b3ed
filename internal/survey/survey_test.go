package survey_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/server"
	"github.com/rapport-crm/rapport/internal/survey"
)

func TestCreateAndGet(t *testing.T) {
	s := apitest.Start(t)
	sent := full()
	sent.Uid, sent.Etag, sent.CreateTime = "x", `"7"`, timestamppb.Now()
	sent.Texts[1].LanguageCode = "zh-hans-cn" // comes back in canonical form
	made := create(t, s, sent)
	want := full()
	want.Name, want.Uid, want.Etag = made.GetName(), made.GetUid(), made.GetEtag()
	want.CreateTime, want.UpdateTime = made.GetCreateTime(), made.GetCreateTime()
	apitest.WantEqual(t, made, want)
	apitest.WantEqual(t, get(t, s, made.GetName()), want)
	if made.GetName() != "surveys/"+made.GetUid() || made.GetEtag() == `"7"` {
		t.Errorf("made %v", made)
	}
	got := get(t, s, create(t, s, bare("Bare")).GetName())
	if got.GetRepeatInterval() != nil || got.GetInvitationLifetime().AsDuration() != 30*24*time.Hour || len(got.GetFactors()) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestCreateRefusals(t *testing.T) {
	s := apitest.Start(t)
	first := create(t, s, full())
	with := func(change func(*rapportv1.Survey)) *rapportv1.Survey {
		out := full()
		change(out)
		return out
	}
	text := func(change func(*rapportv1.Survey_Text)) *rapportv1.Survey {
		return with(func(s *rapportv1.Survey) { change(s.GetTexts()[0]) })
	}
	many := make([]string, 21)
	for i := range many {
		many[i] = fmt.Sprint("f", i)
	}
	for name, test := range map[string]struct {
		survey *rapportv1.Survey
		fields []string
	}{
		"nothing":          {nil, []string{"survey"}},
		"empty":            {&rapportv1.Survey{}, []string{"survey.display_name", "survey.metric", "survey.texts"}},
		"long name":        {with(func(s *rapportv1.Survey) { s.DisplayName = strings.Repeat("x", 201) }), []string{"survey.display_name"}},
		"no such metric":   {with(func(s *rapportv1.Survey) { s.Metric = 99 }), []string{"survey.metric"}},
		"NUL":              {text(func(t *rapportv1.Survey_Text) { t.Question = "a\x00" }), []string{"survey.texts[0].question"}},
		"no question":      {text(func(t *rapportv1.Survey_Text) { t.Question = "" }), []string{"survey.texts[0].question"}},
		"long question":    {text(func(t *rapportv1.Survey_Text) { t.Question = strings.Repeat("茶", 501) }), []string{"survey.texts[0].question"}},
		"long thanks":      {text(func(t *rapportv1.Survey_Text) { t.Thanks = proto.String(strings.Repeat("x", 1001)) }), []string{"survey.texts[0].thanks"}},
		"no language":      {text(func(t *rapportv1.Survey_Text) { t.LanguageCode = "" }), []string{"survey.texts[0].language_code"}},
		"und":              {text(func(t *rapportv1.Survey_Text) { t.LanguageCode = "und" }), []string{"survey.texts[0].language_code"}},
		"no BCP-47":        {text(func(t *rapportv1.Survey_Text) { t.LanguageCode = "english!" }), []string{"survey.texts[0].language_code"}},
		"a language twice": {text(func(t *rapportv1.Survey_Text) { t.LanguageCode = "zh-Hans-cn" }), []string{"survey.texts[1].language_code"}},
		"another factor":   {text(func(t *rapportv1.Survey_Text) { t.FactorLabels["price"] = "Price" }), []string{`survey.texts[0].factor_labels["price"]`}},
		"empty label":      {text(func(t *rapportv1.Survey_Text) { t.FactorLabels["staff"] = "" }), []string{`survey.texts[0].factor_labels["staff"]`}},
		"a factor twice":   {with(func(s *rapportv1.Survey) { s.Factors = append(s.GetFactors(), "staff") }), []string{"survey.factors[3]"}},
		"no factor's key":  {with(func(s *rapportv1.Survey) { s.Factors = append(s.GetFactors(), "Price!") }), []string{"survey.factors[3]"}},
		"21 factors":       {with(func(s *rapportv1.Survey) { s.Factors, s.Texts[0].FactorLabels = many, nil }), []string{"survey.factors"}},
		"half a day":       {with(func(s *rapportv1.Survey) { s.RepeatInterval = days(0.5) }), []string{"survey.repeat_interval"}},
		"no interval":      {with(func(s *rapportv1.Survey) { s.RepeatInterval = days(0) }), []string{"survey.repeat_interval"}},
		"ten years":        {with(func(s *rapportv1.Survey) { s.RepeatInterval = days(3651) }), []string{"survey.repeat_interval"}},
		"a second":         {with(func(s *rapportv1.Survey) { s.InvitationLifetime = durationpb.New(time.Second) }), []string{"survey.invitation_lifetime"}},
		"half a second":    {with(func(s *rapportv1.Survey) { s.InvitationLifetime = durationpb.New(time.Hour + time.Millisecond) }), []string{"survey.invitation_lifetime"}},
		"two years":        {with(func(s *rapportv1.Survey) { s.InvitationLifetime = days(366) }), []string{"survey.invitation_lifetime"}},
		"no duration": {
			with(func(s *rapportv1.Survey) { s.InvitationLifetime = &durationpb.Duration{Seconds: 1 << 62} }), []string{"survey.invitation_lifetime"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Satisfaction.CreateSurvey(t.Context(), &rapportv1.CreateSurveyRequest{Survey: test.survey})
			apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, test.fields...)
		})
	}
	_, err := s.Satisfaction.CreateSurvey(t.Context(), &rapportv1.CreateSurveyRequest{Survey: full(), SurveyId: "-"})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "survey_id")
	_, err = s.Satisfaction.CreateSurvey(t.Context(), &rapportv1.CreateSurveyRequest{Survey: full(), SurveyId: first.GetUid()})
	apitest.WantReason(t, err, codes.AlreadyExists, rapportv1.ErrorReason_SURVEY_ALREADY_EXISTS)
	for name, want := range map[string]rapportv1.ErrorReason{
		unknown: rapportv1.ErrorReason_SURVEY_NOT_FOUND, "customers/" + first.GetUid(): rapportv1.ErrorReason_INVALID_FIELD,
	} {
		code := codes.NotFound
		if want == rapportv1.ErrorReason_INVALID_FIELD {
			code = codes.InvalidArgument
		}
		_, err := s.Satisfaction.GetSurvey(t.Context(), &rapportv1.GetSurveyRequest{Name: name})
		apitest.WantReason(t, err, code, want)
		_, err = s.Satisfaction.DeleteSurvey(t.Context(), &rapportv1.DeleteSurveyRequest{Name: name})
		apitest.WantReason(t, err, code, want)
		_, err = s.Satisfaction.UpdateSurvey(t.Context(), &rapportv1.UpdateSurveyRequest{Survey: &rapportv1.Survey{Name: name, DisplayName: "x"}})
		apitest.WantReason(t, err, code, want)
	}
}

func TestUpdate(t *testing.T) {
	s := apitest.Start(t)
	made := create(t, s, full())
	got, err := s.Satisfaction.UpdateSurvey(t.Context(), &rapportv1.UpdateSurveyRequest{
		Survey:     &rapportv1.Survey{Name: made.GetName(), Etag: made.GetEtag(), DisplayName: "Other", AskComment: false},
		UpdateMask: mask("display_name", "ask_comment", "repeat_interval", "invitation_lifetime"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := proto.CloneOf(made)
	want.DisplayName, want.AskComment, want.RepeatInterval, want.InvitationLifetime = "Other", false, nil, days(30)
	want.Etag, want.UpdateTime = got.GetEtag(), got.GetUpdateTime()
	apitest.WantEqual(t, got, want)
	apitest.WantEqual(t, get(t, s, made.GetName()), want)
	if got.GetEtag() == made.GetEtag() {
		t.Error("the etag stays")
	}
	for name, test := range map[string]struct {
		req    *rapportv1.UpdateSurveyRequest
		code   codes.Code
		reason rapportv1.ErrorReason
	}{
		"stale etag": {&rapportv1.UpdateSurveyRequest{Survey: made}, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH},
		"empty":      {&rapportv1.UpdateSurveyRequest{Survey: &rapportv1.Survey{Name: made.GetName()}}, codes.InvalidArgument, rapportv1.ErrorReason_EMPTY_UPDATE_MASK},
		"no field":   {&rapportv1.UpdateSurveyRequest{Survey: got, UpdateMask: mask("colour")}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_UPDATE_MASK},
		"immutable":  {&rapportv1.UpdateSurveyRequest{Survey: got, UpdateMask: mask("metric")}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_UPDATE_MASK},
		"no texts": {
			&rapportv1.UpdateSurveyRequest{Survey: &rapportv1.Survey{Name: made.GetName()}, UpdateMask: mask("texts")}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD,
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Satisfaction.UpdateSurvey(t.Context(), test.req)
			apitest.WantReason(t, err, test.code, test.reason)
		})
	}
	upsert := &rapportv1.UpdateSurveyRequest{Survey: bare("Made"), AllowMissing: true}
	upsert.Survey.Name = unknown
	for range 2 {
		if got, err := s.Satisfaction.UpdateSurvey(t.Context(), upsert); err != nil || got.GetName() != unknown || got.GetEtag() != `"1"` {
			t.Errorf("upsert: %v, %v", got, err)
		}
	}
}

// TestWritersWithEtags lets many read and write one survey: each change must build on the one
// before it.
func TestWritersWithEtags(t *testing.T) {
	s := apitest.Start(t)
	made := bare("x")
	made.RepeatInterval = days(1)
	made = create(t, s, made)
	var done atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 5 {
				read, err := s.Satisfaction.GetSurvey(t.Context(), &rapportv1.GetSurveyRequest{Name: made.GetName()})
				if err != nil {
					t.Error(err)
					return
				}
				read.RepeatInterval = durationpb.New(read.GetRepeatInterval().AsDuration() + 24*time.Hour)
				switch _, err := s.Satisfaction.UpdateSurvey(t.Context(), &rapportv1.UpdateSurveyRequest{Survey: read}); status.Code(err) {
				case codes.OK:
					done.Add(1)
				case codes.Aborted:
				default:
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got := get(t, s, made.GetName()).GetRepeatInterval().AsDuration() / (24 * time.Hour); int64(got) != 1+done.Load() || done.Load() == 0 {
		t.Errorf("%d days after %d updates", got, done.Load())
	}
}

func TestDelete(t *testing.T) {
	s := apitest.Start(t)
	made, invited, scored := create(t, s, full()), create(t, s, bare("invited")), create(t, s, bare("scored"))
	if _, err := s.Satisfaction.CreateSurveyInvitation(t.Context(), &rapportv1.CreateSurveyInvitationRequest{
		Parent: invited.GetName(), SurveyInvitation: &rapportv1.SurveyInvitation{Customer: customer(t, s)},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Satisfaction.CreateSatisfactionScore(t.Context(), &rapportv1.CreateSatisfactionScoreRequest{
		Parent:            customer(t, s),
		SatisfactionScore: &rapportv1.SatisfactionScore{Metric: rapportv1.SatisfactionScore_CSAT, Rating: proto.Int32(5), Survey: &scored.Name},
	}); err != nil {
		t.Fatal(err)
	}
	for _, used := range []*rapportv1.Survey{invited, scored} {
		_, err := s.Satisfaction.DeleteSurvey(t.Context(), &rapportv1.DeleteSurveyRequest{Name: used.GetName()})
		apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_SURVEY_IN_USE)
		apitest.WantEqual(t, get(t, s, used.GetName()), used)
	}
	_, err := s.Satisfaction.DeleteSurvey(t.Context(), &rapportv1.DeleteSurveyRequest{Name: made.GetName(), Etag: `"9"`})
	apitest.WantReason(t, err, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH)
	req := &rapportv1.DeleteSurveyRequest{Name: made.GetName(), Etag: made.GetEtag(), RequestId: uuid.NewString()}
	for range 2 { // the second is a replay
		if _, err := s.Satisfaction.DeleteSurvey(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}
	_, err = s.Satisfaction.GetSurvey(t.Context(), &rapportv1.GetSurveyRequest{Name: made.GetName()})
	apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_SURVEY_NOT_FOUND)
}

func TestList(t *testing.T) {
	s := apitest.Start(t)
	if got, err := s.Satisfaction.ListSurveys(t.Context(), &rapportv1.ListSurveysRequest{}); err != nil || len(got.GetSurveys()) != 0 || got.GetTotalSize() != 0 || got.TotalSize == nil {
		t.Errorf("none: %v, %v", got, err)
	}
	for _, name := range []string{"A", "B", "C", "D"} {
		create(t, s, bare(name))
	}
	last := full()
	last.DisplayName = "E"
	create(t, s, last)
	list := func(req *rapportv1.ListSurveysRequest) (out string) {
		for {
			resp, err := s.Satisfaction.ListSurveys(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range resp.GetSurveys() {
				out += one.GetDisplayName()
			}
			if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
				return out
			}
		}
	}
	for _, test := range []struct {
		req  *rapportv1.ListSurveysRequest
		want string
	}{
		{&rapportv1.ListSurveysRequest{PageSize: 2}, "EDCBA"},
		{&rapportv1.ListSurveysRequest{PageSize: 2, OrderBy: "update_time"}, "ABCDE"},
		{&rapportv1.ListSurveysRequest{Filter: `display_name = "C"`}, "C"},
		{&rapportv1.ListSurveysRequest{Filter: `metric = NPS`, PageSize: 1}, "E"},
	} {
		if diff := cmp.Diff(test.want, list(test.req)); diff != "" {
			t.Errorf("%v: %s", test.req, diff)
		}
	}
	for reason, req := range map[rapportv1.ErrorReason]*rapportv1.ListSurveysRequest{
		rapportv1.ErrorReason_INVALID_FILTER: {Filter: "colour = 1"}, rapportv1.ErrorReason_INVALID_ORDER_BY: {OrderBy: "display_name"},
		rapportv1.ErrorReason_INVALID_PAGE_TOKEN: {PageToken: "x"}, rapportv1.ErrorReason_INVALID_FIELD: {PageSize: -1},
	} {
		_, err := s.Satisfaction.ListSurveys(t.Context(), req)
		apitest.WantReason(t, err, codes.InvalidArgument, reason)
	}
}

// TestChanges tells the history of a survey, which belongs to no customer.
func TestChanges(t *testing.T) {
	s := apitest.Start(t)
	made := create(t, s, bare("x"))
	if _, err := s.Satisfaction.UpdateSurvey(t.Context(), &rapportv1.UpdateSurveyRequest{Survey: &rapportv1.Survey{Name: made.GetName(), DisplayName: "y"}}); err != nil {
		t.Fatal(err)
	}
	for filter, want := range map[string]int{`resource = "` + made.GetName() + `"`: 2, "customer:*": 0, "NOT customer:*": 2} {
		resp, err := s.Changes.ListChanges(t.Context(), &rapportv1.ListChangesRequest{Filter: filter})
		if err != nil || len(resp.GetChanges()) != want {
			t.Fatalf("%s: %v, %v", filter, resp, err)
		}
		for _, c := range resp.GetChanges() {
			if c.GetCustomer() != "" || c.GetResource() != made.GetName() {
				t.Errorf("%v", c)
			}
		}
	}
}

func TestRequireEtag(t *testing.T) {
	s := apitest.StartWith(t, func(c *server.Config) { c.RequireEtag = true })
	made := create(t, s, full())
	_, err := s.Satisfaction.UpdateSurvey(t.Context(), &rapportv1.UpdateSurveyRequest{Survey: &rapportv1.Survey{Name: made.GetName(), DisplayName: "x"}})
	apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_ETAG_REQUIRED)
	_, err = s.Satisfaction.DeleteSurvey(t.Context(), &rapportv1.DeleteSurveyRequest{Name: made.GetName()})
	apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_ETAG_REQUIRED)
}

// TestTextFor chooses the language in which a customer is asked.
func TestTextFor(t *testing.T) {
	for _, test := range []struct{ texts, customer, want string }{
		{"en de fr", "de", "de"},
		{"en de fr", "de-AT", "de"},
		{"en de fr", "", "en"},
		{"en de fr", "ja", "en"},
		{"fr en", "ja", "fr"},
		{"en pt-BR", "pt-PT", "pt-BR"},
		{"en pt-BR pt-PT", "pt-PT", "pt-PT"},
		{"en pt-BR pt-PT", "pt-AO", "pt-PT"},
		{"en zh-Hans zh-Hant", "zh-TW", "zh-Hant"},
		{"en zh-Hans zh-Hant", "zh-CN", "zh-Hans"},
		{"en zh-Hans", "zh-HK", "zh-Hans"},
		{"en-US en-GB", "en-AU", "en-GB"},
		{"de nb", "no", "nb"},
		{"en ru", "uk", "en"},
		{"en", "x-private", "en"},
		{"en de", "not a language", "en"},
	} {
		var asked rapportv1.Survey
		for code := range strings.FieldsSeq(test.texts) {
			asked.Texts = append(asked.Texts, &rapportv1.Survey_Text{LanguageCode: code})
		}
		if got := survey.TextFor(&asked, test.customer).GetLanguageCode(); got != test.want {
			t.Errorf("of %s for %q: %s, want %s", test.texts, test.customer, got, test.want)
		}
	}
}
