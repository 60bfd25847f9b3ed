package load_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/load"
)

// purchase is one of the i-th person of ten.
func purchase(i int) *load.Record {
	return &load.Record{Number: int64(i), Create: &rapportv1.CreatePurchaseRequest{
		Parent: "customers/-", CustomerExternalId: &rapportv1.ExternalId{Source: "load", Id: fmt.Sprint(i % 10)},
		Purchase: &rapportv1.Purchase{
			PurchaseTime: timestamppb.New(time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC)), Amount: eur(int64(i)),
			ExternalId: &rapportv1.ExternalId{Source: "load", Id: fmt.Sprint(i)},
		},
	}}
}

func purchases(n int) iter.Seq2[*load.Record, error] {
	return func(yield func(*load.Record, error) bool) {
		for i := range n {
			if !yield(purchase(i), nil) {
				return
			}
		}
	}
}

func count(t *testing.T, s *apitest.Service, condition string) (n int64) {
	t.Helper()
	if err := s.DB.QueryRow(t.Context(), `SELECT count(*) FROM purchase WHERE `+condition).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// withPeople starts a service that knows the people who buy.
func withPeople(t *testing.T) *apitest.Service {
	t.Helper()
	s := apitest.Start(t)
	if _, err := load.Customers(t.Context(), s.Customers, people(10), load.Options{}); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestBrokenBatches: however often connections break, each record gets its outcome once and
// is in the database once; those whose answer got lost are told as made.
func TestBrokenBatches(t *testing.T) {
	s := withPeople(t)
	relay, conn := through(t, s)
	relay.CutAfter.Store(30_000)
	const rows = 2000
	told, retries := map[int64]int{}, 0
	summary, err := load.Records(t.Context(), conn, load.Purchases, purchases(rows), load.Options{
		BatchRows: 20, MaxTries: 20,
		OnOutcome: func(o load.Outcome) {
			if told[o.Number]++; o.Name == "" {
				t.Errorf("the outcome %+v has no name", o)
			}
		},
		OnRetry: func(error, int, time.Duration) { retries++ },
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := (load.Summary{Created: rows}); summary != want || len(told) != rows || count(t, s, "true") != rows {
		t.Errorf("%+v, %d outcomes, %d purchases, want %d rows", summary, len(told), count(t, s, "true"), rows)
	}
	if retries < 3 || relay.Cuts.Load() < 3 {
		t.Errorf("%d retries of %d cuts: the test did not break what it is to break", retries, relay.Cuts.Load())
	}
	again, err := load.Records(t.Context(), s.Conn, load.Purchases, purchases(rows), load.Options{})
	if want := (load.Summary{Unchanged: rows}); err != nil || again != want {
		t.Errorf("the same again: %+v, %v", again, err)
	}
}

// TestRejectedRecords: one that is wrong, of nobody, or too large does no harm to the others,
// and is told as its single create would have been; rows that break end the load after them.
func TestRejectedRecords(t *testing.T) {
	s := withPeople(t)
	broken := errors.New("the file is broken")
	rows := func(yield func(*load.Record, error) bool) {
		ofNobody, negative, huge := purchase(1), purchase(2), purchase(3)
		ofNobody.Create.(*rapportv1.CreatePurchaseRequest).CustomerExternalId.Id = "nobody"
		negative.Create.(*rapportv1.CreatePurchaseRequest).Purchase.Amount = eur(-1)
		negative.Create.(*rapportv1.CreatePurchaseRequest).Purchase.Channel = 99
		huge.Create.(*rapportv1.CreatePurchaseRequest).Purchase.ExternalId.Id = strings.Repeat("x", 5<<20)
		_ = yield(purchase(0), nil) && yield(ofNobody, nil) && yield(negative, nil) && yield(huge, nil) && yield(purchase(4), nil) &&
			yield(purchase(4), nil) && yield(nil, broken)
	}
	got := map[int64]load.Outcome{}
	summary, err := load.Records(t.Context(), s.Conn, load.Purchases, rows, load.Options{OnOutcome: func(o load.Outcome) { got[o.Number] = o }})
	if want := (load.Summary{Created: 2, Unchanged: 1, Rejected: 3}); !errors.Is(err, broken) || summary != want {
		t.Errorf("%v, %+v", err, summary)
	}
	apitest.WantReason(t, got[1].Err, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND)
	if text := got[1].Err.Error(); strings.Contains(text, "requests[") {
		t.Errorf("a record is told where it stood in its batch: %s", text)
	}
	apitest.WantFields(t, got[2].Err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "purchase.channel")
	if apierr.Reason(got[3].Err) != rapportv1.ErrorReason_MESSAGE_TOO_LARGE {
		t.Errorf("the huge one: %v", got[3].Err)
	}
}

// TestVoids: what is to be voided is, be it there before or not, and once.
func TestVoids(t *testing.T) {
	s := withPeople(t)
	rows := func(voided ...int) iter.Seq2[*load.Record, error] {
		return func(yield func(*load.Record, error) bool) {
			for i := range 30 {
				r := purchase(i)
				for _, v := range voided {
					if v == i {
						r.Void = &load.Void{Reason: "returned"}
					}
				}
				if !yield(r, nil) {
					return
				}
			}
		}
	}
	for _, step := range []struct {
		voided []int
		dry    bool
		want   load.Summary
		there  int64
	}{
		{[]int{3}, true, load.Summary{Created: 30}, 0},
		{[]int{3, 4}, false, load.Summary{Created: 30}, 2},
		{[]int{3, 4, 13}, true, load.Summary{Unchanged: 30}, 2},
		{[]int{3, 4, 13}, false, load.Summary{Unchanged: 29, Updated: 1}, 3},
		{[]int{3}, false, load.Summary{Unchanged: 30}, 3},
	} {
		summary, err := load.Records(t.Context(), s.Conn, load.Purchases, rows(step.voided...), load.Options{ValidateOnly: step.dry})
		if err != nil || summary != step.want || count(t, s, "void_time IS NOT NULL") != step.there {
			t.Errorf("voiding %v: %v, %+v, %d voided", step.voided, err, summary, count(t, s, "void_time IS NOT NULL"))
		}
	}
	if n := count(t, s, "void_reason = 'returned'"); n != 3 {
		t.Errorf("%d have their reason", n)
	}
}

// TestStoppedRecords: what is under way when the context ends still gets its outcome, and
// the summary is what the database has.
func TestStoppedRecords(t *testing.T) {
	s := withPeople(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	told := int64(0)
	summary, err := load.Records(ctx, s.Conn, load.Purchases, purchases(1_000_000), load.Options{
		BatchRows: 10, Grace: time.Minute, OnOutcome: func(load.Outcome) {
			if told++; told == 25 {
				cancel()
			}
		},
	})
	if !errors.Is(err, context.Canceled) || summary.Created < 25 || summary.Created != told || summary.Created != count(t, s, "true") {
		t.Errorf("%v, %+v, %d told, %d purchases", err, summary, told, count(t, s, "true"))
	}
}

// TestKindsAreAsTheAPIHasThem: each kind's batch is of the form that the load takes for
// granted.
func TestKindsAreAsTheAPIHasThem(t *testing.T) {
	var names []string
	for _, k := range load.Kinds {
		names = append(names, fmt.Sprint(k.Plural, " ", k.NewCreate().Descriptor().Name(), " ", k.Record().Name()))
	}
	if diff := cmp.Diff([]string{
		"interactions CreateInteractionRequest Interaction", "purchases CreatePurchaseRequest Purchase",
		"cases CreateCaseRequest Case", "tasks CreateTaskRequest Task",
		"satisfaction_scores CreateSatisfactionScoreRequest SatisfactionScore",
	}, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
