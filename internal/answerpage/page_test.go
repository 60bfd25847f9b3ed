package answerpage_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

const hostile = `"><script>alert(1)</script><b a='`

func newSurvey(metric rapportv1.SatisfactionScore_Metric) *rapportv1.Survey {
	return &rapportv1.Survey{
		DisplayName: "internal name", Metric: metric, AskComment: true, AskImportance: true, AskExpectation: true, Factors: []string{"wait", "staff.desk"},
		Texts: []*rapportv1.Survey_Text{
			{
				LanguageCode: "en", Question: "How likely? " + hostile, CommentPrompt: proto.String("Why? " + hostile), Thanks: proto.String("Bye " + hostile),
				LowLabel: proto.String("low " + hostile), FactorLabels: map[string]string{"wait": "Waiting " + hostile},
			},
			{LanguageCode: "de", Question: "Wie wahrscheinlich?"},
			{LanguageCode: "ar", Question: "ما مدى احتمال"},
		},
	}
}

// invite makes a survey and invites a customer of the language to it.
func invite(t testing.TB, s *apitest.Service, survey *rapportv1.Survey, language string) (made *rapportv1.SurveyInvitation, path string) {
	t.Helper()
	asked, err := s.Satisfaction.CreateSurvey(t.Context(), &rapportv1.CreateSurveyRequest{Survey: survey})
	if err != nil {
		t.Fatal(err)
	}
	who, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{
		Customer: &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Ada Lovelace", LanguageCode: &language},
	})
	if err != nil {
		t.Fatal(err)
	}
	made, err = s.Satisfaction.CreateSurveyInvitation(t.Context(), &rapportv1.CreateSurveyInvitationRequest{
		Parent: asked.GetName(), SurveyInvitation: &rapportv1.SurveyInvitation{Customer: who.GetName()},
	})
	if err != nil {
		t.Fatal(err)
	}
	return made, strings.TrimPrefix(made.GetAnswerUri(), s.URL)
}

func scores(t testing.TB, s *apitest.Service) []*rapportv1.SatisfactionScore {
	t.Helper()
	got, err := s.Satisfaction.ListSatisfactionScores(t.Context(), &rapportv1.ListSatisfactionScoresRequest{Parent: "customers/-"})
	if err != nil {
		t.Fatal(err)
	}
	return got.GetSatisfactionScores()
}

// document is a page as a browser reads it.
type document struct {
	*html.Node
	text string
}

func open(t testing.TB, s *apitest.Service, status int, path string, headers ...string) *document {
	t.Helper()
	return read(t, status, s.Do(t, http.MethodGet, path, "", headers...))
}

func post(t testing.TB, s *apitest.Service, status int, path string, form url.Values) *document {
	t.Helper()
	return read(t, status, s.Do(t, http.MethodPost, path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded"))
}

// read parses a page and checks what holds of every one.
func read(t testing.TB, status int, r apitest.Response) *document {
	t.Helper()
	if r.Status != status {
		t.Errorf("status %d, want %d: %s", r.Status, status, r.Body)
	}
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow",
		"X-Content-Type-Options": "nosniff",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, want := range []string{"default-src 'none'", "style-src 'sha256-", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if policy := r.Header.Get("Content-Security-Policy"); !strings.Contains(policy, want) || strings.Contains(policy, "unsafe") {
			t.Errorf("policy %q lacks %q", policy, want)
		}
	}
	root, err := html.Parse(bytes.NewReader(r.Body))
	if err != nil {
		t.Fatal(err)
	}
	d := &document{Node: root}
	for n := range root.Descendants() {
		switch {
		case n.Type == html.TextNode && n.Parent.Data != "style":
			d.text += n.Data
		case n.Type != html.ElementNode:
		case n.Data == "script" || n.Data == "link" || n.Data == "img" || n.Data == "iframe" || attr(n, "src") != "" || attr(n, "href") != "" || attr(n, "style") != "":
			t.Errorf("the page has <%s %v>", n.Data, n.Attr)
		}
	}
	if strings.Contains(d.text, "Lovelace") || strings.Contains(d.text, "internal name") || strings.Contains(string(r.Body), "customers/") {
		t.Errorf("the page tells too much: %s", r.Body)
	}
	return d
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// find returns the elements for which it is true.
func (d *document) find(is func(*html.Node) bool) (all []*html.Node) {
	for n := range d.Descendants() {
		if n.Type == html.ElementNode && is(n) {
			all = append(all, n)
		}
	}
	return all
}

// chosen returns the values of the checked choices, by their field.
func (d *document) chosen() map[string]string {
	all := map[string]string{}
	for _, n := range d.find(func(n *html.Node) bool { return n.Data == "input" && has(n, "checked") }) {
		if value := attr(n, "value"); value != "" {
			all[attr(n, "name")] = value
		}
	}
	return all
}

func (d *document) want(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(d.text, text) {
			t.Errorf("%q is not on the page: %s", text, d.text)
		}
	}
}

// TestForm shows what is asked, and records nothing by that.
func TestForm(t *testing.T) {
	s := apitest.Start(t)
	made, path := invite(t, s, newSurvey(rapportv1.SatisfactionScore_NPS), "en-GB")
	d := open(t, s, 200, path)
	d.want(t, "How likely? "+hostile, "Why? "+hostile, "0 = low "+hostile, "10 = extremely likely", "Waiting "+hostile, "staff.desk", "Send answer")
	ratings := d.find(func(n *html.Node) bool { return n.Data == "input" && attr(n, "name") == "rating" })
	if len(ratings) != 11 || len(d.chosen()) != 0 {
		t.Errorf("%d ratings, chosen %v", len(ratings), d.chosen())
	}
	for _, input := range d.find(func(n *html.Node) bool { return n.Data == "input" }) {
		if attr(input, "type") != "radio" || input.Parent.Data != "label" {
			t.Errorf("an input without a label: %v", input.Attr)
		}
	}
	for _, group := range d.find(func(n *html.Node) bool { return n.Data == "fieldset" }) {
		legend := false
		for child := range group.ChildNodes() {
			legend = legend || child.Data == "legend"
		}
		for _, id := range strings.Fields(attr(group, "aria-describedby")) {
			if len(d.find(func(n *html.Node) bool { return attr(n, "id") == id })) != 1 {
				t.Errorf("nothing has the id %s", id)
			}
		}
		if !legend {
			t.Errorf("a group without a legend: %v", group.Attr)
		}
	}
	root := d.find(func(n *html.Node) bool { return n.Data == "html" })[0]
	if attr(root, "lang") != "en" || attr(root, "dir") != "ltr" {
		t.Errorf("%v", root.Attr)
	}
	// One click in a mail chooses, and no more.
	for query, want := range map[string]string{"?rating=9": "9", "?rating=0": "0", "?rating=11": "", "?rating=-1": "", "?rating=x": "", "?rating=99999999999": "", "?rating=9&rating=3": "9"} {
		if got := open(t, s, 200, path+query).chosen()["rating"]; got != want {
			t.Errorf("%s chooses %q, want %q", query, got, want)
		}
	}
	if head := s.Do(t, http.MethodHead, path, ""); head.Status != 200 || len(head.Body) != 0 {
		t.Errorf("HEAD: %d %q", head.Status, head.Body)
	}
	if all := scores(t, s); len(all) != 0 {
		t.Errorf("opening made %v", all)
	}
	if strings.Contains(s.Log.String(), made.GetToken()) {
		t.Error("the token is in the log")
	}
}

func TestSubmit(t *testing.T) {
	s := apitest.Start(t)
	_, path := invite(t, s, newSurvey(rapportv1.SatisfactionScore_NPS), "en")
	form := url.Values{
		"rating": {"0"}, "expectation": {"7"}, "factor.wait": {"2"}, "importance.wait": {"5"}, "factor.staff.desk": {""}, "importance.staff.desk": {""},
		"comment": {"first\r\n" + hostile}, "token": {"other"}, "colour": {"red"},
	}
	for range 2 { // who goes back and sends it again sees the same
		post(t, s, 200, path, form).want(t, "Bye "+hostile)
	}
	all := scores(t, s)
	if len(all) != 1 {
		t.Fatalf("scores %v", all)
	}
	apitest.WantEqual(t, &rapportv1.SatisfactionScore{Rating: all[0].Rating, Expectation: all[0].Expectation, Factors: all[0].GetFactors(), Comment: all[0].Comment},
		&rapportv1.SatisfactionScore{
			Rating: proto.Int32(0), Expectation: proto.Int32(7), Comment: proto.String("first\n" + hostile),
			Factors: []*rapportv1.SatisfactionScore_Factor{{Factor: "wait", Satisfaction: 2, Importance: proto.Int32(5)}},
		})
	open(t, s, 410, path).want(t, "Your answer is in")
	form.Set("rating", "10")
	post(t, s, 409, path, form).want(t, "Your answer is in")
}

// TestErrors says what is wrong beside it, and keeps what was entered.
func TestErrors(t *testing.T) {
	s := apitest.Start(t)
	_, path := invite(t, s, newSurvey(rapportv1.SatisfactionScore_CSAT), "de")
	d := post(t, s, 422, path, url.Values{"expectation": {"4"}, "importance.wait": {"5"}, "factor.staff.desk": {"3"}, "comment": {"bleibt " + hostile}})
	d.want(t, "Wie wahrscheinlich?", "Bitte prüfen Sie Ihre Antwort.", "Bitte wählen Sie eine der Zahlen.", "Bitte wählen Sie auch, wie zufrieden Sie sind.", "bleibt "+hostile)
	if got := d.chosen(); len(got) != 3 || got["expectation"] != "4" || got["importance.wait"] != "5" || got["factor.staff.desk"] != "3" {
		t.Errorf("kept %v", got)
	}
	if wrong := d.find(func(n *html.Node) bool { return has(n, "aria-invalid") }); len(wrong) == 0 {
		t.Error("nothing is marked as wrong")
	}
	for name, form := range map[string]url.Values{
		"off the scale": {"rating": {"6"}}, "no number": {"rating": {"x"}}, "nothing": {},
		"NUL": {"rating": {"5"}, "comment": {"\x00"}}, "no UTF-8": {"rating": {"5"}, "comment": {"\xff"}},
		"a huge comment": {"rating": {"5"}, "comment": {strings.Repeat("茶", 20001)}}, "a huge form": {"rating": {"5"}, "comment": {strings.Repeat("x", 600_000)}},
	} {
		t.Run(name, func(t *testing.T) { post(t, s, 422, path, form).want(t, "Bitte prüfen Sie Ihre Antwort.") })
	}
	if all := scores(t, s); len(all) != 0 {
		t.Errorf("scores %v", all)
	}
}

// TestNotices has a kind word for who comes too late, or by a broken link.
func TestNotices(t *testing.T) {
	s := apitest.Start(t)
	made, path := invite(t, s, newSurvey(rapportv1.SatisfactionScore_CES), "de")
	if _, err := s.DB.Exec(t.Context(), `UPDATE survey_invitation SET expire_time = now()`); err != nil {
		t.Fatal(err)
	}
	open(t, s, 410, path).want(t, "Diese Umfrage ist beendet")
	post(t, s, 410, path, url.Values{"rating": {"5"}}).want(t, "Diese Umfrage ist beendet")
	for path, language := range map[string]string{"/s/": "", "/s/nope": "en", "/s/" + made.GetToken()[1:]: "xx", "/s/a/b": "*;q=bad", "/s/%00": "en"} {
		open(t, s, 404, path, "Accept-Language", language).want(t, "We do not know this link")
		post(t, s, 404, path, url.Values{"rating": {"5"}})
	}
	open(t, s, 404, "/s/nope", "Accept-Language", "tlh, fr-CA;q=0.8, en;q=0.5").want(t, "Nous ne connaissons pas ce lien")
	other := s.Do(t, http.MethodDelete, path, "")
	if read(t, 405, other); other.Header.Get("Allow") != "GET, HEAD, POST" {
		t.Errorf("%v", other.Header)
	}
	if _, err := s.DB.Exec(t.Context(), `ALTER TABLE survey_invitation RENAME TO gone`); err != nil {
		t.Fatal(err)
	}
	open(t, s, 503, path).want(t, "That did not work")
	if log := s.Log.String(); !strings.Contains(log, "an answer page failed") || strings.Contains(log, made.GetToken()) {
		t.Errorf("log %s", log)
	}
}

// TestLanguages writes from right to left where that is how it is written, and marks what is in
// another language.
func TestLanguages(t *testing.T) {
	s := apitest.Start(t)
	_, path := invite(t, s, newSurvey(rapportv1.SatisfactionScore_NPS), "ar-EG")
	d := open(t, s, 200, path)
	root := d.find(func(n *html.Node) bool { return n.Data == "html" })[0]
	if attr(root, "lang") != "ar" || attr(root, "dir") != "rtl" {
		t.Errorf("%v", root.Attr)
	}
	if button := d.find(func(n *html.Node) bool { return n.Data == "button" })[0]; attr(button, "lang") != "en" || attr(button, "dir") != "ltr" {
		t.Errorf("%v", button.Attr)
	}
	d.want(t, "ما مدى احتمال", "Waiting ", "Send answer")
}
