package rest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
)

type exportStream = grpc.ServerStreamingServer[rapportv1.ExportCustomersResponse]

const exportPath = "/v1/customers:export"

// exporting makes the service send so many messages of two customers, with the tokens
// t1, t2 and so on, and then end with the error.
func (h *harness) exporting(messages int, err error) {
	h.service.export = func(_ *rapportv1.ExportCustomersRequest, stream exportStream) error {
		for i := range messages {
			resp := &rapportv1.ExportCustomersResponse{
				Customers:     []*rapportv1.Customer{h.service.customer(aName), h.service.customer(aName)},
				NextPageToken: "t" + string(rune('1'+i)),
			}
			if err := stream.Send(resp); err != nil {
				return err
			}
		}
		return err
	}
}

// linesOf splits an answer, each line of which must be whole JSON.
func linesOf(t *testing.T, a answer) []string {
	t.Helper()
	var out []string
	for line := range strings.Lines(string(a.body)) {
		if !strings.HasSuffix(line, "\n") || !json.Valid([]byte(line)) {
			t.Errorf("not a line of JSON: %q", line)
		}
		out = append(out, strings.TrimSuffix(line, "\n"))
	}
	return out
}

func TestStreamIsLines(t *testing.T) {
	h := start(t)
	for _, messages := range []int{0, 1, 3} {
		h.exporting(messages, nil)
		a := h.do("GET", exportPath+`?filter=owner%3D%22x%22&showDeleted=true&page_token=t`, "")
		if a.status != 200 || a.header.Get("Content-Type") != ndjsonType || len(a.header.Get("X-Request-Id")) != 36 || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("status %d, headers %v", a.status, a.header)
		}
		got := linesOf(t, a)
		closing := `{"exported":` + string(rune('0'+2*messages)) + `}`
		if len(got) != 2*messages+1 || got[len(got)-1] != closing {
			t.Fatalf("got %q, want %d customers and %s", got, 2*messages, closing)
		}
		for _, line := range got[:len(got)-1] {
			var c rapportv1.Customer
			if err := protojson.Unmarshal([]byte(line), &c); err != nil || !proto.Equal(&c, h.service.customer(aName)) {
				t.Errorf("%v: %s", err, line)
			}
		}
	}
	want := &rapportv1.ExportCustomersRequest{Filter: `owner="x"`, ShowDeleted: true, PageToken: "t"}
	if got, _ := h.service.request().(*rapportv1.ExportCustomersRequest); !proto.Equal(got, want) {
		t.Errorf("the RPC got %v, want %v", got, want)
	}
}

func TestErrorBeforeTheFirstLine(t *testing.T) {
	h := start(t)
	h.exporting(0, apierr.Invalid(rapportv1.ErrorReason_INVALID_FILTER, apierr.Violation{Field: "filter", Description: "is wrong"}))
	_, p := h.refused(400, rapportv1.ErrorReason_INVALID_FILTER, "GET", exportPath, "")
	if len(p.Violations) != 1 || p.Violations[0].Field != "filter" {
		t.Errorf("got %+v", p)
	}
	h.service.fault = "a secret"
	h.refused(500, rapportv1.ErrorReason_INTERNAL_ERROR, "GET", exportPath, "")
	h.refused(400, rapportv1.ErrorReason_UNKNOWN_PARAMETER, "GET", exportPath+"?pageSize=3", "")
	h.refused(400, rapportv1.ErrorReason_INVALID_FIELD, "GET", exportPath+"?showDeleted=perhaps", "")
	h.refused(405, rapportv1.ErrorReason_METHOD_NOT_ALLOWED, "POST", exportPath, "")
}

// An error after the first line is the last one, tells how to go on, and there is no
// closing line.
func TestErrorAmidTheLines(t *testing.T) {
	h := start(t)
	for name, c := range map[string]struct {
		err    error
		panic  bool
		reason string
		status int
	}{
		"shutting down": {apierr.Retryable(codes.Unavailable, rapportv1.ErrorReason_SHUTTING_DOWN, "this process is stopping", time.Second), false, "SHUTTING_DOWN", 503},
		"a fault":       {errors.New("a secret"), false, "INTERNAL_ERROR", 500},
		"a panic":       {nil, true, "INTERNAL_ERROR", 500},
		"overloaded":    {apierr.Overloaded(), false, "OVERLOADED", 503},
	} {
		h.exporting(2, c.err)
		if send := h.service.export; c.panic {
			h.service.export = func(req *rapportv1.ExportCustomersRequest, stream exportStream) error {
				_ = send(req, stream)
				panic("a secret")
			}
		}
		a := h.do("GET", exportPath, "")
		got := linesOf(t, a)
		if a.status != 200 || len(got) != 5 || strings.Contains(string(a.body), "secret") {
			t.Fatalf("%s: status %d, %q", name, a.status, got)
		}
		var end struct {
			Error         problem `json:"error"`
			NextPageToken string  `json:"nextPageToken"`
		}
		if err := json.Unmarshal([]byte(got[4]), &end); err != nil {
			t.Fatal(err)
		}
		if end.Error.Reason != c.reason || end.Error.Status != c.status || end.NextPageToken != "t2" ||
			end.Error.Instance != "urn:uuid:"+a.header.Get("X-Request-Id") || end.Error.Type != "/docs/errors#"+c.reason {
			t.Errorf("%s: %s", name, got[4])
		}
	}
}

// What has no JSON form ends the answer with an error instead of half a line.
func TestLineThatCannotBeWritten(t *testing.T) {
	h := start(t)
	h.exporting(1, nil)
	h.service.answer = &rapportv1.Customer{DisplayName: "\xff"}
	got := linesOf(t, h.do("GET", exportPath, ""))
	if len(got) != 1 || !strings.Contains(got[0], `"reason":"INTERNAL_ERROR"`) {
		t.Errorf("got %q", got)
	}
}

func TestNegotiationOfStreams(t *testing.T) {
	h := start(t)
	for _, accept := range []string{"", "*/*", "application/*", "application/x-ndjson", "application/json, application/x-ndjson;q=0.5", "application/json, */*"} {
		if a := h.do("GET", exportPath, "", "Accept", accept); a.status != 200 || a.header.Get("Content-Type") != ndjsonType {
			t.Errorf("Accept %q: status %d, %q", accept, a.status, a.header.Get("Content-Type"))
		}
	}
	for _, accept := range []string{"application/json", "text/csv", "application/x-ndjson;q=0, */*", "application/problem+json"} {
		h.refused(406, rapportv1.ErrorReason_NOT_ACCEPTABLE, "GET", exportPath, "", "Accept", accept)
	}
	h.service.export = func(_ *rapportv1.ExportCustomersRequest, stream exportStream) error {
		for { // to the end of the call: HEAD must not wait for that of the export
			if err := stream.Send(&rapportv1.ExportCustomersResponse{}); err != nil {
				return err
			}
		}
	}
	if a := h.do("HEAD", exportPath, ""); a.status != 200 || len(a.body) != 0 || a.header.Get("Content-Type") != ndjsonType {
		t.Errorf("HEAD: status %d, %q, %d bytes", a.status, a.header.Get("Content-Type"), len(a.body))
	}
	h.exporting(0, apierr.Overloaded())
	if a := h.do("HEAD", exportPath, ""); a.status != 503 || len(a.body) != 0 {
		t.Errorf("HEAD of an error: status %d", a.status)
	}
	if a := h.do("OPTIONS", exportPath, ""); a.status != 204 || a.header.Get("Allow") != "GET, HEAD, OPTIONS" {
		t.Errorf("OPTIONS: status %d, Allow %q", a.status, a.header.Get("Allow"))
	}
}

// Lines come as they are written, and the RPC hears of it when their reader goes.
func TestLinesComeAtOnceAndTheReaderMayGo(t *testing.T) {
	h := start(t)
	ended := make(chan error, 1)
	h.service.export = func(_ *rapportv1.ExportCustomersRequest, stream exportStream) error {
		err := stream.Send(&rapportv1.ExportCustomersResponse{Customers: []*rapportv1.Customer{h.service.customer(aName)}})
		<-stream.Context().Done()
		ended <- errors.Join(err, stream.Context().Err())
		return stream.Context().Err()
	}
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.server.URL+exportPath, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if line, err := bufio.NewReader(resp.Body).ReadString('\n'); err != nil || !strings.Contains(line, aName) {
		t.Fatalf("%v: %q", err, line)
	}
	leave()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the RPC ended with %v", err)
	}
}

// hurried starts a port whose clients may take only so long to send a request, and to
// read a piece of an answer.
func hurried(t *testing.T, limit time.Duration) *harness {
	t.Helper()
	s, log := &service{}, slog.New(slog.DiscardHandler)
	inner, _ := newHandler(t, s, log, nil).(*handler)
	inner.writeTimeout = limit
	server := httptest.NewUnstartedServer(nil)
	server.Config = NewServer(inner, log)
	server.Config.ReadTimeout = limit
	server.Start()
	t.Cleanup(server.Close)
	return &harness{t: t, service: s, server: server}
}

// An answer that takes longer than a request may take to come, and longer than a piece of
// it may take to go, comes whole: the limits move on.
func TestLongStream(t *testing.T) {
	const limit = 200 * time.Millisecond
	h := hurried(t, limit)
	h.service.export = func(_ *rapportv1.ExportCustomersRequest, stream exportStream) error {
		for begun := time.Now(); time.Since(begun) < 4*limit; {
			if err := stream.Send(&rapportv1.ExportCustomersResponse{Customers: []*rapportv1.Customer{h.service.customer(aName)}}); err != nil {
				return err
			}
		}
		return nil
	}
	got := linesOf(t, h.do("GET", exportPath, ""))
	if last := got[len(got)-1]; !strings.HasPrefix(last, `{"exported":`) {
		t.Errorf("it ended with %s", last)
	}
}

// A reader who stops reading is not waited for.
func TestReaderWhoStops(t *testing.T) {
	h := hurried(t, 200*time.Millisecond)
	ended := make(chan error, 1)
	h.service.export = func(_ *rapportv1.ExportCustomersRequest, stream exportStream) error {
		for {
			resp := &rapportv1.ExportCustomersResponse{Customers: []*rapportv1.Customer{h.service.customer(aName)}}
			if err := stream.Send(resp); err != nil {
				ended <- err
				return err
			}
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.server.URL+exportPath, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	select {
	case err := <-ended:
		if status.Code(err) != codes.Canceled {
			t.Errorf("the RPC ended with %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("the RPC still writes to a reader who stopped")
	}
}

// The limit of a call's time is the caller's, and not that of calls that are no streams.
func TestTimeoutOfStreams(t *testing.T) {
	h := start(t)
	for value, want := range map[string]time.Duration{"10M": 10 * time.Minute, "99999999H": maxStreamTimeout, "5S": 5 * time.Second} {
		h.service.export = func(_ *rapportv1.ExportCustomersRequest, stream exportStream) error {
			deadline, ok := stream.Context().Deadline()
			if left := time.Until(deadline); !ok || left > want || left < want-time.Minute {
				t.Errorf("Grpc-Timeout %s leaves %v, want %v", value, left, want)
			}
			return nil
		}
		h.do("GET", exportPath, "", "Grpc-Timeout", value)
	}
	h.service.export = func(_ *rapportv1.ExportCustomersRequest, stream exportStream) error {
		if deadline, ok := stream.Context().Deadline(); ok {
			t.Errorf("a deadline of %v", time.Until(deadline))
		}
		return nil
	}
	if a := h.do("GET", exportPath, ""); cmp.Diff([]string{`{"exported":0}`}, linesOf(t, a)) != "" {
		t.Errorf("%s", a.body)
	}
}
