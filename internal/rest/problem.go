package rest

import (
	"context"
	"encoding/json"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/telemetry/names"
)

// problem is the body of every error (RFC 9457), with the members of
// google.rpc.ErrorInfo.
type problem struct {
	Type       string            `json:"type"`
	Title      string            `json:"title"`
	Status     int               `json:"status"`
	Detail     string            `json:"detail"`
	Instance   string            `json:"instance"`
	Code       string            `json:"code"`
	Reason     string            `json:"reason"`
	Domain     string            `json:"domain"`
	Metadata   map[string]string `json:"metadata,omitempty"`
	Violations []violation       `json:"violations,omitempty"`
	// RetryAfter is in seconds, as in the header of that name.
	RetryAfter int `json:"retry_after,omitempty"`
}

type violation struct {
	Field   string `json:"field"`
	Rule    string `json:"rule,omitempty"`
	Message string `json:"message"`
}

// callFailed is the gateway's error handler: for errors of RPCs, and for its own.
func (h *handler) callFailed(ctx context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, _ *http.Request, err error) {
	x := exchangeOf(ctx)
	if md, ok := runtime.ServerMetadataFromContext(ctx); ok {
		passHeaders(w.Header(), md)
	}
	if !x.decoded && x.route != nil {
		// Query and path were checked, so it is the body that the gateway refuses.
		if x.route.body != nil {
			err = malformed(x.route, x.body)
		} else {
			err = apierr.InvalidField("path", "has a malformed escape")
		}
	}
	h.problem(w, x, 0, err)
}

// problem writes every error of this port. Status 0 is chosen by the error.
func (h *handler) problem(w http.ResponseWriter, x *exchange, httpStatus int, err error) {
	if x.wrote {
		return
	}
	x.wrote = true
	header := w.Header()
	for _, name := range []string{"Content-Length", "Transfer-Encoding", "Trailer", "Etag", "Location"} {
		header.Del(name)
	}
	p := h.newProblem(header, x, httpStatus, err)
	if p.RetryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	if p.Status == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", `Bearer realm="rapport", error="invalid_token"`)
	}
	if !x.invoked {
		h.logRefusal(x, &p, header.Get("X-Request-Id"))
	}
	body, jsonErr := json.Marshal(&p) // strings and numbers only: it cannot fail
	if jsonErr != nil {
		body = []byte("{}")
	}
	header.Set("Content-Type", problemTypeFor(x.outer.Header["Accept"]))
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	_, _ = w.Write(body)
}

// newProblem describes an error as the answer to a request, whose id is in the header or
// is put there.
func (h *handler) newProblem(header http.Header, x *exchange, httpStatus int, err error) problem {
	st := h.statusOf(x, err)
	p := describe(st, x.route)
	if p.Status = httpStatus; httpStatus == 0 {
		p.Status = httpStatusOf(st.Code(), p.Reason, x.ifMatch != "")
	}
	id := header.Get("X-Request-Id")
	if id == "" {
		id = uuid.NewString()
		header.Set("X-Request-Id", id)
	}
	p.Instance = "urn:uuid:" + id
	if p.RetryAfter == 0 && (p.Status == http.StatusServiceUnavailable || p.Status == http.StatusTooManyRequests) {
		p.RetryAfter = 1
	}
	return p
}

// statusOf returns the error's status. What has none is a fault of this package, whose
// text stays in the log.
func (h *handler) statusOf(x *exchange, err error) *status.Status {
	if st, ok := status.FromError(err); ok {
		return st
	}
	h.log.LogAttrs(x.Context, slog.LevelError, "the REST edge failed", slog.String(names.Cause, err.Error()))
	return status.Convert(internal())
}

// logRefusal logs what never became a call and so has no line of its own.
func (h *handler) logRefusal(x *exchange, p *problem, id string) {
	template := ""
	if x.route != nil {
		template = x.route.template
	}
	h.log.LogAttrs(x.Context, slog.LevelInfo, "request refused",
		slog.String(names.HTTPMethod, shorten(x.outer.Method)), slog.String(names.HTTPRoute, template),
		slog.Int(names.HTTPStatusCode, p.Status), slog.String(names.Reason, p.Reason), slog.String(names.RequestID, id))
}

// describe turns a status into a problem, all but what only the request knows.
func describe(st *status.Status, r *route) problem {
	p := problem{Detail: st.Message(), Code: code.Code(st.Code()).String(), Reason: reasonOf(st.Code()).String(), Domain: apierr.Domain}
	for _, detail := range st.Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			p.Reason, p.Domain, p.Metadata = d.GetReason(), d.GetDomain(), d.GetMetadata()
		case *errdetails.RetryInfo:
			p.RetryAfter = int(math.Ceil(d.GetRetryDelay().AsDuration().Seconds()))
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				p.Violations = append(p.Violations, violation{Field: jsonPath(r, v.GetField()), Rule: v.GetReason(), Message: v.GetDescription()})
			}
		}
	}
	if field, ok := p.Metadata["field"]; ok {
		p.Metadata["field"] = jsonPath(r, field)
	}
	p.Type = "/docs/errors#" + p.Reason
	words := strings.ToLower(strings.ReplaceAll(p.Reason, "_", " "))
	p.Title = strings.ToUpper(words[:1]) + words[1:]
	return p
}

// reasonOf is the reason of an error that has no ErrorInfo: one that the channel made
// before the interceptors could.
func reasonOf(c codes.Code) rapportv1.ErrorReason {
	switch c {
	case codes.DeadlineExceeded:
		return rapportv1.ErrorReason_DEADLINE_EXCEEDED
	case codes.Canceled:
		return rapportv1.ErrorReason_CANCELLED
	case codes.Unimplemented:
		return rapportv1.ErrorReason_UNKNOWN_METHOD
	case codes.InvalidArgument:
		return rapportv1.ErrorReason_INVALID_FIELD
	default:
		return rapportv1.ErrorReason_INTERNAL_ERROR
	}
}

// httpStatusOf maps an error to its HTTP status. The reason decides where it says more
// than the code.
func httpStatusOf(c codes.Code, reason string, ifMatch bool) int {
	switch rapportv1.ErrorReason(rapportv1.ErrorReason_value[reason]) {
	case rapportv1.ErrorReason_ETAG_MISMATCH:
		if ifMatch {
			return http.StatusPreconditionFailed
		}
	case rapportv1.ErrorReason_ETAG_REQUIRED:
		return http.StatusPreconditionRequired
	case rapportv1.ErrorReason_REQUEST_ID_REUSED:
		return http.StatusUnprocessableEntity
	case rapportv1.ErrorReason_OVERLOADED:
		return http.StatusServiceUnavailable
	case rapportv1.ErrorReason_STORAGE_FULL:
		return http.StatusInsufficientStorage
	case rapportv1.ErrorReason_MESSAGE_TOO_LARGE:
		return http.StatusRequestEntityTooLarge
	case rapportv1.ErrorReason_UNSUPPORTED_MEDIA_TYPE:
		return http.StatusUnsupportedMediaType
	case rapportv1.ErrorReason_NOT_ACCEPTABLE:
		return http.StatusNotAcceptable
	case rapportv1.ErrorReason_METHOD_NOT_ALLOWED:
		return http.StatusMethodNotAllowed
	default:
	}
	if c == codes.Canceled {
		return http.StatusServiceUnavailable // 499 is nginx's own; whoever cancelled sees nothing anyway
	}
	return runtime.HTTPStatusFromCode(c)
}

// jsonPath turns a path of proto names, such as customer.display_name, into one of JSON
// names. What is no field (a header, a map's key, an index) stays as it is.
func jsonPath(r *route, path string) string {
	if r == nil {
		return path
	}
	md := r.input
	var out strings.Builder
	for path != "" {
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			end = len(path)
		}
		name := path[:end]
		var fd protoreflect.FieldDescriptor
		if md != nil {
			fd = fieldByName(md, name)
		}
		if fd == nil {
			out.WriteString(path) // what follows belongs to nothing that is known
			return out.String()
		}
		out.WriteString(fd.JSONName())
		path = path[end:]
		if strings.HasPrefix(path, "[") {
			end = closing(path)
			out.WriteString(path[:end])
			path = path[end:]
		}
		if fd.IsMap() {
			out.WriteString(path)
			return out.String()
		}
		md = fd.Message()
		if strings.HasPrefix(path, ".") {
			out.WriteByte('.')
			path = path[1:]
		}
	}
	return out.String()
}

// closing returns where the index or key in brackets at the start of path ends. A key
// is quoted and may hold brackets itself.
func closing(path string) int {
	quoted := false
	for i := range len(path) {
		switch path[i] {
		case '"':
			quoted = !quoted
		case ']':
			if !quoted {
				return i + 1
			}
		}
	}
	return len(path)
}
