package insight_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

func drivers(t testing.TB, s *apitest.Service, req *rapportv1.GetDriverReportRequest) *rapportv1.DriverReport {
	t.Helper()
	report, err := s.Insights.GetDriverReport(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func factorOf(t testing.TB, report *rapportv1.DriverReport, name string) *rapportv1.DriverReport_Factor {
	t.Helper()
	for _, f := range report.GetFactors() {
		if f.GetFactor() == name {
			return f
		}
	}
	t.Fatalf("there is no factor %s in %v", name, report)
	return nil
}

// part is a rating of a factor; an importance of 0 was not asked.
func part(name string, satisfaction, importance int32) *rapportv1.SatisfactionScore_Factor {
	f := &rapportv1.SatisfactionScore_Factor{Factor: name, Satisfaction: satisfaction}
	if importance > 0 {
		f.Importance = &importance
	}
	return f
}

func madeOf(rating int32, submitted time.Time, parts ...*rapportv1.SatisfactionScore_Factor) *rapportv1.SatisfactionScore {
	of := score(metricCSAT, rating, submitted)
	of.Factors = parts
	return of
}

// Worked by hand: four factors, each in a quadrant of its own.
func TestQuadrants(t *testing.T) {
	s := apitest.Start(t)
	c := anybody(t, s)
	parts := func(waiting, staff, music, parking int32) []*rapportv1.SatisfactionScore_Factor {
		return []*rapportv1.SatisfactionScore_Factor{part("waiting", waiting, 5), part("staff", staff, 4), part("music", music, 1), part("parking", parking, 2)}
	}
	give(t, s, c,
		times(10, madeOf(5, at(3, 1, 0), parts(3, 5, 5, 2)...)),
		times(10, madeOf(3, at(3, 1, 0), parts(1, 5, 5, 2)...)),
		times(9, madeOf(3, at(3, 1, 0), part("toilets", 1, 5))),
		times(3, madeOf(3, at(4, 1, 0), parts(1, 1, 1, 1)...)), // not in the interval
	)
	during := between(at(3, 1, 0), at(4, 1, 0))
	report := drivers(t, s, &rapportv1.GetDriverReportRequest{Interval: during})
	var got []string
	for _, f := range report.GetFactors() {
		got = append(got, fmt.Sprintf("%s %d %.1f %.1f %v", f.GetFactor(), f.GetN(), f.GetSatisfaction().GetValue(), f.GetStatedImportance().GetValue(), f.GetQuadrant()))
	}
	want := []string{
		"waiting 20 2.0 5.0 CONCENTRATE_HERE", "staff 20 5.0 4.0 KEEP_UP_THE_GOOD_WORK", "parking 20 2.0 2.0 LOW_PRIORITY",
		"music 20 5.0 1.0 POSSIBLE_OVERKILL", "toilets 9 0.0 0.0 QUADRANT_UNSPECIFIED",
	}
	if !slices.Equal(got, want) || report.GetN() != 29 || report.GetImportanceKind() != rapportv1.DriverReport_STATED || report.GetCut() != rapportv1.DriverReport_GRAND_MEANS {
		t.Errorf("%s\nof %d scores, %v, %v; want\n%s", strings.Join(got, "\n"), report.GetN(), report.GetImportanceKind(), report.GetCut(), strings.Join(want, "\n"))
	}
	near(t, "where satisfaction is cut", report.GetSatisfactionCut(), 3.5, 1e-9)
	near(t, "where importance is cut", report.GetImportanceCut(), 3, 1e-9)

	// The waiting goes along with the whole, and is the only one that varies.
	waiting := factorOf(t, report, "waiting")
	near(t, "the correlation", waiting.GetCorrelation().GetValue(), 1, 1e-12)
	if factorOf(t, report, "staff").GetCorrelation() != nil {
		t.Error("what never varies has no correlation")
	}
	if report.RSquared != nil || !slices.ContainsFunc(report.GetWarnings(), func(w string) bool { return strings.Contains(w, "no relative weights") }) {
		t.Errorf("R squared %v, warnings %q", report.GetRSquared(), report.GetWarnings())
	}
	alone := drivers(t, s, &rapportv1.GetDriverReportRequest{Interval: during, Factors: []string{"waiting"}, ImportanceKind: rapportv1.DriverReport_DERIVED})
	near(t, "R squared", alone.GetRSquared(), 1, 1e-12)
	near(t, "the weight", alone.GetFactors()[0].GetRelativeWeight(), 1, 1e-12)
	if alone.GetN() != 20 || alone.GetRelativeWeightsN() != 20 || len(alone.GetFactors()) != 1 {
		t.Errorf("%v", alone)
	}
	middle := drivers(t, s, &rapportv1.GetDriverReportRequest{Interval: during, Cut: rapportv1.DriverReport_SCALE_MIDPOINT})
	if middle.GetSatisfactionCut() != 3 || middle.GetImportanceCut() != 3 {
		t.Errorf("cut at %v and %v", middle.GetSatisfactionCut(), middle.GetImportanceCut())
	}
}

// A quadrant is uncertain where a mean is nearer to the cut than its standard error.
func TestUncertainQuadrant(t *testing.T) {
	s := apitest.Start(t)
	c := anybody(t, s)
	var scores []*rapportv1.SatisfactionScore
	for i := range int32(20) {
		// The mean of a is 3.1 with a standard error of 0.32, that of b 5 without any. The whole
		// goes along with both as chance has it.
		scores = append(scores, madeOf(1+i%5, at(3, 1, 0), part("a", 1+(i*7)%5, 5), part("b", 5, 1)), madeOf(1+i%3, at(3, 1, 0), part("a", 3, 5)))
	}
	give(t, s, c, scores)
	report := drivers(t, s, &rapportv1.GetDriverReportRequest{Cut: rapportv1.DriverReport_SCALE_MIDPOINT})
	if a, b := factorOf(t, report, "a"), factorOf(t, report, "b"); !a.GetUncertain() || b.GetUncertain() {
		t.Errorf("a is uncertain: %v, b is: %v; %v", a.GetUncertain(), b.GetUncertain(), report)
	}
}

// Weights are not negative and add up to R squared; the order of factors in a score, and those
// that nobody asked for, do not matter.
func TestRelativeWeights(t *testing.T) {
	s := apitest.Start(t)
	c := anybody(t, s)
	var scores []*rapportv1.SatisfactionScore
	for i := range int32(60) {
		a, b, k := 1+i%5, 1+(i/5)%5, 1+(i*i)%5
		parts := []*rapportv1.SatisfactionScore_Factor{part("a", a, 0), part("b", b, 0), part("c", k, 0)}
		if i%2 == 0 {
			slices.Reverse(parts)
		}
		if i%7 == 0 {
			parts = append(parts, part("d", 3, 0))
		}
		scores = append(scores, madeOf(min(5, max(1, (2*a+b)/3)), at(3, 1, 0), parts...))
	}
	give(t, s, c, scores)
	report := drivers(t, s, &rapportv1.GetDriverReportRequest{Factors: []string{"c", "a", "b"}})
	sum, shares := 0.0, 0.0
	for _, f := range report.GetFactors() {
		if f.GetRelativeWeight() < 0 {
			t.Errorf("%v", f)
		}
		sum, shares = sum+f.GetRelativeWeight(), shares+f.GetRelativeWeightShare()
	}
	near(t, "all weights", sum, report.GetRSquared(), 1e-12)
	near(t, "all shares", shares, 1, 1e-12)
	a, b := factorOf(t, report, "a"), factorOf(t, report, "b")
	if report.GetRelativeWeightsN() != 60 || a.GetRelativeWeight() <= b.GetRelativeWeight() || b.GetRelativeWeight() <= factorOf(t, report, "c").GetRelativeWeight() {
		t.Errorf("%v", report)
	}
	if report.GetImportanceKind() != rapportv1.DriverReport_DERIVED {
		t.Errorf("nobody said how important they are: %v", report.GetImportanceKind())
	}
}

func TestDriversOfNothing(t *testing.T) {
	s := apitest.Start(t)
	c := anybody(t, s)
	of := score(metricNPS, 9, at(3, 1, 0))
	of.Factors = []*rapportv1.SatisfactionScore_Factor{part("a", 5, 0)}
	give(t, s, c, times(20, of), times(20, score(metricCSAT, 5, at(3, 1, 0))))
	report := drivers(t, s, &rapportv1.GetDriverReportRequest{Filter: "type = INDIVIDUAL", ScoreFilter: "source = CUSTOMER"})
	if report.GetN() != 0 || len(report.GetFactors()) != 0 || report.SatisfactionCut != nil || report.GetMethod() == "" {
		t.Errorf("%v", report)
	}
}

func TestDriverRefusals(t *testing.T) {
	s := apitest.Start(t)
	for name, test := range map[string]struct {
		req    *rapportv1.GetDriverReportRequest
		reason rapportv1.ErrorReason
		fields []string
	}{
		"backwards":    {&rapportv1.GetDriverReportRequest{Interval: between(at(3, 2, 0), at(3, 2, 0))}, rapportv1.ErrorReason_INVALID_FIELD, []string{"interval.end_time"}},
		"factor":       {&rapportv1.GetDriverReportRequest{Factors: []string{"No Key", "a", "a"}}, rapportv1.ErrorReason_INVALID_FIELD, []string{"factors", "factors[0]"}},
		"filter":       {&rapportv1.GetDriverReportRequest{Filter: "rating = 1"}, rapportv1.ErrorReason_INVALID_FILTER, []string{"filter"}},
		"score filter": {&rapportv1.GetDriverReportRequest{ScoreFilter: "rating = x"}, rapportv1.ErrorReason_INVALID_FILTER, []string{"score_filter"}},
		"kind":         {&rapportv1.GetDriverReportRequest{ImportanceKind: 9, Cut: 9}, rapportv1.ErrorReason_INVALID_FIELD, []string{"cut", "importance_kind"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Insights.GetDriverReport(t.Context(), test.req)
			apitest.WantFields(t, err, codes.InvalidArgument, test.reason, test.fields...)
		})
	}
}
