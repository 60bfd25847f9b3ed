package customer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/apitest"
)

type (
	importRequest = rapportv1.ImportCustomersRequest
	importRow     = rapportv1.ImportCustomersRequest_Row
	outcome       = rapportv1.ImportCustomersResponse_Outcome
)

const (
	created   = rapportv1.ImportCustomersResponse_Outcome_CREATED
	updated   = rapportv1.ImportCustomersResponse_Outcome_UPDATED
	unchanged = rapportv1.ImportCustomersResponse_Outcome_UNCHANGED
	rejected  = rapportv1.ImportCustomersResponse_Outcome_REJECTED
)

// importing sends the messages, each once the outcomes of the one before are there, and
// returns all outcomes and how the stream ended.
func importing(ctx context.Context, s *apitest.Service, messages ...*importRequest) (all []*outcome, err error) {
	stream, err := s.Customers.ImportCustomers(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range messages {
		if err := stream.Send(m); err != nil && !errors.Is(err, io.EOF) {
			return all, err
		}
		resp, err := stream.Recv()
		if err != nil {
			return all, err
		}
		all = append(all, resp.GetOutcomes()...)
	}
	if err := stream.CloseSend(); err != nil {
		return all, err
	}
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		return all, fmt.Errorf("after the last outcome: %w", err)
	}
	return all, nil
}

func mustImport(t testing.TB, s *apitest.Service, rows ...*importRow) []*outcome {
	t.Helper()
	outcomes, err := importing(t.Context(), s, &importRequest{Rows: rows})
	if err != nil {
		t.Fatalf("import: %v", err)
	}
	return outcomes
}

func wantResults(t testing.TB, outcomes []*outcome, want ...rapportv1.ImportCustomersResponse_Outcome_Result) {
	t.Helper()
	var got []rapportv1.ImportCustomersResponse_Outcome_Result
	for _, o := range outcomes {
		got = append(got, o.GetResult())
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("results %v, want %v: %v", got, want, outcomes)
	}
}

func erpRow(number int64, id string, c *rapportv1.Customer) *importRow {
	return &importRow{Number: number, Customer: c, ExternalId: byERP(id)}
}

// TestImportMergesRecords: a row changes of a membership and a preference what it has, so
// that two files can each have a part of them. "No" is something that a row can have.
func TestImportMergesRecords(t *testing.T) {
	s := apitest.Start(t)
	c := full()
	c.ExternalIds = map[string]string{"erp": "1"}
	made := create(t, s, c)
	row := &rapportv1.Customer{
		Membership:        &rapportv1.Membership{Level: proto.String("basic")},
		ContactPreference: &rapportv1.ContactPreference{DoNotContact: proto.Bool(false)},
	}
	wantResults(t, mustImport(t, s, erpRow(1, "1", row), erpRow(2, "1", row)),
		updated, unchanged)
	want := proto.CloneOf(made)
	want.Membership.Level, want.ContactPreference.DoNotContact = proto.String("basic"), proto.Bool(false)
	got := get(t, s, made.GetName())
	want.Etag, want.UpdateTime = `"2"`, got.GetUpdateTime()
	apitest.WantEqual(t, got, want)
	// What it has is checked together with what is there.
	early := &rapportv1.Customer{Membership: &rapportv1.Membership{ExpireTime: &timestamppb.Timestamp{}}}
	outcomes := mustImport(t, s, erpRow(1, "1", early))
	apitest.WantFields(t, status.ErrorProto(outcomes[0].GetError()), codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "customer.membership.expire_time")
}

func countCustomers(t testing.TB, s *apitest.Service) int32 {
	t.Helper()
	resp, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{PageSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetTotalSize()
}

// TestImport makes, changes and leaves customers alone, and rejects rows without harm to
// their neighbours.
func TestImport(t *testing.T) {
	s := apitest.Start(t)
	whole := full()
	whole.ExternalIds = map[string]string{"shop": "w"}
	gone := ada()
	gone.ExternalIds = map[string]string{"erp": "gone"}
	remove(t, s, create(t, s, gone).GetName())
	named := ada()
	named.Name = "customers/" + newID(t)
	long := ada()
	long.DisplayName, long.TimeZone = strings.Repeat("x", 201), proto.String("Mars/Olympus")
	stale := ada()
	stale.Etag = `"1"`
	outcomes := mustImport(t, s,
		erpRow(7, "a", whole),
		erpRow(8, "b", ada()),
		erpRow(9, "b", &rapportv1.Customer{DisplayName: "B"}),
		erpRow(10, "b", &rapportv1.Customer{DisplayName: "B"}),
		&importRow{Number: 11, Customer: named},
		&importRow{Number: -1, Customer: ada()},
		erpRow(13, "c", &rapportv1.Customer{DisplayName: "without a type"}),
		erpRow(14, "d", long),
		erpRow(15, "gone", ada()),
		erpRow(16, "e", stale),
		erpRow(17, "f", &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "F", ExternalIds: map[string]string{"shop": "w"}}),
		erpRow(18, "", ada()),
		&importRow{Number: 19},
		erpRow(20, "g", ada()),
	)
	wantResults(t, outcomes, created, created, updated, unchanged, created,
		rejected, rejected, rejected, rejected, rejected, rejected, rejected, rejected, created)
	for i, want := range []int64{7, 8, 9, 10, 11, -1, 13, 14, 15, 16, 17, 18, 19, 20} {
		if outcomes[i].GetNumber() != want {
			t.Errorf("outcome %d has the number %d, want %d", i, outcomes[i].GetNumber(), want)
		}
	}
	if outcomes[1].GetCustomer() != outcomes[3].GetCustomer() || outcomes[4].GetCustomer() != named.GetName() {
		t.Errorf("customers of the outcomes: %v", outcomes)
	}
	for i, want := range map[int]struct {
		reason rapportv1.ErrorReason
		fields string
	}{
		5:  {rapportv1.ErrorReason_INVALID_FIELD, "[customer.name]"},
		6:  {rapportv1.ErrorReason_INVALID_FIELD, "[customer.type]"},
		7:  {rapportv1.ErrorReason_INVALID_FIELD, "[customer.display_name]"},
		8:  {rapportv1.ErrorReason_CUSTOMER_DELETED, "[]"},
		9:  {rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, "[]"},
		10: {rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, "[]"},
		11: {rapportv1.ErrorReason_INVALID_FIELD, "[external_id.id]"},
		12: {rapportv1.ErrorReason_INVALID_FIELD, "[customer.name]"},
	} {
		err := status.ErrorProto(outcomes[i].GetError())
		if apierr.Reason(err) != want.reason || fmt.Sprint(apierr.Fields(err)) != want.fields || outcomes[i].GetCustomer() != "" {
			t.Errorf("outcome %d is %v, fields %v", i, outcomes[i], apierr.Fields(err))
		}
	}
	got := get(t, s, outcomes[0].GetCustomer())
	want := full()
	want.Name, want.Uid, want.Etag, want.State = got.GetName(), got.GetUid(), `"1"`, rapportv1.Customer_ACTIVE
	want.ExternalIds = map[string]string{"shop": "w", "erp": "a"}
	want.Phones[0].E164, want.Phones[1].E164 = "+442071838750", "+861065529988"
	want.CreateTime, want.UpdateTime = got.GetCreateTime(), got.GetCreateTime()
	apitest.WantEqual(t, got, dueIn(want, 30))
	if n := countCustomers(t, s); n != 4 {
		t.Errorf("%d customers, want 4", n)
	}
	if c := get(t, s, outcomes[1].GetCustomer()); c.GetDisplayName() != "B" || len(changesOf(t, s, c.GetName())) != 2 {
		t.Errorf("got %v", c)
	}
}

// TestImportMerges loads one customer from two sources, each with attributes of its own.
func TestImportMerges(t *testing.T) {
	s := apitest.Start(t)
	row := func(key, shop string) *importRow {
		c := ada()
		c.Attributes = map[string]*rapportv1.AttributeValue{key: text(shop)}
		c.ExternalIds = map[string]string{shop: "1"}
		return erpRow(1, "1", c)
	}
	wantResults(t, mustImport(t, s, row("a", "first")), created)
	o := mustImport(t, s, row("b", "second"))
	wantResults(t, o, updated)
	c := get(t, s, o[0].GetCustomer())
	if len(c.GetAttributes()) != 2 || len(c.GetExternalIds()) != 3 {
		t.Errorf("got %v", c)
	}
	masked := row("c", "third")
	masked.UpdateMask = mask("attributes")
	wantResults(t, mustImport(t, s, masked), updated)
	if c = get(t, s, c.GetName()); len(c.GetAttributes()) != 1 || len(c.GetExternalIds()) != 3 {
		t.Errorf("by a mask: %v", c)
	}
	masked.UpdateMask = mask("nmae")
	o = mustImport(t, s, masked)
	wantResults(t, o, rejected)
	if reason := apierr.Reason(status.ErrorProto(o[0].GetError())); reason != rapportv1.ErrorReason_INVALID_UPDATE_MASK {
		t.Errorf("reason %v", reason)
	}
}

// rowsOf are a thousand rows from this number on.
func rowsOf(from int) []*importRow {
	return times(1000, func(i int) *importRow {
		c := ada()
		c.DisplayName = fmt.Sprintf("Customer %d", from+i)
		return erpRow(int64(from+i), fmt.Sprint(from+i), c)
	})
}

// TestImportAgain sends all rows a second time: nothing is written, not even a claim.
func TestImportAgain(t *testing.T) {
	s := apitest.Start(t)
	messages := []*importRequest{{Rows: rowsOf(0)}, {}, {Rows: rowsOf(1000)}}
	load := func() map[rapportv1.ImportCustomersResponse_Outcome_Result]int {
		t.Helper()
		stream, err := s.Customers.ImportCustomers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			if err := stream.Send(m); err != nil {
				t.Fatal(err)
			}
		}
		if err := stream.CloseSend(); err != nil {
			t.Fatal(err)
		}
		results, number := map[rapportv1.ImportCustomersResponse_Outcome_Result]int{}, int64(0)
		for {
			resp, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				return results
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range resp.GetOutcomes() {
				if o.GetNumber() != number {
					t.Fatalf("the outcome of row %d came for %d", o.GetNumber(), number)
				}
				number++
				results[o.GetResult()]++
			}
		}
	}
	if got := load(); got[created] != 2000 {
		t.Fatalf("got %v", got)
	}
	before := snapshot(t, s)
	if got := load(); got[unchanged] != 2000 {
		t.Fatalf("again: %v", got)
	}
	if after := snapshot(t, s); after != before {
		t.Errorf("tables before %s and after %s", before, after)
	}
}

// snapshot counts the rows that a write leaves behind.
func snapshot(t testing.TB, s *apitest.Service) (out string) {
	t.Helper()
	err := s.DB.QueryRow(t.Context(), `SELECT concat_ws(' ', (SELECT count(*) FROM customer), (SELECT count(*) FROM change),
		(SELECT count(*) FROM request), (SELECT sum(last_seq) FROM lane_feed), (SELECT max(xmin::text::bigint) FROM customer))`).Scan(&out)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestImportDryRun(t *testing.T) {
	s := apitest.Start(t)
	there := ada()
	there.ExternalIds = map[string]string{"erp": "1"}
	create(t, s, there)
	before := snapshot(t, s)
	rows := []*importRow{erpRow(1, "1", &rapportv1.Customer{DisplayName: "B"}), erpRow(2, "2", ada()), erpRow(3, "3", &rapportv1.Customer{}), erpRow(4, "1", ada())}
	outcomes, err := importing(t.Context(), s, &importRequest{ValidateOnly: true, Rows: rows})
	if err != nil {
		t.Fatal(err)
	}
	wantResults(t, outcomes, updated, created, rejected, updated)
	if after := snapshot(t, s); after != before {
		t.Errorf("tables before %s and after %s", before, after)
	}
	_, err = importing(t.Context(), s, &importRequest{ValidateOnly: true, Rows: rows[:1]}, &importRequest{Rows: rows[:1]})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "validate_only")
}

func TestImportMessagesAreChecked(t *testing.T) {
	s := apitest.Start(t)
	outcomes, err := importing(t.Context(), s, &importRequest{Rows: rowsOf(0)}, &importRequest{Rows: append(rowsOf(1000), rowsOf(0)[0])})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "rows")
	if len(outcomes) != 1000 || countCustomers(t, s) != 1000 {
		t.Errorf("%d outcomes before the end", len(outcomes))
	}
}

// TestConcurrentImports lets several clients load the same rows, in different orders,
// while others upsert them: each customer is made once and has one state in the end.
func TestConcurrentImports(t *testing.T) {
	s := apitest.Start(t)
	const clients, rows = 6, 50
	var (
		all  sync.WaitGroup
		made atomic.Int64
	)
	for client := range clients {
		all.Go(func() {
			var messages []*importRequest
			for m := range 4 {
				var message importRequest
				for i := range rows {
					c := ada()
					c.Tags = []string{fmt.Sprintf("m%d", m)}
					message.Rows = append(message.Rows, erpRow(int64(i), fmt.Sprint((i*7+client)%rows), c))
				}
				messages = append(messages, &message)
			}
			outcomes, err := importing(t.Context(), s, messages...)
			if err != nil {
				t.Errorf("client %d: %v", client, err)
			}
			for _, o := range outcomes {
				switch o.GetResult() {
				case created:
					made.Add(1)
				case rejected:
					t.Errorf("client %d: %v", client, o)
				}
			}
		})
	}
	all.Wait()
	if n := countCustomers(t, s); n != rows || made.Load() != rows {
		t.Errorf("%d customers, %d made, want %d", n, made.Load(), rows)
	}
}

// TestImportIsHeldUp lets a client send without reading outcomes. The stream's flow
// control stops it long before all is sent, and it can go on by reading.
func TestImportIsHeldUp(t *testing.T) {
	s := apitest.Start(t)
	stream, err := s.Customers.ImportCustomers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const messages = 100 // of 50 KB each
	var sent atomic.Int64
	var sender sync.WaitGroup
	sender.Go(func() {
		rows := times(250, func(i int) *importRow {
			c := ada()
			c.DisplayName = strings.Repeat("x", 190)
			return erpRow(int64(i), fmt.Sprint(i), c)
		})
		for range messages {
			if err := stream.Send(&importRequest{Rows: rows}); err != nil {
				t.Errorf("send: %v", err)
				return
			}
			sent.Add(1)
		}
		if err := stream.CloseSend(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	still, last := 0, int64(0)
	apitest.Eventually(t, 30*time.Second, func() bool {
		if now := sent.Load(); now != last {
			last, still = now, 0
		}
		still++
		return last > 0 && still > 30
	})
	if last > messages/2 {
		t.Errorf("%d messages were taken with nobody reading the outcomes", last)
	}
	received := 0
	for {
		if _, err := stream.Recv(); err != nil {
			if !errors.Is(err, io.EOF) {
				t.Error(err)
			}
			break
		}
		received++
	}
	sender.Wait()
	if received != messages {
		t.Errorf("%d messages of outcomes, want %d", received, messages)
	}
}

// TestImportIsContinued breaks a stream in the middle and sends all rows without an
// outcome again.
func TestImportIsContinued(t *testing.T) {
	s := apitest.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := s.Customers.ImportCustomers(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for from := 0; from < 3000; from += 1000 {
		if err := stream.Send(&importRequest{Rows: rowsOf(from)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := importing(t.Context(), s, &importRequest{Rows: rowsOf(1000)}, &importRequest{Rows: rowsOf(2000)}); err != nil {
		t.Fatal(err)
	}
	if n := countCustomers(t, s); n != 3000 {
		t.Errorf("%d customers", n)
	}
	for _, number := range []int{0, 999, 1000, 2999} {
		resp, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{Filter: fmt.Sprintf(`external_ids.erp = "%d"`, number)})
		if err != nil || len(resp.GetCustomers()) != 1 || len(changesOf(t, s, resp.GetCustomers()[0].GetName())) != 1 {
			t.Errorf("customer %d: %v, %v", number, resp, err)
		}
	}
}
