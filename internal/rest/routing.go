package rest

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/codes"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/telemetry"
)

// methods are what the routes use, in the order in which Allow names them.
var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// checkPath refuses what no path of ours has, before anyone unescapes it a second time:
// an escape of a character that need not or must not be escaped (%2F, %2e), control
// characters and empty segments.
func checkPath(escaped, path string) (int, error) {
	for i := range len(path) {
		if path[i] < ' ' || path[i] == 0x7f || path[i] == '\\' {
			return http.StatusBadRequest, apierr.InvalidField("path", "has a character that no resource name has")
		}
	}
	for i := 0; i+2 < len(escaped); i++ {
		if escaped[i] != '%' {
			continue
		}
		switch strings.ToUpper(escaped[i+1 : i+3]) {
		case "2F", "2E", "5C", "00":
			return http.StatusBadRequest, apierr.InvalidField("path", "escapes a character that no resource name has")
		}
	}
	if strings.Contains(path, "//") || len(path) > 1 && strings.HasSuffix(path, "/") {
		return http.StatusNotFound, noRoute(path)
	}
	return 0, nil
}

func noRoute(path string) error {
	return apierr.New(codes.NotFound, rapportv1.ErrorReason_NO_ROUTE, "no resource lives at this path", map[string]string{"path": shorten(path)})
}

func methodNotAllowed(method string) error {
	return apierr.New(codes.Unimplemented, rapportv1.ErrorReason_METHOD_NOT_ALLOWED,
		"the path does not take this method; Allow lists those that it takes", map[string]string{"method": shorten(method)})
}

// shorten bounds what an answer repeats of a request, and keeps it readable as UTF-8.
func shorten(s string) string {
	const limit = 100
	if len(s) > limit {
		s = s[:limit] + "..."
	}
	return strings.ToValidUTF8(s, "\ufffd")
}

// routed wraps each generated handler: it runs once the mux has found the route.
func (h *handler) routed(next runtime.HandlerFunc) runtime.HandlerFunc {
	var once sync.Once
	var found *route
	return func(w http.ResponseWriter, r *http.Request, pathParams map[string]string) {
		x := exchangeOf(r.Context())
		if x.probe {
			x.found = true
			return
		}
		once.Do(func() {
			pattern, _ := runtime.HTTPPattern(r.Context())
			found = h.routes[r.Method+" "+pattern.String()]
		})
		x.route = found
		telemetry.SetRoute(x.outer, found.template)
		ctx, cancel, err := withTimeout(r, found)
		if err == nil {
			defer cancel()
			err = prepare(w, r, x)
		}
		if err != nil {
			h.problem(w, x, 0, err)
			return
		}
		// The gateway forwards what it finds in a request: headers as metadata,
		// Authorization and the addresses always. It is given nothing to find.
		inner := r.WithContext(ctx)
		inner.Header, inner.Host, inner.RemoteAddr = noHeader, "", ""
		if found.stream != nil {
			h.serveStream(w, inner, x, pathParams)
			return
		}
		next(w, inner, pathParams)
	}
}

// noHeader is read by the gateway and written by nobody.
var noHeader = http.Header{}

// notRouted answers where the mux found no handler.
func (h *handler) notRouted(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, status int) {
	x := exchangeOf(r.Context())
	switch {
	case x.probe:
	case status == http.StatusMethodNotAllowed:
		w.Header().Set("Allow", h.allow(x))
		h.problem(w, x, status, methodNotAllowed(x.outer.Method))
	default:
		h.problem(w, x, http.StatusNotFound, noRoute(x.outer.URL.Path))
	}
}

// allow asks the mux, method by method, what the path takes. Only refusals and OPTIONS
// need it, so it may cost some.
func (h *handler) allow(x *exchange) string {
	var out []string
	for _, method := range methods {
		probe := &exchange{Context: x.Context, outer: x.outer, probe: true}
		r := x.outer.WithContext(probe)
		r.Method = method
		h.mux.ServeHTTP(discard{}, r)
		if !probe.found {
			continue
		}
		out = append(out, method)
		if method == http.MethodGet {
			out = append(out, http.MethodHead)
		}
	}
	if len(out) > 0 {
		out = append(out, http.MethodOptions)
	}
	return strings.Join(out, ", ")
}

// discard is what a probe answers to.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

// options answers OPTIONS outside of CORS.
func (h *handler) options(w http.ResponseWriter, x *exchange, r *http.Request) {
	allow := h.allow(x)
	if allow == "" {
		h.problem(w, x, http.StatusNotFound, noRoute(r.URL.Path))
		return
	}
	w.Header().Set("Allow", allow)
	w.WriteHeader(http.StatusNoContent)
}
