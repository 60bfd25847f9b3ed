package answerpage

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/text/language"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/invitation"
	"github.com/rapport-crm/rapport/internal/survey"
)

//go:embed page.tmpl style.css words
var files embed.FS

var (
	style     = mustRead("style.css")
	templates = template.Must(template.New("").Funcs(template.FuncMap{
		"style": func() template.CSS { return template.CSS(style) }, //nolint:gosec // it is ours
	}).ParseFS(files, "page.tmpl"))
)

func mustRead(name string) string {
	read, err := files.ReadFile(name)
	if err != nil {
		panic(err) // it is embedded
	}
	return string(read)
}

// fixedHeaders are those of every page. It may load nothing, its style is known by its hash, and
// it sends its form nowhere else; nobody may frame it, keep it, list it or learn from where a reader came.
var fixedHeaders = map[string]string{
	"Content-Type": "text/html; charset=utf-8",
	"Content-Security-Policy": "default-src 'none'; style-src 'sha256-" + hash(style) +
		"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
	"Cache-Control":                "no-store",
	"Referrer-Policy":              "no-referrer",
	"X-Robots-Tag":                 "noindex, nofollow",
	"X-Content-Type-Options":       "nosniff",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// page is what every page has: the language of what the survey says, and the words for the rest,
// which may be in another one.
type page struct {
	Lang, Dir, Title string
	W                *words
}

func newPage(code string) page {
	tag := language.Make(code)
	return page{Lang: code, Dir: direction(tag), W: wordsFor(tag)}
}

// ofBrowser is the page in the browser's language, where no survey says which.
func ofBrowser(r *http.Request) page {
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil {
		tags = nil
	}
	return newPage(wordsFor(tags...).code)
}

// ofSurvey is the page in words of its own, in the language of the survey if it has it.
func ofSurvey(o invitation.Opened) page {
	return newPage(newPage(survey.TextFor(o.Survey, o.LanguageCode).GetLanguageCode()).W.code)
}

// Own is the language of the page's own words, where that is another than the survey's.
func (p *page) Own() template.HTMLAttr {
	own := language.Make(p.W.code)
	if base, _ := own.Base(); base == baseOf(p.Lang) {
		return ""
	}
	return template.HTMLAttr(`lang="` + p.W.code + `" dir="` + direction(own) + `"`) //nolint:gosec // both are ours
}

func baseOf(code string) language.Base {
	base, _ := language.Make(code).Base()
	return base
}

// rightToLeft are the scripts that are written so.
var rightToLeft = []string{"Arab", "Hebr", "Syrc", "Thaa", "Nkoo", "Adlm", "Rohg", "Mand", "Samr"}

func direction(tag language.Tag) string {
	if script, _ := tag.Script(); slices.Contains(rightToLeft, script.String()) {
		return "rtl"
	}
	return "ltr"
}

// Pictures of notices.
const (
	iconDone = "done"
	iconWait = "wait"
	iconLost = "lost"
)

// notice is a page that says something and asks nothing.
type notice struct {
	page

	Icon, Heading, Text string
	// Rating is nothing here, which tells the page from a form.
	Rating *scale
}

func (h *Handler) say(w http.ResponseWriter, status int, p page, icon, heading, text string) {
	p.Title = heading
	h.write(w, status, &notice{page: p, Icon: icon, Heading: heading, Text: text})
}

func (h *Handler) answered(w http.ResponseWriter, status int, o invitation.Opened) {
	p := ofSurvey(o)
	h.say(w, status, p, iconDone, p.W.AnsweredTitle, p.W.AnsweredText)
}

func (h *Handler) expired(w http.ResponseWriter, o invitation.Opened) {
	p := ofSurvey(o)
	h.say(w, http.StatusGone, p, iconWait, p.W.ExpiredTitle, p.W.ExpiredText)
}

// maxHeading is the length, in bytes, of the longest thanks that stand alone.
const maxHeading = 80

// thank says what the survey tells who has answered: as a heading or, where it has more to say,
// below one.
func (h *Handler) thank(w http.ResponseWriter, o invitation.Opened, resp *rapportv1.SubmitResponseResponse) {
	switch thanks := resp.GetThanks(); {
	case thanks == "":
		p := ofSurvey(o)
		h.say(w, http.StatusOK, p, iconDone, p.W.ThanksTitle, "")
	case len(thanks) <= maxHeading && !strings.Contains(thanks, "\n"):
		h.say(w, http.StatusOK, newPage(resp.GetLanguageCode()), iconDone, thanks, "")
	default:
		p := newPage(resp.GetLanguageCode())
		h.say(w, http.StatusOK, p, iconDone, p.W.ThanksTitle, thanks)
	}
}
