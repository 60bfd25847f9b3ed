package rest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// These tests hold the rows of the contract against the whole service, over REST and,
// to see what REST left behind, over gRPC.

const aBody = `{"type":"ORGANIZATION","displayName":"Ada GmbH","emails":[{"address":"a@example.com"},{"address":"b@example.com"}],` +
	`"tags":["a","b"],"owner":"staff-1","attributes":{"open":{"boolValue":true},"count":{"doubleValue":9007199254740993}},` +
	`"acquisitionCost":{"currencyCode":"EUR","units":"9007199254740993"},"prospectTime":"2026-01-02T03:04:05.123456789+01:00"}`

type customer struct {
	Name            string                     `json:"name"`
	DisplayName     string                     `json:"displayName"`
	Emails          []map[string]any           `json:"emails"`
	Tags            []string                   `json:"tags"`
	Owner           *string                    `json:"owner"`
	Attributes      map[string]json.RawMessage `json:"attributes"`
	AcquisitionCost map[string]any             `json:"acquisitionCost"`
	ProspectTime    string                     `json:"prospectTime"`
	Etag            string                     `json:"etag"`
}

func create(t *testing.T, s *apitest.Service) customer {
	t.Helper()
	a := s.Do(t, "POST", "/v1/customers", aBody)
	if a.Status != 201 {
		t.Fatalf("create: %d %s", a.Status, a.Body)
	}
	var c customer
	a.JSON(t, &c)
	if a.Header.Get("Location") != "/v1/"+c.Name || a.Header.Get("ETag") != c.Etag || c.Etag == "" {
		t.Errorf("headers %v", a.Header)
	}
	return c
}

// R1, R2, R3, R4: each thing that a PATCH can say has its effect and no other.
func TestPatch(t *testing.T) {
	s := apitest.Start(t)
	c := create(t, s)
	path := "/v1/" + c.Name
	for _, step := range []struct {
		query, body string
		look        func(customer) bool
	}{
		{"", `{"displayName":"Ada AG"}`, func(c customer) bool { return c.DisplayName == "Ada AG" && len(c.Tags) == 2 && c.Owner != nil }},
		{"", `{"owner":null}`, func(c customer) bool { return c.Owner == nil && len(c.Emails) == 2 }},
		{"", `{"owner":""}`, func(c customer) bool { return len(c.Emails) == 2 }},
		{"", `{"emails":[{"address":"c@example.com"}],"tags":["x"]}`, func(c customer) bool { return len(c.Emails) == 1 && len(c.Tags) == 1 }},
		{"", `{"emails":[]}`, func(c customer) bool { return len(c.Emails) == 0 && len(c.Tags) == 1 }},
		{"", `{"acquisitionCost":{"currencyCode":"USD","units":"3"}}`, func(c customer) bool { return c.AcquisitionCost["currencyCode"] == "USD" }},
		{"", `{"attributes":{"open":{"boolValue":false},"n":{"doubleValue":0},"s":{"stringValue":""}}}`, func(c customer) bool {
			return len(c.Attributes) == 3 && string(c.Attributes["open"]) == `{"boolValue":false}` &&
				string(c.Attributes["n"]) == `{"doubleValue":0}` && string(c.Attributes["s"]) == `{"stringValue":""}`
		}},
		{"?updateMask=attributes.plan", `{"attributes":{"plan":{"stringValue":"gold"},"ignored":{"boolValue":true}}}`, func(c customer) bool { return len(c.Attributes) == 4 }},
		{"?update_mask=attributes.plan,displayName", `{"displayName":"Ada SE"}`, func(c customer) bool { return len(c.Attributes) == 3 && c.DisplayName == "Ada SE" }},
		{"?addTags=vip&addTags=b", ``, func(c customer) bool { return cmp.Equal(c.Tags, []string{"b", "vip", "x"}) }},
	} {
		a := s.Do(t, "PATCH", path+step.query, step.body)
		var got customer
		if a.Status != 200 {
			t.Errorf("PATCH %s %s: %d %s", step.query, step.body, a.Status, a.Body)
			continue
		}
		a.JSON(t, &got)
		if !step.look(got) {
			t.Errorf("PATCH %s %s: got %s", step.query, step.body, a.Body)
		}
	}
	a := s.Do(t, "PATCH", path, `{"attributes":{"plan":null}}`)
	if p := a.WantProblem(t, 400, rapportv1.ErrorReason_MALFORMED_MESSAGE); len(p.Violations) != 1 || p.Violations[0].Field != "customer.attributes.plan" {
		t.Errorf("got %+v", p)
	}
}

// A20: a PATCH that says nothing is refused and changes nothing.
func TestEmptyPatch(t *testing.T) {
	s := apitest.Start(t)
	c := create(t, s)
	before := s.Do(t, "GET", "/v1/"+c.Name, "")
	for _, body := range []string{"", "{}", "null", `{"uid":"x","createTime":"2026-01-01T00:00:00Z"}`, `{"etag":` + string(quote(c.Etag)) + `}`} {
		s.Do(t, "PATCH", "/v1/"+c.Name, body).WantProblem(t, 400, rapportv1.ErrorReason_EMPTY_UPDATE_MASK)
	}
	if after := s.Do(t, "GET", "/v1/"+c.Name, ""); !bytes.Equal(before.Body, after.Body) {
		t.Errorf("changed from %s to %s", before.Body, after.Body)
	}
}

func quote(s string) []byte {
	b, _ := json.Marshal(s)
	return b
}

// What a GET returned can be sent back with one thing changed.
func TestReadChangeWrite(t *testing.T) {
	s := apitest.Start(t)
	c := create(t, s)
	read := s.Do(t, "GET", "/v1/"+c.Name, "")
	changed := strings.Replace(string(read.Body), "Ada GmbH", "Ada KG", 1)
	a := s.Do(t, "PATCH", "/v1/"+c.Name, changed)
	var got customer
	a.JSON(t, &got)
	if a.Status != 200 || got.DisplayName != "Ada KG" || got.Etag == c.Etag {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	s.Do(t, "PATCH", "/v1/"+c.Name, changed).WantProblem(t, 409, rapportv1.ErrorReason_ETAG_MISMATCH)
}

// R5, R6, R19: the JSON is protojson's of what gRPC returns; 64-bit numbers are whole
// and times are kept to the microsecond.
func TestJSONEqualsGRPC(t *testing.T) {
	s := apitest.Start(t)
	c := create(t, s)
	if c.ProspectTime != "2026-01-02T02:04:05.123456Z" || c.AcquisitionCost["units"] != "9007199254740993" {
		t.Errorf("got %s, %v", c.ProspectTime, c.AcquisitionCost)
	}
	message, err := s.Customers.GetCustomer(t.Context(), &rapportv1.GetCustomerRequest{Name: c.Name})
	if err != nil {
		t.Fatal(err)
	}
	page, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{})
	if err != nil {
		t.Fatal(err)
	}
	changes, err := s.Changes.ListChanges(t.Context(), &rapportv1.ListChangesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for path, m := range map[string]proto.Message{"/v1/" + c.Name: message, "/v1/customers": page, "/v1/changes": changes} {
		raw, err := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		if err := json.Compact(&want, raw); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), string(s.Do(t, "GET", path, "").Body)); diff != "" {
			t.Errorf("%s (-protojson +REST):\n%s", path, diff)
		}
	}
}

// R14, E: conditions by header and by body.
func TestConditions(t *testing.T) {
	s := apitest.Start(t)
	c := create(t, s)
	path, body := "/v1/"+c.Name, `{"displayName":"x"}`
	a := s.Do(t, "PATCH", path, body, "If-Match", c.Etag)
	if a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	now := a.Header.Get("ETag")
	p := s.Do(t, "PATCH", path, body, "If-Match", c.Etag).WantProblem(t, 412, rapportv1.ErrorReason_ETAG_MISMATCH)
	if p.Metadata["etag"] != now {
		t.Errorf("metadata %v, the etag is %s", p.Metadata, now)
	}
	s.Do(t, "DELETE", path, "", "If-Match", c.Etag).WantProblem(t, 412, rapportv1.ErrorReason_ETAG_MISMATCH)
	s.Do(t, "PATCH", path, body, "If-Match", "W/"+now).WantProblem(t, 412, rapportv1.ErrorReason_ETAG_MISMATCH)
	s.Do(t, "DELETE", path+"?etag=%221%22x", "").WantProblem(t, 409, rapportv1.ErrorReason_ETAG_MISMATCH)
	if a := s.Do(t, "PATCH", path, body, "If-Match", "*"); a.Status != 200 {
		t.Errorf("*: %d %s", a.Status, a.Body)
	}
	if a := s.Do(t, "GET", path, "", "If-None-Match", s.Do(t, "GET", path, "").Header.Get("ETag")); a.Status != 200 {
		t.Errorf("If-None-Match: %d", a.Status)
	}
}

// I, I2, I3: exactly once, by header.
func TestIdempotency(t *testing.T) {
	s := apitest.Start(t)
	const key = "6f1b1c1e-6d0c-4a1e-9d39-6f1b1c1e6d0c"
	first := s.Do(t, "POST", "/v1/customers", aBody, "Idempotency-Key", key)
	again := s.Do(t, "POST", "/v1/customers", aBody, "Idempotency-Key", key)
	if first.Status != 201 || again.Status != 201 || !bytes.Equal(first.Body, again.Body) || first.Header.Get("Location") != again.Header.Get("Location") {
		t.Errorf("%d %s\n%d %s", first.Status, first.Body, again.Status, again.Body)
	}
	if first.Header.Get("Idempotent-Replayed") != "" || again.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("markers %q, %q", first.Header.Get("Idempotent-Replayed"), again.Header.Get("Idempotent-Replayed"))
	}
	s.Do(t, "POST", "/v1/customers", strings.Replace(aBody, "Ada", "Bob", 1), "Idempotency-Key", key).
		WantProblem(t, 422, rapportv1.ErrorReason_REQUEST_ID_REUSED)
	page, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{})
	if err != nil || len(page.GetCustomers()) != 1 {
		t.Errorf("%d customers, %v", len(page.GetCustomers()), err)
	}
	if a := s.Do(t, "POST", "/v1/customers?validateOnly=true", aBody); a.Status != 200 || a.Header.Get("Location") != "" {
		t.Errorf("validate only: %d %v", a.Status, a.Header)
	}
}

// R7, R9, R16: refusals of the RPC name JSON fields, and differ from those of routing.
func TestRefusals(t *testing.T) {
	s := apitest.Start(t)
	a := s.Do(t, "POST", "/v1/customers", `{"type":"INDIVIDUAL","displayName":"x","emails":[{"address":""}],"languageCode":"`+strings.Repeat("x", 40)+`"}`)
	p := a.WantProblem(t, 400, rapportv1.ErrorReason_INVALID_FIELD)
	fields := map[string]bool{}
	for _, v := range p.Violations {
		fields[v.Field] = true
	}
	if !fields["customer.emails[0].address"] || !fields["customer.languageCode"] {
		t.Errorf("violations %+v", p.Violations)
	}
	const absent = "/v1/customers/0198c0de-0000-7000-8000-000000000009"
	s.Do(t, "GET", absent, "").WantProblem(t, 404, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND)
	s.Do(t, "GET", "/v1/nothing", "").WantProblem(t, 404, rapportv1.ErrorReason_NO_ROUTE)
	s.Do(t, "POST", "/v1/customers", `{"type":"INDIVIDUAL","displayName":"a\u0000b"}`).WantProblem(t, 400, rapportv1.ErrorReason_INVALID_FIELD)
	s.Do(t, "GET", "/v1/customers/x", "").WantProblem(t, 400, rapportv1.ErrorReason_INVALID_FIELD)
	s.Do(t, "GET", "/v1/customers?filter="+strings.Repeat("(", 1000), "").WantProblem(t, 400, rapportv1.ErrorReason_INVALID_FILTER)
	s.Do(t, "GET", "/v1/customers?pageToken=x", "").WantProblem(t, 400, rapportv1.ErrorReason_INVALID_PAGE_TOKEN)
	if p := s.Do(t, "GET", absent, "").WantProblem(t, 404, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND); !strings.Contains(s.Log.String(), strings.TrimPrefix(p.Instance, "urn:uuid:")) {
		t.Errorf("the log does not know %s", p.Instance)
	}
}

// A page larger than one write, and many of them.
func TestLargePage(t *testing.T) {
	s := apitest.Start(t)
	for i := range 60 {
		body := strings.Replace(aBody, "Ada GmbH", fmt.Sprintf("Ada %d %s", i, strings.Repeat("ü", 150)), 1)
		if a := s.Do(t, "POST", "/v1/customers", body); a.Status != 201 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
	}
	var page struct {
		Customers     []customer `json:"customers"`
		NextPageToken string     `json:"nextPageToken"`
		TotalSize     int        `json:"totalSize"`
	}
	a := s.Do(t, "GET", "/v1/customers?pageSize=50", "")
	a.JSON(t, &page)
	if len(page.Customers) != 50 || page.TotalSize != 60 || a.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%d customers of %d", len(page.Customers), page.TotalSize)
	}
	s.Do(t, "GET", "/v1/customers?pageSize=50&pageToken="+page.NextPageToken, "").JSON(t, &page)
	if len(page.Customers) != 10 || page.NextPageToken != "" {
		t.Errorf("the second page has %d", len(page.Customers))
	}
}
