package followup_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// score makes one of the customer's scores, or several of several customers, or deletes one,
// often the latest.
func (w *world) score(ctx context.Context, r *rand.Rand, customer string, gone bool) error {
	if gone {
		name := w.recall(r, &w.scores)
		if name == "" {
			return nil
		}
		_, err := w.s.Satisfaction.DeleteSatisfactionScore(ctx, &rapportv1.DeleteSatisfactionScoreRequest{Name: name})
		return err
	}
	req := &rapportv1.BatchCreateSatisfactionScoresRequest{Parent: "customers/-", ReturnPartialSuccess: true}
	for range 1 + r.IntN(2)*r.IntN(5) {
		req.Requests = append(req.Requests, &rapportv1.CreateSatisfactionScoreRequest{Parent: customer, SatisfactionScore: &rapportv1.SatisfactionScore{
			Metric: rapportv1.SatisfactionScore_Metric(1 + r.IntN(4)), Rating: proto.Int32(int32(1 + r.IntN(5))), SubmitTime: w.moment(r), //nolint:gosec // few
		}})
		customer = pick(r, w.customers)
	}
	if len(req.GetRequests()) == 1 {
		made, err := w.s.Satisfaction.CreateSatisfactionScore(ctx, req.GetRequests()[0])
		if err == nil {
			w.remember(&w.scores, made.GetName())
		}
		return err
	}
	resp, err := w.s.Satisfaction.BatchCreateSatisfactionScores(ctx, req)
	for _, made := range resp.GetSatisfactionScores() {
		w.remember(&w.scores, made.GetName())
	}
	return err
}

// checkSatisfaction compares what the customer shows with the latest of all its scores.
func (w *world) checkSatisfaction(t *testing.T, c *rapportv1.Customer) {
	t.Helper()
	all, err := w.s.Satisfaction.ListSatisfactionScores(t.Context(), &rapportv1.ListSatisfactionScoresRequest{Parent: c.GetName(), PageSize: 1000})
	if err != nil || all.GetNextPageToken() != "" {
		t.Fatalf("the scores are not on one page, %v", err)
	}
	latest := map[rapportv1.SatisfactionScore_Metric]*rapportv1.Satisfaction_LatestScore{}
	for _, s := range all.GetSatisfactionScores() { // the latest first, by time and id
		if latest[s.GetMetric()] == nil {
			latest[s.GetMetric()] = &rapportv1.Satisfaction_LatestScore{Rating: s.GetRating(), SubmitTime: s.GetSubmitTime(), SatisfactionScore: s.GetName()}
		}
	}
	var want *rapportv1.Satisfaction
	if len(latest) > 0 {
		want = &rapportv1.Satisfaction{
			Nps: latest[rapportv1.SatisfactionScore_NPS], Csat: latest[rapportv1.SatisfactionScore_CSAT],
			Ces: latest[rapportv1.SatisfactionScore_CES], RepurchaseIntent: latest[rapportv1.SatisfactionScore_REPURCHASE_INTENT],
		}
	}
	if diff := cmp.Diff(want, c.GetSatisfaction(), protocmp.Transform()); diff != "" {
		t.Errorf("%s shows (-want +got):\n%s", c.GetName(), diff)
	}
}
