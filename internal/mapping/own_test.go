package mapping_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/load"
	"github.com/rapport-crm/rapport/internal/mapping"
	"github.com/rapport-crm/rapport/internal/tabular"
)

// own returns the plan of an export.
func own(t testing.TB, name, file string) (*mapping.Plan, *tabular.Table, error) {
	t.Helper()
	table, err := tabular.Open(strings.NewReader(file), tabular.Options{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := mapping.Own(table)
	return plan, table, err
}

func TestOwnSheet(t *testing.T) {
	plan, table, err := own(t, "f.csv", "name,uid,type,display_name,emails,state,etag,create_time,attributes.n:number,attributes.s:string,attributes,external_ids.erp,external_ids\n"+
		`customers/1,1,INDIVIDUAL,'=x,"[{""address"":""a@x.org"",""primary"":false}]",ACTIVE,"""1""",2026-01-01T00:00:00Z,-5,'-5,"{""e"":{""stringValue"":""""}}",7,"{""shop"":""8""}"`+"\n"+
		`customers/2,2,INDIVIDUAL,Gone,,DELETED,,,,,,,`+"\n"+
		`customers/3,3,PERSON,x,[{}},,,,x,,"{""e"":1}",,`+"\n")
	if err != nil {
		t.Fatal(err)
	}
	rows, rejected, err := convert(plan, table)
	if err != nil {
		t.Fatal(err)
	}
	want := []*load.Row{row(t, `{"number": 2, "customer": {"name": "customers/1", "type": "INDIVIDUAL", "displayName": "=x",
		"emails": [{"address": "a@x.org"}], "externalIds": {"erp": "7", "shop": "8"},
		"attributes": {"n": {"doubleValue": -5}, "s": {"stringValue": "-5"}, "e": {"stringValue": ""}}}}`)}
	if diff := cmp.Diff(want, rows, protocmp.Transform()); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if len(rejected) != 4 || rejected[0] != `line 4, type "PERSON": is none of INDIVIDUAL, ORGANIZATION` ||
		rejected[1] != `line 4, emails "[{}}": is not JSON` || rejected[2] != `line 4, attributes.n:number "x": is not a number` ||
		!strings.HasPrefix(rejected[3], `line 4, attributes "{\"e\":1}": is not what the field holds: `) {
		t.Errorf("rejected: %q", rejected)
	}
}

// TestOwnRecords: records and lists stand in a cell as REST writes them, the contact interval
// as seconds; what the service works out is passed over.
func TestOwnRecords(t *testing.T) {
	plan, table, err := own(t, "f.csv", "name,service_tier,occasions,membership,contact_preference,contact_interval,last_contact_time,next_contact_time,contact_overdue_ratio\n"+
		`customers/1,serviceTiers/1,"[{""type"":""BIRTHDAY"",""date"":{""year"":0,""month"":2,""day"":29}}]","{""level"":""gold""}","{""doNotContact"":false,""consents"":[]}",86400s,2026-01-01T00:00:00Z,2026-01-02T00:00:00Z,0.5`+"\n"+
		`customers/2,,,,,1.5s,,,`+"\n")
	if err != nil {
		t.Fatal(err)
	}
	rows, rejected, err := convert(plan, table)
	if err != nil || len(rejected) != 1 || rejected[0] != `line 3, contact_interval "1.5s": is not a number of days` {
		t.Fatal(rejected, err)
	}
	want := []*load.Row{row(t, `{"number": 2, "customer": {"name": "customers/1", "serviceTier": "serviceTiers/1",
		"occasions": [{"type": "BIRTHDAY", "date": {"month": 2, "day": 29}}], "membership": {"level": "gold"},
		"contactPreference": {"doNotContact": false}, "contactInterval": "86400s"}}`)}
	if diff := cmp.Diff(want, rows, protocmp.Transform()); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestOwnObjects(t *testing.T) {
	const two = `{"name":"customers/1","type":"INDIVIDUAL","displayName":"Ada","etag":"\"1\"","phones":[{"number":"1","e164":"+1"}],"state":"ACTIVE"}` + "\n" +
		`{"name":"customers/2","state":"DELETED"}` + "\n"
	plan, table, err := own(t, "f.ndjson", two+`{"nope":1}`+"\n"+`{"exported":3}`+"\n")
	if err != nil {
		t.Fatal(err)
	}
	rows, rejected, err := convert(plan, table)
	if err != nil || len(rejected) != 1 || !strings.Contains(rejected[0], "nope") {
		t.Errorf("%v, rejected %q", err, rejected)
	}
	want := []*load.Row{row(t, `{"number": 1, "customer": {"name": "customers/1", "type": "INDIVIDUAL", "displayName": "Ada", "phones": [{"number": "1", "e164": "+1"}]}}`)}
	if diff := cmp.Diff(want, rows, protocmp.Transform()); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	plan, table, err = own(t, "f.ndjson", two+`{"exported":3}`+"\n")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err = convert(plan, table); err == nil || err.Error() != "line 3: the export had 3 customers, the file has 2" {
		t.Errorf("an export that lost a line: %v", err)
	}
}

func TestNotOwn(t *testing.T) {
	for header, want := range map[string]string{
		"Id,Name\n":             "the file is no export of Rapport, for it has no column `name`; say with --map what its columns mean",
		"name,nick\n":           `"nick" is no field of a customer`,
		"name,attributes.x\n":   `"attributes.x" must end in :string, :number, :bool or :timestamp`,
		"name,emails.address\n": `"emails.address" is no field of a customer`,
	} {
		if _, _, err := own(t, "f.csv", header); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", header, err, want)
		}
	}
}

// TestProblemsOfTheService: what the service finds wrong with a field is told of the
// column that it came from, though cells before it were empty.
func TestProblemsOfTheService(t *testing.T) {
	plan, table, err := compile(`
external_id: {source: shop, column: Id}
customer:
  display_name: "{First} {Last}"
  phones: ["{Phone}", "{Mobile}"]
  postal_addresses: [{locality: "{City}", address_lines: ["{Street}"]}]
  attributes: {note: "{Note}"}
  tags: [{column: Tags, split: ","}]
`, "Id,First,Last,Phone,Mobile,City,Street,Note,Tags\n1,A,B,,x,C,S,N,\"a,b\"\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	record, err := table.Next()
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]mapping.Problem{
		"customer.phones[0].number":                       {Column: "Mobile", Value: "x", Reason: "bad"},
		"customer.display_name":                           {Column: "First, Last", Value: "A, B", Reason: "bad"},
		"customer.attributes.note":                        {Column: "Note", Value: "N", Reason: "bad"},
		`customer.attributes["note"].string_value`:        {Column: "Note", Value: "N", Reason: "bad"},
		"customer.tags[1]":                                {Column: "Tags", Value: "a,b", Reason: "bad"},
		"customer.postal_addresses[0].address_lines[0]":   {Column: "Street", Value: "S", Reason: "bad"},
		"customer.postal_addresses[0].region_code":        {Column: "Street", Value: "S", Reason: "bad"},
		"customer.type":                                   {Reason: "customer.type bad"},
		"external_id.id":                                  {Column: "Id", Value: "1", Reason: "bad"},
		"customer.postal_addresses[0].address_lines[7].x": {Column: "Street", Value: "S", Reason: "bad"},
	} {
		got := plan.Problems(record, apierr.InvalidField(field, "bad"))
		if diff := cmp.Diff([]mapping.Problem{want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", field, diff)
		}
	}
	taken := apierr.AlreadyExists(rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, "x", "in use")
	if got := plan.Problems(record, taken); len(got) != 1 || got[0].Column != "" || got[0].Reason == "" {
		t.Errorf("an error of no field became %+v", got)
	}
	gone := apierr.New(codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED, "gone", nil)
	if got := plan.Problems(record, gone); len(got) != 1 || got[0].Reason != "gone" {
		t.Errorf("an error without details became %+v", got)
	}
}

// FuzzRows: whatever a mapping and a file hold, reading them ends without a panic, and
// the rows and the rejected records keep the lines of the file.
func FuzzRows(f *testing.F) {
	f.Add(everything, everythingHeader+"1,,Ada\n")
	f.Add("customer: {name: '{a}'}", "a,b\n1,2\n\"x\ny\",3\n4\n")
	f.Add("external_id: {source: s, column: a}\ncustomer: {tags: [{column: b, split: x}]}", "a,b\n1,2x3\n")
	f.Add("", "name,emails,attributes.x:number\n1,[],2\n")
	f.Add("", "{\"name\":\"x\"}\n{\"exported\":1}\n")
	f.Fuzz(func(t *testing.T, yaml, file string) {
		plan, table, err := compile(yaml, file, everythingJoined)
		if yaml == "" {
			if table, err = tabular.Open(strings.NewReader(file), tabular.Options{Name: "-"}); err == nil {
				plan, err = mapping.Own(table)
			}
		}
		if err != nil {
			return
		}
		last, lines := int64(0), int64(strings.Count(file, "\n")+1)
		for {
			record, err := table.Next()
			var bad *tabular.RowError
			if errors.As(err, &bad) {
				record = bad.Record
			} else if errors.Is(err, io.EOF) || err != nil {
				return
			}
			if record.Line <= last || record.Line > lines {
				t.Fatalf("a record on line %d after %d, of %d lines", record.Line, last, lines)
			}
			last = record.Line
			if bad != nil {
				continue
			}
			row, err := plan.Row(record, true)
			if err == nil && row.GetNumber() != record.Line {
				t.Fatalf("row %d of line %d", row.GetNumber(), record.Line)
			}
			if err != nil {
				_ = err.Error()
			}
			_ = fmt.Sprint(plan.Problems(record, apierr.InvalidField("customer.phones[0].number", "bad")))
		}
	})
}
