package load

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Result is what a time of calls came to.
type Result struct {
	// Latencies are those of the calls that succeeded, sorted.
	Latencies []time.Duration
	Elapsed   time.Duration
	// Errors counts the calls that failed; First is what the first of them got.
	Errors int
	First  string
}

// client makes calls until the time is over, and keeps what it saw.
type client struct {
	latencies []time.Duration
	errors    int
	first     string
}

func (c *client) failed(what string) {
	if c.errors++; c.errors == 1 {
		c.first = what
	}
}

// together runs the clients at once and adds up what they saw.
func together(clients int, run func(i int, c *client) error) (r Result, err error) {
	seen := make([]client, clients)
	errs := make([]error, clients)
	var group sync.WaitGroup
	started := time.Now()
	for i := range clients {
		group.Go(func() { errs[i] = run(i, &seen[i]) })
	}
	group.Wait()
	r.Elapsed = time.Since(started)
	for i := range seen {
		if errs[i] != nil {
			return r, errs[i]
		}
		r.Latencies = append(r.Latencies, seen[i].latencies...)
		r.Errors += seen[i].errors
		if r.First == "" {
			r.First = seen[i].first
		}
	}
	slices.Sort(r.Latencies)
	return r, nil
}

// Caller makes calls of one protocol to one service.
type Caller interface {
	// Run keeps so many calls in flight for the given time.
	Run(ctx context.Context, call Call, inFlight int, d time.Duration) (Result, error)
}

// Call is one of the four that are measured.
type Call struct {
	// Method is the full name of the RPC.
	Method  string
	Request *Request
}
