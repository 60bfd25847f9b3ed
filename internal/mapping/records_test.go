package mapping_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/load"
	"github.com/rapport-crm/rapport/internal/mapping"
	"github.com/rapport-crm/rapport/internal/tabular"
)

// records returns the creates that a plan makes of a file; of a rejected row what is wrong.
func records(t *testing.T, plan *mapping.Plan, table *tabular.Table) (out []*load.Record, rejected []string) {
	t.Helper()
	for {
		record, err := table.Next()
		if errors.Is(err, io.EOF) {
			return out, rejected
		}
		if err != nil {
			t.Fatal(err)
		}
		made, err := plan.Record(record)
		var wrong *mapping.RejectedError
		if errors.As(err, &wrong) {
			for _, p := range wrong.Problems {
				rejected = append(rejected, fmt.Sprintf("line %d, %s %q: %s", record.Line, p.Column, p.Value, p.Reason))
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, made)
	}
}

func creates(all []*load.Record) (out []proto.Message) {
	for _, r := range all {
		out = append(out, r.Create)
	}
	return out
}

func create[M proto.Message](t *testing.T, m M, text string) M {
	t.Helper()
	if err := protojson.Unmarshal([]byte(text), m); err != nil {
		t.Fatal(err)
	}
	return m
}

const orders = `
customer_external_id: {source: shop, column: Customer}
external_id: {source: shop, column: No}
join:
  - {file: lines.csv, key: No, as: line, several: true, optional: true}
  - {file: goods.csv, key: Sku, on: line.Sku, as: goods, optional: true}
  - {file: paid.csv, key: No, as: paid, several: true}
purchase:
  purchase_time: {column: Days, since: 1899-12-30T00:00:00Z, unit: 24h}
  amount: {amount: {column: paid.Sum, sum: true, decimal: ","}, currency_code: EUR}
  items:
    - {each: line, sku: "{line.Sku}", quantity: {column: line.Quantity, decimal: ","}, category: "{goods.Kind}"}
    - {sku: "{Gift}", quantity: 1}
void: {when: {column: State, values: {returned: yes}, others: no}, reason: "was {State}"}
`

// TestSeveralRowsForOne: a row takes its lines and what was paid from files that have several
// rows for it, and those lead to further files.
func TestSeveralRowsForOne(t *testing.T) {
	plan, table, err := compile(orders, "Customer,No,Days,State,Gift\n"+
		"7,a,46023.5,returned,mug\n"+
		"7,b,46024,sent,\n"+
		"8,c,46024,sent,\n"+
		",d,soon,perhaps,\n", map[string]string{
		"lines.csv": "No,Sku,Quantity\na,x,1\na,y,\"2,5\"\na,x,3\n",
		"goods.csv": "Sku,Kind\nx,tea\n",
		"paid.csv":  "No,Sum\na,\"9,99\"\na,\"0,02\"\na,-1\nb,\"0,00\"\nc,much\nd,\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	got, rejected := records(t, plan, table)
	want := []proto.Message{
		create(t, &rapportv1.CreatePurchaseRequest{}, `{"parent": "customers/-", "customerExternalId": {"source": "shop", "id": "7"}, "purchase": {
			"externalId": {"source": "shop", "id": "a"}, "purchaseTime": "2026-01-01T12:00:00Z", "amount": {"currencyCode": "EUR", "units": 9, "nanos": 10000000},
			"items": [{"sku": "x", "quantity": 1, "category": "tea"}, {"sku": "y", "quantity": 2.5}, {"sku": "x", "quantity": 3, "category": "tea"}, {"sku": "mug", "quantity": 1}]}}`),
		create(t, &rapportv1.CreatePurchaseRequest{}, `{"parent": "customers/-", "customerExternalId": {"source": "shop", "id": "7"}, "purchase": {
			"externalId": {"source": "shop", "id": "b"}, "purchaseTime": "2026-01-02T00:00:00Z", "amount": {"currencyCode": "EUR"}}}`),
	}
	if diff := cmp.Diff(want, creates(got), protocmp.Transform()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(got) == 2 && (got[0].Void == nil || got[0].Void.Reason != "was returned" || got[1].Void != nil) {
		t.Errorf("voided: %v, %v", got[0].Void, got[1].Void)
	}
	if diff := cmp.Diff([]string{
		`line 4, paid.Sum "much": is not a number`,
		`line 5, Days "soon": is not a number of 24h0m0s since 1899-12-30T00:00:00Z`,
		`line 5, Customer "": is empty, and says whose purchase the row is`,
	}, rejected); diff != "" {
		t.Errorf("rejected (-want +got):\n%s", diff)
	}
}

// TestLines: a row can be named by its line, also where it comes back in a file of rejects.
func TestLines(t *testing.T) {
	const yaml = `
customer_external_id: {source: calls, text: "c{#line}"}
external_id: {source: calls, column: "#line"}
interaction:
  channel: phone
  direction: OUTBOUND
  occur_time: {column: "#line", since: 2026-01-01T00:00:00Z, unit: 30m}
  duration: {column: Seconds, unit: 1s}
  attributes: {seconds: {column: Seconds, type: number}}
`
	call := func(line, at, seconds string) proto.Message {
		return create(t, &rapportv1.CreateInteractionRequest{}, `{"parent": "customers/-", "customerExternalId": {"source": "calls", "id": "c`+line+`"}, "interaction": {
			"externalId": {"source": "calls", "id": "`+line+`"}, "channel": "PHONE", "direction": "OUTBOUND", "occurTime": "`+at+`",
			"duration": "`+seconds+`s", "attributes": {"seconds": {"doubleValue": `+seconds+`}}}}`)
	}
	for name, test := range map[string]struct {
		file string
		want []proto.Message
	}{
		"CSV":     {"Seconds,Note\n90,\"a\nb\"\n1.5,\n", []proto.Message{call("2", "2026-01-01T01:00:00Z", "90"), call("4", "2026-01-01T02:00:00Z", "1.5")}},
		"objects": {`{"Seconds":90}` + "\n" + `{"Seconds":2}`, []proto.Message{call("1", "2026-01-01T00:30:00Z", "90"), call("2", "2026-01-01T01:00:00Z", "2")}},
		"rejects": {"rejected_line,rejected_column,rejected_value,rejected_reason,Seconds,Note\n4,,,,1.5,\n", []proto.Message{call("4", "2026-01-01T02:00:00Z", "1.5")}},
	} {
		plan, table, err := compile(yaml, test.file, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, rejected := records(t, plan, table)
		if diff := cmp.Diff(test.want, creates(got), protocmp.Transform()); diff != "" || rejected != nil {
			t.Errorf("%s: rejected %v, (-want +got):\n%s", name, rejected, diff)
		}
	}
	plan, table, err := compile(yaml, "rejected_line,rejected_column,rejected_value,rejected_reason,Seconds,Note\n,,,,soon,\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, rejected := records(t, plan, table)
	if diff := cmp.Diff([]string{
		`line 2, #line "": is empty, and says which interaction the row is`,
		`line 2, Seconds "soon": is not a duration such as 8m7s`,
		`line 2, Seconds "soon": is not a number`,
		`line 2, #line "": is empty, and says whose interaction the row is`,
	}, rejected); diff != "" {
		t.Errorf("a row whose line nobody knows (-want +got):\n%s", diff)
	}
}

// TestConditions: what a word means can come from other columns.
func TestConditions(t *testing.T) {
	plan, table, err := compile(`
customer_external_id: {source: crm, column: Customer}
external_id: {source: crm, column: No}
task:
  title: "{Title}"
  promised: "{Promised}"
  due_time: &day {column: Due, layout: "2006-01-02"}
  cancel_time: {column: State, values: {dropped: "{Due}"}, others: "", layout: "2006-01-02"}
`, "Customer,No,Title,Promised,Due,State\n1,1,Call,yes,2026-01-01,dropped\n1,2,Call,no,2026-01-01,done\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	got, rejected := records(t, plan, table)
	want := []proto.Message{
		create(t, &rapportv1.CreateTaskRequest{}, `{"parent": "customers/-", "customerExternalId": {"source": "crm", "id": "1"}, "task": {
			"externalId": {"source": "crm", "id": "1"}, "title": "Call", "promised": true, "dueTime": "2026-01-01T00:00:00Z", "cancelTime": "2026-01-01T00:00:00Z"}}`),
		create(t, &rapportv1.CreateTaskRequest{}, `{"parent": "customers/-", "customerExternalId": {"source": "crm", "id": "1"}, "task": {
			"externalId": {"source": "crm", "id": "2"}, "title": "Call", "dueTime": "2026-01-01T00:00:00Z"}}`),
	}
	if diff := cmp.Diff(want, creates(got), protocmp.Transform()); diff != "" || rejected != nil {
		t.Errorf("rejected %v, (-want +got):\n%s", rejected, diff)
	}
}

// TestMistakesOfRecords: each mistake in a mapping of what customers own is told, with its line.
func TestMistakesOfRecords(t *testing.T) {
	const ids = "external_id: {source: s, column: a}\ncustomer_external_id: {source: s, column: b}\n"
	const several = ids + "join: [{file: j.csv, key: k, on: a, as: j, several: true}]\n"
	for name, test := range map[string]struct{ yaml, want string }{
		"two kinds":       {ids + "case: {type: NEED}\ntask: {title: x}", "m.yaml:4: a mapping makes one kind of records; case and task are two"},
		"no owner":        {"external_id: {source: s, column: a}\ntask: {title: x}", "m.yaml:2: say by external_id which task a row is, and by customer_external_id whose"},
		"no id":           {"customer_external_id: {source: s, column: a}\ntask: {title: x}", "m.yaml:2: say by external_id which task a row is, and by customer_external_id whose"},
		"an id inside":    {ids + "task:\n  external_id: {source: s, id: x}", "m.yaml:4: external_id stands beside task, not under it"},
		"an owner's own":  {"external_id: {source: s, column: a}\ncustomer_external_id: {source: s, column: b}\ncustomer: {name: x}", "m.yaml:2: \"customer_external_id\" is none of"},
		"a voided task":   {ids + "task: {title: x}\nvoid: {when: yes, reason: x}", "m.yaml:4: \"void\" is none of"},
		"half a void":     {ids + "purchase: {channel: WEB}\nvoid: {when: yes}", "m.yaml:4: void must have the keys when and reason"},
		"an output":       {ids + "purchase: {void_time: '{a}'}", "m.yaml:3: \"void_time\" is no field that can be set"},
		"several at once": {several + "purchase: {staff: '{v}'}", "m.yaml:4: j.csv may have several rows for each, so \"v\" needs `sum: true`, or to stand in a list under `each: j`"},
		"each of one":     {ids + "join: [{file: j.csv, key: k, on: a, as: j}]\npurchase: {items: [{each: j, sku: '{v}'}]}", "m.yaml:4: there is no joined file \"j\" with `several: true`"},
		"a sum of one":    {several + "purchase: {amount: {amount: {column: a, sum: true}, currency_code: EUR}}", "m.yaml:4: sum goes with a column of a joined file with `several: true`"},
		"several twice":   {several[:len(several)-2] + ", {file: j2.csv, key: k, on: j.v, several: true}]\npurchase: {staff: x}", "m.yaml:3: j2.csv hangs on j.csv, of which a row may have several already"},
		"since alone":     {ids + "purchase: {purchase_time: {column: a, since: 2026-01-01T00:00:00Z}}", "m.yaml:3: since goes with unit, and with neither layout nor zone"},
		"unit alone":      {ids + "purchase: {purchase_time: {column: a, unit: 1s}}", "m.yaml:3: the unit of a time goes with since"},
		"no unit":         {ids + "interaction: {duration: {column: a, unit: hours}}", "m.yaml:3: \"hours\" is not a unit such as 1s, 30m or 24h"},
		"no since":        {ids + "purchase: {purchase_time: {column: a, since: yesterday, unit: 1s}}", "m.yaml:3: \"yesterday\" is not a time such as 2026-03-01T12:00:00Z"},
		"a bare duration": {ids + "interaction: {duration: '90'}", "m.yaml:3: \"90\" is a number without a unit; say in the mapping what it counts, such as `unit: 1s`"},
	} {
		_, _, err := compile(test.yaml, "a,b\n", map[string]string{"j.csv": "k,v\n1,x\n", "j2.csv": "k,w\n1,y\n"})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v\nwant %s", name, err, test.want)
		}
	}
}
