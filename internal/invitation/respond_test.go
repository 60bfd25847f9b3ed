package invitation_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/server"
)

const hostile = " kept byte for byte\n'; DROP TABLE customer; -- <script>alert(1)</script> 茶\u202e"

func whole(token string) *rapportv1.SubmitResponseRequest {
	return &rapportv1.SubmitResponseRequest{
		Token: token, Rating: proto.Int32(0), Expectation: proto.Int32(10), Comment: proto.String(hostile),
		Factors: []*rapportv1.SatisfactionScore_Factor{
			{Factor: "price", Satisfaction: 1, Importance: proto.Int32(5)}, {Factor: "staff", Satisfaction: 5},
		},
	}
}

func TestSubmit(t *testing.T) {
	s := apitest.Start(t)
	asked := survey(t, s, plain)
	who := customer(t, s, func(c *rapportv1.Customer) { c.LanguageCode = proto.String("de") })
	contact, interaction, _, _ := records(t, s, who)
	made := invite(t, s, asked.GetName(), &rapportv1.SurveyInvitation{Customer: who, Contact: &contact, Interaction: &interaction})
	req := whole(made.GetToken())
	got, err := s.Satisfaction.SubmitResponse(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	apitest.WantEqual(t, got, &rapportv1.SubmitResponseResponse{Thanks: "Danke!", LanguageCode: "de"})

	all := scores(t, s, who)
	if len(all) != 1 {
		t.Fatalf("scores %v", all)
	}
	score := all[0]
	answered := get(t, s, made.GetName())
	want := proto.CloneOf(made)
	want.Token, want.AnswerUri, want.Etag = "", "", `"2"`
	want.AnswerTime, want.UpdateTime, want.SatisfactionScore = answered.GetAnswerTime(), answered.GetAnswerTime(), score.GetName()
	apitest.WantEqual(t, answered, want)
	apitest.WantEqual(t, score, &rapportv1.SatisfactionScore{
		Name: score.GetName(), Uid: score.GetUid(), Etag: score.GetEtag(), Metric: asked.GetMetric(), Rating: req.Rating, Expectation: req.Expectation,
		Factors: req.GetFactors(), Comment: req.Comment, Source: rapportv1.SatisfactionScore_CUSTOMER, Contact: &contact, Interaction: &interaction,
		Survey: proto.String(asked.GetName()), SurveyInvitation: made.GetName(), SubmitTime: answered.GetAnswerTime(),
		CreateTime: score.GetCreateTime(), UpdateTime: score.GetUpdateTime(),
	})

	// The same again, in another order, is the same; another answer is none.
	slices.Reverse(req.GetFactors())
	again, err := s.Satisfaction.SubmitResponse(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	apitest.WantEqual(t, again, got)
	for _, change := range []func(*rapportv1.SubmitResponseRequest){
		func(r *rapportv1.SubmitResponseRequest) { r.Rating = proto.Int32(1) },
		func(r *rapportv1.SubmitResponseRequest) { r.Expectation = nil },
		func(r *rapportv1.SubmitResponseRequest) { r.Comment = nil },
		func(r *rapportv1.SubmitResponseRequest) { r.Factors = r.GetFactors()[:1] },
		func(r *rapportv1.SubmitResponseRequest) { r.Factors[1].Importance = nil },
	} {
		other := proto.CloneOf(req)
		change(other)
		_, err := s.Satisfaction.SubmitResponse(t.Context(), other)
		apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_INVITATION_ANSWERED)
		wantSilent(t, err, who)
	}
	if all := scores(t, s, who); len(all) != 1 {
		t.Errorf("scores %v", all)
	}
	// The same again after it could no longer be answered is still the same.
	expire(t, s, made)
	if _, err := s.Satisfaction.SubmitResponse(t.Context(), req); err != nil {
		t.Error(err)
	}
}

// wantSilent fails the test where an error tells something of the customer.
func wantSilent(t testing.TB, err error, customer string) {
	t.Helper()
	if id := strings.TrimPrefix(customer, "customers/"); err == nil || strings.Contains(err.Error(), id) {
		t.Errorf("%v tells of %s", err, customer)
	}
}

func TestSubmitRefusals(t *testing.T) {
	s := apitest.Start(t)
	who := customer(t, s, anybody)
	silent := survey(t, s, func(s *rapportv1.Survey) { s.AskImportance, s.AskExpectation, s.AskComment = false, false, false })
	token := invite(t, s, silent.GetName(), &rapportv1.SurveyInvitation{Customer: who}).GetToken()
	full := invite(t, s, survey(t, s, plain).GetName(), &rapportv1.SurveyInvitation{Customer: who}).GetToken()
	factor := func(key string, satisfaction int32) *rapportv1.SatisfactionScore_Factor {
		return &rapportv1.SatisfactionScore_Factor{Factor: key, Satisfaction: satisfaction}
	}
	for name, test := range map[string]struct {
		req    *rapportv1.SubmitResponseRequest
		fields []string
	}{
		"no rating":       {&rapportv1.SubmitResponseRequest{Token: token}, []string{"rating"}},
		"eleven":          {answer(token, 11), []string{"rating"}},
		"below zero":      {answer(token, -1), []string{"rating"}},
		"not asked":       {whole(token), []string{"expectation", "factors[0].importance", "comment"}},
		"expecting more":  {&rapportv1.SubmitResponseRequest{Token: full, Rating: proto.Int32(1), Expectation: proto.Int32(11)}, []string{"expectation"}},
		"another factor":  {&rapportv1.SubmitResponseRequest{Token: full, Rating: proto.Int32(1), Factors: []*rapportv1.SatisfactionScore_Factor{factor("taste", 1)}}, []string{"factors[0].factor"}},
		"a factor twice":  {&rapportv1.SubmitResponseRequest{Token: full, Rating: proto.Int32(1), Factors: []*rapportv1.SatisfactionScore_Factor{factor("staff", 1), factor("staff", 2)}}, []string{"factors[1].factor"}},
		"six of five":     {&rapportv1.SubmitResponseRequest{Token: full, Rating: proto.Int32(1), Factors: []*rapportv1.SatisfactionScore_Factor{factor("staff", 6)}}, []string{"factors[0].satisfaction"}},
		"a huge comment":  {&rapportv1.SubmitResponseRequest{Token: full, Rating: proto.Int32(1), Comment: proto.String(strings.Repeat("x", 20001))}, []string{"comment"}},
		"NUL":             {&rapportv1.SubmitResponseRequest{Token: full, Rating: proto.Int32(1), Comment: proto.String("\x00")}, []string{"comment"}},
		"an endless word": {answer(strings.Repeat("A", 513), 1), []string{"token"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Satisfaction.SubmitResponse(t.Context(), test.req)
			apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, test.fields...)
			wantSilent(t, err, who)
		})
	}
	if all := scores(t, s, who); len(all) != 0 {
		t.Errorf("scores %v", all)
	}
}

// TestTokens takes no token for another's, and tells a forged one from an unknown one by nothing.
func TestTokens(t *testing.T) {
	s, elsewhere := apitest.Start(t), apitest.Start(t)
	asked := survey(t, s, plain).GetName()
	who := customer(t, s, anybody)
	made := invite(t, s, asked, &rapportv1.SurveyInvitation{Customer: who})
	foreign := invite(t, elsewhere, survey(t, elsewhere, plain).GetName(), &rapportv1.SurveyInvitation{Customer: customer(t, elsewhere, anybody)})
	purged := invite(t, s, asked, &rapportv1.SurveyInvitation{Customer: customer(t, s, anybody)})
	if _, err := s.DB.Exec(t.Context(), `DELETE FROM survey_invitation WHERE survey_invitation_id = $1`, purged.GetUid()); err != nil {
		t.Fatal(err)
	}
	flipped := []byte(made.GetToken())
	flipped[3] ^= 1 // another invitation's id
	decoded, err := base64.RawURLEncoding.DecodeString(made.GetToken())
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for name, token := range map[string]string{
		"purged": purged.GetToken(), "another service's": foreign.GetToken(), "another id": string(flipped), "none": "", "short": "AAAA",
		"cut": made.GetToken()[:len(made.GetToken())-4], "longer": made.GetToken() + "AAAA", "padded": made.GetToken() + "==", "spaced": " " + made.GetToken(),
		"line ends": made.GetToken()[:10] + "\n" + made.GetToken()[10:], "no code": base64.RawURLEncoding.EncodeToString(decoded[:16]),
		"standard alphabet": base64.StdEncoding.EncodeToString(decoded), "hostile": `../../etc/passwd'"><script>`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Satisfaction.SubmitResponse(t.Context(), answer(token, 1))
			apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_INVITATION_NOT_FOUND)
			texts = append(texts, err.Error())
		})
	}
	for _, text := range texts {
		if text != texts[0] {
			t.Errorf("%q is told from %q", text, texts[0])
		}
	}
	if _, err := s.Satisfaction.SubmitResponse(t.Context(), answer(made.GetToken(), 1)); err != nil {
		t.Errorf("the token itself: %v", err)
	}
}

func TestExpired(t *testing.T) {
	s := apitest.Start(t)
	asked := survey(t, s, plain).GetName()
	late, gone := customer(t, s, anybody), customer(t, s, anybody)
	expired, deleted := invite(t, s, asked, &rapportv1.SurveyInvitation{Customer: late}), invite(t, s, asked, &rapportv1.SurveyInvitation{Customer: gone})
	expire(t, s, expired)
	if _, err := s.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: gone}); err != nil {
		t.Fatal(err)
	}
	for who, made := range map[string]*rapportv1.SurveyInvitation{late: expired, gone: deleted} {
		_, err := s.Satisfaction.SubmitResponse(t.Context(), answer(made.GetToken(), 1))
		apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_INVITATION_EXPIRED)
		wantSilent(t, err, who)
	}
	if got := get(t, s, expired.GetName()); got.GetToken() != "" || got.GetAnswerUri() != "" {
		t.Errorf("%v", got)
	}
}

// TestConcurrentAnswers takes one of many answers, and each of many copies of one.
func TestConcurrentAnswers(t *testing.T) {
	s := apitest.Start(t)
	asked := survey(t, s, plain).GetName()
	for _, same := range []bool{true, false} {
		who := customer(t, s, anybody)
		token := invite(t, s, asked, &rapportv1.SurveyInvitation{Customer: who}).GetToken()
		errs := make([]error, 8)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() {
				rating := int32(5)
				if !same {
					rating = int32(i)
				}
				_, errs[i] = s.Satisfaction.SubmitResponse(t.Context(), answer(token, rating))
			})
		}
		all.Wait()
		took := 0
		for _, err := range errs {
			if err == nil {
				took++
				continue
			}
			apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_INVITATION_ANSWERED)
		}
		if want := map[bool]int{true: 8, false: 1}[same]; took != want {
			t.Errorf("same %t: %d were taken, want %d", same, took, want)
		}
		if all := scores(t, s, who); len(all) != 1 {
			t.Errorf("same %t: scores %v", same, all)
		}
	}
}

// TestOneScoreOfASurvey keeps one for each contact and interaction, and one for each invitation
// that is about nothing in particular.
func TestOneScoreOfASurvey(t *testing.T) {
	s := apitest.Start(t)
	asked := survey(t, s, plain)
	who := customer(t, s, anybody)
	contact, interaction, _, _ := records(t, s, who)
	record := func(change func(*rapportv1.SatisfactionScore)) error {
		score := &rapportv1.SatisfactionScore{Metric: asked.GetMetric(), Rating: proto.Int32(5), Survey: &asked.Name}
		change(score)
		_, err := s.Satisfaction.CreateSatisfactionScore(t.Context(), &rapportv1.CreateSatisfactionScoreRequest{Parent: who, SatisfactionScore: score})
		return err
	}
	for _, change := range []func(*rapportv1.SatisfactionScore){
		func(*rapportv1.SatisfactionScore) {},
		func(s *rapportv1.SatisfactionScore) { s.Contact = &contact },
		func(s *rapportv1.SatisfactionScore) { s.Interaction = &interaction },
		func(s *rapportv1.SatisfactionScore) { s.Contact, s.Interaction = &contact, &interaction },
	} {
		if err := record(change); err != nil {
			t.Error(err)
		}
		apitest.WantReason(t, record(change), codes.AlreadyExists, rapportv1.ErrorReason_SURVEY_ALREADY_ANSWERED)
	}
	nowhere, other := "surveys/0198c0de-0000-7000-8000-00000000dead", survey(t, s, plain).GetName()
	for _, change := range []func(*rapportv1.SatisfactionScore){
		func(s *rapportv1.SatisfactionScore) { s.Survey = &nowhere },
		func(s *rapportv1.SatisfactionScore) { s.Survey = &who },
		func(s *rapportv1.SatisfactionScore) { s.Survey, s.Metric = &other, rapportv1.SatisfactionScore_CSAT },
	} {
		apitest.WantFields(t, record(change), codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "satisfaction_score.survey")
	}
	// By invitations: about the interaction it was answered already, about nothing it was not.
	about := invite(t, s, asked.GetName(), &rapportv1.SurveyInvitation{Customer: who, Interaction: &interaction})
	_, err := s.Satisfaction.SubmitResponse(t.Context(), answer(about.GetToken(), 1))
	apitest.WantReason(t, err, codes.AlreadyExists, rapportv1.ErrorReason_SURVEY_ALREADY_ANSWERED)
	wantSilent(t, err, who)
	for range 2 {
		made := invite(t, s, asked.GetName(), &rapportv1.SurveyInvitation{Customer: who})
		if _, err := s.Satisfaction.SubmitResponse(t.Context(), answer(made.GetToken(), 1)); err != nil {
			t.Error(err)
		}
	}
	found, err := s.Satisfaction.ListSatisfactionScores(t.Context(), &rapportv1.ListSatisfactionScoresRequest{Parent: "customers/-", Filter: `survey = "` + asked.GetName() + `"`})
	if err != nil || len(found.GetSatisfactionScores()) != 6 {
		t.Errorf("%v, %v", found, err)
	}
}

// TestAnswerAboutWhatIsGone keeps the names of what was deleted since it was asked about.
func TestAnswerAboutWhatIsGone(t *testing.T) {
	s := apitest.Start(t)
	who := customer(t, s, anybody)
	contact, interaction, _, _ := records(t, s, who)
	made := invite(t, s, survey(t, s, plain).GetName(), &rapportv1.SurveyInvitation{Customer: who, Contact: &contact, Interaction: &interaction})
	if _, err := s.Customers.DeleteContact(t.Context(), &rapportv1.DeleteContactRequest{Name: contact}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Interactions.DeleteInteraction(t.Context(), &rapportv1.DeleteInteractionRequest{Name: interaction}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Satisfaction.SubmitResponse(t.Context(), answer(made.GetToken(), 1)); err != nil {
		t.Fatal(err)
	}
	if got := scores(t, s, who); len(got) != 1 || got[0].GetContact() != contact || got[0].GetInteraction() != interaction {
		t.Errorf("%v", got)
	}
}

// TestQuota bounds the calls of one address, and not those of a proxy's clients together.
func TestQuota(t *testing.T) {
	s := apitest.StartWith(t, func(c *server.Config) { c.ResponseRate, c.TrustedProxies = 0.001, []string{"127.0.0.0/8"} })
	submit := func(client string) apitest.Response {
		return s.Do(t, "POST", "/v1/surveyResponses:submit", `{"token":"x","rating":1}`, "X-Forwarded-For", client)
	}
	submit("203.0.113.7").WantProblem(t, 404, rapportv1.ErrorReason_INVITATION_NOT_FOUND)
	for _, client := range []string{"203.0.113.7", "198.51.100.1, 203.0.113.7", "203.0.113.7, 127.0.0.1"} {
		refused := submit(client)
		refused.WantProblem(t, 429, rapportv1.ErrorReason_QUOTA_EXCEEDED)
		if refused.Header.Get("Retry-After") == "" {
			t.Errorf("%v", refused.Header)
		}
	}
	submit("203.0.113.8").WantProblem(t, 404, rapportv1.ErrorReason_INVITATION_NOT_FOUND)
	for range 3 { // a proxy that names nobody speaks for itself
		_, err := s.Satisfaction.SubmitResponse(t.Context(), answer("x", 1))
		apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_INVITATION_NOT_FOUND)
	}
	if page := s.Do(t, "GET", "/s/x", "", "X-Forwarded-For", "203.0.113.8"); page.Status != 429 || page.Header.Get("Retry-After") == "" {
		t.Errorf("page %d %v", page.Status, page.Header)
	}
	// Without trust the header says nothing.
	direct := apitest.StartWith(t, func(c *server.Config) { c.ResponseRate = 0.001 })
	for i, want := range []codes.Code{codes.NotFound, codes.ResourceExhausted} {
		_, err := direct.Satisfaction.SubmitResponse(t.Context(), answer("x", 1))
		reason := []rapportv1.ErrorReason{rapportv1.ErrorReason_INVITATION_NOT_FOUND, rapportv1.ErrorReason_QUOTA_EXCEEDED}[i]
		apitest.WantReason(t, err, want, reason)
	}
	direct.Do(t, "POST", "/v1/surveyResponses:submit", `{"token":"x","rating":1}`, "X-Forwarded-For", "203.0.113.7").WantProblem(t, 429, rapportv1.ErrorReason_QUOTA_EXCEEDED)
}
