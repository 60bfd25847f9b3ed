package insight_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/type/interval"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

const (
	metricNPS    = rapportv1.SatisfactionScore_NPS
	metricCSAT   = rapportv1.SatisfactionScore_CSAT
	metricCES    = rapportv1.SatisfactionScore_CES
	metricIntent = rapportv1.SatisfactionScore_REPURCHASE_INTENT
)

// The cases that are worked by hand in docs/reports.md.
func TestHandCases(t *testing.T) {
	s := apitest.Start(t)
	c := anybody(t, s)
	csat, easy, intent := score(metricCSAT, 4, at(3, 1, 9)), score(metricCES, 5, at(3, 1, 9)), score(metricIntent, 5, at(3, 1, 9))
	expected := func(of *rapportv1.SatisfactionScore, expectation int32) *rapportv1.SatisfactionScore {
		of = proto.CloneOf(of)
		of.Expectation = proto.Int32(expectation)
		return of
	}
	give(t, s, c, nps(50, 30, 20, at(3, 1, 9)),
		times(50, csat), times(10, expected(csat, 3)), times(15, expected(csat, 4)), times(5, expected(csat, 5)),
		times(20, score(metricCSAT, 3, at(3, 1, 9))),
		times(6, easy), times(4, score(metricCES, 4, at(3, 1, 9))), times(9, intent))
	row := only(t, satisfaction(t, s, &rapportv1.GetSatisfactionReportRequest{}))

	n := row.GetNps()
	if n.GetN() != 100 || n.GetPromoters() != 50 || n.GetPassives() != 30 || n.GetDetractors() != 20 || n.GetTrend() != nil {
		t.Errorf("NPS of %v", n)
	}
	wantEstimate(t, "NPS", n.GetScore(), 30, 30-15.308, 30+15.308, 5e-4)
	near(t, "the mean of NPS", n.GetMean().GetValue(), 8.1, 1e-9)

	top := row.GetCsat()
	if top.GetN() != 100 || top.GetFavorable() != 80 {
		t.Errorf("CSAT of %v", top)
	}
	wantEstimate(t, "CSAT", top.GetShare(), 0.8, 0.7112, 0.8666, 5e-5)
	near(t, "the mean of CSAT", top.GetMean().GetValue(), 3.8, 1e-9)
	gap := top.GetExpectationGap()
	if gap.GetN() != 30 || gap.GetExceeded() != 10 || gap.GetMet() != 15 || gap.GetMissed() != 5 {
		t.Errorf("expectations: %v", gap)
	}
	near(t, "the mean gap", gap.GetMean().GetValue(), 5.0/30, 1e-9)
	wantEstimate(t, "what was met", gap.GetMetShare(), 0.5, 0.3315, 0.6685, 5e-5)

	wantEstimate(t, "CES", row.GetCes().GetShare(), 0.6, 0.3127, 0.8318, 5e-5)
	// Nine say no more than how many they are.
	if i := row.GetRepurchaseIntent(); i.GetN() != 9 || i.GetFavorable() != 9 || i.GetShare() != nil || i.GetMean() != nil {
		t.Errorf("repurchase intent of nine: %v", i)
	}
}

func TestReportOfNothing(t *testing.T) {
	s := apitest.Start(t)
	for _, g := range []rapportv1.Granularity{rapportv1.Granularity_GRANULARITY_UNSPECIFIED, rapportv1.Granularity_MONTH} {
		report := satisfaction(t, s, &rapportv1.GetSatisfactionReportRequest{Granularity: g})
		if len(report.GetRows()) != 0 || report.GetN() != 0 || report.GetMethod() == "" || report.GetTimeZone() != "UTC" ||
			time.Since(report.GetAsOfTime().AsTime()).Abs() > time.Minute {
			t.Errorf("%v", report)
		}
	}
}

// Zero is an answer; the interval has its start and not its end; what is compared is the time
// before it.
func TestIntervalAndTrend(t *testing.T) {
	s := apitest.Start(t)
	c := anybody(t, s)
	give(t, s, c,
		times(20, score(metricNPS, 0, at(2, 1, 0))), nps(60, 20, 20, at(2, 10, 0)),
		nps(80, 10, 10, at(3, 1, 0)), nps(7, 0, 0, at(3, 29, 0)))
	report := satisfaction(t, s, &rapportv1.GetSatisfactionReportRequest{Interval: between(at(3, 1, 0), at(3, 29, 0))})
	row := only(t, report)
	n := row.GetNps()
	near(t, "NPS", n.GetScore().GetValue(), 70, 1e-9)
	// 28 days before 1 March begins on 1 February.
	if n.GetN() != 100 || report.GetN() != 100 || n.GetTrend().GetPreviousN() != 120 {
		t.Errorf("%v", n)
	}
	was := 100 * (60.0 - 40) / 120
	near(t, "NPS before", n.GetTrend().GetPreviousValue(), was, 1e-9)
	// Variances: (0.9 - 0.49)/100 and (100/120 - 1/36)/120.
	wantEstimate(t, "the difference", n.GetTrend().GetDifference(), 70-was, 70-was-20.381, 70-was+20.381, 5e-4)
	if !n.GetTrend().GetSignificant() {
		t.Errorf("that is more than chance: %v", n.GetTrend())
	}
	apitest.WantEqual(t, row.GetInterval(), between(at(3, 1, 0), at(3, 29, 0)))
	for name, in := range map[string]*interval.Interval{
		"open to the past":   {EndTime: timestamppb.New(at(3, 29, 0))},
		"open to the future": {StartTime: timestamppb.New(at(3, 1, 0))},
	} {
		row := only(t, satisfaction(t, s, &rapportv1.GetSatisfactionReportRequest{Interval: in}))
		if row.GetNps().GetTrend() != nil {
			t.Errorf("%s: there is nothing to compare with, but %v", name, row)
		}
		apitest.WantEqual(t, row.GetInterval(), in)
	}
}

// A month begins at midnight where the report is, and each is compared with the one before.
func TestMonths(t *testing.T) {
	s := apitest.Start(t)
	c := anybody(t, s)
	const zone = "America/New_York"
	give(t, s, c,
		times(12, score(metricCSAT, 5, at(2, 15, 12))), times(8, score(metricCSAT, 1, at(2, 15, 12))), // February
		times(10, score(metricCSAT, 5, at(3, 1, 4))), // the evening of 28 February in New York
		times(30, score(metricCSAT, 5, at(3, 1, 5))), // March
		times(3, score(metricCSAT, 1, at(4, 30, 12))),
	)
	request := &rapportv1.GetSatisfactionReportRequest{Granularity: rapportv1.Granularity_MONTH, TimeZone: zone}
	wantMonths := func(report *rapportv1.SatisfactionReport, want ...string) {
		t.Helper()
		var got []string
		for _, r := range report.GetRows() {
			got = append(got, fmt.Sprintf("%s to %s: %d of %d, before %d", r.GetInterval().GetStartTime().AsTime().Format("01-02 15h"),
				r.GetInterval().GetEndTime().AsTime().Format("01-02 15h"), r.GetCsat().GetFavorable(), r.GetCsat().GetN(), r.GetCsat().GetTrend().GetPreviousN()))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	// Clocks are set forward in March.
	february, march, april := "02-01 05h to 03-01 05h: 22 of 30, before 0", "03-01 05h to 04-01 04h: 30 of 30, before 30", "04-01 04h to 05-01 04h: 0 of 3, before 0"
	wantMonths(satisfaction(t, s, request), february, march, april)

	// From the middle of March on: February is compared with as a whole, though not reported.
	request.Interval = between(at(3, 1, 5), at(4, 30, 13))
	wantMonths(satisfaction(t, s, request), march, "04-01 04h to 04-30 13h: 0 of 3, before 0")
	request.Interval = between(at(2, 20, 0), at(4, 1, 4))
	report := satisfaction(t, s, request)
	wantMonths(report, "02-20 00h to 03-01 05h: 10 of 10, before 0", "03-01 05h to 04-01 04h: 30 of 30, before 10")
	if !slices.ContainsFunc(report.GetWarnings(), func(w string) bool { return strings.Contains(w, "first period") }) {
		t.Errorf("February is not whole, but the warnings are %q", report.GetWarnings())
	}
}

func TestWeeksQuartersAndDays(t *testing.T) {
	s := apitest.Start(t)
	c := anybody(t, s)
	give(t, s, c, times(10, score(metricNPS, 9, at(3, 29, 23))), times(10, score(metricNPS, 0, at(3, 30, 0))), times(10, score(metricNPS, 9, at(4, 5, 23))))
	for g, want := range map[rapportv1.Granularity][]string{
		rapportv1.Granularity_DAY:     {"03-29 100", "03-30 -100", "04-05 100"},
		rapportv1.Granularity_WEEK:    {"03-23 100", "03-30 0"}, // 30 March 2026 is a Monday
		rapportv1.Granularity_QUARTER: {"01-01 0", "04-01 100"},
	} {
		var got []string
		for _, r := range satisfaction(t, s, &rapportv1.GetSatisfactionReportRequest{Granularity: g}).GetRows() {
			got = append(got, fmt.Sprintf("%s %.0f", r.GetInterval().GetStartTime().AsTime().Format("01-02"), r.GetNps().GetScore().GetValue()))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v: %q, want %q", g, got, want)
		}
	}
}

func TestGroups(t *testing.T) {
	s := apitest.Start(t)
	tier, err := s.Cases.CreateServiceTier(t.Context(), &rapportv1.CreateServiceTierRequest{ServiceTier: &rapportv1.ServiceTier{DisplayName: "Gold"}})
	if err != nil {
		t.Fatal(err)
	}
	text := func(v string) *rapportv1.AttributeValue {
		return &rapportv1.AttributeValue{Kind: &rapportv1.AttributeValue_StringValue{StringValue: v}}
	}
	instant := &rapportv1.AttributeValue{Kind: &rapportv1.AttributeValue_TimestampValue{TimestampValue: timestamppb.New(at(1, 2, 3))}}
	number := &rapportv1.AttributeValue{Kind: &rapportv1.AttributeValue_DoubleValue{DoubleValue: 2.5}}
	ada := newCustomer(t, s, func(c *rapportv1.Customer) {
		c.ServiceTier, c.Tags, c.Owner = proto.String(tier.GetName()), []string{"tea", "vip"}, proto.String("ann")
		c.AcquisitionSource = rapportv1.Customer_REFERRAL
		c.Attributes = map[string]*rapportv1.AttributeValue{"plan": text("gold"), "since": instant, "size": number}
	})
	bob := newCustomer(t, s, func(c *rapportv1.Customer) {
		c.Type, c.Tags = rapportv1.Customer_ORGANIZATION, []string{"tea"}
		c.Attributes = map[string]*rapportv1.AttributeValue{"plan": text("it's {{.}}; DROP")}
	})
	eve := anybody(t, s)
	byPhone := func(of *rapportv1.SatisfactionScore) *rapportv1.SatisfactionScore {
		of.Channel, of.Staff = rapportv1.Channel_PHONE, proto.String("kim")
		return of
	}
	give(t, s, ada, times(1, byPhone(score(metricNPS, 9, at(3, 1, 0)))), times(1, score(metricNPS, 9, at(3, 1, 0))))
	give(t, s, bob, times(3, byPhone(score(metricNPS, 9, at(3, 1, 0)))))
	observed := score(metricNPS, 1, at(3, 1, 0))
	observed.Source = rapportv1.SatisfactionScore_STAFF_OBSERVED
	give(t, s, eve, times(4, observed))

	for _, test := range []struct {
		by   []string
		want []string
	}{
		{[]string{"customer.service_tier"}, []string{" 7", tier.GetName() + " 2"}},
		{[]string{"customer.tags"}, []string{" 4", "tea 5", "vip 2"}},
		{[]string{"customer.owner"}, []string{" 7", "ann 2"}},
		{[]string{"customer.type"}, []string{"INDIVIDUAL 6", "ORGANIZATION 3"}},
		{[]string{"customer.acquisition_source"}, []string{" 7", "REFERRAL 2"}},
		{[]string{"customer.attributes.plan"}, []string{" 4", "gold 2", "it's {{.}}; DROP 3"}},
		{[]string{"customer.attributes.since"}, []string{" 7", "2026-01-02T03:00:00.000000Z 2"}},
		{[]string{"customer.attributes.size"}, []string{" 7", "2.5 2"}},
		{[]string{"staff"}, []string{" 5", "kim 4"}},
		{[]string{"channel"}, []string{" 5", "PHONE 4"}},
		{[]string{"source"}, []string{"CUSTOMER 5", "STAFF_OBSERVED 4"}},
		{[]string{"survey"}, []string{" 9"}},
		{[]string{"customer.tags", "channel"}, []string{"| 4", "tea| 1", "tea|PHONE 4", "vip| 1", "vip|PHONE 1"}},
	} {
		report := satisfaction(t, s, &rapportv1.GetSatisfactionReportRequest{GroupBy: test.by})
		var got []string
		for _, r := range report.GetRows() {
			got = append(got, fmt.Sprintf("%s %d", strings.Join(r.GetGroups(), "|"), r.GetNps().GetN()))
		}
		if !slices.Equal(got, test.want) || report.GetN() != 9 {
			t.Errorf("by %v: %q of %d, want %q of 9", test.by, got, report.GetN(), test.want)
		}
	}
	for _, test := range []struct {
		filter, scores string
		metrics        []rapportv1.SatisfactionScore_Metric
		want           int32
	}{
		{filter: `tags:"vip"`, want: 2},
		{filter: `attributes.plan = "gold" OR type = ORGANIZATION`, want: 5},
		{filter: `service_tier = "` + tier.GetName() + `" AND last_contact_time:*`, want: 0},
		{scores: "channel = PHONE", want: 4},
		{scores: "source = CUSTOMER AND NOT staff:*", want: 1},
		{filter: `tags:"tea"`, scores: `staff = "kim" AND rating >= 9`, want: 4},
		{metrics: []rapportv1.SatisfactionScore_Metric{metricNPS}, want: 9},
		{metrics: []rapportv1.SatisfactionScore_Metric{metricCSAT, metricCES}, want: 0},
	} {
		report := satisfaction(t, s, &rapportv1.GetSatisfactionReportRequest{Filter: test.filter, ScoreFilter: test.scores, Metrics: test.metrics})
		if report.GetN() != test.want {
			t.Errorf("%q, %q, %v: %d, want %d", test.filter, test.scores, test.metrics, report.GetN(), test.want)
		}
	}
}

func TestSatisfactionRefusals(t *testing.T) {
	s := apitest.Start(t)
	for name, test := range map[string]struct {
		req    *rapportv1.GetSatisfactionReportRequest
		reason rapportv1.ErrorReason
		fields []string
	}{
		"backwards": {
			&rapportv1.GetSatisfactionReportRequest{Interval: between(at(3, 2, 0), at(3, 1, 0)), TimeZone: "Mars/Olympus", GroupBy: []string{"staff", "customer.tag"}},
			rapportv1.ErrorReason_INVALID_FIELD,
			[]string{"interval.end_time", "group_by[1]", "time_zone"},
		},
		"no time":       {&rapportv1.GetSatisfactionReportRequest{Interval: &interval.Interval{StartTime: &timestamppb.Timestamp{Seconds: -1 << 62}}}, rapportv1.ErrorReason_INVALID_FIELD, []string{"interval.start_time"}},
		"local":         {&rapportv1.GetSatisfactionReportRequest{TimeZone: "Local"}, rapportv1.ErrorReason_INVALID_FIELD, []string{"time_zone"}},
		"three groups":  {&rapportv1.GetSatisfactionReportRequest{GroupBy: []string{"staff", "channel", "source"}}, rapportv1.ErrorReason_INVALID_FIELD, []string{"group_by"}},
		"the same":      {&rapportv1.GetSatisfactionReportRequest{GroupBy: []string{"staff", "staff"}}, rapportv1.ErrorReason_INVALID_FIELD, []string{"group_by"}},
		"no key":        {&rapportv1.GetSatisfactionReportRequest{GroupBy: []string{"customer.attributes"}}, rapportv1.ErrorReason_INVALID_FIELD, []string{"group_by[0]"}},
		"a bad key":     {&rapportv1.GetSatisfactionReportRequest{GroupBy: []string{"customer.attributes.a'b"}}, rapportv1.ErrorReason_INVALID_FIELD, []string{"group_by[0]"}},
		"no metric":     {&rapportv1.GetSatisfactionReportRequest{Metrics: []rapportv1.SatisfactionScore_Metric{0}}, rapportv1.ErrorReason_INVALID_FIELD, []string{"metrics[0]"}},
		"filter":        {&rapportv1.GetSatisfactionReportRequest{Filter: "staff = x"}, rapportv1.ErrorReason_INVALID_FILTER, []string{"filter"}},
		"score filter":  {&rapportv1.GetSatisfactionReportRequest{ScoreFilter: "tags:x"}, rapportv1.ErrorReason_INVALID_FILTER, []string{"score_filter"}},
		"many days":     {&rapportv1.GetSatisfactionReportRequest{Granularity: rapportv1.Granularity_DAY, Interval: between(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), at(1, 1, 0))}, rapportv1.ErrorReason_INVALID_FIELD, []string{"granularity"}},
		"no such value": {&rapportv1.GetSatisfactionReportRequest{Granularity: 99}, rapportv1.ErrorReason_INVALID_FIELD, []string{"granularity"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Insights.GetSatisfactionReport(t.Context(), test.req)
			apitest.WantFields(t, err, codes.InvalidArgument, test.reason, test.fields...)
		})
	}
}

// A report is refused, and not cut, where it would be endless; the refusal names what has too
// many values.
func TestEndlessReport(t *testing.T) {
	s := apitest.Start(t)
	c := anybody(t, s)
	give(t, s, c, nps(1, 0, 0, at(3, 1, 0)))
	_, err := s.DB.Exec(t.Context(), `INSERT INTO satisfaction_score (lane, customer_id, satisfaction_score_id, revision, metric, rating, source, staff, submit_time, create_time, update_time)
		SELECT lane, customer_id, gen_random_uuid(), 1, 'NPS', n % 11, 'CUSTOMER', 's' || n, submit_time, now(), now() FROM satisfaction_score, generate_series(1, 10000) AS n`)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Insights.GetSatisfactionReport(t.Context(), &rapportv1.GetSatisfactionReportRequest{GroupBy: []string{"channel", "staff"}, Granularity: rapportv1.Granularity_DAY})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "group_by[1]")
	report := satisfaction(t, s, &rapportv1.GetSatisfactionReportRequest{GroupBy: []string{"channel", "staff"}, ScoreFilter: "staff:*"})
	if len(report.GetRows()) != 10_000 || report.GetN() != 10_000 {
		t.Errorf("%d rows of %d scores", len(report.GetRows()), report.GetN())
	}
}

// Times that no clock shows, and days that a zone skips, are no trouble.
func TestStrangeTimes(t *testing.T) {
	s := apitest.Start(t)
	c := anybody(t, s)
	give(t, s, c, times(10, score(metricNPS, 9, time.Date(2011, 12, 29, 12, 0, 0, 0, time.UTC))), times(10, score(metricNPS, 9, time.Date(2011, 12, 30, 12, 0, 0, 0, time.UTC))))
	for _, zone := range []string{"Pacific/Apia", "America/Sao_Paulo", "Asia/Kathmandu", "Etc/GMT+12"} {
		for _, g := range []rapportv1.Granularity{rapportv1.Granularity_DAY, rapportv1.Granularity_WEEK, rapportv1.Granularity_QUARTER} {
			report := satisfaction(t, s, &rapportv1.GetSatisfactionReportRequest{
				Granularity: g, TimeZone: zone, Interval: between(time.Date(2011, 10, 16, 2, 59, 0, 0, time.UTC), time.Date(2012, 2, 27, 0, 0, 0, 0, time.UTC)),
			})
			last := time.Time{}
			for _, r := range report.GetRows() {
				if r.GetInterval().GetStartTime().AsTime().Before(last) || !r.GetInterval().GetEndTime().AsTime().After(r.GetInterval().GetStartTime().AsTime()) {
					t.Errorf("%s by %v: %v", zone, g, r.GetInterval())
				}
				last = r.GetInterval().GetEndTime().AsTime()
			}
			if report.GetN() != 20 {
				t.Errorf("%s by %v: %d of 20", zone, g, report.GetN())
			}
		}
	}
	everything := between(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC))
	if report := satisfaction(t, s, &rapportv1.GetSatisfactionReportRequest{Interval: everything}); report.GetN() != 20 {
		t.Errorf("of all time: %v", report)
	}
}
