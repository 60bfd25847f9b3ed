package apitest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
)

// WantReason fails the test unless err has this code and reason. Tests never look at
// the text, which may change.
func WantReason(t testing.TB, err error, code codes.Code, reason rapportv1.ErrorReason) {
	t.Helper()
	if status.Code(err) != code || apierr.Reason(err) != reason {
		t.Errorf("got %v %v (%v), want %v %v", status.Code(err), apierr.Reason(err), err, code, reason)
	}
}

// WantFields is WantReason that also wants exactly these fields among the violations,
// in this order.
func WantFields(t testing.TB, err error, code codes.Code, reason rapportv1.ErrorReason, fields ...string) {
	t.Helper()
	WantReason(t, err, code, reason)
	if diff := cmp.Diff(fields, apierr.Fields(err)); diff != "" {
		t.Errorf("violated fields of %v (-want +got):\n%s", err, diff)
	}
}

// WantEqual fails the test unless the messages are equal.
func WantEqual[M proto.Message](t testing.TB, got, want M) {
	t.Helper()
	if proto.Equal(want, got) { // much faster than to look for differences
		return
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// WantEqualAll checks messages field by field, and shows where they begin to differ.
func WantEqualAll[M proto.Message](t testing.TB, got, want []M) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if WantEqual(t, got[i], want[i]); t.Failed() {
			break
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d messages, want %d", len(got), len(want))
	}
}

// Response is the answer to a REST call.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Problem is the body of a refused REST call.
type Problem struct {
	Type       string            `json:"type"`
	Title      string            `json:"title"`
	Status     int               `json:"status"`
	Detail     string            `json:"detail"`
	Instance   string            `json:"instance"`
	Code       string            `json:"code"`
	Reason     string            `json:"reason"`
	Metadata   map[string]string `json:"metadata"`
	Violations []struct {
		Field   string `json:"field"`
		Rule    string `json:"rule"`
		Message string `json:"message"`
	} `json:"violations"`
}

// Do makes a REST call. Headers are pairs; a body that is not empty is sent as JSON
// unless they say otherwise.
func (s *Service) Do(t testing.TB, method, path, body string, headers ...string) Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close() //nolint:errcheck // nothing was written
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return Response{Status: resp.StatusCode, Header: resp.Header, Body: read}
}

// JSON decodes the body.
func (r Response) JSON(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal(r.Body, into); err != nil {
		t.Fatalf("decode %q: %v", r.Body, err)
	}
}

// WantProblem fails the test unless the answer is a problem of this status and reason,
// and returns it.
func (r Response) WantProblem(t testing.TB, status int, reason rapportv1.ErrorReason) Problem {
	t.Helper()
	var p Problem
	r.JSON(t, &p)
	if r.Status != status || p.Status != status || p.Reason != reason.String() {
		t.Errorf("got HTTP %d with %s, want %d with reason %s", r.Status, r.Body, status, reason)
	}
	return p
}
