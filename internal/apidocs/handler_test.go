package apidocs_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/rapport-crm/rapport/internal/apidocs"
)

func get(t *testing.T, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	recorder := httptest.NewRecorder()
	apidocs.Handler().ServeHTTP(recorder, request)
	return recorder
}

func body(t *testing.T, path string) string {
	t.Helper()
	response := get(t, path)
	if response.Code != http.StatusOK {
		t.Fatalf("GET %s: status %d", path, response.Code)
	}
	return response.Body.String()
}

// loaded finds what a browser fetches for a page, as against links to click.
var loaded = regexp.MustCompile(`<(?:link|script|img|iframe)[^>]*?(?:href|src)="([^"]*)"`)

func TestPagesLoadOnlyWhatTheyServeThemselves(t *testing.T) {
	for _, page := range []string{"/docs/", "/docs/errors"} {
		html := body(t, page)
		matches := loaded.FindAllStringSubmatch(html, -1)
		if len(matches) == 0 {
			t.Errorf("%s: loads nothing; is this the page?", page)
		}
		for _, match := range matches {
			if !strings.HasPrefix(match[1], "/docs/") {
				t.Errorf("%s loads %q", page, match[1])
				continue
			}
			body(t, match[1])
		}
		if regexp.MustCompile(`<script(?:>|[^>]*[^>"]>)[^<]|<style| on[a-z]+=`).MatchString(html) {
			t.Errorf("%s has inline code, which its policy forbids", page)
		}
	}
	if !strings.Contains(body(t, "/docs/initializer.js"), "validatorUrl: null") {
		t.Error("Swagger UI would send the document to an outside validator")
	}
}

func TestEveryAnswerIsLockedDown(t *testing.T) {
	for _, path := range []string{"/openapi.json", "/docs/", "/docs/errors", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css"} {
		header := get(t, path).Header()
		policy := header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "script-src 'self';") {
			t.Errorf("%s: Content-Security-Policy %q", path, policy)
		}
		if strings.Contains(policy, "http:") || strings.Contains(policy, "https:") || strings.Contains(policy, "*") {
			t.Errorf("%s: Content-Security-Policy %q lets others in", path, policy)
		}
		if header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: no nosniff", path)
		}
	}
}

func TestAnUnchangedFileIsNotSentAgain(t *testing.T) {
	tag := get(t, "/docs/swagger-ui-bundle.js").Header().Get("ETag")
	if again := get(t, "/docs/swagger-ui-bundle.js", "If-None-Match", tag); again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("status %d with %d bytes, want 304 with none", again.Code, again.Body.Len())
	}
}

func TestDocsRedirectsAndUnknownPathsAreNotFound(t *testing.T) {
	if response := get(t, "/docs"); response.Header().Get("Location") != "/docs/" {
		t.Errorf("/docs: status %d, Location %q", response.Code, response.Header().Get("Location"))
	}
	for _, path := range []string{"/docs/handler.go", "/docs/assets/index.html", "/docs/README.md", "/docs/errors/"} {
		if code := get(t, path).Code; code != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", path, code)
		}
	}
}
