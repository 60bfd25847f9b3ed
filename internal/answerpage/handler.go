// Package answerpage is where customers answer surveys: one page a link, /s/{token}, for any
// browser and screen reader. It needs no script, no cookie and no second request: its one
// stylesheet is in it. Opening it records nothing, for programs that scan mail open links too.
package answerpage

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/invitation"
	"github.com/rapport-crm/rapport/internal/ratelimit"
	"github.com/rapport-crm/rapport/internal/rpc"
	"github.com/rapport-crm/rapport/internal/telemetry"
	"github.com/rapport-crm/rapport/internal/telemetry/names"
)

// Prefix is what the paths of all pages begin with; the token follows.
const Prefix = "/s/"

const (
	// maxForm is room for the longest comment, each character escaped, and all else.
	maxForm = 512 << 10
	// openTimeout bounds the reading of what a page shows.
	openTimeout = 10 * time.Second
	// writeTimeout is how long a client may take to read a page.
	writeTimeout = 60 * time.Second
)

// Handler serves the pages.
type Handler struct {
	// Open returns what the link of a token leads to.
	Open func(ctx context.Context, token string) (invitation.Opened, error)
	// Submit is SubmitResponse as its callers have it, with all that every call passes.
	Submit rapportv1.SatisfactionServiceClient
	// Log takes faults.
	Log *slog.Logger
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	telemetry.SetRoute(r, Prefix+"{token}") // the token itself is nobody else's business
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout))
	token := strings.TrimPrefix(r.URL.Path, Prefix)
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		h.show(w, r, token)
	case http.MethodPost:
		h.take(w, r, token)
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		p := ofBrowser(r)
		h.say(w, http.StatusMethodNotAllowed, p, iconLost, p.W.UnknownTitle, p.W.UnknownText)
	}
}

// show answers with the form, in which the link may have chosen a rating.
func (h *Handler) show(w http.ResponseWriter, r *http.Request, token string) {
	ctx, cancel := context.WithTimeout(ratelimit.WithRequest(r), openTimeout)
	defer cancel()
	o, err := h.Open(ctx, token)
	switch {
	case err != nil:
		h.refuse(w, r, err)
	case o.Answered:
		h.answered(w, http.StatusGone, o)
	case !o.Open:
		h.expired(w, o)
	default:
		form := newForm(o)
		form.Rating.choose(r.URL.Query().Get("rating"))
		h.write(w, http.StatusOK, form)
	}
}

// take submits the form. What is wrong with it is said beside it, with all that was entered.
func (h *Handler) take(w http.ResponseWriter, r *http.Request, token string) {
	ctx, cancel := context.WithTimeout(ratelimit.WithRequest(r), openTimeout)
	defer cancel()
	o, err := h.Open(ctx, token)
	if err != nil {
		h.refuse(w, r, err)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	parseErr := r.ParseForm()
	form := newForm(o)
	req := form.read(r.PostForm)
	if parseErr != nil {
		form.Comment.Error = form.W.CommentWrong // nothing else is as long
	}
	if form.Wrong() {
		h.write(w, http.StatusUnprocessableEntity, form)
		return
	}
	req.Token = token
	resp, err := h.Submit.SubmitResponse(rpc.WithRequestID(ctx, ""), req)
	switch apierr.Reason(err) {
	case rapportv1.ErrorReason_INVALID_FIELD:
		form.blame(apierr.Fields(err))
		h.write(w, http.StatusUnprocessableEntity, form)
	case rapportv1.ErrorReason_INVITATION_ANSWERED, rapportv1.ErrorReason_SURVEY_ALREADY_ANSWERED:
		h.answered(w, http.StatusConflict, o)
	case rapportv1.ErrorReason_INVITATION_EXPIRED:
		h.expired(w, o)
	default:
		if err != nil {
			h.refuse(w, r, err)
			return
		}
		h.thank(w, o, resp)
	}
}

// refuse answers an error of a call that is not about what the survey is. A deadline, a database
// that is away and a fault are all one to a customer.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := ofBrowser(r)
	switch apierr.Reason(err) {
	case rapportv1.ErrorReason_INVITATION_NOT_FOUND:
		h.say(w, http.StatusNotFound, p, iconLost, p.W.UnknownTitle, p.W.UnknownText)
	case rapportv1.ErrorReason_QUOTA_EXCEEDED:
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter(err)))
		h.say(w, http.StatusTooManyRequests, p, iconWait, p.W.BusyTitle, p.W.BusyText)
	default:
		if !errors.Is(err, context.Canceled) {
			h.Log.LogAttrs(r.Context(), slog.LevelError, "an answer page failed", slog.String(names.Cause, err.Error()))
		}
		w.Header().Set("Retry-After", "60")
		h.say(w, http.StatusServiceUnavailable, p, iconWait, p.W.FailedTitle, p.W.FailedText)
	}
}

// retryAfter is the delay that an error advises, in whole seconds.
func retryAfter(err error) int {
	for _, d := range status.Convert(err).Details() {
		if retry, ok := d.(*errdetails.RetryInfo); ok {
			return max(int(math.Ceil(retry.GetRetryDelay().AsDuration().Seconds())), 1)
		}
	}
	return 1
}

// write answers with a page. It is made as a whole first, so that a fault is no half page.
func (h *Handler) write(w http.ResponseWriter, status int, page any) {
	var body bytes.Buffer
	if err := templates.ExecuteTemplate(&body, "page", page); err != nil {
		h.Log.Error("an answer page cannot be made", slog.String(names.Cause, err.Error()))
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	header := w.Header()
	for name, value := range fixedHeaders {
		header.Set(name, value)
	}
	header.Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	_, _ = body.WriteTo(w) // a client that is gone learns nothing more
}
