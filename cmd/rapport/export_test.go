package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/genproto/googleapis/type/postaladdress"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

func rowsOfAny(t *testing.T, path string) [][]string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(bytes.NewReader(raw))
	r.FieldsPerRecord = -1
	all, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// exportFrom runs an export and returns what came out on the standard output.
func exportFrom(t *testing.T, addr string, c exportCustomersCommand) (string, error) {
	t.Helper()
	c.Addr = addr
	if c.Out == "" {
		c.Out = "-"
	}
	var out, shown bytes.Buffer
	err := c.run(t.Context(), stdio{in: strings.NewReader(""), out: &out, screen: &screen{w: &shown}})
	return out.String(), err
}

const tier = "serviceTiers/0198c0de-0000-7000-8000-000000000006"

// makeTier makes the tier, without which its customers cannot be imported.
func makeTier(t *testing.T, s *apitest.Service) {
	t.Helper()
	if _, err := s.DB.Exec(t.Context(), `INSERT INTO service_tier (service_tier_id, revision, display_name, targets, contact_interval_days,
		create_time, update_time) VALUES ($1, 1, 'Gold', '[]', 30, now(), now())`, strings.TrimPrefix(tier, "serviceTiers/")); err != nil {
		t.Fatal(err)
	}
}

// awkward makes customers with everything that is hard to write to a file.
func awkward(t *testing.T, s *apitest.Service) {
	t.Helper()
	ctx := t.Context()
	makeTier(t, s)
	make := func(c *rapportv1.Customer) *rapportv1.Customer {
		t.Helper()
		made, err := s.Customers.CreateCustomer(ctx, &rapportv1.CreateCustomerRequest{Customer: c})
		if err != nil {
			t.Fatalf("%v: %v", c, err)
		}
		return made
	}
	var first *rapportv1.Customer
	for i, name := range []string{
		"=cmd()", "'=x", "'", "-5", "+1", "@x", "\ttab", "\rcr", "a\nb", "a\r\nb", "\r\n", "王小明", "👩‍👩‍👧", " white ", `"quoted", comma`, "＝1", `\.`, "'t Hooft",
	} {
		first = make(&rapportv1.Customer{
			Type: rapportv1.Customer_INDIVIDUAL, DisplayName: name, Tags: []string{"=tag", name},
			ExternalIds: map[string]string{"erp": name, fmt.Sprintf("only-%d", i): "1"},
			Attributes:  map[string]*rapportv1.AttributeValue{"text": {Kind: &rapportv1.AttributeValue_StringValue{StringValue: name}}},
		})
	}
	make(&rapportv1.Customer{
		Type: rapportv1.Customer_ORGANIZATION, DisplayName: "Full",
		Emails:          []*rapportv1.EmailAddress{{Address: "a@example.com"}, {Address: "b@example.com", Primary: true}},
		Phones:          []*rapportv1.PhoneNumber{{Number: "020 7183 8750"}, {Number: "=1"}},
		PostalAddresses: []*postaladdress.PostalAddress{{RegionCode: "GB", AddressLines: []string{"1 \"A\" Street", ""}, Recipients: []string{"x"}}},
		LanguageCode:    proto.String("zh-Hans-CN"), TimeZone: proto.String("Asia/Shanghai"), Owner: proto.String("-owner"),
		AcquisitionSource: rapportv1.Customer_REFERRAL, AcquisitionCost: &money.Money{CurrencyCode: "EUR", Units: 12, Nanos: 500_000_000},
		ServiceTier: proto.String(tier), ContactInterval: durationpb.New(90 * 24 * time.Hour),
		Occasions: []*rapportv1.Occasion{
			{Type: rapportv1.Occasion_BIRTHDAY, Date: &date.Date{Month: 2, Day: 29}},
			{Type: rapportv1.Occasion_CUSTOM, Date: &date.Date{Year: 1, Month: 1, Day: 1}, Label: proto.String("=1")},
		},
		Membership: &rapportv1.Membership{Level: proto.String("-gold"), ExpireTime: &timestamppb.Timestamp{Seconds: 1, Nanos: 1000}},
		ContactPreference: &rapportv1.ContactPreference{
			DoNotContact: proto.Bool(false), PreferredChannel: rapportv1.Channel_IN_PERSON_VISIT,
			Consents: []*rapportv1.ContactPreference_Consent{{Purpose: "+", ConsentTime: &timestamppb.Timestamp{Nanos: 1000}, Evidence: proto.String("\"@\"")}},
		},
		Referrer: proto.String(first.GetName()), ProspectTime: &timestamppb.Timestamp{Seconds: 1_700_000_000, Nanos: 123_456_000},
		Attributes: map[string]*rapportv1.AttributeValue{
			"text":  {Kind: &rapportv1.AttributeValue_DoubleValue{DoubleValue: -0.1}},
			"empty": {Kind: &rapportv1.AttributeValue_StringValue{}},
			"no":    {Kind: &rapportv1.AttributeValue_BoolValue{}},
			"zero":  {Kind: &rapportv1.AttributeValue_DoubleValue{}},
			"seen":  {Kind: &rapportv1.AttributeValue_TimestampValue{TimestampValue: &timestamppb.Timestamp{Seconds: -62_135_596_800, Nanos: 1000}}},
		},
	})
	gone := make(&rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Gone"})
	if _, err := s.Customers.DeleteCustomer(ctx, &rapportv1.DeleteCustomerRequest{Name: gone.GetName()}); err != nil {
		t.Fatal(err)
	}
}

func byName(customers []*rapportv1.Customer) []*rapportv1.Customer {
	slices.SortFunc(customers, func(a, b *rapportv1.Customer) int { return strings.Compare(a.GetName(), b.GetName()) })
	return customers
}

// TestRoundTrip: an export in either form, plain or compressed, changes nothing where it
// came from, and makes the same customers elsewhere.
func TestRoundTrip(t *testing.T) {
	from := apitest.Start(t)
	awkward(t, from)
	want := byName(list(t, from, ""))
	for _, name := range []string{"out.csv", "out.csv.gz", "out.ndjson", "out.ndjson.gz"} {
		path := filepath.Join(t.TempDir(), name)
		if _, err := exportFrom(t, from.Server.GRPCAddr(), exportCustomersCommand{Out: path, ShowDeleted: true}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		wantImport(t, from, importFlags{File: path}, "0 created, 0 updated, 19 unchanged, 0 rejected")
		wantImportAs(t, from, &importing{clearEmpty: true}, importFlags{File: path}, "0 created, 0 updated, 19 unchanged, 0 rejected")
		if !strings.HasPrefix(name, "out.csv.gz") && name != "out.ndjson" {
			continue
		}
		to := apitest.Start(t)
		makeTier(t, to)
		wantImport(t, to, importFlags{File: path}, "19 created, 0 updated, 0 unchanged, 0 rejected")
		if diff := cmp.Diff(want, byName(list(t, to, "")), protocmp.Transform(),
			protocmp.IgnoreFields(&rapportv1.Customer{}, "create_time", "update_time", "etag", "next_contact_time")); diff != "" {
			t.Errorf("%s elsewhere (-want +got):\n%s", name, diff)
		}
	}
	if after := byName(list(t, from, "")); cmp.Diff(want, after, protocmp.Transform()) != "" {
		t.Error("the imports changed something where the exports came from")
	}
}

// TestSheetIsSafe: no cell of CSV is one that a spreadsheet computes, and each name
// stands there as it is otherwise.
func TestSheetIsSafe(t *testing.T) {
	s := apitest.Start(t)
	awkward(t, s)
	out, err := exportFrom(t, s.Server.GRPCAddr(), exportCustomersCommand{})
	if err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil || len(all) != 20 {
		t.Fatalf("%d lines, %v", len(all), err)
	}
	header := strings.Join(all[0], " ")
	if !strings.HasPrefix(header, "name uid type display_name emails ") ||
		!strings.HasSuffix(header, "attributes.empty:string attributes.no:bool attributes.seen:timestamp attributes.text:number attributes.text:string attributes.zero:number") {
		t.Errorf("the header is %s", header)
	}
	for _, row := range all[1:] {
		for i, cell := range row {
			if strings.ContainsAny(cell[:min(1, len(cell))], "=+-@\t\r\n") && !strings.HasSuffix(all[0][i], ":number") {
				t.Errorf("%s is %q", all[0][i], cell)
			}
		}
	}
	if all[1][3] != "'=cmd()" || all[2][3] != "''=x" || all[19][5] != `[{"number":"020 7183 8750","e164":"+442071838750","primary":false},{"number":"=1","e164":"","primary":false}]` {
		t.Errorf("cells: %q", [][]string{all[1], all[2], all[19]})
	}
}

// TestFilteredExport: filter and deleted ones, as in a list.
func TestFilteredExport(t *testing.T) {
	s := apitest.Start(t)
	awkward(t, s)
	for want, c := range map[string]exportCustomersCommand{
		`{"exported":1}`:  {Format: "ndjson", Filter: `display_name = "Full"`},
		`{"exported":20}`: {Format: "ndjson", ShowDeleted: true},
		`{"exported":0}`:  {Format: "ndjson", Filter: `display_name = "Nobody"`},
	} {
		if out, err := exportFrom(t, s.Server.GRPCAddr(), c); err != nil || !strings.HasSuffix(out, want+"\n") {
			t.Errorf("%+v ends in %q, %v; want %s", c, out[max(0, len(out)-40):], err, want)
		}
	}
}

// TestBrokenExport: a stream that breaks is continued where it broke, and an export that
// fails leaves the file as it was.
func TestBrokenExport(t *testing.T) {
	s := apitest.Start(t)
	wantImport(t, s, importFlags{File: "-", Map: written(t, "people.yaml", peopleMapping)}, "5,000 created",
		"Id,Name,Mail,Age\n"+strings.Join(numbered(5000), ""))
	whole, err := exportFrom(t, s.Server.GRPCAddr(), exportCustomersCommand{})
	if err != nil || strings.Count(whole, "\n") != 5001 {
		t.Fatalf("%d lines, %v", strings.Count(whole, "\n"), err)
	}
	relay := apitest.StartRelay(t, s.Server.GRPCAddr())
	relay.CutAfter.Store(600_000) // more than a message, less than two of them in a row
	parts, err := exportFrom(t, relay.Addr, exportCustomersCommand{})
	if err != nil || parts != whole {
		t.Errorf("in parts: %v, the same: %t", err, parts == whole)
	}
	if relay.Cuts.Load() == 0 {
		t.Error("no connection was cut")
	}

	relay.CutAfter.Store(0)
	relay.Refuse.Store(true)
	c := exportCustomersCommand{Out: "-", connectFlags: connectFlags{Addr: relay.Addr}}
	var out bytes.Buffer
	allow := writer(func() { relay.Refuse.Store(false) })
	if err := c.run(t.Context(), stdio{out: &out, screen: &screen{w: allow}}); err != nil || out.String() != whole {
		t.Errorf("while the service was away at first: %v, the same: %t", err, out.String() == whole)
	}

	path := written(t, "out.csv", "as it was")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c = exportCustomersCommand{Out: path, connectFlags: connectFlags{Addr: s.Server.GRPCAddr()}}
	if err := c.run(ctx, stdio{out: io.Discard, screen: &screen{w: io.Discard}}); err == nil || !strings.HasPrefix(err.Error(), "stopped") {
		t.Errorf("an export that was stopped said %v", err)
	}
	c.Filter = "nonsense ="
	if err := c.run(t.Context(), stdio{out: io.Discard, screen: &screen{w: io.Discard}}); err == nil {
		t.Error("a filter that is none said nothing")
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if raw, readErr := os.ReadFile(path); err != nil || readErr != nil || string(raw) != "as it was" || len(left) != 1 {
		t.Errorf("the file holds %q, %v; its folder %v, %v", raw, readErr, left, err)
	}
}

// writer is called for each write.
type writer func()

func (w writer) Write(p []byte) (int, error) {
	w()
	return len(p), nil
}

// numbered returns n lines for peopleMapping.
func numbered(n int) (lines []string) {
	for i := range n {
		lines = append(lines, fmt.Sprintf("%d,Person %d,person.%d@example.com,%d\n", i, i, i, i%90))
	}
	return lines
}
