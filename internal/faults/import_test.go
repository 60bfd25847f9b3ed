package faults_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// TestImportWithLostCommitReplies (F03 for streams): every message commits, and every
// first reply to a commit is lost. An import that sends the rest again when its stream
// breaks has every row once, and is told CREATED for each that was resolved inside.
func TestImportWithLostCommitReplies(t *testing.T) {
	begin(t)
	l := startLossy(t)
	const rows = 20
	messages := pick(20, 400)
	results := map[rapportv1.ImportCustomersResponse_Outcome_Result]int{}
	broken := 0
	for next := 0; next < messages; {
		done, err := importFrom(t.Context(), l, next, messages, rows, results)
		next += done
		if err == nil {
			break
		}
		// Never UNKNOWN: rows have keys, so an import can always be continued.
		if status.Code(err) != codes.Unavailable {
			t.Fatalf("the stream ended with %v", err)
		}
		broken++
	}
	t.Logf("%d streams broke, results %v", broken, results)
	created, again := results[rapportv1.ImportCustomersResponse_Outcome_CREATED], results[rapportv1.ImportCustomersResponse_Outcome_UNCHANGED]
	if created+again != messages*rows || created == 0 || broken == 0 {
		t.Errorf("results %v of %d rows, %d streams broke: want all of them, most CREATED, and some broken", results, messages*rows, broken)
	}
	if lost := l.proxy.lost.Load(); lost < int64(messages) || l.proxy.refused.Load() == 0 {
		t.Errorf("%d replies lost and %d connections refused, want %d and some", lost, l.proxy.refused.Load(), messages)
	}
	var customers, changes int
	if err := connect(t, l.url).QueryRow(t.Context(), `SELECT (SELECT count(*) FROM customer WHERE revision = 1),
		(SELECT count(*) FROM change)`).Scan(&customers, &changes); err != nil {
		t.Fatal(err)
	}
	if customers != messages*rows || changes != messages*rows {
		t.Errorf("%d customers and %d changes, want %d of each", customers, changes, messages*rows)
	}
}

// importFrom sends the messages from next on, one at a time, and returns how many were
// answered before the stream broke.
func importFrom(ctx context.Context, l *lossy, next, messages, rows int, results map[rapportv1.ImportCustomersResponse_Outcome_Result]int) (done int, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := l.Customers.ImportCustomers(ctx)
	if err != nil {
		return 0, err
	}
	for m := next; m < messages; m++ {
		req := &rapportv1.ImportCustomersRequest{}
		for r := range rows {
			req.Rows = append(req.Rows, &rapportv1.ImportCustomersRequest_Row{
				Customer:   &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: fmt.Sprintf("Customer %d of %d", r, m)},
				ExternalId: &rapportv1.ExternalId{Source: "erp", Id: fmt.Sprintf("%d-%d", m, r)},
			})
		}
		if err := stream.Send(req); err != nil && !errors.Is(err, io.EOF) {
			return done, err
		}
		resp, err := stream.Recv()
		if err != nil {
			return done, err
		}
		for _, o := range resp.GetOutcomes() {
			results[o.GetResult()]++
		}
		done++
	}
	return done, stream.CloseSend()
}
