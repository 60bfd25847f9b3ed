// Package caseclock records what the clock makes of cases that nobody touches: a response or a
// resolution that is overdue, and the silence of a customer that closes a case.
package caseclock

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/rapport-crm/rapport/internal/cases"
	"github.com/rapport-crm/rapport/internal/lease"
)

// batchSize is how many cases are looked up at once. Each is a transaction of its own, in its
// own lane, so that none is held up by another, and a process that dies leaves no half of one.
const batchSize = 100

// Clock looks for cases on a ticker. Of several processes on a database the one that holds
// the lease works; the others are ready to take over.
type Clock struct {
	Cases *cases.Server
	Lease *lease.Lease
	// Interval is the time between two looks.
	Interval time.Duration
	Log      *slog.Logger
}

// releaseTimeout bounds what the end of the process waits for.
const releaseTimeout = time.Second

// Run works until the context ends, and then gives the lease back. What failed is logged and
// tried again at the next tick: it is late, not lost.
func (c *Clock) Run(ctx context.Context) {
	ticker := time.NewTicker(c.Interval)
	defer ticker.Stop()
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
		defer cancel()
		_ = c.Lease.Release(ctx) // else it ends by itself
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := c.Tick(ctx); err != nil && ctx.Err() == nil {
				c.Log.WarnContext(ctx, "the clock of cases failed", "error", err)
			}
		}
	}
}

// Tick records all that is due now, where this process holds the lease.
func (c *Clock) Tick(ctx context.Context) error {
	for {
		n, err := c.batch(ctx)
		if err != nil || n < batchSize {
			return err
		}
	}
}

// batch works through the cases that are due the longest, and returns how many there were. One
// that fails does not keep the others waiting.
func (c *Clock) batch(ctx context.Context) (n int, err error) {
	if held, err := c.Lease.Hold(ctx); err != nil || !held {
		return 0, err
	}
	keys, err := c.Cases.Due(ctx, batchSize)
	if err != nil || len(keys) == 0 {
		return 0, err
	}
	var failure error
	var breached, closed, failed int
	for _, key := range keys {
		held, err := c.Lease.Hold(ctx)
		if err != nil || !held {
			return 0, err
		}
		done, err := c.Cases.Advance(ctx, key, c.Lease.Guard)
		if errors.Is(err, lease.ErrLost) || ctx.Err() != nil {
			return 0, err
		}
		if err != nil {
			failed, failure = failed+1, err
			continue
		}
		if done.Breached {
			breached++
		}
		if done.Closed {
			closed++
		}
	}
	c.Log.InfoContext(ctx, "the clock of cases moved on", "due", len(keys), "breached", breached, "closed", closed, "failed", failed)
	if failure != nil {
		return 0, fmt.Errorf("%d of %d cases: %w", failed, len(keys), failure)
	}
	return len(keys), nil
}
