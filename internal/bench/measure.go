package bench

import (
	"cmp"
	"context"
	"fmt"
	"syscall"
	"time"

	"github.com/rapport-crm/rapport/internal/bench/load"
	"github.com/rapport-crm/rapport/internal/bench/pgbench"
	"github.com/rapport-crm/rapport/internal/bench/procstat"
)

// Sample is one system measured for one round.
type Sample struct {
	System string  `json:"system"`
	Round  int     `json:"round"`
	Calls  int     `json:"calls"`
	Rate   float64 `json:"calls_per_second"`
	P50    float64 `json:"p50_ms"`
	P99    float64 `json:"p99_ms"`
	Errors int     `json:"errors"`
	Error  string  `json:"first_error,omitempty"`
	// Processor time for each call, in microseconds.
	ServiceCPU  float64 `json:"service_cpu_us"`
	PostgresCPU float64 `json:"postgres_cpu_us"`
	ClientCPU   float64 `json:"client_cpu_us"`
	// Others is how many processors all else on the machine kept busy.
	Others float64 `json:"others_cores"`
}

// cost is all processor time of a call, in microseconds.
func (s Sample) cost() float64 { return s.ServiceCPU + s.PostgresCPU + s.ClientCPU }

// serverCost is what of it the client has no part in.
func (s Sample) serverCost() float64 { return s.ServiceCPU + s.PostgresCPU }

// disturbed tells whether others used so much of the machine that the round does not count.
func (s Sample) disturbed() bool { return s.Others > othersLimit }

// clock is the processor time used so far.
type clock struct {
	wall                            time.Time
	service, postgres, client, busy time.Duration
}

// read reads the clock. The service is 0 where none takes part.
func read(postmaster, service int) (c clock, err error) {
	c.wall = time.Now()
	if c.busy, err = procstat.Busy(); err != nil {
		return c, err
	}
	if c.postgres, _, err = procstat.Family(postmaster); err != nil {
		return c, fmt.Errorf("PostgreSQL: %w", err)
	}
	if service != 0 {
		p, err := procstat.Read(service)
		if err != nil {
			return c, fmt.Errorf("the service: %w", err)
		}
		c.service = p.Own
	}
	var self syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &self); err != nil {
		return c, err
	}
	c.client = time.Duration(self.Utime.Nano() + self.Stime.Nano())
	return c, nil
}

// system is something that can be measured: pgbench, or a service over one protocol.
type system struct {
	name string
	pid  int // of the service, 0 for pgbench
	// run measures for so long, and calls the function when what it does begins to count.
	run func(ctx context.Context, d time.Duration, begin func()) (result, error)
}

// result is what one run of a system came to, and the processor time of a client that
// is a process of its own and has ended.
type result struct {
	load.Result
	client time.Duration
	// rows are counted instead of calls, where there are any.
	rows int
}

func limit(command *pgbench.Command, script pgbench.Script, inFlight int) system {
	return system{name: "pgbench", run: func(ctx context.Context, d time.Duration, begin func()) (result, error) {
		r, err := command.Run(ctx, script, inFlight, d, begin)
		return result{Result: load.Result{Latencies: r.Latencies, Elapsed: r.Elapsed}, client: r.CPU}, err
	}}
}

func candidate(name string, pid int, caller load.Caller, call load.Call, inFlight int) system {
	return system{name: name, pid: pid, run: fromStart(func(ctx context.Context, d time.Duration) (result, error) {
		r, err := caller.Run(ctx, call, inFlight, d)
		return result{Result: r}, err
	})}
}

// fromStart is the run of a system that needs no warming: all that it does counts.
func fromStart(run func(context.Context, time.Duration) (result, error)) func(context.Context, time.Duration, func()) (result, error) {
	return func(ctx context.Context, d time.Duration, begin func()) (result, error) {
		begin()
		return run(ctx, d)
	}
}

// measure runs a system once.
func measure(ctx context.Context, s system, postmaster int, d time.Duration) (Sample, error) {
	if err := settle(ctx, postmaster); err != nil {
		return Sample{}, err
	}
	var before clock
	var clockErr error
	r, err := s.run(ctx, d, func() { before, clockErr = read(postmaster, s.pid) })
	if err := cmp.Or(err, clockErr); err != nil {
		return Sample{}, fmt.Errorf("%s: %w", s.name, err)
	}
	if err := settle(ctx, postmaster); err != nil {
		return Sample{}, err
	}
	after, err := read(postmaster, s.pid)
	if err != nil {
		return Sample{}, err
	}
	return newSample(s.name, r, before, after), nil
}

func newSample(name string, r result, before, after clock) Sample {
	calls := cmp.Or(r.rows, len(r.Latencies))
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(max(calls, 1)) }
	service, postgres := after.service-before.service, after.postgres-before.postgres
	self := after.client - before.client
	others := (after.busy - before.busy) - service - postgres - self - r.client
	client := r.client
	if client == 0 {
		client = self
	}
	return Sample{
		System: name, Calls: calls, Rate: float64(calls) / r.Elapsed.Seconds(),
		P50: quantile(r.Latencies, 0.5), P99: quantile(r.Latencies, 0.99), Errors: r.Errors, Error: r.First,
		ServiceCPU: each(service), PostgresCPU: each(postgres), ClientCPU: each(client),
		Others: max(0, others.Seconds()/after.wall.Sub(before.wall).Seconds()),
	}
}

// quantile returns one of the sorted latencies, in milliseconds.
func quantile(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return float64(sorted[int(q*float64(len(sorted)-1))].Microseconds()) / 1000
}

// settle waits until sessions of clients that have gone have ended: what they used is
// seen only then. It stops waiting when their number stays the same, or after a while,
// since a pool may just then replace a session of its own.
func settle(ctx context.Context, postmaster int) error {
	last := -1
	for range 20 {
		_, children, err := procstat.Family(postmaster)
		if err != nil {
			return err
		}
		if children == last {
			return nil
		}
		last = children
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}
