package main

import (
	"testing"
	"time"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/load"
)

// tasks counts what a filter finds.
func tasks(t *testing.T, s *apitest.Service, filter string) (n int) {
	t.Helper()
	req := &rapportv1.ListTasksRequest{Parent: "customers/-", Filter: filter, PageSize: 1000}
	for {
		page, err := s.Tasks.ListTasks(t.Context(), req)
		if err != nil {
			t.Fatalf("list %s: %v", filter, err)
		}
		n += len(page.GetTasks())
		if req.PageToken = page.GetNextPageToken(); req.GetPageToken() == "" {
			return n
		}
	}
}

// TestOlistDeliveries: what became of each promise to deliver is what a look at the file's
// dates says.
func TestOlistDeliveries(t *testing.T) {
	c := importFlags{File: file(t, "olist_sample/olist_orders.csv.gz"), Map: examples + "olist_deliveries.yaml"}
	s := apitest.Start(t)
	wantImport(t, s, importFlags{File: data + "olist_sample/olist_customers.csv", Map: examples + "olist_customers.yaml"}, "8,016 created")
	wantImportAs(t, s, &importing{kind: load.Tasks}, c, "8,135 created, 0 updated, 0 unchanged, 0 rejected")
	wantImportAs(t, s, &importing{kind: load.Tasks}, c, "0 created, 0 updated, 8,135 unchanged, 0 rejected")

	// Times of one form in one zone, so their texts compare as they do.
	want := map[string]int{"PENDING": 0, "RELEASED": 0}
	for _, row := range rowsOf(t, c.File) {
		delivered, promised := row["order_delivered_customer_date"], row["order_estimated_delivery_date"]
		switch {
		case delivered != "" && delivered <= promised:
			want["KEPT"]++
		case delivered != "":
			want["LATE"]++
		case row["order_status"] == "canceled", row["order_status"] == "unavailable":
			want["BROKEN"]++
		case promised < time.Now().Format(time.DateTime):
			want["OVERDUE"]++
		default:
			t.Fatalf("an order is still to be delivered: %v", row)
		}
	}
	for state, n := range want {
		if got := tasks(t, s, "promise_state = "+state); got != n {
			t.Errorf("%d promises are %s, the file has %d", got, state, n)
		}
	}
	if kept, due := want["KEPT"], want["KEPT"]+want["LATE"]+want["OVERDUE"]+want["BROKEN"]; kept != 4755 || due != 8135 {
		t.Errorf("%d of %d promises were kept", kept, due)
	}
}
