package main

import (
	"compress/gzip"
	"encoding/csv"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/load"
)

// scores returns what a filter finds.
func scores(t *testing.T, s *apitest.Service, filter string) (out []*rapportv1.SatisfactionScore) {
	t.Helper()
	req := &rapportv1.ListSatisfactionScoresRequest{Parent: "customers/-", Filter: filter, PageSize: 1000}
	for {
		page, err := s.Satisfaction.ListSatisfactionScores(t.Context(), req)
		if err != nil {
			t.Fatalf("list %s: %v", filter, err)
		}
		out = append(out, page.GetSatisfactionScores()...)
		if req.PageToken = page.GetNextPageToken(); req.GetPageToken() == "" {
			return out
		}
	}
}

// wantScores fails the test unless a filter finds so many scores with this mean.
func wantScores(t *testing.T, s *apitest.Service, filter string, n int, mean float64) {
	t.Helper()
	found, sum := scores(t, s, filter), 0.0
	for _, score := range found {
		sum += float64(score.GetRating())
	}
	if got := sum / float64(len(found)); len(found) != n || math.Abs(got-mean) > 5e-6 {
		t.Errorf("%s: %d scores of mean %.5f, want %d of %.5f", filter, len(found), got, n, mean)
	}
}

// wantShare fails the test unless so many percent of all that a filter finds are among part.
func wantShare(t *testing.T, s *apitest.Service, part, all string, percent float64) {
	t.Helper()
	n, of := len(scores(t, s, part)), len(scores(t, s, all))
	if got := 100 * float64(n) / float64(of); math.Abs(got-percent) > 5e-4 {
		t.Errorf("%s: %d of %d, %.3f %%, want %.3f %%", part, n, of, got, percent)
	}
}

// TestSurveyOfSFO: the figures are those of an independent aggregation, but for the NPS, where
// that one takes the code of a question that was left open for a promoter.
func TestSurveyOfSFO(t *testing.T) {
	path := file(t, "sfo_survey_2017/sfo_customer_survey_2017.csv")
	s := apitest.Start(t)
	wantImport(t, s, importFlags{File: path, Map: examples + "sfo_passengers.yaml"}, "2,831 created")
	whole, recommend := importFlags{File: path, Map: examples + "sfo_satisfaction.yaml"}, importFlags{File: path, Map: examples + "sfo_recommend.yaml"}
	kind := func() *importing { return &importing{kind: load.SatisfactionScores} }
	wantImportAs(t, s, kind(), whole, "2,804 created, 0 updated, 0 unchanged, 0 rejected")
	wantImportAs(t, s, kind(), recommend, "2,746 created, 0 updated, 0 unchanged, 0 rejected")
	wantImportAs(t, s, kind(), recommend, "0 created, 0 updated, 2,746 unchanged, 0 rejected")

	wantScores(t, s, "metric = CSAT AND rating:*", 2688, 4.06436)
	wantShare(t, s, "metric = CSAT AND rating >= 4", "metric = CSAT AND rating:*", 82.068)
	promoters, detractors := len(scores(t, s, "metric = NPS AND rating >= 9")), len(scores(t, s, "metric = NPS AND rating <= 6"))
	if promoters != 1436 || detractors != 342 || len(scores(t, s, "metric = NPS")) != 2746 || len(scores(t, s, "rating = 0")) != 17 {
		t.Errorf("%d promoters, %d detractors: NPS %.2f of %d", promoters, detractors, 100*float64(promoters-detractors)/2746, len(scores(t, s, "metric = NPS")))
	}
	// 116 rated parts and not the whole.
	for factor, want := range map[string]struct {
		n    int
		mean float64
	}{"restaurants": {2421, 3.61545}, "shops": {2374, 3.64111}, "wifi": {2142, 4.07983}} {
		n, sum := 0, 0.0
		for _, score := range scores(t, s, `factors.factor = "`+factor+`"`) {
			for _, f := range score.GetFactors() {
				if f.GetFactor() == factor {
					n, sum = n+1, sum+float64(f.GetSatisfaction())
				}
			}
		}
		if mean := sum / float64(n); n != want.n || math.Abs(mean-want.mean) > 5e-6 {
			t.Errorf("%s: %d of mean %.5f, want %d of %.5f", factor, n, mean, want.n, want.mean)
		}
	}
	if n := len(list(t, s, "satisfaction.csat.rating = 5")); n != 699 {
		t.Errorf("%d customers were very satisfied, want 699", n)
	}
}

// TestOlistReviews: the texts come back byte for byte.
func TestOlistReviews(t *testing.T) {
	c := importFlags{File: file(t, "olist_sample/olist_order_reviews.csv.gz"), Map: examples + "olist_reviews.yaml"}
	s := apitest.Start(t)
	wantImport(t, s, importFlags{File: data + "olist_sample/olist_customers.csv", Map: examples + "olist_customers.yaml"}, "8,016 created")
	wantImportAs(t, s, &importing{kind: load.SatisfactionScores}, c, "8,225 created, 0 updated, 0 unchanged, 0 rejected")
	wantImportAs(t, s, &importing{kind: load.SatisfactionScores}, c, "0 created, 0 updated, 8,225 unchanged, 0 rejected")
	wantScores(t, s, "", 8225, 26909.0/8225) // 3.27
	wantShare(t, s, "rating >= 4", "", 55.173)
	want, got := reviews(t, c.File), map[string]string{}
	texts := 0
	for _, score := range scores(t, s, "") {
		got[score.GetExternalId().GetId()] = strconv.Itoa(int(score.GetRating())) + score.GetComment()
		if score.Comment != nil {
			texts++
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || texts != 4113 {
		t.Errorf("%d texts (-want +got):\n%s", texts, diff)
	}
}

// reviews are the ratings and texts of a file of reviews by their ids. encoding/csv takes the CR
// from each CR LF, also inside quotes, where this file alone has them.
func reviews(t *testing.T, path string) map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // nothing was written
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(unzipped)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.ReplaceAll(string(text), "\r\n", "\x01\n"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out, column := map[string]string{}, map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	for _, row := range rows[1:] {
		message := strings.ReplaceAll(row[column["review_comment_message"]], "\x01\n", "\r\n")
		out[row[column["review_id"]]+"/"+row[column["order_id"]]] = row[column["review_score"]] + message
	}
	return out
}

func TestTelcoSatisfaction(t *testing.T) {
	c := importFlags{File: file(t, "telco_churn/telco_status.csv"), Map: examples + "telco_satisfaction.yaml"}
	s := apitest.Start(t)
	wantImport(t, s, importFlags{File: data + "telco_churn/telco_demographics.csv", Map: examples + "telco.yaml"}, "7,043 created")
	wantImportAs(t, s, &importing{kind: load.SatisfactionScores}, c, "7,043 created, 0 updated, 0 unchanged, 0 rejected")
	wantScores(t, s, "metric = CSAT", 7043, 22854.0/7043)
	wantShare(t, s, "rating >= 4", "", 41.715)
}

// TestOddScores: a row that is passed over is none that is rejected, a rating off the scale is,
// and one that is no whole number does not leave the client.
func TestOddScores(t *testing.T) {
	s := apitest.Start(t)
	wantImport(t, s, importFlags{File: "-", Map: written(t, "people.yaml", peopleMapping)}, "2 created", "Id,Name,Mail,Age\n1,Ada,,\n2,Bob,,\n")
	c := importFlags{File: "-", Map: written(t, "scores.yaml", `
customer_external_id: {source: shop, column: Customer}
external_id: {source: forms, column: "#line"}
when: {column: Asked, values: {yes: yes, no: no}}
satisfaction_score: {metric: "{Metric}", rating: "{Rating}", comment: "{Text}", factors: [{factor: staff, satisfaction: "{Staff}"}]}
`)}
	const rows = "Customer,Asked,Metric,Rating,Staff,Text\n1,yes,nps,0,,\n1,no,nps,,,\n2,yes,CSAT,5.0,4,ok\n2,yes,CSAT,6,,\n2,yes,CSAT,4.5,,\n2,perhaps,CSAT,5,,\n3,yes,NPS,9,,\n"
	shown, err := importAs(t, s, &importing{kind: load.SatisfactionScores}, c, rows)
	if err == nil || !strings.Contains(shown, "2 created, 0 updated, 0 unchanged, 4 rejected") {
		t.Errorf("the import ended with %v and said\n%s", err, shown)
	}
	for _, want := range []string{"4.5", "is not a whole number", "perhaps", "1 to 5", "shop/3: not found"} {
		if !strings.Contains(shown, want) {
			t.Errorf("nothing tells of %q:\n%s", want, shown)
		}
	}
	if n := scores(t, s, "metric = NPS AND rating = 0"); len(n) != 1 || len(n[0].GetFactors()) != 0 {
		t.Errorf("rated zero: %v", n)
	}
	if n := scores(t, s, `factors.factor = "staff" AND comment = "ok"`); len(n) != 1 || n[0].GetRating() != 5 || n[0].GetFactors()[0].GetSatisfaction() != 4 {
		t.Errorf("with a factor: %v", n)
	}
}
