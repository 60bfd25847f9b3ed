package main

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/type/money"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/load"
)

// purchases returns what a filter finds.
func purchases(t *testing.T, s *apitest.Service, filter string) (out []*rapportv1.Purchase) {
	t.Helper()
	req := &rapportv1.ListPurchasesRequest{Parent: "customers/-", Filter: filter, PageSize: 1000, OrderBy: "purchase_time"}
	for {
		page, err := s.Purchases.ListPurchases(t.Context(), req)
		if err != nil {
			t.Fatalf("list %s: %v", filter, err)
		}
		out = append(out, page.GetPurchases()...)
		if req.PageToken = page.GetNextPageToken(); req.GetPageToken() == "" {
			return out
		}
	}
}

// cents is an amount to the cent.
func cents(m *money.Money) int64 { return m.GetUnits()*100 + int64(m.GetNanos())/10_000_000 }

// hundredths is an amount as a file has it, in cents.
func hundredths(t *testing.T, text string) int64 {
	t.Helper()
	amount, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("%q is no amount", text)
	}
	return amount.Mul(amount, big.NewRat(100, 1)).Num().Int64()
}

// TestChinookInvoices: each invoice has its lines, and the revenue is that of the data set's
// notes, by country too.
func TestChinookInvoices(t *testing.T) {
	c := importFlags{File: file(t, "chinook/invoice.csv"), Map: examples + "chinook_invoices.yaml"}
	s := apitest.Start(t)
	wantImport(t, s, importFlags{File: data + "chinook/customer.csv", Map: examples + "chinook.yaml"}, "59 created")
	dry := c
	dry.DryRun = true
	wantImportAs(t, s, &importing{kind: load.Purchases}, dry, "412 created, 0 updated, 0 unchanged, 0 rejected")
	wantImportAs(t, s, &importing{kind: load.Purchases}, c, "412 created, 0 updated, 0 unchanged, 0 rejected")
	wantImportAs(t, s, &importing{kind: load.Purchases}, c, "0 created, 0 updated, 412 unchanged, 0 rejected")

	want := map[string]map[string]float64{}
	for _, row := range rowsOf(t, data+"chinook/invoiceline.csv") {
		if want[row["InvoiceId"]] == nil {
			want[row["InvoiceId"]] = map[string]float64{}
		}
		quantity, err := strconv.ParseFloat(row["Quantity"], 64)
		if err != nil {
			t.Fatal(err)
		}
		want[row["InvoiceId"]]["track-"+row["TrackId"]] += quantity
	}
	got, lines, revenue, spent := map[string]map[string]float64{}, 0, int64(0), map[string]int64{}
	for _, p := range purchases(t, s, "") {
		items := map[string]float64{}
		for _, item := range p.GetItems() {
			items[item.GetSku()] += item.GetQuantity()
			lines++
		}
		got[p.GetExternalId().GetId()] = items
		revenue += cents(p.GetAmount())
		customer, _, _ := strings.Cut(p.GetName(), "/purchases/")
		spent[customer] += cents(p.GetAmount())
	}
	if diff := cmp.Diff(want, got); diff != "" || lines != 2240 || revenue != 232_860 {
		t.Errorf("%d lines, revenue %d; (-want +got):\n%s", lines, revenue, diff)
	}
	byRegion := map[string]int64{}
	for _, customer := range list(t, s, "") {
		byRegion[customer.GetPostalAddresses()[0].GetRegionCode()] += spent[customer.GetName()]
	}
	for region, want := range map[string]int64{"US": 52_306, "CA": 30_396, "FR": 19_510, "BR": 19_010, "DE": 15_648} {
		if byRegion[region] != want {
			t.Errorf("the customers of %s spent %d, the data set's notes say %d", region, byRegion[region], want)
		}
	}
}

// TestOlistOrders: what was paid in parts is one amount, what was cancelled is voided, once,
// and an order that is cancelled later is voided by a later import of the same file.
func TestOlistOrders(t *testing.T) {
	c := importFlags{File: file(t, "olist_sample/olist_orders.csv.gz"), Map: examples + "olist_orders.yaml"}
	s := apitest.Start(t)
	wantImport(t, s, importFlags{File: data + "olist_sample/olist_customers.csv", Map: examples + "olist_customers.yaml"}, "8,016 created")
	wantImportAs(t, s, &importing{kind: load.Purchases}, c, "8,135 created, 0 updated, 0 unchanged, 0 rejected")
	wantImportAs(t, s, &importing{kind: load.Purchases}, c, "0 created, 0 updated, 8,135 unchanged, 0 rejected")

	paid, items, voided := map[string]int64{}, map[string]int{}, map[string]bool{}
	for _, row := range rowsOf(t, data+"olist_sample/olist_order_payments.csv") {
		paid[row["order_id"]] += hundredths(t, row["payment_value"])
	}
	for _, row := range rowsOf(t, data+"olist_sample/olist_order_items.csv.gz") {
		items[row["order_id"]]++
	}
	for _, row := range rowsOf(t, c.File) {
		voided[row["order_id"]] = row["order_status"] == "canceled" || row["order_status"] == "unavailable"
	}
	all, zero := purchases(t, s, ""), 0
	for _, p := range all {
		id := p.GetExternalId().GetId()
		if cents(p.GetAmount()) != paid[id] || len(p.GetItems()) != items[id] || (p.GetVoidTime() != nil) != voided[id] {
			t.Errorf("order %s: paid %d, %d items, voided %t; became %v", id, paid[id], items[id], voided[id], p)
		}
		if cents(p.GetAmount()) == 0 {
			zero++
		}
	}
	if count := len(purchases(t, s, "void_time:*")); len(all) != 8135 || zero != 3 || count != 1234 {
		t.Errorf("%d orders, %d of amount zero, %d voided", len(all), zero, count)
	}
}

// TestLaterVoid: a purchase that is to be voided only in a later file is found again and
// voided, and one that somebody voided is left alone.
func TestLaterVoid(t *testing.T) {
	s := apitest.Start(t)
	wantImport(t, s, importFlags{File: "-", Map: written(t, "people.yaml", peopleMapping)}, "2 created", "Id,Name,Mail,Age\n1,Ada,,\n2,Bob,,\n")
	c := importFlags{File: "-", Map: written(t, "orders.yaml", `
customer_external_id: {source: shop, column: Customer}
external_id: {source: shop, text: '"{No}*"'}
purchase: {purchase_time: "{At}", amount: {amount: "{Paid}", currency_code: EUR}}
void: {when: {column: State, values: {returned: yes}, others: no}, reason: "{State}"}
`)}
	const before = "Customer,No,At,Paid,State\n1,7,2026-01-01T00:00:00Z,5,sent\n2,7,2026-01-01T00:00:00Z,6,sent\n1,8,2026-01-02T00:00:00Z,7,returned\n"
	const after = "Customer,No,At,Paid,State\n1,7,2026-01-01T00:00:00Z,5,returned\n2,7,2026-01-01T00:00:00Z,6,sent\n1,8,2026-01-02T00:00:00Z,7,returned\n"
	wantImportAs(t, s, &importing{kind: load.Purchases}, c, "3 created, 0 updated, 0 unchanged, 0 rejected", before)
	wantImportAs(t, s, &importing{kind: load.Purchases}, c, "0 created, 1 updated, 2 unchanged, 0 rejected", after)
	wantImportAs(t, s, &importing{kind: load.Purchases}, c, "0 created, 0 updated, 3 unchanged, 0 rejected", after)
	var got []string
	for _, p := range purchases(t, s, "void_time:*") {
		got = append(got, fmt.Sprint(p.GetAmount().GetUnits(), " ", p.GetVoidReason()))
	}
	if diff := cmp.Diff([]string{"5 returned", "7 returned"}, got); diff != "" {
		t.Errorf("voided (-want +got):\n%s", diff)
	}
}
