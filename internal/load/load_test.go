package load_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/load"
)

// people returns n rows.
func people(n int) iter.Seq2[*load.Row, error] {
	return func(yield func(*load.Row, error) bool) {
		for i := range n {
			if !yield(person(i), nil) {
				return
			}
		}
	}
}

func person(i int) *load.Row {
	return &load.Row{
		Number:     int64(i),
		Customer:   &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: fmt.Sprintf("Person %d", i)},
		ExternalId: &rapportv1.ExternalId{Source: "load", Id: fmt.Sprint(i)},
	}
}

// through returns a connection to the service by way of a relay.
func through(t *testing.T, s *apitest.Service) (*apitest.Relay, *grpc.ClientConn) {
	t.Helper()
	relay := apitest.StartRelay(t, s.Server.GRPCAddr())
	conn, err := grpc.NewClient(relay.Addr, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: backoff.Config{BaseDelay: time.Millisecond, Multiplier: 1, MaxDelay: time.Millisecond}, MinConnectTimeout: 10 * time.Second,
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return relay, conn
}

func eur(units int64) *money.Money { return &money.Money{CurrencyCode: "EUR", Units: units} }

func customers(t *testing.T, s *apitest.Service) (n int64) {
	t.Helper()
	if err := s.DB.QueryRow(t.Context(), `SELECT count(*) FROM customer`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestBrokenStreams: however often connections break, each row gets its outcome once,
// in the order of the rows, and is in the database once.
func TestBrokenStreams(t *testing.T) {
	s := apitest.Start(t)
	relay, conn := through(t, s)
	client := rapportv1.NewCustomerServiceClient(conn)
	relay.CutAfter.Store(30_000)
	const rows = 3000
	next, retries := int64(0), 0
	summary, err := load.Customers(t.Context(), client, people(rows), load.Options{
		BatchRows: 50, Window: 400, MaxTries: 3,
		OnOutcome: func(o load.Outcome) {
			if o.Number != next || o.Name == "" {
				t.Errorf("the outcome %+v came where that of %d was awaited", o, next)
			}
			next++
		},
		OnRetry: func(error, int, time.Duration) { retries++ },
	})
	if err != nil {
		t.Fatal(err)
	}
	if summary.Created+summary.Unchanged != rows || summary.Rows() != rows || next != rows || customers(t, s) != rows {
		t.Errorf("%+v, %d outcomes, %d customers, want %d rows", summary, next, customers(t, s), rows)
	}
	if retries < 3 || relay.Cuts.Load() < 3 {
		t.Errorf("%d retries of %d cuts: the test did not break what it is to break", retries, relay.Cuts.Load())
	}
	again, err := load.Customers(t.Context(), s.Customers, people(rows), load.Options{})
	if want := (load.Summary{Unchanged: rows}); err != nil || again != want {
		t.Errorf("the same again: %+v, %v", again, err)
	}
}

func TestGivesUp(t *testing.T) {
	s := apitest.Start(t)
	relay, conn := through(t, s)
	client := rapportv1.NewCustomerServiceClient(conn)
	relay.Refuse.Store(true)
	var numbers []int
	summary, err := load.Customers(t.Context(), client, people(10), load.Options{
		MaxTries: 3, OnRetry: func(_ error, number int, _ time.Duration) { numbers = append(numbers, number) },
	})
	if !errors.Is(err, load.ErrGaveUp) || status.Code(err) != codes.Unavailable || summary.Rows() != 0 || fmt.Sprint(numbers) != "[1 2]" {
		t.Errorf("%v after the retries %v, %+v", err, numbers, summary)
	}
	// What cannot succeed is not tried again: no message may have so many rows.
	_, err = load.Customers(t.Context(), s.Customers, people(1500), load.Options{
		BatchRows: 1500, OnRetry: func(error, int, time.Duration) { t.Error("it was tried again") },
	})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "rows")
}

// TestStops: the rows that are under way when the context ends still get their outcome,
// and the summary is what the database has.
func TestStops(t *testing.T) {
	s := apitest.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var told, read atomic.Int64
	rows := func(yield func(*load.Row, error) bool) {
		for row, err := range people(1_000_000) {
			read.Add(1)
			if !yield(row, err) {
				return
			}
		}
	}
	summary, err := load.Customers(ctx, s.Customers, rows, load.Options{
		BatchRows: 10, Grace: time.Minute, // a busy machine may need it
		OnOutcome: func(load.Outcome) {
			if told.Add(1) == 1 {
				apitest.Eventually(t, 10*time.Second, func() bool { return read.Load() >= 200 })
				cancel()
			}
		},
	})
	// All but the last batches were sent by then.
	if !errors.Is(err, context.Canceled) || summary.Created < 150 || summary.Created != told.Load() || summary.Created != customers(t, s) {
		t.Errorf("%v, %+v, %d told, %d customers", err, summary, told.Load(), customers(t, s))
	}
}

// TestWindow: rows are not read far ahead of the outcomes.
func TestWindow(t *testing.T) {
	s := apitest.Start(t)
	const window, batch = 500, 50
	const most = window + 3*batch // one batch over, one waiting, one being gathered
	var read, answered, ahead atomic.Int64
	rows := func(yield func(*load.Row, error) bool) {
		for row, err := range people(5000) {
			ahead.Store(max(ahead.Load(), read.Add(1)-answered.Load()))
			if !yield(row, err) {
				return
			}
		}
	}
	_, err := load.Customers(t.Context(), s.Customers, rows, load.Options{
		Window: window, BatchRows: batch,
		OnOutcome: func(o load.Outcome) {
			// At the first outcome the reader gets the time to run too far.
			deadline := time.Now().Add(500 * time.Millisecond)
			for o.Number == 0 && read.Load() <= most && time.Now().Before(deadline) {
				time.Sleep(time.Millisecond)
			}
			answered.Add(1)
		},
	})
	if err != nil || ahead.Load() > most || ahead.Load() < window {
		t.Errorf("%v; %d rows were read ahead of their outcomes, want %d to %d", err, ahead.Load(), window, most)
	}
}

// TestRowsThatEnd: the rows before an error are loaded, and one that no message holds is
// rejected alone.
func TestRowsThatEnd(t *testing.T) {
	s := apitest.Start(t)
	broken := errors.New("the file is broken")
	rows := func(yield func(*load.Row, error) bool) {
		huge := person(7)
		huge.Customer.DisplayName = strings.Repeat("x", 5<<20)
		_ = yield(person(1), nil) && yield(huge, nil) && yield(person(2), nil) && yield(nil, broken)
	}
	var refused load.Outcome
	summary, err := load.Customers(t.Context(), s.Customers, rows, load.Options{OnOutcome: func(o load.Outcome) {
		if o.Err != nil {
			refused = o
		}
	}})
	if want := (load.Summary{Created: 2, Rejected: 1}); !errors.Is(err, broken) || summary != want {
		t.Errorf("%v, %+v", err, summary)
	}
	if refused.Number != 7 || refused.Result != load.Rejected || apierr.Reason(refused.Err) != rapportv1.ErrorReason_MESSAGE_TOO_LARGE {
		t.Errorf("refused: %v", refused)
	}
}

func TestValidateOnly(t *testing.T) {
	s := apitest.Start(t)
	summary, err := load.Customers(t.Context(), s.Customers, people(1200), load.Options{ValidateOnly: true})
	if want := (load.Summary{Created: 1200}); err != nil || summary != want || customers(t, s) != 0 {
		t.Errorf("%v, %+v, %d customers", err, summary, customers(t, s))
	}
}
