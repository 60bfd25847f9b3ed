package insight_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// wantChart gets a chart and checks what all have: it is well-formed, has a title and a
// description, follows the colors that its reader prefers, and neither runs nor loads anything.
func wantChart(t testing.TB, s *apitest.Service, path string) []byte {
	t.Helper()
	resp := s.Do(t, http.MethodGet, path, "")
	if resp.Status != http.StatusOK || resp.Header.Get("Content-Type") != "image/svg+xml" || !strings.Contains(resp.Header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Fatalf("%s: %d %v %s", path, resp.Status, resp.Header, resp.Body)
	}
	seen := map[string]int{}
	for dec := xml.NewDecoder(bytes.NewReader(resp.Body)); ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v in %s", path, err, resp.Body)
		}
		if e, ok := token.(xml.StartElement); ok {
			seen[e.Name.Local]++
			for _, a := range e.Attr {
				if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" {
					t.Errorf("%s: <%s %s=%q>", path, e.Name.Local, a.Name.Local, a.Value)
				}
			}
		}
	}
	if seen["title"] == 0 || seen["desc"] != 1 || seen["script"]+seen["image"]+seen["foreignObject"]+seen["a"] > 0 || !bytes.Contains(resp.Body, []byte("prefers-color-scheme: dark")) {
		t.Errorf("%s: %v", path, seen)
	}
	if bytes.Contains(resp.Body, []byte("NaN")) || bytes.Contains(resp.Body, []byte("Inf")) || bytes.Contains(resp.Body, []byte("ZgotmplZ")) {
		t.Errorf("%s: no number: %s", path, resp.Body)
	}
	return resp.Body
}

func TestCharts(t *testing.T) {
	s := apitest.Start(t)
	for _, path := range []string{"/v1/reports/satisfaction.svg", "/v1/reports/drivers.svg", "/v1/reports/satisfaction.svg?granularity=DAY&metrics=CES"} {
		if svg := wantChart(t, s, path); !bytes.Contains(svg, []byte("Nothing to draw")) {
			t.Errorf("%s of nothing: %s", path, svg)
		}
	}
	const hostile = "<script>alert(1)</script>\"'&]]>\x01\u202e小明"
	c := newCustomer(t, s, func(c *rapportv1.Customer) { c.Tags = []string{hostile, "vip"} })
	give(t, s, c, nps(12, 3, 5, at(3, 1, 0)), nps(30, 3, 1, at(3, 2, 0)), times(10, madeOf(5, at(3, 1, 0), part("a", 5, 5))))
	for _, path := range []string{
		"/v1/reports/satisfaction.svg?groupBy=customer.tags", "/v1/reports/satisfaction.svg?granularity=DAY&groupBy=customer.tags&groupBy=channel",
		"/v1/reports/satisfaction.svg?metrics=REPURCHASE_INTENT", "/v1/reports/satisfaction.svg?granularity=QUARTER&metrics=CSAT", "/v1/reports/drivers.svg",
	} {
		wantChart(t, s, path)
	}
	svg := string(wantChart(t, s, "/v1/reports/satisfaction.svg?groupBy=customer.tags"))
	if strings.Contains(svg, "<script") || !strings.Contains(svg, "&lt;script&gt;") || !strings.Contains(svg, "vip: 62.0") && !strings.Contains(svg, "vip: ") {
		t.Errorf("%s", svg)
	}
	day := string(wantChart(t, s, "/v1/reports/satisfaction.svg?granularity=DAY"))
	if !strings.Contains(day, "Net Promoter Score by day") || !strings.Contains(day, `class="band"`) || !strings.Contains(day, `class="ring"`) || !strings.Contains(day, "n = 54") {
		t.Errorf("%s", day)
	}
}

// More factors than there is room for have names that do not cover each other; the rest is said
// to be missing.
func TestCrowdedChart(t *testing.T) {
	s := apitest.Start(t)
	c := anybody(t, s)
	var scores []*rapportv1.SatisfactionScore
	for i := range int32(30) {
		var parts []*rapportv1.SatisfactionScore_Factor
		for k := range int32(50) {
			parts = append(parts, part(fmt.Sprintf("a_rather_long_name_of_factor_%02d", k), 1+(i*(k%7+1)+k/3)%5, 0))
		}
		scores = append(scores, madeOf(1+i%5, at(3, 1, 0), parts...))
	}
	give(t, s, c, scores)
	draw(t, s, map[string]string{"crowded.svg": "/v1/reports/drivers.svg"})
}

// A refusal is a problem, whatever the answer would have been.
func TestChartRefusals(t *testing.T) {
	s := apitest.Start(t)
	for _, test := range []struct {
		path    string
		status  int
		reason  string
		headers []string
	}{
		{"/v1/reports/satisfaction.svg?groupBy=nothing", 400, "INVALID_FIELD", nil},
		{"/v1/reports/satisfaction.svg?scoreFilter=nothing=1", 400, "INVALID_FILTER", nil},
		{"/v1/reports/drivers.svg?filter=nothing=1", 400, "INVALID_FILTER", nil},
		{"/v1/reports/drivers.svg?granularity=DAY", 400, "UNKNOWN_PARAMETER", nil},
		{"/v1/reports/drivers.svg", 406, "NOT_ACCEPTABLE", []string{"Accept", "application/json"}},
		{"/v1/reports/drivers", 406, "NOT_ACCEPTABLE", []string{"Accept", "image/svg+xml"}},
		{"/v1/reports/satisfaction.png", 404, "NO_ROUTE", nil},
	} {
		resp := s.Do(t, http.MethodGet, test.path, "", test.headers...)
		resp.WantProblem(t, test.status, rapportv1.ErrorReason(rapportv1.ErrorReason_value[test.reason]))
	}
	for _, accept := range []string{"image/*", "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", "*/*"} {
		if resp := s.Do(t, http.MethodGet, "/v1/reports/drivers.svg", "", "Accept", accept); resp.Status != http.StatusOK {
			t.Errorf("%s: %d %s", accept, resp.Status, resp.Body)
		}
	}
	if resp := s.Do(t, http.MethodPost, "/v1/reports/drivers.svg", "{}"); resp.Status != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "GET, HEAD, OPTIONS" {
		t.Errorf("%d %v", resp.Status, resp.Header)
	}
}
