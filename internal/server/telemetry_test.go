package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/metadata"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/otlptest"
	"github.com/rapport-crm/rapport/internal/server"
)

const (
	callersTrace = "0af7651916cd43dd8448eb211c80319c"
	traceparent  = "00-" + callersTrace + "-b7ad6b7169203331-01"
)

// tree draws a trace as "parent > child" lines, so that a test reads like the picture
// an operator sees.
func tree(spans []otlptest.Span) []string {
	byID := map[string]otlptest.Span{}
	for _, s := range spans {
		byID[s.SpanID] = s
	}
	var lines []string
	for _, s := range spans {
		line := s.Name
		for p, ok := byID[s.ParentID]; ok; p, ok = byID[p.ParentID] {
			line = p.Name + " > " + line
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

func TestOneRESTCallIsOneTraceDownToTheSQL(t *testing.T) {
	receiver := otlptest.Start(t)
	receiver.Setenv(t)
	s := apitest.Start(t)
	resp := s.Do(t, http.MethodPost, "/v1/customers", `{"type":"INDIVIDUAL","displayName":"Ada"}`, "traceparent", traceparent)
	if resp.Status != http.StatusCreated {
		t.Fatalf("%d %s", resp.Status, resp.Body)
	}
	isCreate := func(s otlptest.Span) bool { return s.Name == "POST /v1/customers" }
	spans := receiver.WaitSpans(t, func(spans []otlptest.Span) bool { return slices.ContainsFunc(spans, isCreate) })
	root := spans[slices.IndexFunc(spans, isCreate)]
	trace := receiver.WaitTrace(t, root.TraceID, 7)

	const call = "POST /v1/customers > rapport.v1.CustomerService/CreateCustomer"
	const batch = call + " > BATCH ClaimRequest CreateCustomer CreateSearchKeys AppendChange"
	want := []string{
		"POST /v1/customers", call, batch,
		batch + " > AppendChange",
		batch + " > ClaimRequest",
		batch + " > CreateCustomer",
		batch + " > CreateSearchKeys",
	}
	if got := tree(trace); !slices.Equal(got, want) {
		t.Errorf("trace:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if root.ParentID != "" || root.TraceID == callersTrace || !slices.Contains(root.Links, callersTrace) {
		t.Errorf("the public edge must link to the caller's trace and not join it: %+v", root)
	}
	if root.Attributes["http.route"] != "/v1/customers" {
		t.Errorf("route: %q", root.Attributes["http.route"])
	}
}

func TestGRPCContinuesTheCallersTrace(t *testing.T) {
	for _, public := range []bool{false, true} {
		receiver := otlptest.Start(t)
		receiver.Setenv(t)
		s := apitest.StartWith(t, func(c *server.Config) { c.PublicEndpoint = public })
		ctx := metadata.AppendToOutgoingContext(t.Context(), "traceparent", traceparent)
		if _, err := s.Customers.ListCustomers(ctx, &rapportv1.ListCustomersRequest{}); err != nil {
			t.Fatal(err)
		}
		isCall := func(s otlptest.Span) bool { return s.Name == "rapport.v1.CustomerService/ListCustomers" }
		spans := receiver.WaitSpans(t, func(spans []otlptest.Span) bool { return slices.ContainsFunc(spans, isCall) })
		call := spans[slices.IndexFunc(spans, isCall)]
		if joined := call.TraceID == callersTrace; joined == public {
			t.Errorf("public %v: joined %v", public, joined)
		}
		if linked := slices.Contains(call.Links, callersTrace); linked != public {
			t.Errorf("public %v: linked %v", public, linked)
		}
	}
}

func TestRequestIDLeadsFromTheAnswerToLogTraceAndChange(t *testing.T) {
	receiver := otlptest.Start(t)
	receiver.Setenv(t)
	s := apitest.Start(t)
	resp := s.Do(t, http.MethodPost, "/v1/customers", `{"type":"INDIVIDUAL","displayName":"Ada"}`)
	id := resp.Header.Get("X-Request-Id")

	var line struct {
		TraceID string `json:"trace_id"`
		Method  string `json:"method"`
	}
	for text := range strings.Lines(s.Log.String()) {
		if strings.Contains(text, id) {
			if err := json.Unmarshal([]byte(text), &line); err != nil {
				t.Fatal(err)
			}
		}
	}
	if line.Method != "/rapport.v1.CustomerService/CreateCustomer" || line.TraceID == "" {
		t.Fatalf("no log line of request %s with its trace in\n%s", id, s.Log)
	}
	changes, err := s.Changes.ListChanges(t.Context(), &rapportv1.ListChangesRequest{Filter: `request_id = "` + id + `"`})
	if err != nil {
		t.Fatal(err)
	}
	if len(changes.GetChanges()) != 1 || changes.GetChanges()[0].GetTraceId() != line.TraceID {
		t.Errorf("changes of request %s: %v, want one with trace %s", id, changes, line.TraceID)
	}
	receiver.WaitTrace(t, line.TraceID, 6)
}

// A canary stands in every text a caller can send, in calls that succeed and in calls
// that fail in all the ways there are; none may turn up in what operators see.
func TestNoTextOfACallerReachesTelemetry(t *testing.T) {
	const canary = "kanarienvogel"
	receiver := otlptest.Start(t)
	receiver.Setenv(t)
	s := apitest.Start(t)
	body := `{"type":"ORGANIZATION","displayName":"kanarienvogel","emails":[{"address":"kanarienvogel@example.com"}],` +
		`"phones":[{"number":"kanarienvogel"}],"tags":["kanarienvogel"],"owner":"kanarienvogel",` +
		`"externalIds":{"crm":"kanarienvogel"},"attributes":{"kanarienvogel":{"stringValue":"kanarienvogel"}},` +
		`"postalAddresses":[{"regionCode":"DE","locality":"kanarienvogel"}]}`
	calls := []struct{ method, path, body string }{
		{http.MethodPost, "/v1/customers", body},
		{http.MethodPost, "/v1/customers", body}, // breaks a unique key
		{http.MethodPost, "/v1/customers", `{"type":"kanarienvogel"}`},
		{http.MethodPost, "/v1/customers", `{"kanarienvogel":1}`},
		{http.MethodPost, "/v1/customers", `{"type":"INDIVIDUAL","displayName":"x","timeZone":"kanarienvogel"}`},
		{http.MethodGet, "/v1/customers?filter=owner%3D%22kanarienvogel%22", ""},
		{http.MethodGet, "/v1/customers?filter=kanarienvogel", ""},
		{http.MethodGet, "/v1/customers?kanarienvogel=kanarienvogel", ""},
		{http.MethodGet, "/v1/customers?pageToken=kanarienvogel", ""},
		{http.MethodGet, "/v1/customers/kanarienvogel", ""},
		{http.MethodGet, "/v1/kanarienvogel", ""},
		{http.MethodGet, "/kanarienvogel", ""},
	}
	for _, c := range calls {
		s.Do(t, c.method, c.path, c.body, "User-Agent", canary, "X-Actor", canary, "Baggage", "k="+canary)
	}
	ctx := metadata.AppendToOutgoingContext(t.Context(), "x-actor", canary, "baggage", "k="+canary)
	if err := s.Conn.Invoke(ctx, "/kanarienvogel/kanarienvogel", &rapportv1.GetCustomerRequest{}, &rapportv1.Customer{}); err == nil {
		t.Error("an unknown method was answered")
	}
	receiver.WaitSpans(t, func(spans []otlptest.Span) bool { return len(spans) >= len(calls) })
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	for _, span := range receiver.Spans() {
		if text, err := json.Marshal(span); err != nil || strings.Contains(string(text), canary) {
			t.Errorf("span: %s %v", text, err)
		}
	}
	for _, record := range receiver.Logs() {
		if text, err := json.Marshal(record); err != nil || strings.Contains(string(text), canary) {
			t.Errorf("log record: %s %v", text, err)
		}
	}
	for _, m := range receiver.Metrics() {
		if text := m.String(); strings.Contains(text, canary) {
			t.Errorf("metric: %s", text)
		}
	}
	if strings.Contains(s.Log.String(), canary) {
		t.Errorf("log:\n%s", s.Log)
	}
}

// Operators count calls by metrics, callers count answers; they must agree.
func TestMetricsCountEachCallOnce(t *testing.T) {
	s := apitest.Start(t)
	const calls = 7
	for range calls {
		s.Do(t, http.MethodGet, "/v1/customers", "")
	}
	rpc := regexp.MustCompile(`(?m)^rpc_server_call_duration_seconds_count\{[^}]*ListCustomers[^}]*\} (\d+)$`)
	route := regexp.MustCompile(`(?m)^http_server_request_duration_seconds_count\{[^}]*http_route="/v1/customers"[^}]*\} (\d+)$`)
	var scraped string
	apitest.Eventually(t, waitForMetrics, func() bool {
		scraped = scrape(t, s)
		m := rpc.FindStringSubmatch(scraped)
		return m != nil && m[1] == "7"
	})
	if m := route.FindStringSubmatch(scraped); m == nil || m[1] != "7" {
		t.Errorf("requests by route: %v", m)
	}
	for _, name := range []string{"db_client_operation_duration_seconds", "db_client_connection_count", "rapport_rpc_in_flight", "go_goroutine_count"} {
		if !strings.Contains(scraped, name) {
			t.Errorf("no %s in the metrics", name)
		}
	}
}

func scrape(t *testing.T, s *apitest.Service) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.AdminURL+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // nothing was written
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
