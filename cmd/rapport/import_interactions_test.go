package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/load"
)

// interactions counts what a filter finds.
func interactions(t *testing.T, s *apitest.Service, filter string) (n int) {
	t.Helper()
	req := &rapportv1.ListInteractionsRequest{Parent: "customers/-", Filter: filter, PageSize: 1000}
	for {
		page, err := s.Interactions.ListInteractions(t.Context(), req)
		if err != nil {
			t.Fatalf("list %s: %v", filter, err)
		}
		n += len(page.GetInteractions())
		if req.PageToken = page.GetNextPageToken(); req.GetPageToken() == "" {
			return n
		}
	}
}

// TestBankCalls: a file without ids makes its people and their calls by the lines, once, and
// how often a call succeeded after what came of the last campaign is what the file has.
func TestBankCalls(t *testing.T) {
	name, all, seconds, contacts := "bank_marketing/bank-additional.csv", "4,119", int64(487), 2.0
	if os.Getenv("RAPPORT_DATA") == "whole" { // and not a tenth of it
		name, all, seconds, contacts = "bank_marketing/bank-additional-full.csv.gz", "41,188", 261, 1
	}
	clients := importFlags{File: file(t, name), Map: examples + "bank_clients.yaml"}
	calls := importFlags{File: clients.File, Map: examples + "bank_calls.yaml"}
	s := apitest.Start(t)
	wantImport(t, s, clients, all+" created, 0 updated, 0 unchanged, 0 rejected")
	wantImportAs(t, s, &importing{kind: load.Interactions}, calls, all+" created, 0 updated, 0 unchanged, 0 rejected")
	wantImportAs(t, s, &importing{kind: load.Interactions}, calls, "0 created, 0 updated, "+all+" unchanged, 0 rejected")

	type outcome struct{ before, line, y string }
	have := map[outcome]int{}
	for _, row := range rowsOfWith(t, clients.File, ';') {
		have[outcome{before: row["poutcome"], y: row["y"]}]++
		have[outcome{line: row["contact"], y: row["y"]}]++
	}
	reaction := map[string]string{"yes": "POSITIVE", "no": "NEGATIVE"}
	for o, want := range have {
		filter := `customer_reaction = ` + reaction[o.y] + ` AND attributes.poutcome = "` + o.before + `"`
		if o.line != "" {
			filter = `customer_reaction = ` + reaction[o.y] + ` AND attributes.line = "` + o.line + `"`
		}
		if n := interactions(t, s, filter); n != want {
			t.Errorf("%s finds %d calls, the file has %d", filter, n, want)
		}
	}
	first, err := s.Interactions.ListInteractions(t.Context(), &rapportv1.ListInteractionsRequest{Parent: "customers/-", OrderBy: "occur_time", PageSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	call := first.GetInteractions()[0]
	if call.GetExternalId().GetId() != "2" || call.GetDuration().GetSeconds() != seconds || call.GetOccurTime().AsTime().Format("15:04") != "09:00" ||
		call.GetChannel() != rapportv1.Channel_PHONE || call.GetAttributes()["days_since"] != nil || call.GetAttributes()["contacts"].GetDoubleValue() != contacts {
		t.Errorf("the first call is %v", call)
	}
}

const notesMapping = `
customer_external_id: {source: shop, column: Customer}
external_id: {source: notes, column: "#line"}
interaction:
  channel: "{Channel}"
  direction: INTERNAL
  occur_time: {column: At, layout: "2006-01-02"}
  subject: "{Subject}"
  contact: "{Contact}"
`

// TestRejectedInteractions: what is wrong is told with line and column, whoever found it; the
// file of rejects, once mended, is imported by the same mapping, and loading the whole file
// again then changes nothing, for a mended row is still of the line on which it was.
func TestRejectedInteractions(t *testing.T) {
	s := apitest.Start(t)
	wantImport(t, s, importFlags{File: "-", Map: written(t, "people.yaml", peopleMapping)}, "2 created", "Id,Name,Mail,Age\n1,Ada,,\n2,Bob,,\n")
	notes := "Customer,Channel,At,Subject,Contact\n" +
		"1,phone,2026-01-01,\"two\nlines\",\n" +
		"nobody,phone,2026-01-01,a,\n" +
		"1,fax,2026-01-01,b,\n" +
		",phone,2026-01-01,c,\n" +
		"2,phone,2126-01-01," + strings.Repeat("d", 201) + ",\n" +
		"2,phone,2026-01-01,e,customers/1/contacts/2\n"
	c := importFlags{
		File: written(t, "notes.csv", notes), Map: written(t, "notes.yaml", notesMapping), Rejects: filepath.Join(t.TempDir(), "rejects.csv"),
	}
	dry := c
	dry.DryRun = true
	for _, run := range []importFlags{dry, c} {
		shown, err := importAs(t, s, &importing{kind: load.Interactions}, run)
		if !errors.Is(err, errRejected) || !strings.Contains(shown, "1 created, 0 updated, 0 unchanged, 5 rejected") {
			t.Fatalf("%v, %s", err, shown)
		}
	}
	reasons := map[string]string{}
	for _, row := range rowsOfAny(t, c.Rejects)[1:] {
		reasons[row[0]+" "+row[1]] = row[3]
	}
	for where, reason := range map[string]string{
		"4 Customer": "external id shop/nobody", "5 Channel": "is none of PHONE", "6 Customer": "is empty, and says whose interaction the row is",
		"7 Subject": "at most 200", "8 Contact": "",
	} {
		if got, ok := reasons[where]; !ok || !strings.Contains(got, reason) || strings.Contains(got, "requests[") {
			t.Errorf("the reject at %s says %q, want %q: %q", where, got, reason, reasons)
		}
	}
	raw, err := os.ReadFile(c.Rejects)
	if err != nil {
		t.Fatal(err)
	}
	mend := strings.NewReplacer(
		",nobody,phone", ",2,phone", "1,fax,", "1,email,", ",,phone,2026-01-01,c", ",1,phone,2026-01-01,c",
		",2126-01-01,"+strings.Repeat("d", 201), ",2026-01-01,d", ",customers/1/contacts/2\n", ",\n",
	)
	mended, whole := c, c
	mended.File = written(t, "mended.csv", mend.Replace(string(raw)))
	whole.File = written(t, "whole.csv", strings.NewReplacer("nobody,", "2,", "\n,phone", "\n1,phone").Replace(mend.Replace(notes)))
	wantImportAs(t, s, &importing{kind: load.Interactions}, mended, "5 created, 0 updated, 0 unchanged, 0 rejected")
	wantImportAs(t, s, &importing{kind: load.Interactions}, whole, "0 created, 0 updated, 6 unchanged, 0 rejected")

	page, err := s.Interactions.ListInteractions(t.Context(), &rapportv1.ListInteractionsRequest{Parent: "customers/-"})
	if err != nil {
		t.Fatal(err)
	}
	subjects := map[string]string{}
	for _, i := range page.GetInteractions() {
		subjects[i.GetExternalId().GetId()] = i.GetSubject()
	}
	if diff := cmp.Diff(map[string]string{"2": "two\nlines", "4": "a", "5": "b", "6": "c", "7": "d", "8": "e"}, subjects); diff != "" {
		t.Errorf("subjects by line (-want +got):\n%s", diff)
	}
}

// TestTheMappingMustFit: a mapping of another kind, and none at all, is told before anything
// is sent.
func TestTheMappingMustFit(t *testing.T) {
	s := apitest.Start(t)
	for want, c := range map[string]importFlags{
		"the mapping does not make tasks": {File: "-", Map: written(t, "notes.yaml", notesMapping)},
		"say with --map":                  {File: "-"},
	} {
		if _, err := importAs(t, s, &importing{kind: load.Tasks}, c, "Customer\n1\n"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
