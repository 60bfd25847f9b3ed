package rest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/rpc"
)

// prepare checks all of a routed request that the gateway would pass over, and reads
// the body. What it finds goes into x; the order is from the cheapest to the dearest.
func prepare(w http.ResponseWriter, r *http.Request, x *exchange) error {
	if media := x.route.media(); !acceptable(r.Header["Accept"], media) {
		return apierr.New(codes.InvalidArgument, rapportv1.ErrorReason_NOT_ACCEPTABLE, "the answer is "+media, nil)
	}
	if err := prepareHeaders(r, x); err != nil {
		return err
	}
	if err := prepareQuery(r, x); err != nil {
		return err
	}
	if x.route.body == nil {
		r.Body = http.NoBody // net/http discards a bounded rest of what was sent
		return nil
	}
	return readBody(w, r, x)
}

// withTimeout returns a context with the timeout of Grpc-Timeout, or the request's own:
// the interceptors bound every call but streams by rpc.MaxDeadline anyway.
func withTimeout(r *http.Request, rt *route) (context.Context, context.CancelFunc, error) {
	value := r.Header["Grpc-Timeout"]
	if len(value) == 0 {
		return r.Context(), func() {}, nil
	}
	units := map[byte]time.Duration{
		'H': time.Hour, 'M': time.Minute, 'S': time.Second, 'm': time.Millisecond, 'u': time.Microsecond, 'n': time.Nanosecond,
	}
	text := value[0]
	if len(text) < 2 || len(text) > 9 || units[text[len(text)-1]] == 0 {
		return nil, nil, apierr.InvalidField("Grpc-Timeout", "must be up to 8 digits and one of H, M, S, m, u, n")
	}
	n, err := strconv.ParseUint(text[:len(text)-1], 10, 32)
	if err != nil {
		return nil, nil, apierr.InvalidField("Grpc-Timeout", "must be up to 8 digits and one of H, M, S, m, u, n")
	}
	// 8 digits of hours overflow a Duration, so the bound is applied before the product.
	unit := units[text[len(text)-1]]
	timeout := rpc.MaxDeadline
	if rt.stream != nil {
		timeout = maxStreamTimeout
	}
	if n < uint64(timeout/unit) {
		timeout = time.Duration(n) * unit
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	return ctx, cancel, nil
}

// maxStreamTimeout is the longest timeout that is kept for a stream.
const maxStreamTimeout = 1000 * time.Hour

// prepareHeaders reads If-Match and Idempotency-Key.
func prepareHeaders(r *http.Request, x *exchange) error {
	if values := r.Header["If-Match"]; len(values) > 0 {
		tag := strings.TrimSpace(strings.Join(values, ","))
		if !isEtag(tag) {
			return apierr.InvalidField("If-Match", "must be one entity tag in quotes, or *")
		}
		if x.route.etag == nil && x.route.method != http.MethodGet {
			return apierr.InvalidField("If-Match", "has no meaning for this method")
		}
		x.ifMatch = tag
	}
	if values := r.Header["Idempotency-Key"]; len(values) > 0 {
		// The draft of the header has a quoted string; most clients send it bare.
		key := values[0]
		if len(key) == 38 && key[0] == '"' && key[37] == '"' {
			key = key[1:37]
		}
		if len(values) > 1 || len(key) != 36 || uuid.Validate(key) != nil {
			return apierr.InvalidField("Idempotency-Key", "must be one UUID")
		}
		x.key = key
	}
	return nil
}

// isEtag tells whether s is `*` or one entity tag of RFC 9110. A weak one is, and never
// matches.
func isEtag(s string) bool {
	if s == "*" {
		return true
	}
	s = strings.TrimPrefix(s, "W/")
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return false
	}
	for _, c := range []byte(s[1 : len(s)-1]) {
		if c <= ' ' || c == '"' || c >= 0x7f {
			return false
		}
	}
	return true
}

// readBody reads the body, bounded before anything is decoded.
func readBody(w http.ResponseWriter, r *http.Request, x *exchange) error {
	if r.ContentLength == 0 || r.Body == nil {
		r.Body = http.NoBody
		return nil
	}
	if err := checkContentType(r.Header); err != nil {
		return err
	}
	if r.ContentLength > maxBody {
		return tooLarge()
	}
	bounded := http.MaxBytesReader(w, r.Body, maxBody)
	var err error
	if r.ContentLength > 0 {
		x.body = make([]byte, r.ContentLength)
		_, err = io.ReadFull(bounded, x.body)
	} else {
		x.body, err = io.ReadAll(bounded)
	}
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return tooLarge()
	case err != nil:
		return apierr.Invalid(rapportv1.ErrorReason_MALFORMED_MESSAGE, apierr.Violation{
			Field: "body", Description: "it ended, or stopped coming, before its end",
		})
	}
	r.Body = &bodyReader{Reader: bytes.NewReader(x.body), all: x.body}
	return nil
}

func tooLarge() error {
	return apierr.New(codes.ResourceExhausted, rapportv1.ErrorReason_MESSAGE_TOO_LARGE, "the body is larger than the service takes",
		map[string]string{"limit_bytes": strconv.Itoa(maxBody)})
}

func checkContentType(header http.Header) error {
	if encoding := header["Content-Encoding"]; len(encoding) > 0 && !strings.EqualFold(encoding[0], "identity") {
		return unsupported("a body is sent without a content encoding")
	}
	values := header["Content-Type"]
	if len(values) == 1 && values[0] == "application/json" {
		return nil
	}
	if len(values) == 1 {
		media, params, err := mime.ParseMediaType(values[0])
		charset, ok := params["charset"]
		if err == nil && media == "application/json" && (!ok || strings.EqualFold(charset, "utf-8")) {
			return nil
		}
	}
	return unsupported("a body is sent as application/json, in UTF-8")
}

func unsupported(text string) error {
	return apierr.New(codes.InvalidArgument, rapportv1.ErrorReason_UNSUPPORTED_MEDIA_TYPE, text, nil)
}

// bodyReader is a body that was read already. The marshaler takes it as a whole, so
// that it is not read a second time.
type bodyReader struct {
	*bytes.Reader

	all []byte
}

// Close implements io.Closer.
func (*bodyReader) Close() error { return nil }
