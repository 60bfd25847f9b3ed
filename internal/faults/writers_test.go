package faults_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/mutation"
)

const (
	// attemptTimeout bounds one attempt, patience all of an operation's.
	attemptTimeout = 10 * time.Second
	patience       = 60 * time.Second
)

// dial connects to a server that may go away and come back at the same address.
func dial(t *testing.T, addr string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{
			// grpc's own pauses grow to minutes, which is not what is tested here.
			Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.5, Jitter: 0.2, MaxDelay: 300 * time.Millisecond},
			MinConnectTimeout: time.Second,
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// writers are clients that make customers, one after the other each.
type writers struct {
	customers rapportv1.CustomerServiceClient
	recorder  recorder
	done      chan struct{}
}

// startWriters starts 16 clients that go on until stop ends.
func startWriters(stop context.Context, t *testing.T, customers rapportv1.CustomerServiceClient) *writers {
	t.Helper()
	const clients = 16
	w := &writers{customers: customers, done: make(chan struct{})}
	ctx := t.Context()
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			for seq := 0; stop.Err() == nil; seq++ {
				w.recorder.add(w.create(ctx, client, seq))
			}
		})
	}
	go func() {
		all.Wait()
		close(w.done)
	}()
	return w
}

// create makes one customer, repeating under the same request id while the service
// says that it is unavailable or says nothing.
func (w *writers) create(ctx context.Context, client, seq int) operation {
	w.recorder.begin(client)
	op := operation{client: client, seq: seq, invoke: time.Now(), requestID: uuid.NewString(), outcome: unknown}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req := &rapportv1.CreateCustomerRequest{
		RequestId: op.requestID,
		Customer:  &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: op.requestID},
	}
	retry(ctx, &op, func(ctx context.Context, header *metadata.MD) error {
		_, err := w.customers.CreateCustomer(ctx, req, grpc.Header(header))
		return err
	})
	return op
}

// retry makes attempts as a client should and settles the outcome.
func retry(ctx context.Context, op *operation, attempt func(context.Context, *metadata.MD) error) {
	maybeDone := false
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		op.attempts++
		var header metadata.MD
		once, cancel := context.WithTimeout(ctx, attemptTimeout)
		op.err = attempt(once, &header)
		cancel()
		op.ret = time.Now()
		switch code := status.Code(op.err); code {
		case codes.OK:
			op.outcome = ok
			op.answeredBefore = strings.Join(header.Get(mutation.ReplayedHeader), "") == "true"
			return
		case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled, codes.Unknown:
			maybeDone = true
		default:
			// An answer that it was refused says nothing of an earlier attempt.
			if !maybeDone {
				op.outcome = fail
			}
			if code != codes.ResourceExhausted && code != codes.Aborted {
				return
			}
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// wait waits until the writers have ended, and wants all that they began to be done.
func (w *writers) wait(t *testing.T, mutant bool) {
	t.Helper()
	select {
	case <-w.done:
	case <-time.After(10 * time.Minute):
		t.Fatal("the writers do not end")
	}
	if n := w.recorder.len(); !mutant && w.recorder.count(ok) != n {
		t.Errorf("%d of %d operations succeeded in the end", w.recorder.count(ok), n)
	}
}

// progress waits until so many operations more have ended.
func (w *writers) progress(t *testing.T, more int) {
	t.Helper()
	n := w.recorder.len() + more
	apitest.Eventually(t, 2*time.Minute, func() bool { return w.recorder.len() >= n })
}

// sharedCommits is how many transactions did what several calls asked for.
func sharedCommits(t *testing.T, url string) (n int) {
	t.Helper()
	err := connect(t, url).QueryRow(t.Context(), `SELECT count(*) FROM (SELECT FROM change GROUP BY xmin::text HAVING count(DISTINCT resource) > 1) AS shared`).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// random is about n, so that no two runs are struck at the same points.
func random(n int) int { return n/2 + rand.N(max(n, 1)) }
