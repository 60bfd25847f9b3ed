package server_test

import (
	"net/http"
	"testing"

	"google.golang.org/genproto/googleapis/type/interval"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// reports calls the reports, in ways that run all of their SQL.
func reports(t *testing.T, s *apitest.Service, parent string) {
	t.Helper()
	ctx := t.Context()
	check := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	var scores []*rapportv1.CreateSatisfactionScoreRequest
	for i := range int32(20) {
		scores = append(scores, &rapportv1.CreateSatisfactionScoreRequest{SatisfactionScore: &rapportv1.SatisfactionScore{
			Metric: rapportv1.SatisfactionScore_CSAT, Rating: proto.Int32(1 + i%5),
			Factors: []*rapportv1.SatisfactionScore_Factor{{Factor: "a", Satisfaction: 1 + i%4, Importance: proto.Int32(1 + i%3)}, {Factor: "b", Satisfaction: 1 + i%3}},
		}})
	}
	_, err := s.Satisfaction.BatchCreateSatisfactionScores(ctx, &rapportv1.BatchCreateSatisfactionScoresRequest{Parent: parent, Requests: scores})
	check("create scores", err)
	all := &interval.Interval{StartTime: &timestamppb.Timestamp{Seconds: 1_600_000_000}, EndTime: &timestamppb.Timestamp{Seconds: 2_600_000_000}}
	for _, req := range []*rapportv1.GetSatisfactionReportRequest{
		{},
		{Interval: all, Filter: `external_ids.crm = "1" OR owner = "x" OR last_contact_time:* OR phones.number = "1234"`},
		{Granularity: rapportv1.Granularity_QUARTER, TimeZone: "Asia/Kathmandu", GroupBy: []string{"customer.tags", "customer.attributes.plan"}},
		{Interval: all, Granularity: rapportv1.Granularity_MONTH, GroupBy: []string{"customer.service_tier", "survey"}, Metrics: []rapportv1.SatisfactionScore_Metric{1, 2}},
		{GroupBy: []string{"staff", "channel"}, ScoreFilter: `rating > 1 AND NOT survey:*`},
		{GroupBy: []string{"customer.owner", "customer.acquisition_source"}},
		{GroupBy: []string{"customer.type", "source"}},
	} {
		_, err := s.Insights.GetSatisfactionReport(ctx, req)
		check("satisfaction report", err)
	}
	for _, req := range []*rapportv1.GetDriverReportRequest{
		{}, {Interval: all, Factors: []string{"b", "a"}, Filter: "type:*", ScoreFilter: "rating >= 1"},
	} {
		report, err := s.Insights.GetDriverReport(ctx, req)
		check("driver report", err)
		if report.RSquared == nil {
			t.Errorf("no weights: %v", report)
		}
	}
	for _, path := range []string{"/v1/reports/satisfaction.svg?metrics=CSAT", "/v1/reports/drivers.svg"} {
		if resp := s.Do(t, http.MethodGet, path, ""); resp.Status != http.StatusOK {
			t.Errorf("%s: %d %s", path, resp.Status, resp.Body)
		}
	}
}
