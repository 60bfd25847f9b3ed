package insight_test

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

const sharedData = "../../../shared/data/"

// table reads a file of real data, by the names of its columns.
func table(t testing.TB, name string) []map[string]string {
	t.Helper()
	file, err := os.Open(sharedData + name) //nolint:gosec // test data
	if os.IsNotExist(err) {
		t.Skip("the real data is not here")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // nothing was written
	var from io.Reader = file
	if strings.HasSuffix(name, ".gz") {
		if from, err = gzip.NewReader(file); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := csv.NewReader(from).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := make([]map[string]string, len(rows)-1)
	rows[0][0] = strings.TrimPrefix(rows[0][0], "\uFEFF")
	for i, row := range rows[1:] {
		out[i] = map[string]string{}
		for j, column := range rows[0] {
			out[i][column] = row[j]
		}
	}
	return out
}

// airportFactors are the columns of what passengers rated, 1 to 5; 6 is never used, 0 blank.
var airportFactors = map[string]string{
	"Q7ART": "art", "Q7FOOD": "restaurants", "Q7STORE": "shops", "Q7SIGN": "signs", "Q7WALKWAYS": "walkways", "Q7SCREENS": "screens",
	"Q7INFODOWN": "info_booths_lower", "Q7INFOUP": "info_booths_upper", "Q7WIFI": "wifi", "Q7ROADS": "road_signs", "Q7PARK": "parking", "Q7AIRTRAIN": "airtrain",
	"Q7LTPARKING": "parking_shuttle", "Q7RENTAL": "rental_cars",
}

// rated is a rating in a cell; it is false for the codes of no answer.
func rated(row map[string]string, column string, lowest, highest int) (int32, bool) {
	n, err := strconv.Atoi(row[column])
	return int32(n), err == nil && lowest <= n && n <= highest //nolint:gosec // a rating
}

// recordAirport records the survey of San Francisco's airport of 2017: what passengers said of
// the whole and of its parts, some of them of parts alone.
func recordAirport(t testing.TB, s *apitest.Service) {
	t.Helper()
	var scores []*rapportv1.SatisfactionScore
	for _, row := range table(t, "sfo_survey_2017/sfo_customer_survey_2017.csv") {
		day, err := strconv.Atoi(row["INTDATE"])
		if err != nil {
			t.Fatal(err)
		}
		noon := time.Date(2017, 5, day, 19, 0, 0, 0, time.UTC) // in San Francisco
		if n, ok := rated(row, "NETPRO", 0, 10); ok {
			scores = append(scores, score(metricNPS, n, noon))
		}
		whole := score(metricCSAT, 0, noon)
		for column, name := range airportFactors {
			if f, ok := rated(row, column, 1, 5); ok {
				whole.Factors = append(whole.Factors, &rapportv1.SatisfactionScore_Factor{Factor: name, Satisfaction: f})
			}
		}
		if n, ok := rated(row, "Q7ALL", 1, 5); ok {
			whole.Rating = &n
		} else {
			whole.Rating = nil
		}
		if whole.Rating != nil || len(whole.GetFactors()) > 0 {
			scores = append(scores, whole)
		}
	}
	give(t, s, anybody(t, s), scores)
}

// The figures are those of an independent aggregation of the same file, but for NPS, which that
// one gets wrong, and those of drivers, which were worked out from the file by other means: R
// squared by least squares.
func TestAirport(t *testing.T) {
	s := apitest.Start(t)
	recordAirport(t, s)
	row := only(t, satisfaction(t, s, &rapportv1.GetSatisfactionReportRequest{}))
	if row.GetNps().GetN() != 2746 || row.GetCsat().GetN() != 2688 {
		t.Errorf("%d and %d scores", row.GetNps().GetN(), row.GetCsat().GetN())
	}
	near(t, "NPS", row.GetNps().GetScore().GetValue(), 39.84, 5e-3)
	near(t, "CSAT", row.GetCsat().GetShare().GetValue(), 0.82068, 5e-6)
	near(t, "the mean of CSAT", row.GetCsat().GetMean().GetValue(), 4.0644, 5e-5)

	report := drivers(t, s, &rapportv1.GetDriverReportRequest{Factors: []string{"art", "restaurants", "shops", "signs", "walkways", "screens", "wifi"}})
	for _, want := range []struct {
		factor   string
		n        int32
		mean     float64
		ofBoth   int32 // who rated the whole too
		r        float64
		quadrant rapportv1.DriverReport_Quadrant
	}{
		{"shops", 2374, 3.64111, 2303, 0.5616976, rapportv1.DriverReport_CONCENTRATE_HERE},
		{"restaurants", 2421, 3.61545, 2348, 0.5594773, rapportv1.DriverReport_CONCENTRATE_HERE},
		{"signs", 2703, 4.08805, 2612, 0.5648594, rapportv1.DriverReport_KEEP_UP_THE_GOOD_WORK},
		{"wifi", 2142, 4.07983, 2077, 0.4676275, rapportv1.DriverReport_POSSIBLE_OVERKILL},
	} {
		f := factorOf(t, report, want.factor)
		near(t, want.factor, f.GetSatisfaction().GetValue(), want.mean, 5.1e-6)
		near(t, "the correlation of "+want.factor, f.GetCorrelation().GetValue(), want.r, 1e-7)
		if f.GetN() != want.n || f.GetCorrelationN() != want.ofBoth || f.GetQuadrant() != want.quadrant {
			t.Errorf("%v, want %v", f, want)
		}
	}
	if report.GetN() != 2784 || report.GetRelativeWeightsN() != 1548 {
		t.Errorf("%d scores, of which %d rate all", report.GetN(), report.GetRelativeWeightsN())
	}
	near(t, "R squared", report.GetRSquared(), 0.5740170, 1e-7)
	charts := draw(t, s, map[string]string{
		"satisfaction.svg": "/v1/reports/satisfaction.svg?granularity=DAY&timeZone=America/Los_Angeles",
		"drivers.svg":      "/v1/reports/drivers.svg?factors=art&factors=restaurants&factors=shops&factors=signs&factors=walkways&factors=screens&factors=wifi",
		"all_drivers.svg":  "/v1/reports/drivers.svg",
		"weeks.svg":        "/v1/reports/satisfaction.svg?metrics=CSAT&granularity=WEEK",
	})
	for _, name := range []string{"satisfaction.svg", "drivers.svg"} {
		shown, err := os.ReadFile(filepath.Join("../../docs/charts", name))
		if err != nil || !bytes.Equal(shown, charts[name]) {
			t.Errorf("docs/charts/%s is not what is drawn now (%v); this test writes it to the folder that CHARTS names", name, err)
		}
	}
}

// draw gets charts and, where CHARTS names a folder, writes them there to be looked at.
func draw(t testing.TB, s *apitest.Service, charts map[string]string) (drawn map[string][]byte) {
	t.Helper()
	drawn = map[string][]byte{}
	for name, path := range charts {
		svg := wantChart(t, s, path)
		drawn[name] = svg
		if dir := os.Getenv("CHARTS"); dir != "" {
			if err := os.WriteFile(filepath.Join(dir, name), svg, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return drawn
}

// TestOlist compares the months of reviews with counts of the same file.
func TestOlist(t *testing.T) {
	s := apitest.Start(t)
	var scores []*rapportv1.SatisfactionScore
	counts, favorable := map[string]int32{}, map[string]int32{}
	for _, row := range table(t, "olist_sample/olist_order_reviews.csv.gz") {
		answered, err := time.Parse(time.DateTime, row["review_answer_timestamp"])
		n, ok := rated(row, "review_score", 1, 5)
		if err != nil || !ok {
			t.Fatal(row, err)
		}
		scores = append(scores, score(metricCSAT, n, answered))
		month := answered.Format("2006-01")
		counts[month]++
		if n >= 4 {
			favorable[month]++
		}
	}
	give(t, s, anybody(t, s), scores)
	row := only(t, satisfaction(t, s, &rapportv1.GetSatisfactionReportRequest{}))
	near(t, "CSAT", row.GetCsat().GetShare().GetValue(), 0.5517, 5e-5)
	near(t, "the mean of CSAT", row.GetCsat().GetMean().GetValue(), 3.27, 5e-3)
	if row.GetCsat().GetN() != 8225 {
		t.Errorf("%d reviews", row.GetCsat().GetN())
	}
	months := satisfaction(t, s, &rapportv1.GetSatisfactionReportRequest{Granularity: rapportv1.Granularity_MONTH})
	if len(months.GetRows()) != len(counts) {
		t.Errorf("%d months, want %d", len(months.GetRows()), len(counts))
	}
	for _, r := range months.GetRows() {
		month := r.GetInterval().GetStartTime().AsTime().Format("2006-01")
		if r.GetCsat().GetN() != counts[month] || r.GetCsat().GetFavorable() != favorable[month] {
			t.Errorf("%s: %d of %d, want %d of %d", month, r.GetCsat().GetFavorable(), r.GetCsat().GetN(), favorable[month], counts[month])
		}
	}
	draw(t, s, map[string]string{"olist.svg": "/v1/reports/satisfaction.svg?metrics=CSAT&granularity=MONTH"})
}

func TestTelco(t *testing.T) {
	s := apitest.Start(t)
	var scores []*rapportv1.SatisfactionScore
	for _, row := range table(t, "telco_churn/telco_status.csv") {
		n, ok := rated(row, "Satisfaction Score", 1, 5)
		if !ok {
			t.Fatal(row)
		}
		scores = append(scores, score(metricCSAT, n, at(9, 30, 0)))
	}
	give(t, s, anybody(t, s), scores)
	row := only(t, satisfaction(t, s, &rapportv1.GetSatisfactionReportRequest{}))
	near(t, "CSAT", row.GetCsat().GetShare().GetValue(), 0.41715, 5e-6)
	if row.GetCsat().GetN() != 7043 {
		t.Errorf("%d customers", row.GetCsat().GetN())
	}
}
