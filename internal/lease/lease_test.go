package lease_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/lease"
	"github.com/rapport-crm/rapport/internal/mutation"
	"github.com/rapport-crm/rapport/internal/pgtest"
)

func TestLease(t *testing.T) {
	pool, err := db.Open(t.Context(), db.Options{
		URL: pgtest.New(t), MaxConns: 4, AcquireTimeout: 5 * time.Second, StatementTimeout: 5 * time.Second, LockTimeout: 2 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	runner := &mutation.Runner{Pool: pool, Clock: time.Now, RequestTTL: time.Hour}
	newLease := func() *lease.Lease { return &lease.Lease{DB: pool, Name: "x", TTL: time.Hour} }
	holds := func(l *lease.Lease, want bool) {
		t.Helper()
		if got, err := l.Hold(t.Context()); err != nil || got != want {
			t.Fatalf("holds it %t, %v; want %t", got, err, want)
		}
	}
	work := func(l *lease.Lease) error {
		claim, err := mutation.NewOwnClaim("Test")
		if err != nil {
			return err
		}
		_, err = mutation.Run(t.Context(), runner, claim, func(ctx context.Context, tx *mutation.Tx) (*emptypb.Empty, error) {
			l.Guard(tx)
			return &emptypb.Empty{}, tx.Fetch(ctx)
		})
		return err
	}
	first, second := newLease(), newLease()
	holds(first, true)
	holds(first, true)
	holds(second, false)
	if err := work(first); err != nil {
		t.Fatal(err)
	}
	if err := work(second); !errors.Is(err, lease.ErrLost) {
		t.Errorf("without the lease: %v", err)
	}

	// The first one sleeps past the end: the second takes over, and the first writes no more
	// though it believes that the lease is its own.
	if _, err := pool.Exec(t.Context(), "UPDATE lease SET expire_time = now() - interval '1 second'"); err != nil {
		t.Fatal(err)
	}
	if err := work(first); !errors.Is(err, lease.ErrLost) {
		t.Errorf("behind its end: %v", err)
	}
	holds(second, true)
	holds(first, true) // by its own clock
	if err := work(first); !errors.Is(err, lease.ErrLost) {
		t.Errorf("after the take-over: %v", err)
	}
	if err := work(second); err != nil {
		t.Fatal(err)
	}

	// What is given back is free at once; to give back what is another's does nothing.
	if err := first.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	holds(first, false)
	if err := second.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	holds(first, true)
	var fence int
	if err := pool.QueryRow(t.Context(), "SELECT fence FROM lease").Scan(&fence); err != nil || fence != 3 {
		t.Errorf("fence %d, %v", fence, err)
	}
}
