// Package apidocs serves the API reference: the OpenAPI document, Swagger UI over
// it, and a page that explains every error reason. All of it is in the binary, and
// no page asks for anything outside, so it works in a closed network.
package apidocs

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"fmt"
	"net/http"
	"path"
	"time"
)

// Document is the OpenAPI 3.0 document of the REST interface, as JSON. Generated
// by internal/apidocs/gen; do not change it.
//
//go:embed openapi.json
var Document []byte

//go:embed errors.html
var errorsPage []byte

//go:embed assets/index.html assets/initializer.js assets/errors.css
//go:embed assets/swagger-ui-bundle.js assets/swagger-ui.css assets/favicon-32x32.png
var assets embed.FS

// contentSecurityPolicy lets the pages use this origin only. Swagger UI writes
// style attributes and has images as data URLs, hence the two exceptions; scripts
// have none.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; connect-src 'self'; " +
	"style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler serves GET and HEAD of /openapi.json, /docs/, /docs/errors and what
// those pages load; /docs redirects to /docs/. Any other path below /docs/ is a
// plain 404. It needs no authentication: it says nothing of the data.
func Handler() http.Handler {
	mux := http.NewServeMux()
	serve(mux, "/openapi.json", "application/json", Document)
	serve(mux, "/docs/errors", "text/html; charset=utf-8", errorsPage)
	serve(mux, "/docs/{$}", "text/html; charset=utf-8", asset("index.html"))
	for name, contentType := range map[string]string{
		"initializer.js":       "text/javascript; charset=utf-8",
		"swagger-ui-bundle.js": "text/javascript; charset=utf-8",
		"swagger-ui.css":       "text/css; charset=utf-8",
		"errors.css":           "text/css; charset=utf-8",
		"favicon-32x32.png":    "image/png",
	} {
		serve(mux, "/docs/"+name, contentType, asset(name))
	}
	mux.Handle("GET /docs", http.RedirectHandler("/docs/", http.StatusMovedPermanently))
	return mux
}

// asset returns an embedded file. That it exists is fixed when the binary is built.
func asset(name string) []byte {
	content, err := assets.ReadFile(path.Join("assets", name))
	if err != nil {
		panic(err)
	}
	return content
}

// serve answers with fixed content. An entity tag over the content spares a
// browser the 1.7 MB of Swagger UI on the next visit, and no-cache makes it ask,
// so that a new release shows at once.
func serve(mux *http.ServeMux, pattern, contentType string, content []byte) {
	tag := fmt.Sprintf(`"%x"`, sha256.Sum256(content))
	mux.HandleFunc("GET "+pattern, func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", contentType)
		h.Set("Content-Security-Policy", contentSecurityPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", tag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	})
}
