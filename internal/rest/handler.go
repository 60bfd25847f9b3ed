// Package rest is the public HTTP port: JSON in, JSON out, over the gateway's
// generated handlers and a channel that runs the RPCs' own interceptors.
//
// A request passes: the handler (panics, CORS, path) → the gateway's mux, which finds
// the route → prepare (Accept, body, query, headers, all strict) → the gateway's
// generated handler, which builds the request message → edge, which adds what came in
// headers → the RPC → reply, or, for every error wherever it came from, problem. An RPC
// that answers with a stream goes by stream.go instead of the generated handler.
package rest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/telemetry/names"
)

const (
	// maxBody is the size of the largest body, in bytes; gRPC takes the same.
	maxBody = 4 << 20
	// writeTimeout is how long a client may take to read an answer, or a piece of a
	// stream. It is set for each request, because http.Server.WriteTimeout would end
	// streams too.
	writeTimeout = 60 * time.Second
)

// Options are what the handler is made of.
type Options struct {
	// Conn is the in-process channel to all services of the API.
	Conn grpc.ClientConnInterface
	// Docs serves /openapi.json and all below /docs/; nil serves neither.
	Docs http.Handler
	// Log takes refusals of this package and faults; calls that reach an RPC are logged
	// there.
	Log *slog.Logger
	// AllowedOrigins are the web origins whose scripts may call, such as
	// https://crm.example.com. There are no wildcards.
	AllowedOrigins []string
}

type handler struct {
	mux    *runtime.ServeMux
	conn   edge
	docs   http.Handler
	log    *slog.Logger
	cors   cors
	routes map[string]*route // by HTTP method and path template

	writeTimeout time.Duration
}

// New returns the handler of the public HTTP port.
func New(o Options) (http.Handler, error) {
	h := &handler{conn: edge{o.Conn}, docs: o.Docs, log: o.Log, writeTimeout: writeTimeout}
	var err error
	if h.cors, err = newCORS(o.AllowedOrigins); err != nil {
		return nil, err
	}
	if h.routes, err = newRoutes(
		rapportv1.File_rapport_v1_customer_service_proto, rapportv1.File_rapport_v1_purchase_service_proto,
		rapportv1.File_rapport_v1_interaction_service_proto, rapportv1.File_rapport_v1_case_service_proto,
		rapportv1.File_rapport_v1_task_service_proto, rapportv1.File_rapport_v1_satisfaction_service_proto,
		rapportv1.File_rapport_v1_insight_service_proto,
		rapportv1.File_rapport_v1_change_service_proto,
	); err != nil {
		return nil, err
	}
	none := func(string) (string, bool) { return "", false }
	h.mux = runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, jsonMarshaler{}),
		runtime.WithMiddlewares(h.routed),
		runtime.WithForwardResponseOption(h.reply),
		runtime.WithErrorHandler(h.callFailed),
		runtime.WithRoutingErrorHandler(h.notRouted),
		runtime.WithIncomingHeaderMatcher(none),
		runtime.WithOutgoingHeaderMatcher(none),
		runtime.WithOutgoingTrailerMatcher(none),
		runtime.WithDisableHTTPMethodOverride(),
		runtime.WithDisablePathLengthFallback(),
		runtime.WithUnescapingMode(runtime.UnescapingModeAllExceptReserved),
	)
	ctx := context.Background()
	if err := errors.Join(
		rapportv1.RegisterCustomerServiceHandlerClient(ctx, h.mux, rapportv1.NewCustomerServiceClient(h.conn)),
		rapportv1.RegisterPurchaseServiceHandlerClient(ctx, h.mux, rapportv1.NewPurchaseServiceClient(h.conn)),
		rapportv1.RegisterInteractionServiceHandlerClient(ctx, h.mux, rapportv1.NewInteractionServiceClient(h.conn)),
		rapportv1.RegisterCaseServiceHandlerClient(ctx, h.mux, rapportv1.NewCaseServiceClient(h.conn)),
		rapportv1.RegisterTaskServiceHandlerClient(ctx, h.mux, rapportv1.NewTaskServiceClient(h.conn)),
		rapportv1.RegisterSatisfactionServiceHandlerClient(ctx, h.mux, rapportv1.NewSatisfactionServiceClient(h.conn)),
		rapportv1.RegisterInsightServiceHandlerClient(ctx, h.mux, rapportv1.NewInsightServiceClient(h.conn)),
		rapportv1.RegisterChangeServiceHandlerClient(ctx, h.mux, rapportv1.NewChangeServiceClient(h.conn)),
	); err != nil {
		return nil, fmt.Errorf("register the routes: %w", err)
	}
	return h, nil
}

// Header values that are the same in every answer are slices made once.
var (
	nosniff    = []string{"nosniff"}
	noStore    = []string{"no-store"}
	varyOrigin = []string{"Origin"}
)

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{Context: r.Context(), outer: r}
	defer h.recover(w, x)
	header := w.Header()
	header["X-Content-Type-Options"] = nosniff
	header["Vary"] = varyOrigin
	// It fails only for a writer without deadlines, such as a recorder in a test.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(h.writeTimeout))
	if origin := r.Header["Origin"]; len(origin) > 0 && h.cors.handle(w, r, origin[0]) {
		return
	}
	if path := r.URL.Path; path == "/openapi.json" || path == "/docs" || strings.HasPrefix(path, "/docs/") {
		h.serveDocs(w, r, x)
		return
	}
	header["Cache-Control"] = noStore // answers hold personal data
	if status, err := checkPath(r.URL.EscapedPath(), r.URL.Path); err != nil {
		h.problem(w, x, status, err)
		return
	}
	inner := r.WithContext(x)
	switch r.Method {
	case http.MethodOptions:
		h.options(w, x, inner)
		return
	case http.MethodHead: // net/http leaves the body away
		inner.Method = http.MethodGet
	}
	h.mux.ServeHTTP(w, inner)
}

// recover answers a panic of this package; one in an RPC is answered there.
func (h *handler) recover(w http.ResponseWriter, x *exchange) {
	v := recover()
	if v == nil {
		return
	}
	if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(v)
	}
	h.log.LogAttrs(x.Context, slog.LevelError, "the REST edge panicked",
		slog.String(names.Panic, fmt.Sprintf("%T", v)), slog.String(names.Stack, string(debug.Stack())))
	h.problem(w, x, 0, internal())
}

func internal() error {
	return apierr.New(codes.Internal, rapportv1.ErrorReason_INTERNAL_ERROR, "internal error", nil)
}

// serveDocs serves what the docs' own mux has a pattern for; what it has none for is
// a problem like everywhere else, not its plain text.
func (h *handler) serveDocs(w http.ResponseWriter, r *http.Request, x *exchange) {
	if mux, ok := h.docs.(interface {
		Handler(r *http.Request) (http.Handler, string)
	}); ok {
		if _, pattern := mux.Handler(r); pattern == "" {
			h.noDocs(w, r, x)
			return
		}
	} else if h.docs == nil {
		h.problem(w, x, http.StatusNotFound, noRoute(r.URL.Path))
		return
	}
	h.docs.ServeHTTP(w, r)
}

func (h *handler) noDocs(w http.ResponseWriter, r *http.Request, x *exchange) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		h.problem(w, x, http.StatusNotFound, noRoute(r.URL.Path))
		return
	}
	w.Header().Set("Allow", "GET, HEAD")
	h.problem(w, x, http.StatusMethodNotAllowed, methodNotAllowed(r.Method))
}
