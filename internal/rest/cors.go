package rest

import (
	"fmt"
	"net/http"
	"net/url"
)

const (
	corsMethods = "GET, HEAD, POST, PATCH, DELETE"
	corsHeaders = "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Last-Event-ID, traceparent, tracestate"
	corsExposed = "ETag, Location, Retry-After, X-Request-Id, Idempotent-Replayed"
	corsMaxAge  = "7200" // seconds; browsers cap it there
)

// cors is the list of web origins whose scripts may call. An origin is compared as a
// whole, so that no prefix, suffix or `null` gets in, and no answer allows `*` or
// credentials: callers authenticate by a header they set themselves, never by cookies.
type cors map[string]bool

func newCORS(origins []string) (cors, error) {
	out := cors{}
	for _, o := range origins {
		u, err := url.Parse(o)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || o != u.Scheme+"://"+u.Host {
			return nil, fmt.Errorf("%q is not a web origin such as https://crm.example.com", o)
		}
		out[o] = true
	}
	return out, nil
}

// handle adds the headers of CORS for an allowed origin, and answers a preflight: for
// any origin, since without the headers the browser refuses by itself.
func (c cors) handle(w http.ResponseWriter, r *http.Request, origin string) (done bool) {
	allowed, header := c[origin], w.Header()
	if allowed {
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Expose-Headers", corsExposed)
	}
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	if allowed {
		header.Set("Access-Control-Allow-Methods", corsMethods)
		header.Set("Access-Control-Allow-Headers", corsHeaders)
		header.Set("Access-Control-Max-Age", corsMaxAge)
	}
	w.WriteHeader(http.StatusNoContent)
	return true
}
