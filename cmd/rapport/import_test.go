package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

const (
	data     = "../../../shared/data/"
	examples = "../../examples/import/"
)

// file returns a file of the data sets, and skips the test where they are not.
func file(t *testing.T, name string) string {
	t.Helper()
	if raceDetector {
		t.Skip("real data is imported without the race detector, which takes five times as long: make test does both")
	}
	path := data + name
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		t.Skipf("the data sets are not beside this checkout: %s is missing", path)
	}
	return path
}

// written returns the path of a new file.
func written(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// importInto runs an import, and returns what was on the screen.
func importInto(t *testing.T, s *apitest.Service, c importFlags, stdin ...string) (string, error) {
	t.Helper()
	return importAs(t, s, &importing{}, c, stdin...)
}

// importAs runs an import of the kind that an importing says.
func importAs(t *testing.T, s *apitest.Service, i *importing, c importFlags, stdin ...string) (string, error) {
	t.Helper()
	c.Addr = s.Server.GRPCAddr()
	var shown bytes.Buffer
	err := c.load(t.Context(), stdio{in: strings.NewReader(strings.Join(stdin, "")), out: io.Discard, screen: &screen{w: &shown}}, i)
	return shown.String(), err
}

// wantImport fails the test unless the import loads everything with these outcomes.
func wantImport(t *testing.T, s *apitest.Service, c importFlags, want string, stdin ...string) {
	t.Helper()
	wantImportAs(t, s, &importing{}, c, want, stdin...)
}

func wantImportAs(t *testing.T, s *apitest.Service, i *importing, c importFlags, want string, stdin ...string) {
	t.Helper()
	shown, err := importAs(t, s, i, c, stdin...)
	if err != nil || !strings.Contains(shown, want) {
		t.Fatalf("the import ended with %v and said\n%swant %q", err, shown, want)
	}
}

func list(t *testing.T, s *apitest.Service, filter string) (out []*rapportv1.Customer) {
	t.Helper()
	req := &rapportv1.ListCustomersRequest{Filter: filter, PageSize: 1000, OrderBy: "create_time"}
	for {
		page, err := s.Customers.ListCustomers(t.Context(), req)
		if err != nil {
			t.Fatalf("list %s: %v", filter, err)
		}
		out = append(out, page.GetCustomers()...)
		if req.PageToken = page.GetNextPageToken(); req.GetPageToken() == "" {
			return out
		}
	}
}

// rowsOf returns the rows of a data set by the names of its columns.
func rowsOf(t *testing.T, path string) (out []map[string]string) {
	t.Helper()
	return rowsOfWith(t, path, ',')
}

func rowsOfWith(t *testing.T, path string, delimiter rune) (out []map[string]string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // nothing was written
	var in io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	reader := csv.NewReader(in)
	reader.Comma = delimiter
	all, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, name := range all[0] {
			row[name] = cells[i]
		}
		out = append(out, row)
	}
	return out
}

// TestTelco: the mapping of the documentation loads all subscribers, loads them again to
// no change, and what the filters then find is what the files have.
func TestTelco(t *testing.T) {
	c := importFlags{File: file(t, "telco_churn/telco_demographics.csv"), Map: examples + "telco.yaml"}
	s := apitest.Start(t)
	dry := c
	dry.DryRun = true
	wantImport(t, s, dry, "7,043 created, 0 updated, 0 unchanged, 0 rejected")
	if found := list(t, s, ""); len(found) != 0 {
		t.Fatalf("the dry run made %d customers", len(found))
	}
	wantImport(t, s, c, "7,043 created, 0 updated, 0 unchanged, 0 rejected")
	wantImport(t, s, c, "0 created, 0 updated, 7,043 unchanged, 0 rejected")

	city := map[string]string{}
	for _, row := range rowsOf(t, data+"telco_churn/telco_location.csv") {
		city[row["Customer ID"]] = row["City"]
	}
	var contract, tenure, cities int
	for _, row := range rowsOf(t, data+"telco_churn/telco_services.csv.gz") {
		if row["Contract"] == "Two Year" {
			contract++
		}
		if len(row["Tenure in Months"]) == 2 && row["Tenure in Months"] >= "60" {
			tenure++
			if city[row["Customer ID"]] == "San Diego" {
				cities++
			}
		}
	}
	for filter, want := range map[string]int{
		`attributes.contract = "Two Year"`:                                 contract,
		`attributes.tenure_months >= 60`:                                   tenure,
		`attributes.tenure_months >= 60 AND attributes.city = "San Diego"`: cities,
	} {
		if found := list(t, s, filter); len(found) != want || want == 0 {
			t.Errorf("%s finds %d customers, the files have %d", filter, len(found), want)
		}
	}
	if churned := list(t, s, `tags:"churned"`); len(churned) != 1869 {
		t.Errorf("%d churned, the data set's notes say 1,869", len(churned))
	}
}

// TestChinook: phones come back as they were written, addresses with their region, and
// cells that are empty leave nothing behind.
func TestChinook(t *testing.T) {
	c := importFlags{File: file(t, "chinook/customer.csv"), Map: examples + "chinook.yaml"}
	s := apitest.Start(t)
	wantImport(t, s, c, "59 created, 0 updated, 0 unchanged, 0 rejected")
	wantImport(t, s, c, "59 unchanged")
	got := map[string]*rapportv1.Customer{}
	regions := map[string]bool{}
	for _, customer := range list(t, s, "") {
		got[customer.GetExternalIds()["chinook"]] = customer
		regions[customer.GetPostalAddresses()[0].GetRegionCode()] = true
	}
	for _, row := range rowsOf(t, c.File) {
		customer := got[row["CustomerId"]]
		var phones []string
		for _, p := range customer.GetPhones() {
			phones = append(phones, p.GetNumber())
		}
		var want []string
		if row["Phone"] != "" {
			want = append(want, row["Phone"])
		}
		if diff := cmp.Diff(want, phones); diff != "" || customer.GetDisplayName() != row["FirstName"]+" "+row["LastName"] {
			t.Errorf("row %v became %v; phones:\n%s", row, customer, diff)
		}
		if len(customer.GetEmails()) != 1 || (customer.GetAttributes()["company"] == nil) != (row["Company"] == "") {
			t.Errorf("row %v became %v", row, customer)
		}
	}
	if len(regions) != 24 {
		t.Errorf("the customers live in %d regions, the file has 24 countries", len(regions))
	}
}

func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
