package insight_test

import (
	"math"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/type/interval"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// at is a time of 2026, in UTC.
func at(month time.Month, day, hour int) time.Time {
	return time.Date(2026, month, day, hour, 0, 0, 0, time.UTC)
}

func between(start, end time.Time) *interval.Interval {
	return &interval.Interval{StartTime: timestamppb.New(start), EndTime: timestamppb.New(end)}
}

// newCustomer makes a customer and returns its name.
func newCustomer(t testing.TB, s *apitest.Service, change func(*rapportv1.Customer)) string {
	t.Helper()
	c := &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Ada"}
	change(c)
	made, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{Customer: c})
	if err != nil {
		t.Fatal(err)
	}
	return made.GetName()
}

func anybody(t testing.TB, s *apitest.Service) string {
	t.Helper()
	return newCustomer(t, s, func(*rapportv1.Customer) {})
}

// score is one of the metric.
func score(metric rapportv1.SatisfactionScore_Metric, rating int32, submitted time.Time) *rapportv1.SatisfactionScore {
	return &rapportv1.SatisfactionScore{Metric: metric, Rating: proto.Int32(rating), SubmitTime: timestamppb.New(submitted)}
}

// times repeats a score.
func times(n int, of *rapportv1.SatisfactionScore) (out []*rapportv1.SatisfactionScore) {
	for range n {
		out = append(out, proto.CloneOf(of))
	}
	return out
}

// nps are scores of so many promoters, passives and detractors.
func nps(promoters, passives, detractors int, submitted time.Time) (out []*rapportv1.SatisfactionScore) {
	const m = rapportv1.SatisfactionScore_NPS
	out = append(out, times(promoters, score(m, 9, submitted))...)
	out = append(out, times(passives, score(m, 8, submitted))...)
	return append(out, times(detractors, score(m, 6, submitted))...)
}

// give records scores of a customer.
func give(t testing.TB, s *apitest.Service, customer string, scores ...[]*rapportv1.SatisfactionScore) {
	t.Helper()
	var all []*rapportv1.CreateSatisfactionScoreRequest
	for _, part := range scores {
		for _, score := range part {
			all = append(all, &rapportv1.CreateSatisfactionScoreRequest{SatisfactionScore: score})
		}
	}
	for len(all) > 0 {
		n := min(len(all), 1000)
		_, err := s.Satisfaction.BatchCreateSatisfactionScores(t.Context(), &rapportv1.BatchCreateSatisfactionScoresRequest{Parent: customer, Requests: all[:n]})
		if err != nil {
			t.Fatal(err)
		}
		all = all[n:]
	}
}

func satisfaction(t testing.TB, s *apitest.Service, req *rapportv1.GetSatisfactionReportRequest) *rapportv1.SatisfactionReport {
	t.Helper()
	report, err := s.Insights.GetSatisfactionReport(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// only returns the one row of a report.
func only(t testing.TB, report *rapportv1.SatisfactionReport) *rapportv1.SatisfactionReport_Row {
	t.Helper()
	if len(report.GetRows()) != 1 {
		t.Fatalf("%d rows, want one: %v", len(report.GetRows()), report)
	}
	return report.GetRows()[0]
}

func near(t testing.TB, what string, got, want, by float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > by {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// wantEstimate compares an estimate to the last digit that is written down.
func wantEstimate(t testing.TB, what string, got *rapportv1.Estimate, value, lower, upper, by float64) {
	t.Helper()
	if got == nil {
		t.Fatalf("there is no %s", what)
	}
	near(t, what, got.GetValue(), value, by)
	near(t, what+", lower end,", got.GetLower(), lower, by)
	near(t, what+", upper end,", got.GetUpper(), upper, by)
}
