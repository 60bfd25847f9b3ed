package satisfaction_test

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/apitest"
)

func newSurvey(t testing.TB, s *apitest.Service, metric rapportv1.SatisfactionScore_Metric) string {
	t.Helper()
	made, err := s.Satisfaction.CreateSurvey(t.Context(), &rapportv1.CreateSurveyRequest{Survey: &rapportv1.Survey{
		DisplayName: "After a visit", Metric: metric, Texts: []*rapportv1.Survey_Text{{LanguageCode: "en", Question: "How was it?"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return made.GetName()
}

// answering is an entry with a score of the survey.
func answering(parent, survey string, change ...func(*rapportv1.SatisfactionScore)) *rapportv1.CreateSatisfactionScoreRequest {
	score := bare(nps, 7)
	score.Survey = &survey
	for _, c := range change {
		c(score)
	}
	return entry(parent, score)
}

// TestBatchOfSurveys: an entry whose survey is not there or has its answer fails alone.
func TestBatchOfSurveys(t *testing.T) {
	s := apitest.Start(t)
	parent, other := customer(t, s), customer(t, s)
	mine, theirs := newRecords(t, s, parent), newRecords(t, s, other)
	asked, ofCSAT := newSurvey(t, s, nps), newSurvey(t, s, csat)
	from := func(contact string) func(*rapportv1.SatisfactionScore) {
		return func(s *rapportv1.SatisfactionScore) { s.Contact = &contact }
	}
	about := func(interaction string) func(*rapportv1.SatisfactionScore) {
		return func(s *rapportv1.SatisfactionScore) { s.Interaction = &interaction }
	}
	if _, err := s.Satisfaction.BatchCreateSatisfactionScores(t.Context(), &batch{Parent: parent, Requests: []*rapportv1.CreateSatisfactionScoreRequest{
		answering(parent, asked), answering(parent, asked, from(mine.contact), about(mine.interaction)),
	}}); err != nil {
		t.Fatal(err)
	}
	req := &batch{Parent: "customers/-", ReturnPartialSuccess: true, Requests: []*rapportv1.CreateSatisfactionScoreRequest{
		0: answering(parent, asked), 1: answering(parent, asked, from(mine.contact), about(mine.interaction)),
		2: answering(parent, "surveys/"+newID(t)), 3: answering(parent, ofCSAT),
		4: answering(parent, asked, from(mine.contact)), 5: answering(parent, asked, about(mine.interaction)), 6: entry(parent, bare(nps, 1)),
		7: answering(other, asked), 8: answering(other, asked, func(s *rapportv1.SatisfactionScore) { s.Rating = proto.Int32(1) }), 9: answering(other, asked, from(theirs.contact)),
	}}
	want := map[int32]rapportv1.ErrorReason{
		0: rapportv1.ErrorReason_SURVEY_ALREADY_ANSWERED, 1: rapportv1.ErrorReason_SURVEY_ALREADY_ANSWERED,
		2: rapportv1.ErrorReason_INVALID_FIELD, 3: rapportv1.ErrorReason_INVALID_FIELD, 8: rapportv1.ErrorReason_SURVEY_ALREADY_ANSWERED,
	}
	for _, dry := range []bool{true, false} {
		req.ValidateOnly = dry
		resp, err := s.Satisfaction.BatchCreateSatisfactionScores(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		got := map[int32]rapportv1.ErrorReason{}
		for i, st := range resp.GetFailedRequests() {
			got[i] = apierr.Reason(status.ErrorProto(st))
		}
		if diff := cmp.Diff(want, got); diff != "" || len(resp.GetSatisfactionScores()) != 5 {
			t.Errorf("validate_only %t: %d scores (-want +got):\n%s", dry, len(resp.GetSatisfactionScores()), diff)
		}
	}
	req.ReturnPartialSuccess, req.Requests = false, req.GetRequests()[7:8]
	_, err := s.Satisfaction.BatchCreateSatisfactionScores(t.Context(), req)
	apitest.WantReason(t, err, codes.AlreadyExists, rapportv1.ErrorReason_SURVEY_ALREADY_ANSWERED)
}

// TestAnswersInRacingBatches: of batches that answer a survey at once one does, and the others
// say so of that entry alone.
func TestAnswersInRacingBatches(t *testing.T) {
	s := apitest.Start(t)
	parent, asked := customer(t, s), newSurvey(t, s, nps)
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			resp, err := s.Satisfaction.BatchCreateSatisfactionScores(t.Context(), &batch{Parent: parent, ReturnPartialSuccess: true, Requests: []*rapportv1.CreateSatisfactionScoreRequest{
				entry(parent, bare(nps, 3)), answering(parent, asked),
			}})
			if err != nil || len(resp.GetSatisfactionScores())+len(resp.GetFailedRequests()) != 2 || resp.GetFailedRequests()[0] != nil {
				t.Errorf("%v, %v", resp, err)
			}
		})
	}
	callers.Wait()
	if n := countScores(t, s); n != 9 {
		t.Errorf("%d scores, want one of the survey and 8 others", n)
	}
}
