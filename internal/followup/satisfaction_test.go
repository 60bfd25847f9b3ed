package followup_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/server"
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

// TestLatestOfManyAtOnce has a few writers at a time make or delete one score each of the same
// customer. Each score after them would put right what they do wrong, so there is none.
func TestLatestOfManyAtOnce(t *testing.T) {
	s := apitest.StartWith(t, func(c *server.Config) { c.PoolSize = 16 })
	w := newWorld(t, s)
	r := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // a test's
	score := func() *rapportv1.CreateSatisfactionScoreRequest {
		return &rapportv1.CreateSatisfactionScoreRequest{SatisfactionScore: &rapportv1.SatisfactionScore{
			Metric: rapportv1.SatisfactionScore_NPS, Rating: proto.Int32(int32(r.IntN(11))), SubmitTime: timestamppb.New(w.now.Add(-time.Duration(r.IntN(1e6)) * time.Second)), //nolint:gosec // few
		}}
	}
	for n := range 150 {
		c, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{Customer: &rapportv1.Customer{
			Type: rapportv1.Customer_INDIVIDUAL, DisplayName: fmt.Sprint(n),
		}})
		if err != nil {
			t.Fatal(err)
		}
		first := score()
		first.Parent, first.SatisfactionScore.SubmitTime = c.GetName(), timestamppb.New(w.now)
		made, err := s.Satisfaction.CreateSatisfactionScore(t.Context(), first)
		if err != nil {
			t.Fatal(err)
		}
		var writers sync.WaitGroup
		writers.Go(func() {
			if _, err := s.Satisfaction.DeleteSatisfactionScore(t.Context(), &rapportv1.DeleteSatisfactionScoreRequest{Name: made.GetName()}); err != nil {
				t.Error(err)
			}
		})
		for range 7 {
			req := score()
			req.Parent = c.GetName()
			writers.Go(func() {
				if _, err := s.Satisfaction.CreateSatisfactionScore(t.Context(), req); err != nil {
					t.Error(err)
				}
			})
		}
		writers.Wait()
		if c, err = s.Customers.GetCustomer(t.Context(), &rapportv1.GetCustomerRequest{Name: c.GetName()}); err != nil {
			t.Fatal(err)
		}
		w.checkSatisfaction(t, c)
	}
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
