package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rapport-crm/rapport/internal/bench/dataset"
	"github.com/rapport-crm/rapport/internal/bench/load"
	"github.com/rapport-crm/rapport/internal/bench/pgbench"
	"github.com/rapport-crm/rapport/internal/privatepg"
)

// Case is one call over one protocol with so many in flight.
type Case struct {
	Name    string `json:"name"`
	Target  Target `json:"target"`
	Ratios  Ratios `json:"ratios"`
	Verdict string `json:"verdict"`
	// Latency is what the p99 must stay under, in milliseconds; 0 where it may take what it
	// takes. Where there is one it decides on the verdict.
	Latency float64 `json:"latency_ms,omitempty"`
	// AtMost is what the ratio must not be above, of a case in which two calls are compared; 0
	// in all others.
	AtMost float64 `json:"at_most,omitempty"`
	// Variant compares the second service, or the twin of the self-check, with the
	// first.
	Variant *Ratios `json:"variant,omitempty"`
	// Samples are those of the case's systems; Group's are shared by both protocols.
	Samples []Sample `json:"samples"`
}

// bench is what a run has brought up.
type bench struct {
	Options

	postgres    *privatepg.Server
	databaseURL string
	variantURL  string // of the second service
	collector   *collector
	first       *service
	second      *service // nil where nothing is compared
	limits      pgbench.Scripts
	pgbench     *pgbench.Command
	grpc, rest  load.Requests
}

// settings of PostgreSQL: durable as the service demands, with the whole database in
// memory and no work of the server's own in the middle of a round.
func settings(sharedBuffers string) map[string]string {
	return map[string]string{
		"shared_buffers": sharedBuffers, "max_connections": "200", "max_wal_size": "16GB",
		"checkpoint_timeout": "1h", "autovacuum": "off",
	}
}

// part is what is measured on one database.
type part struct {
	size    dataset.Size
	methods []string
	rows    int // of an import
}

// parts are customers alone and, where such calls are wanted, customers with their histories:
// who asks for one of them does not wait for the other's database.
func (o Options) parts() (parts []part) {
	alone := part{size: dataset.Size{Customers: o.Customers}, rows: o.ImportRows}
	with := part{size: dataset.Size{Customers: o.Customers, Interactions: o.Interactions}}
	for _, method := range inOrder(o.Methods) {
		if slices.Contains(histories, method) {
			with.methods = append(with.methods, method)
		} else {
			alone.methods = append(alone.methods, method)
		}
	}
	for _, p := range []part{alone, with} {
		if len(p.methods) > 0 || p.rows > 0 {
			parts = append(parts, p)
		}
	}
	return parts
}

// Run brings everything up, measures the cases and takes everything down.
func Run(ctx context.Context, o Options) (report *Report, err error) {
	b, parts := &bench{Options: o}, o.parts()
	if len(parts) == 0 {
		return nil, errors.New("there is nothing to measure")
	}
	defer func() { err = errors.Join(err, b.close(ctx)) }()
	if b.postgres, err = privatepg.Start(ctx, privatepg.Options{Dir: b.DataDir, Settings: settings(b.SharedBuffers)}); err != nil {
		return nil, err
	}
	if b.collector, err = startCollector(ctx); err != nil {
		return nil, err
	}
	for _, p := range parts {
		if err := b.bringUp(ctx, p.size, o.SelfCheck && report == nil); err != nil {
			return nil, err
		}
		if report == nil {
			if report, err = b.newReport(ctx); err != nil {
				return nil, err
			}
			if o.SelfCheck {
				if err := b.selfCheck(ctx, report); err != nil {
					return nil, err
				}
			}
		}
		if err := b.part(ctx, p, report); err != nil {
			return nil, err
		}
		if err := b.stopServices(); err != nil {
			return nil, err
		}
	}
	return report, nil
}

// part measures what is measured on the database that is up.
func (b *bench) part(ctx context.Context, p part, report *Report) error {
	add := func(cases ...Case) {
		report.Cases = append(report.Cases, cases...)
		for _, c := range cases {
			b.Say(c.line())
		}
	}
	b.Say(fmt.Sprintf("measure for about %.0f minutes", b.estimate(p).Minutes()))
	for _, method := range p.methods {
		for _, inFlight := range b.InFlight {
			if inFlight > b.most(method) {
				continue
			}
			cases, err := b.group(ctx, method, inFlight, report.Noise)
			if err != nil {
				return fmt.Errorf("%s with %d in flight: %w", method, inFlight, err)
			}
			add(cases...)
		}
		if method == "timeline-20000" {
			c, err := b.longPages(ctx, report.Noise)
			if err != nil {
				return fmt.Errorf("pages of long histories: %w", err)
			}
			add(c)
		}
	}
	if p.rows > 0 {
		c, err := b.bulk(ctx, report.Noise)
		if err != nil {
			return fmt.Errorf("import: %w", err)
		}
		add(c)
	}
	return nil
}

// estimate is about how long the calls of a part are measured; an import comes on top.
func (b *bench) estimate(p part) (d time.Duration) {
	const between = 300 * time.Millisecond // two systems
	each := warmUp + time.Duration(b.Rounds)*(time.Duration(b.Seconds)*time.Second+between)
	for _, method := range p.methods {
		systems := len(b.Protocols)
		if b.Variant {
			systems *= 2
		}
		_, limited := b.limits[method]
		for _, inFlight := range b.InFlight {
			if inFlight > b.most(method) {
				continue
			}
			d += time.Duration(systems) * each
			if limited { // by pgbench, whose sessions are new each time
				d += each + time.Duration(b.Rounds+1)*pgbench.WarmUp(inFlight)
			}
		}
	}
	return d
}

// inOrder puts what is written behind what is read. Updates of customers come last: pgbench's
// give all customers the same names and numbers, and nobody could be found by them afterwards.
func inOrder(methods []string) []string {
	writes := []string{"interaction", "batch-interaction", "score", "update"}
	sorted := slices.Clone(methods)
	slices.SortStableFunc(sorted, func(x, y string) int {
		return cmp.Compare(slices.Index(writes, x), slices.Index(writes, y))
	})
	return sorted
}

func (b *bench) candidate(name string, s *service, method, protocol string, inFlight int) system {
	requests := b.rest
	if protocol == "grpc" {
		requests = b.grpc
	}
	call := load.Call{Method: fullName(method), Request: requests[method]}
	var caller load.Caller = load.REST{Addr: s.http}
	if protocol == "grpc" {
		caller = load.GRPC{Addr: s.grpc, Connections: b.Connections}
		if b.GRPCClient == "grpc-go" || isBatch(method) { // the lean client's frames are small
			caller = load.GRPCGo{Addr: s.grpc, Connections: b.Connections}
		}
	}
	return candidate(name, s.cmd.Process.Pid, caller, call, inFlight)
}

// group measures one call with so many in flight: pgbench and each protocol, by turns.
func (b *bench) group(ctx context.Context, method string, inFlight int, noise float64) ([]Case, error) {
	if err := b.tidy(ctx); err != nil {
		return nil, err
	}
	var systems []system
	if script, ok := b.limits[method]; ok {
		systems = append(systems, limit(b.pgbench, script, inFlight))
	}
	for _, protocol := range b.Protocols {
		systems = append(systems, b.candidate(protocol, b.first, method, protocol, inFlight))
		if b.Variant {
			systems = append(systems, b.candidate(protocol+" variant", b.second, method, protocol, inFlight))
		}
	}
	samples, err := b.rounds(ctx, systems)
	if err != nil {
		return nil, err
	}
	var cases []Case
	for _, protocol := range b.Protocols {
		if b.Profiles != "" {
			if err := b.profileCase(ctx, method, protocol, inFlight); err != nil {
				return nil, err
			}
		}
		cases = append(cases, b.newCase(method, protocol, inFlight, samples, noise))
	}
	return cases, nil
}

func (b *bench) newCase(method, protocol string, inFlight int, samples []Sample, noise float64) Case {
	c := Case{Name: method + "/" + protocol + "/" + strconv.Itoa(inFlight)}
	failed := 0
	for _, s := range samples {
		if s.System == "pgbench" || s.System == protocol || s.System == protocol+" variant" {
			c.Samples = append(c.Samples, s)
			failed += s.Errors
		}
	}
	c.Latency = latencies[c.Name]
	_, limited := b.limits[method]
	if limited {
		c.Target, c.Ratios = targets[c.Name], ratios(samples, "pgbench", protocol)
		c.Verdict = judge(c.Ratios, c.Target, failed, noise)
	}
	if !limited || c.Latency > 0 {
		c.Verdict = judgeLatency(c.Samples, protocol, c.Latency, failed)
	}
	if b.Variant {
		compared := ratios(samples, protocol, protocol+" variant")
		c.Variant = &compared
		if least := fewestCreates[c.Name]; b.VariantDatabase && least > 0 {
			// The other way round: what the first does of what the second did before it.
			before := ratios(samples, protocol+" variant", protocol)
			c.Verdict = judge(before, Target{Must: least}, failed, noise)
		}
	}
	return c
}

// rounds warms each system and measures all of them by turns, every second round in
// the opposite order.
func (b *bench) rounds(ctx context.Context, systems []system) (samples []Sample, err error) {
	for _, s := range systems {
		if _, err := s.run(ctx, warmUp, func() {}); err != nil {
			return nil, fmt.Errorf("warm %s: %w", s.name, err)
		}
	}
	for round := range b.Rounds {
		order := slices.Clone(systems)
		if round%2 == 1 {
			slices.Reverse(order)
		}
		for _, s := range order {
			sample, err := measure(ctx, s, b.postgres.PostmasterPID(), time.Duration(b.Seconds)*time.Second)
			if err != nil {
				return nil, err
			}
			sample.Round = round
			samples = append(samples, sample)
		}
		for _, s := range []*service{b.first, b.second} {
			if s == nil {
				continue
			}
			if err := s.forgetLog(); err != nil {
				return nil, err
			}
		}
	}
	return samples, nil
}

// selfCheck measures two services of the same kind, whose difference is the noise.
func (b *bench) selfCheck(ctx context.Context, report *Report) error {
	twin := b.second
	if b.Variant {
		twin = b.first // one process twice: better than none
	}
	samples, err := b.rounds(ctx, []system{
		b.candidate("A", b.first, "get", "grpc", 16), b.candidate("B", twin, "get", "grpc", 16),
	})
	if err != nil {
		return fmt.Errorf("self-check: %w", err)
	}
	r := ratios(samples, "A", "B")
	report.SelfCheck = &Case{Name: "self-check", Ratios: r, Verdict: None, Samples: samples}
	report.Noise = noise(r)
	if r.Rounds < minRounds {
		report.SelfCheck.Verdict, report.Noise = Noisy, defaultNoise
	}
	b.Say(fmt.Sprintf("self-check: B/A %.2f (%.2f to %.2f) in %d rounds: noise %.0f %%", r.Median, r.Low, r.High, r.Rounds, report.Noise*100))
	return nil
}

// defaultNoise is taken where the self-check was itself too noisy: what performance
// was seen to move between minutes of a quiet machine.
const defaultNoise = 0.15

// tidy clears away what earlier cases left, so that it is not billed to this one.
func (b *bench) tidy(ctx context.Context) error {
	for _, url := range slices.Compact([]string{b.databaseURL, b.variantURL}) {
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, `VACUUM ANALYZE`)
		if err := errors.Join(err, conn.Close(ctx)); err != nil {
			return fmt.Errorf("vacuum: %w", err)
		}
	}
	return nil
}

func (b *bench) profileCase(ctx context.Context, method, protocol string, inFlight int) error {
	const seconds = 5
	s := b.candidate(protocol, b.first, method, protocol, inFlight)
	done := make(chan error, 1)
	go func() {
		_, err := s.run(ctx, (seconds+1)*time.Second, func() {})
		done <- err
	}()
	path := filepath.Join(b.Profiles, fmt.Sprintf("%s-%s-%d.pprof", method, protocol, inFlight))
	return errors.Join(b.first.profile(ctx, path, seconds), <-done)
}

// DefaultDataDir is where the filled database is kept: /var/cache for root, whose home
// PostgreSQL's account cannot enter, else the user's cache.
func DefaultDataDir() string {
	if os.Geteuid() == 0 {
		return "/var/cache/rapport-bench"
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return filepath.Join(os.TempDir(), "rapport-bench")
	}
	return filepath.Join(dir, "rapport-bench")
}
