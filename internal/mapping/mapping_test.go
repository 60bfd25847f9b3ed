package mapping_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/rapport-crm/rapport/internal/load"
	"github.com/rapport-crm/rapport/internal/mapping"
	"github.com/rapport-crm/rapport/internal/tabular"
)

// compile reads a mapping, its joined files by their names, and the header of a file.
func compile(yaml, file string, joined map[string]string) (*mapping.Plan, *tabular.Table, error) {
	m, err := mapping.Parse("m.yaml", []byte(yaml))
	if err != nil {
		return nil, nil, err
	}
	var joins []*mapping.Joined
	for _, join := range m.Joins {
		j, err := m.Read(join, strings.NewReader(joined[join.File]))
		if err != nil {
			return nil, nil, err
		}
		joins = append(joins, j)
	}
	name := "f.csv"
	if strings.HasPrefix(file, "{") {
		name = "f.ndjson"
	}
	table, err := tabular.Open(strings.NewReader(file), m.Options(name))
	if err != nil {
		return nil, nil, err
	}
	plan, err := m.Compile(table, joins)
	return plan, table, err
}

// convert returns the rows of a file; of a rejected one what is wrong.
func convert(plan *mapping.Plan, table *tabular.Table) (rows []*load.Row, rejected []string, err error) {
	for {
		record, err := table.Next()
		var bad *tabular.RowError
		switch {
		case errors.Is(err, io.EOF):
			return rows, rejected, nil
		case errors.As(err, &bad):
			rejected = append(rejected, bad.Error())
			continue
		case err != nil:
			return rows, rejected, err
		}
		row, err := plan.Row(record, false)
		var wrong *mapping.RejectedError
		switch {
		case errors.As(err, &wrong):
			for _, p := range wrong.Problems {
				rejected = append(rejected, fmt.Sprintf("line %d, %s %q: %s", record.Line, p.Column, p.Value, p.Reason))
			}
		case err == nil:
			rows = append(rows, row)
		case !errors.Is(err, mapping.ErrSkip):
			return rows, rejected, err
		}
	}
}

// row decodes the JSON of a row.
func row(t *testing.T, text string) *load.Row {
	t.Helper()
	var out load.Row
	if err := protojson.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return &out
}

const everything = `
external_id: {source: shop, column: Id}
join:
  - {file: more.csv, key: Id, as: more}
  - {file: rare.csv, key: Id, optional: true}
customer:
  type: {column: Firm, values: {"": INDIVIDUAL}, others: organization}
  display_name: {first_of: ["{Firm}", "{First} {Last}"], default: "N. N."}
  emails:
    - {address: "{Mail}", primary: true}
    - {column: Mails, split: ;}
  phones: ["{Phone}", "+49 {Mobile}", "{Phone}"]
  postal_addresses:
    - region_code: {column: Country, values: &countries {Germany: DE, "{braces}": XX}}
      locality: "{City}"
      address_lines: ["{Street}", "{{c/o}} {Care}"]
  external_ids: {erp: "{Erp}"}
  tags: [imported, {column: Tags, split: ","}]
  time_zone: Europe/Berlin
  acquisition_cost: {amount: {column: Cost, decimal: ",", thousands: "."}, currency_code: EUR}
  prospect_time: {column: Since, layout: 02.01.2006 15:04, zone: Europe/Berlin}
  attributes:
    note: {column: Note, trim: false}
    score: {column: more.Score, type: number}
    gold: {column: Gold, type: bool, values: {Ja: true, Nein: false}}
    seen: {column: Seen, type: timestamp, layout: unix}
    rare: "{Rare}"
    land: {column: Country, values: *countries}
`

const everythingHeader = "Id,Firm,First,Last,Mail,Mails,Phone,Mobile,Country,City,Street,Care,Erp,Tags,Cost,Since,Note,Gold,Seen\n"

var everythingJoined = map[string]string{
	"more.csv": "Id,Score\n1,-1.5e2\n2,\n3,7\n4,7\n5,7\n",
	"rare.csv": "Id,Rare\n1,found\n",
}

func TestConversions(t *testing.T) {
	plan, table, err := compile(everything, everythingHeader+
		`1,,Ada, King ,ada@x.org,a@x.org; b@x.org;,030 1,170 2,Germany,Berlin,Weg 1,Erna,e1,"a, b","1.234,5",02.07.2024 15:00," kept ",Ja,1700000000`+"\n"+
		`2,Acme,,,,,,,,,,,,,,,,,`+"\n"+
		`3,,,,,,,,,,,,,,,,,,`+"\n"+
		`4,,,,,,,,France,,,,,,1.2.3,today,,perhaps,soon`+"\n"+
		`,,,,,,,,,,,,,,,,,,`+"\n"+
		`6,,,,,,,,,,,,,,,,,,`+"\n"+
		`7`+"\n", everythingJoined)
	if err != nil {
		t.Fatal(err)
	}
	rows, rejected, err := convert(plan, table)
	if err != nil {
		t.Fatal(err)
	}
	want := []*load.Row{
		row(t, `{"number": 2, "externalId": {"source": "shop", "id": "1"}, "customer": {
			"type": "INDIVIDUAL", "displayName": "Ada  King",
			"emails": [{"address": "ada@x.org", "primary": true}, {"address": "a@x.org"}, {"address": "b@x.org"}],
			"phones": [{"number": "030 1"}, {"number": "+49 170 2"}],
			"postalAddresses": [{"regionCode": "DE", "locality": "Berlin", "addressLines": ["Weg 1", "{c/o} Erna"]}],
			"externalIds": {"erp": "e1"}, "tags": ["imported", "a", "b"], "timeZone": "Europe/Berlin",
			"acquisitionCost": {"currencyCode": "EUR", "units": 1234, "nanos": 500000000},
			"prospectTime": "2024-07-02T13:00:00Z",
			"attributes": {"note": {"stringValue": " kept "}, "score": {"doubleValue": -150}, "gold": {"boolValue": true},
				"seen": {"timestampValue": "2023-11-14T22:13:20Z"}, "rare": {"stringValue": "found"}, "land": {"stringValue": "DE"}}}}`),
		row(t, `{"number": 3, "externalId": {"source": "shop", "id": "2"}, "customer": {
			"type": "ORGANIZATION", "displayName": "Acme", "tags": ["imported"], "timeZone": "Europe/Berlin"}}`),
		row(t, `{"number": 4, "externalId": {"source": "shop", "id": "3"}, "customer": {
			"type": "INDIVIDUAL", "displayName": "N. N.", "tags": ["imported"], "timeZone": "Europe/Berlin",
			"attributes": {"score": {"doubleValue": 7}}}}`),
	}
	if diff := cmp.Diff(want, rows, protocmp.Transform()); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		`line 5, Country "France": is not one of the mapping's values`,
		`line 5, Cost "1.2.3": is not a number`,
		`line 5, Since "today": is not a time written as 02.01.2006 15:04`,
		`line 5, Gold "perhaps": is not one of the mapping's values`,
		`line 5, Seen "soon": is not a time written as unix`,
		`line 5, Country "France": is not one of the mapping's values`,
		`line 6, Id "": has no row in more.csv`,
		`line 7, Id "6": has no row in more.csv`,
		`line 8: has 1 cells, the header has 19`,
	}, rejected); diff != "" {
		t.Errorf("rejected (-want +got):\n%s", diff)
	}
}

func TestObjectsAreMapped(t *testing.T) {
	plan, table, err := compile("\xEF\xBB\xBF"+`
external_id: {source: api, column: id}
customer: {type: INDIVIDUAL, display_name: "{name.full}", attributes: {vip: {column: vip, type: bool}}}
`, `{"id":17,"name":{"full":"Ada"},"vip":true}`+"\n"+`{"id":18}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	rows, rejected, err := convert(plan, table)
	if err != nil || rejected != nil {
		t.Fatal(err, rejected)
	}
	want := []*load.Row{
		row(t, `{"number": 1, "externalId": {"source": "api", "id": "17"}, "customer": {"type": "INDIVIDUAL", "displayName": "Ada", "attributes": {"vip": {"boolValue": true}}}}`),
		row(t, `{"number": 2, "externalId": {"source": "api", "id": "18"}, "customer": {"type": "INDIVIDUAL"}}`),
	}
	if diff := cmp.Diff(want, rows, protocmp.Transform()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestRecordsAreMapped: what is inside a membership or a preference is left out where its
// column is empty, and so is an occasion without its date; a "no" is something.
func TestRecordsAreMapped(t *testing.T) {
	const yaml = `
external_id: {source: crm, column: Id}
customer:
  service_tier: {column: Tier, values: {Gold: serviceTiers/0198c0de-0000-7000-8000-000000000001}}
  contact_interval: "{Every}"
  occasions:
    - {type: BIRTHDAY, date: "{Born}"}
    - {type: CUSTOM, date: {column: Opened, layout: 02.01.}, label: opening}
  membership:
    number: "{Card}"
    level: {column: Level, default: basic}
    expire_time: {column: Until, layout: "2006-01-02", zone: Europe/Berlin}
  contact_preference:
    preferred_channel: "{Channel}"
    do_not_contact: {column: Silent, type: bool}
    consents:
      - {purpose: newsletter, channel: EMAIL, granted: "{News}", consent_time: "{News at}"}
`
	const header = "Id,Tier,Every,Born,Opened,Card,Level,Until,Channel,Silent,News,News at\n"
	if _, _, err := compile(yaml, header, nil); err == nil || !strings.Contains(err.Error(), `m.yaml:15: "type" is none of`) {
		t.Errorf("a typed field: %v", err)
	}
	plan, table, err := compile(strings.Replace(yaml, ", type: bool", "", 1), header+
		"1,Gold,90,1984-02-29,29.02.,K7,gold,2027-01-01,in person visit,no,yes,2026-01-01T00:00:00Z\n"+
		"2,,,--02-29,,,,,,,,\n"+
		"3,,7776000s,,,,,,,y,,\n"+
		"4,Tin,often,1983-02-29,30.2.,,,soon,FAX,maybe,perhaps,then\n"+
		"5,,9223372036854775807,,,,,,,,,\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	rows, rejected, err := convert(plan, table)
	if err != nil {
		t.Fatal(err)
	}
	want := []*load.Row{
		row(t, `{"number": 2, "externalId": {"source": "crm", "id": "1"}, "customer": {
			"serviceTier": "serviceTiers/0198c0de-0000-7000-8000-000000000001", "contactInterval": "7776000s",
			"occasions": [{"type": "BIRTHDAY", "date": {"year": 1984, "month": 2, "day": 29}},
				{"type": "CUSTOM", "date": {"month": 2, "day": 29}, "label": "opening"}],
			"membership": {"number": "K7", "level": "gold", "expireTime": "2026-12-31T23:00:00Z"},
			"contactPreference": {"preferredChannel": "IN_PERSON_VISIT", "doNotContact": false,
				"consents": [{"purpose": "newsletter", "channel": "EMAIL", "granted": true, "consentTime": "2026-01-01T00:00:00Z"}]}}}`),
		row(t, `{"number": 3, "externalId": {"source": "crm", "id": "2"}, "customer": {
			"occasions": [{"type": "BIRTHDAY", "date": {"month": 2, "day": 29}}]}}`),
		row(t, `{"number": 4, "externalId": {"source": "crm", "id": "3"}, "customer": {
			"contactInterval": "7776000s", "contactPreference": {"doNotContact": true}}}`),
	}
	if diff := cmp.Diff(want, rows, protocmp.Transform()); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		`line 5, Tier "Tin": is not one of the mapping's values`,
		`line 5, Every "often": is not a number of days`,
		`line 5, Born "1983-02-29": is not a day written as 2006-01-02 or --01-02`,
		`line 5, Opened "30.2.": is not a day written as 02.01.`,
		`line 5, Until "soon": is not a time written as 2006-01-02`,
		`line 5, Channel "FAX": is none of`,
		`line 5, Silent "maybe": is neither yes nor no; the mapping's values can say what it means`,
		`line 5, News "perhaps": is neither yes nor no; the mapping's values can say what it means`,
		`line 5, News at "then": is not a time written as 2006-01-02T15:04:05Z07:00`,
		`line 6, Every "9223372036854775807": is not a number of days`,
	}, rejected, cmp.Comparer(func(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) })); diff != "" {
		t.Errorf("rejected (-want +got):\n%s", diff)
	}
	record, err := mustOpen(t, header+"1,,,,,,,,,,,\n").Next()
	if err != nil {
		t.Fatal(err)
	}
	cleared, err := plan.Row(record, true)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{
		"service_tier", "contact_interval", "occasions", "membership.number", "membership.level", "membership.expire_time",
		"contact_preference.preferred_channel", "contact_preference.do_not_contact", "contact_preference.consents",
	}, cleared.GetUpdateMask().GetPaths()); diff != "" {
		t.Errorf("the mask of --clear-empty (-want +got):\n%s", diff)
	}
}

func mustOpen(t *testing.T, file string) *tabular.Table {
	t.Helper()
	table, err := tabular.Open(strings.NewReader(file), tabular.Options{Name: "f.csv"})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// TestMistakes: each mistake in a mapping is told, with its line.
func TestMistakes(t *testing.T) {
	for name, test := range map[string]struct{ yaml, want string }{
		"no YAML":          {"customer: [", "m.yaml:1: "},
		"not UTF-8":        {"customer:\n  owner: M\xfcller", "m.yaml:2: a mapping must be UTF-8"},
		"nothing":          {"", "m.yaml: must hold one document"},
		"a text":           {"x", "m.yaml:1: must have the keys external_id and customer, or what else is imported: interaction, purchase, case, task, satisfaction_score"},
		"unknown key":      {"customer: {name: '{a}'}\njoins: []", "m.yaml:2: \"joins\" is none of customer, delimiter, encoding, external_id, join, when; did you mean `join`?"},
		"twice":            {"customer: {name: '{a}'}\ncustomer: {name: '{a}'}", "m.yaml:2: mapping key \"customer\" already defined"},
		"unknown column":   {"customer:\n  name: '{a}'\n  owner: '{Onwer}'", "m.yaml:3: no file has the column \"Onwer\"; did you mean `Owner`?"},
		"unknown field":    {"customer:\n  name: '{a}'\n  displayname: '{a}'", "m.yaml:3: \"displayname\" is no field that can be set; did you mean `display_name`?"},
		"output only":      {"customer:\n  name: '{a}'\n  create_time: '{a}'", "m.yaml:3: \"create_time\" is no field that can be set"},
		"output only deep": {"customer:\n  name: '{a}'\n  phones: [{e164: '{a}'}]", "m.yaml:3: \"e164\" is no field that can be set"},
		"without quotes":   {"customer:\n  name: '{a}'\n  owner: {Owner}", "m.yaml:3: \"Owner\" is none of column, default, first_of, others, text, trim, values; a text that begins with { stands in quotes"},
		"a list":           {"customer:\n  name: '{a}'\n  owner: [a]", "m.yaml:3: must be a text such as \"{Column}\", not a list"},
		"an open brace":    {"customer:\n  name: '{a'", "m.yaml:2: a { in \"{a\" is not closed, or a } not opened; one that is meant as such is written twice"},
		"a wrong constant": {"customer:\n  name: '{a}'\n  type: PERSON", "m.yaml:3: \"PERSON\" is none of INDIVIDUAL, ORGANIZATION"},
		"a wrong type":     {"customer:\n  name: '{a}'\n  attributes: {x: {column: a, type: int}}", "m.yaml:3: the type must be string, number, bool or timestamp, not \"int\""},
		"a wrong option":   {"customer:\n  name: '{a}'\n  attributes: {x: {column: a, layout: unix}}", "m.yaml:3: \"layout\" is none of"},
		"a wrong zone":     {"customer:\n  name: '{a}'\n  prospect_time: {column: a, zone: CEST}", "m.yaml:3: \"CEST\" is not an IANA time zone such as Europe/Berlin"},
		"a wrong layout":   {"customer:\n  name: '{a}'\n  prospect_time: {column: a, layout: DD.MM.YYYY}", "m.yaml:3: \"DD.MM.YYYY\" shows no time; write 2 January 2006, 15:04:05 in it as the file would"},
		"no day":           {"customer:\n  name: '{a}'\n  occasions: [{type: BIRTHDAY, date: {column: a, layout: unix}}]", "m.yaml:3: \"unix\" shows no day; write 2 January 2006 in it as the file would"},
		"a bare occasion":  {"customer:\n  name: '{a}'\n  occasions: ['{a}']", "m.yaml:3: each of occasions must have fields, not be a text"},
		"a bare member":    {"customer:\n  name: '{a}'\n  membership: '{a}'", "m.yaml:3: must have fields of Membership: expire_time, level, number, start_time"},
		"two sources":      {"customer:\n  name: {column: a, text: '{a}'}", "m.yaml:2: must have one of column, text and first_of"},
		"no key":           {"customer:\n  owner: '{a}'", "m.yaml:2: say how a customer is found again: by external_id, or by a name under customer"},
		"no source":        {"external_id: {column: a}\ncustomer: {owner: '{a}'}", "m.yaml:1: external_id must have a source, the name of the system that the ids are of"},
		"no currency":      {"customer:\n  name: '{a}'\n  acquisition_cost: '{a}'", "m.yaml:3: acquisition_cost must have the keys amount and currency_code"},
		"no anchor":        {"customer:\n  name: *none", "m.yaml:2: "},
		"no key column":    {"join: [{file: j.csv, key: b}]\ncustomer: {name: '{a}'}", "m.yaml:1: j.csv has no column \"b\""},
		"not in the file":  {"join: [{file: j.csv, key: k}]\ncustomer: {name: '{a}'}", "m.yaml:1: no file has the column \"k\""},
		"a key twice":      {"join: [{file: twice.csv, key: a}]\ncustomer: {name: '{a}'}", "twice.csv: the a \"1\" stands on line 2 and on line 3"},
		"in two files":     {"join: [{file: j.csv, key: k, on: a}, {file: j2.csv, key: k, on: a}]\ncustomer: {name: '{v}'}", "m.yaml:2: the column \"v\" stands in j.csv and in j2.csv; name one of them with `as: NAME` and write NAME.v"},
		"a long delimiter": {"delimiter: ab\ncustomer: {name: '{a}'}", "m.yaml:1: the delimiter must be one ASCII character, and neither a quote nor a line's end"},
	} {
		_, _, err := compile(test.yaml, "a,Owner\n", map[string]string{
			"j.csv": "k,v\n1,x\n", "j2.csv": "k,v\n1,y\n", "twice.csv": "a\n1\n1\n",
		})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v\nwant %s", name, err, test.want)
		}
	}
}
