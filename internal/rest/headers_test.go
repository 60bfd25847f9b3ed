package rest

import (
	"bufio"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
)

// R14: ETag, If-Match.
func TestEtag(t *testing.T) {
	h := start(t)
	if a := h.do("GET", "/v1/"+aName, "", "If-None-Match", `"7"`); a.status != 200 || a.header.Get("ETag") != `"7"` {
		t.Errorf("status %d, ETag %q", a.status, a.header.Get("ETag"))
	}
	if a := h.do("GET", "/v1/customers", ""); a.header.Get("ETag") != "" {
		t.Error("a list has an ETag")
	}
	if a := h.do("PATCH", "/v1/"+aName, `{"displayName":"x"}`, "If-Match", `"7"`); a.status != 200 {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	if req, _ := h.service.request().(*rapportv1.UpdateCustomerRequest); req.GetCustomer().GetEtag() != `"7"` || len(req.GetUpdateMask().GetPaths()) != 1 {
		t.Errorf("got %v", req)
	}
	if a := h.do("DELETE", "/v1/"+aName, "", "If-Match", `"7"`); a.status != 200 {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	if req, _ := h.service.request().(*rapportv1.DeleteCustomerRequest); req.GetEtag() != `"7"` {
		t.Errorf("got %v", req)
	}
	if a := h.do("POST", "/v1/"+aName+":undelete", "", "If-Match", `*`); a.status != 200 {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	invalid := rapportv1.ErrorReason_INVALID_FIELD
	for _, tag := range []string{"7", `"7`, `"7", "8"`, `"a b"`} {
		h.refused(400, invalid, "PATCH", "/v1/"+aName, `{}`, "If-Match", tag)
	}
	h.refused(400, invalid, "PATCH", "/v1/"+aName, `{"etag":"\"6\""}`, "If-Match", `"7"`)
	h.refused(400, invalid, "POST", "/v1/customers", `{}`, "If-Match", `"7"`)

	h.service.fail = apierr.EtagMismatch(aName, `"8"`)
	mismatch := rapportv1.ErrorReason_ETAG_MISMATCH
	_, p := h.refused(412, mismatch, "PATCH", "/v1/"+aName, `{"displayName":"x"}`, "If-Match", `"7"`)
	if p.Metadata["etag"] != `"8"` {
		t.Errorf("metadata %v", p.Metadata)
	}
	h.refused(409, mismatch, "PATCH", "/v1/"+aName, `{"displayName":"x","etag":"\"7\""}`)
	h.refused(409, mismatch, "DELETE", "/v1/"+aName+"?etag=%227%22", "")
	h.service.fail = apierr.New(codes.FailedPrecondition, rapportv1.ErrorReason_ETAG_REQUIRED, "an etag is required", nil)
	h.refused(428, rapportv1.ErrorReason_ETAG_REQUIRED, "DELETE", "/v1/"+aName, "")
}

func TestIdempotencyKey(t *testing.T) {
	h := start(t)
	body := `{"type":"INDIVIDUAL","displayName":"x"}`
	h.service.replays = true
	for _, key := range []string{aKey, `"` + aKey + `"`} {
		a := h.do("POST", "/v1/customers", body, "Idempotency-Key", key)
		if a.status != 201 || a.header.Get("X-Request-Id") != aKey || a.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("%s: status %d, headers %v", key, a.status, a.header)
		}
		if req, _ := h.service.request().(*rapportv1.CreateCustomerRequest); req.GetRequestId() != aKey {
			t.Errorf("got %v", req)
		}
	}
	if a := h.do("DELETE", "/v1/"+aName+"?requestId="+strings.ToUpper(aKey), "", "Idempotency-Key", aKey); a.status != 200 {
		t.Errorf("the same id in both: status %d: %s", a.status, a.body)
	}
	invalid := rapportv1.ErrorReason_INVALID_FIELD
	for _, key := range []string{"x", aKey + "x", `"` + aKey, "{" + aKey + "}", strings.Repeat("a", 36)} {
		h.refused(400, invalid, "POST", "/v1/customers", body, "Idempotency-Key", key)
	}
	_, p := h.refused(400, invalid, "DELETE", "/v1/"+aName+"?requestId=00000000-0000-4000-8000-000000000000", "", "Idempotency-Key", aKey)
	if p.Violations[0].Field != "Idempotency-Key" {
		t.Errorf("got %+v", p.Violations)
	}
	h.service.fail = apierr.Invalid(rapportv1.ErrorReason_REQUEST_ID_REUSED, apierr.Violation{Field: "request_id", Description: "was used"})
	_, p = h.refused(422, rapportv1.ErrorReason_REQUEST_ID_REUSED, "POST", "/v1/customers", body, "Idempotency-Key", aKey)
	if p.Violations[0].Field != "requestId" || p.Metadata["field"] != "requestId" || p.Instance != "urn:uuid:"+aKey {
		t.Errorf("got %+v", p)
	}
	h.service.fail = apierr.Retryable(codes.Aborted, rapportv1.ErrorReason_REQUEST_IN_PROGRESS, "still running", 1500*time.Millisecond)
	a, p := h.refused(409, rapportv1.ErrorReason_REQUEST_IN_PROGRESS, "POST", "/v1/customers", body, "Idempotency-Key", aKey)
	if p.RetryAfter != 2 || a.header.Get("Retry-After") != "2" {
		t.Errorf("retry after %d", p.RetryAfter)
	}
}

func TestCreated(t *testing.T) {
	h := start(t)
	body := `{"type":"INDIVIDUAL","displayName":"x"}`
	a := h.do("POST", "/v1/customers", body)
	if a.status != 201 || a.header.Get("Location") != "/v1/"+aName || a.header.Get("ETag") != `"7"` {
		t.Errorf("status %d, headers %v", a.status, a.header)
	}
	a = h.do("POST", "/v1/customers?validateOnly=true", body)
	if a.status != 200 || a.header.Get("Location") != "" {
		t.Errorf("validate only: status %d, headers %v", a.status, a.header)
	}
	if a := h.do("POST", "/v1/"+aName+":undelete", "{}"); a.status != 200 {
		t.Errorf("undelete: status %d", a.status)
	}
}

// R8: Accept and Content-Type.
func TestNegotiation(t *testing.T) {
	h := start(t)
	for _, accept := range []string{
		"", "*/*", "application/json", "application/json, text/plain, */*", "application/*;q=0.1", "application/problem+json",
		"text/html, application/json;q=0.5", "application/json; charset=utf-8", "text/html,application/xhtml+xml,*/*;q=0.8",
	} {
		if a := h.do("GET", "/v1/"+aName, "", "Accept", accept); a.status != 200 || a.header.Get("Content-Type") != jsonType {
			t.Errorf("Accept %q: status %d, %q", accept, a.status, a.header.Get("Content-Type"))
		}
	}
	for _, accept := range []string{"text/html", "application/xml", "application/json;q=0", "*/*;q=0", "application/json;q=0, */*;q=0", "nonsense"} {
		h.refused(406, rapportv1.ErrorReason_NOT_ACCEPTABLE, "GET", "/v1/"+aName, "", "Accept", accept)
	}
	for accept, want := range map[string]string{
		"": problemType, "*/*": problemType, "application/json": jsonType, "application/json, */*": jsonType,
		"application/json, application/problem+json": problemType, "application/json, application/problem+json;q=0": jsonType,
	} {
		if a, _ := h.refused(404, rapportv1.ErrorReason_NO_ROUTE, "GET", "/v2", "", "Accept", accept); a.header.Get("Content-Type") != want {
			t.Errorf("Accept %q: a problem as %q", accept, a.header.Get("Content-Type"))
		}
	}
	body, media := `{"type":"INDIVIDUAL","displayName":"x"}`, rapportv1.ErrorReason_UNSUPPORTED_MEDIA_TYPE
	for _, ct := range []string{"application/json; charset=UTF-8", "application/JSON", "application/json;charset=\"utf-8\""} {
		if a := h.do("POST", "/v1/customers", body, "Content-Type", ct); a.status != 201 {
			t.Errorf("Content-Type %q: status %d", ct, a.status)
		}
	}
	for _, ct := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "application/merge-patch+json"} {
		h.refused(415, media, "POST", "/v1/customers", body, "Content-Type", ct)
	}
	h.refused(415, media, "POST", "/v1/customers", body, "Content-Encoding", "gzip")
}

// R9, A36, A37: routes, methods, paths.
func TestRoutes(t *testing.T) {
	h := start(t)
	for _, path := range []string{"/", "/v1", "/v1/", "/v2/customers", "/v1/customers/", "/v1/" + aName + "/", "/v1//customers", "/v1/customers/a/b/c", "/docs/nothing", "/healthz"} {
		h.refused(404, rapportv1.ErrorReason_NO_ROUTE, "GET", path, "")
	}
	for _, c := range []struct{ method, path, allow string }{
		{"PUT", "/v1/customers", "GET, HEAD, POST, PATCH, OPTIONS"},
		{"DELETE", "/v1/customers", "GET, HEAD, POST, PATCH, OPTIONS"},
		{"POST", "/v1/" + aName, "GET, HEAD, PATCH, DELETE, OPTIONS"},
		{"TRACE", "/v1/" + aName, "GET, HEAD, PATCH, DELETE, OPTIONS"},
		{"PATCH", "/v1/changes", "GET, HEAD, OPTIONS"},
		{"POST", "/openapi.json", "GET, HEAD"},
		{"DELETE", "/docs/", "GET, HEAD"},
	} {
		a, _ := h.refused(405, rapportv1.ErrorReason_METHOD_NOT_ALLOWED, c.method, c.path, "")
		if a.header.Get("Allow") != c.allow {
			t.Errorf("%s %s: Allow %q, want %q", c.method, c.path, a.header.Get("Allow"), c.allow)
		}
	}
	h.service.last = nil
	h.refused(405, rapportv1.ErrorReason_METHOD_NOT_ALLOWED, "POST", "/v1/"+aName, "{}", "X-HTTP-Method-Override", "DELETE")
	h.refused(405, rapportv1.ErrorReason_METHOD_NOT_ALLOWED, "POST", "/v1/"+aName, "a=b", "Content-Type", "application/x-www-form-urlencoded")
	h.refused(415, rapportv1.ErrorReason_UNSUPPORTED_MEDIA_TYPE, "POST", "/v1/customers", "a=b",
		"Content-Type", "application/x-www-form-urlencoded", "X-HTTP-Method-Override", "GET")
	for _, path := range []string{"/v1/customers/a%2Fb", "/v1/customers%2Fa", "/v1/customers/%2e%2e", "/v1/customers/%2E%2E/x", "/v1/customers/a%00", "/v1/customers/a%5cb", "/v1/customers/a%0a"} {
		h.refused(400, rapportv1.ErrorReason_INVALID_FIELD, "GET", path, "")
	}
	if h.service.request() != nil {
		t.Errorf("a refused request reached the RPC: %v", h.service.request())
	}
	// Unescaped once and not twice: the RPC sees a name that no customer has.
	if a := h.do("GET", "/v1/customers/a%252Fb", ""); a.status != 200 {
		t.Errorf("status %d", a.status)
	} else if req, _ := h.service.request().(*rapportv1.GetCustomerRequest); req.GetName() != "customers/a%2Fb" {
		t.Errorf("got %v", req)
	}
}

func TestHeadAndOptions(t *testing.T) {
	h := start(t)
	get, head := h.do("GET", "/v1/"+aName, ""), h.do("HEAD", "/v1/"+aName, "")
	if head.status != 200 || len(head.body) != 0 || head.header.Get("Content-Length") != get.header.Get("Content-Length") || head.header.Get("ETag") == "" {
		t.Errorf("HEAD: status %d, %v", head.status, head.header)
	}
	if a := h.do("OPTIONS", "/v1/"+aName, ""); a.status != 204 || a.header.Get("Allow") != "GET, HEAD, PATCH, DELETE, OPTIONS" {
		t.Errorf("OPTIONS: status %d, Allow %q", a.status, a.header.Get("Allow"))
	}
	h.refused(404, rapportv1.ErrorReason_NO_ROUTE, "OPTIONS", "/v9", "")
	if a := h.do("GET", "/openapi.json", ""); a.status != 200 || !json.Valid(a.body) {
		t.Errorf("/openapi.json: status %d", a.status)
	}
	if a := h.do("GET", "/docs/", ""); a.status != 200 || a.header.Get("Content-Security-Policy") == "" {
		t.Errorf("/docs/: status %d", a.status)
	}
}

// R12: the body limit holds before decoding, with and without a length.
func TestBodyLimit(t *testing.T) {
	h := start(t)
	large := `{"displayName":"` + strings.Repeat("x", 5<<20) + `"}`
	_, p := h.refused(413, rapportv1.ErrorReason_MESSAGE_TOO_LARGE, "POST", "/v1/customers", large)
	if p.Metadata["limit_bytes"] != "4194304" {
		t.Errorf("metadata %v", p.Metadata)
	}
	req, err := http.NewRequestWithContext(t.Context(), "POST", h.server.URL+"/v1/customers", struct{ *strings.Reader }{strings.NewReader(large)})
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = -1
	req.Header.Set("Content-Type", jsonType)
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != 413 {
		t.Errorf("in chunks: status %d", resp.StatusCode)
	}
	if h.service.request() != nil {
		t.Error("a body too large reached the RPC")
	}
}

// A length beyond the limit is refused by itself: no byte of the body is waited for, and
// no memory set aside.
func TestAnnouncedBodyLimit(t *testing.T) {
	h := start(t)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", h.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	const head = "POST /v1/customers HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000000000\r\n\r\n"
	if _, err := conn.Write([]byte(head)); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != 413 {
		t.Errorf("status %d", resp.StatusCode)
	}
}

// R15, A04, A24: no header becomes metadata and no metadata a header, but for those of
// the list.
func TestClosedHeaders(t *testing.T) {
	h := start(t)
	h.service.replays = true
	a := h.do("GET", "/v1/"+aName, "", "Grpc-Metadata-X-Actor", "root", "Authorization", "Bearer x", "Cookie", "a=b", "Baggage", "actor=root",
		"X-Forwarded-For", "1.2.3.4", "X-Actor", "root", "Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "TE", "trailers",
		"X-Request-Id", "chosen")
	if a.status != 200 {
		t.Fatalf("status %d", a.status)
	}
	if len(h.service.md) != 0 {
		t.Errorf("metadata came in: %v", h.service.md)
	}
	for name := range a.header {
		switch name {
		case "Content-Type", "Content-Length", "Etag", "X-Request-Id", "Idempotent-Replayed", "Cache-Control", "Vary", "X-Content-Type-Options", "Date":
		default:
			t.Errorf("the header %s left", name)
		}
	}
	if id := a.header.Get("X-Request-Id"); len(id) != 36 {
		t.Errorf("X-Request-Id %q", id)
	}
	if a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", a.header)
	}
	if a := h.do("GET", "/v1/"+aName, "", "X-Flood", strings.Repeat("x", 64<<10)); a.status != 431 {
		t.Errorf("64 KiB of headers: status %d", a.status)
	}
}

// A29: Grpc-Timeout is bounded both ways.
func TestGrpcTimeout(t *testing.T) {
	h := start(t)
	for _, v := range []string{"99999999H", "30S", "100000000n"} {
		want := 200
		if v == "100000000n" {
			want = 400 // nine digits
		}
		if a := h.do("GET", "/v1/"+aName, "", "Grpc-Timeout", v); a.status != want {
			t.Errorf("%s: status %d: %s", v, a.status, a.body)
		}
	}
	h.refused(504, rapportv1.ErrorReason_DEADLINE_EXCEEDED, "GET", "/v1/"+aName, "", "Grpc-Timeout", "1n")
	for _, v := range []string{"1", "S", "-1S", "1x", "1.5S"} {
		h.refused(400, rapportv1.ErrorReason_INVALID_FIELD, "GET", "/v1/"+aName, "", "Grpc-Timeout", v)
	}
}

// R20, A35.
func TestCORS(t *testing.T) {
	h := start(t)
	good := "https://crm.example.com"
	a := h.do("OPTIONS", "/v1/"+aName, "", "Origin", good, "Access-Control-Request-Method", "PATCH", "Access-Control-Request-Headers", "if-match")
	if a.status != 204 || a.header.Get("Access-Control-Allow-Origin") != good || a.header.Get("Vary") != "Origin" {
		t.Errorf("preflight: status %d, %v", a.status, a.header)
	}
	for _, name := range []string{"If-Match", "If-None-Match", "Idempotency-Key", "Last-Event-ID", "traceparent"} {
		if !strings.Contains(a.header.Get("Access-Control-Allow-Headers"), name) {
			t.Errorf("%s is not allowed", name)
		}
	}
	if !strings.Contains(a.header.Get("Access-Control-Allow-Methods"), "PATCH") {
		t.Error("PATCH is not allowed")
	}
	a = h.do("GET", "/v1/"+aName, "", "Origin", good)
	for _, name := range []string{"ETag", "Location", "Retry-After", "X-Request-Id"} {
		if !strings.Contains(a.header.Get("Access-Control-Expose-Headers"), name) {
			t.Errorf("%s is not exposed", name)
		}
	}
	if a := h.do("GET", "/v9", "", "Origin", good); a.header.Get("Access-Control-Allow-Origin") != good {
		t.Error("a script cannot read a problem")
	}
	for _, origin := range []string{"https://evil.example", "null", good + ".evil.example", "https://evilcrm.example.com", "http://crm.example.com", good + ":444", strings.ToUpper(good), "*"} {
		for _, method := range []string{"OPTIONS", "GET"} {
			a := h.do(method, "/v1/"+aName, "", "Origin", origin, "Access-Control-Request-Method", "GET")
			if a.header.Get("Access-Control-Allow-Origin") != "" || a.header.Get("Access-Control-Allow-Credentials") != "" || a.header.Get("Vary") != "Origin" {
				t.Errorf("%s from %s: %v", method, origin, a.header)
			}
		}
	}
	for _, origin := range []string{"*", "null", "crm.example.com", "https://crm.example.com/", "https://*.example.com/x", ""} {
		if _, err := newCORS([]string{origin}); err == nil {
			t.Errorf("the origin %q is taken", origin)
		}
	}
}

// R16: every error is a problem, also those from outside of an RPC, and none leaks.
func TestProblems(t *testing.T) {
	h := start(t)
	path := "/v1/" + aName
	for _, c := range []struct {
		fail   error
		status int
		reason string
	}{
		{apierr.NotFound(rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, aName), 404, "CUSTOMER_NOT_FOUND"},
		{apierr.AlreadyExists(rapportv1.ErrorReason_NOT_DELETED, aName, "x"), 409, "NOT_DELETED"},
		{apierr.FailedPrecondition(rapportv1.ErrorReason_CUSTOMER_DELETED, aName, "x"), 400, "CUSTOMER_DELETED"},
		{apierr.Retryable(codes.Aborted, rapportv1.ErrorReason_TRANSACTION_CONFLICT, "x", time.Second), 409, "TRANSACTION_CONFLICT"},
		{apierr.Retryable(codes.ResourceExhausted, rapportv1.ErrorReason_OVERLOADED, "x", 100*time.Millisecond), 503, "OVERLOADED"},
		{apierr.Retryable(codes.Unavailable, rapportv1.ErrorReason_DATABASE_UNAVAILABLE, "x", time.Second), 503, "DATABASE_UNAVAILABLE"},
		{apierr.New(codes.Unavailable, rapportv1.ErrorReason_SHUTTING_DOWN, "x", nil), 503, "SHUTTING_DOWN"},
		{apierr.New(codes.ResourceExhausted, rapportv1.ErrorReason_STORAGE_FULL, "x", nil), 507, "STORAGE_FULL"},
		{apierr.New(codes.Unknown, rapportv1.ErrorReason_COMMIT_OUTCOME_UNKNOWN, "x", nil), 500, "COMMIT_OUTCOME_UNKNOWN"},
		{apierr.New(codes.DeadlineExceeded, rapportv1.ErrorReason_DEADLINE_EXCEEDED, "x", nil), 504, "DEADLINE_EXCEEDED"},
		{apierr.New(codes.Canceled, rapportv1.ErrorReason_CANCELLED, "x", nil), 503, "CANCELLED"},
		{errors.New("a secret at 10.0.0.7"), 500, "INTERNAL_ERROR"},
	} {
		h.service.fail = c.fail
		a := h.do("GET", path, "")
		p := a.problem(t)
		if a.status != c.status || p.Reason != c.reason {
			t.Errorf("%v: status %d %s", c.fail, a.status, p.Reason)
		}
		if strings.Contains(string(a.body), "secret") {
			t.Errorf("leaked: %s", a.body)
		}
		if (a.status == 503) != (a.header.Get("Retry-After") != "") && c.reason != "TRANSACTION_CONFLICT" {
			t.Errorf("%s: Retry-After %q", c.reason, a.header.Get("Retry-After"))
		}
		if a.header.Get("ETag") != "" || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: headers %v", c.reason, a.header)
		}
	}
	h.service.fail, h.service.fault = nil, "a secret"
	if a, _ := h.refused(500, rapportv1.ErrorReason_INTERNAL_ERROR, "GET", path, ""); strings.Contains(string(a.body), "secret") {
		t.Errorf("leaked: %s", a.body)
	}
	h.service.fault = nil
	h.service.answer = &rapportv1.Customer{DisplayName: "\xff"} // cannot be written as JSON
	a, _ := h.refused(500, rapportv1.ErrorReason_INTERNAL_ERROR, "GET", path, "")
	if a.header.Get("ETag") != "" {
		t.Error("an error has an ETag")
	}
}

// R6, R19: an empty resource has its zero values and no nulls; times keep microseconds.
func TestJSONOfAnswers(t *testing.T) {
	h := start(t)
	a := h.do("GET", "/v1/"+aName, "")
	want := `{"name":"` + aName + `","uid":"","type":"TYPE_UNSPECIFIED","displayName":"Ada","emails":[],"phones":[],"postalAddresses":[],` +
		`"externalIds":{},"tags":[],"attributes":{},"acquisitionSource":"ACQUISITION_SOURCE_UNSPECIFIED","occasions":[],"state":"STATE_UNSPECIFIED",` +
		`"createTime":"1970-01-01T00:00:01.123456Z","etag":"\"7\""}`
	if string(a.body) != want {
		t.Errorf("got  %s\nwant %s", a.body, want)
	}
}
