package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Report is all that a run found, as it is written to the results file.
type Report struct {
	Time       time.Time `json:"time"`
	Commit     string    `json:"commit"`
	Go         string    `json:"go"`
	PostgreSQL string    `json:"postgresql"`
	PGBench    string    `json:"pgbench"`
	Cores      int       `json:"cores"`
	Customers  int       `json:"customers"`
	// Interactions are those in the database of the calls about histories.
	Interactions int    `json:"interactions"`
	Rounds       int    `json:"rounds"`
	Seconds      int    `json:"seconds"`
	GRPCClient   string `json:"grpc_client"`
	// Flags and Environment are what the service runs with beside its defaults.
	Flags       []string `json:"flags,omitempty"`
	Environment []string `json:"environment,omitempty"`
	Variant     []string `json:"variant,omitempty"`
	// Noise is the part by which two services of the same kind differ.
	Noise     float64 `json:"noise"`
	SelfCheck *Case   `json:"self_check,omitempty"`
	Cases     []Case  `json:"cases"`
}

func (b *bench) newReport(ctx context.Context) (*Report, error) {
	r := &Report{
		Time: time.Now().UTC(), Commit: commit(ctx), Go: runtime.Version(), Cores: runtime.NumCPU(),
		Customers: b.Customers, Interactions: b.Interactions, Rounds: b.Rounds, Seconds: b.Seconds, GRPCClient: b.GRPCClient,
		Flags: b.ServeFlags, Environment: b.ServeEnv, Noise: defaultNoise,
	}
	if b.Variant {
		r.Variant = slices.Concat(b.VariantFlags, b.VariantEnv)
	}
	conn, err := pgx.Connect(ctx, b.databaseURL)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if err := conn.QueryRow(ctx, `SHOW server_version`).Scan(&r.PostgreSQL); err != nil {
		return nil, err
	}
	r.PGBench, err = b.pgbench.Version(ctx)
	return r, err
}

// commit is what the checkout stands at, with a mark where files differ from it.
func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--abbrev=12").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

// Failed tells whether any case missed what it must reach.
func (r *Report) Failed() bool {
	return slices.ContainsFunc(r.Cases, func(c Case) bool { return c.Verdict == Fail })
}

// Write writes the report as JSON.
func (r *Report) Write(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644) //nolint:gosec // results are no secret
}

// middle returns the median of a figure over the rounds of a system that count, or
// over all of them where none does.
func middle(samples []Sample, system string, figure func(Sample) float64) float64 {
	var quiet, all []float64
	for _, s := range samples {
		if s.System != system {
			continue
		}
		all = append(all, figure(s))
		if !s.disturbed() {
			quiet = append(quiet, figure(s))
		}
	}
	if len(quiet) == 0 {
		quiet = all
	}
	slices.Sort(quiet)
	return median(quiet)
}

// line says in one line how a case did.
func (c Case) line() string {
	text := fmt.Sprintf("%-21s", c.Name)
	switch {
	case c.AtMost > 0:
		text += fmt.Sprintf(" %.2f of the other's cost (%.2f to %.2f, %d rounds, %d dropped; must: at most %.2f)",
			c.Ratios.Median, c.Ratios.Low, c.Ratios.High, c.Ratios.Rounds, c.Ratios.Dropped, c.AtMost)
	case c.compared():
		text += fmt.Sprintf(" %.2f of the limit (%.2f to %.2f, %d rounds, %d dropped; by cost %.2f)",
			c.Ratios.Median, c.Ratios.Low, c.Ratios.High, c.Ratios.Rounds, c.Ratios.Dropped, c.Ratios.Cost)
	}
	if c.Latency > 0 || !c.compared() {
		_, system, _ := strings.Cut(c.Name, "/")
		system, _, _ = strings.Cut(system, "/")
		of := func(figure func(Sample) float64) float64 { return middle(c.Samples, system, figure) }
		text += fmt.Sprintf(" %.0f calls/s, p50 %.2f ms, p99 %.2f ms%s", of(func(s Sample) float64 { return s.Rate }),
			of(func(s Sample) float64 { return s.P50 }), of(func(s Sample) float64 { return s.P99 }), c.bound())
	}
	text += "  " + c.Verdict
	if first := slices.IndexFunc(c.Samples, func(s Sample) bool { return s.Errors > 0 }); first >= 0 {
		text += "  " + c.Samples[first].Error
	}
	if c.Variant != nil {
		text += fmt.Sprintf("  variant %.2f (%.2f to %.2f; by cost %.2f)", c.Variant.Median, c.Variant.Low, c.Variant.High, c.Variant.Cost)
	}
	return text
}

// compared tells whether there is something that the case was compared with.
func (c Case) compared() bool { return c.Ratios.Rounds+c.Ratios.Dropped > 0 }

// bound says what the p99 must stay under.
func (c Case) bound() string {
	if c.Latency == 0 {
		return ""
	}
	return fmt.Sprintf(" (must: under %.0f)", c.Latency)
}

// Table returns the report as a table of Markdown.
func (r *Report) Table() string {
	var t strings.Builder
	fmt.Fprintf(&t, "%s, PostgreSQL %s, %s, %d cores, %d customers, %d interactions, commit %s, %d rounds of %d s, noise %.0f %%\n\n",
		r.Go, r.PostgreSQL, r.PGBench, r.Cores, r.Customers, r.Interactions, r.Commit, r.Rounds, r.Seconds, r.Noise*100)
	fmt.Fprintln(&t, "| case | system | calls/s | p50 ms | p99 ms | CPU µs service/PostgreSQL/client | others | ratio (spread) | by cost | must / goal | verdict |")
	fmt.Fprintln(&t, "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	for _, c := range r.Cases {
		var systems []string
		for _, s := range c.Samples {
			if !slices.Contains(systems, s.System) {
				systems = append(systems, s.System)
			}
		}
		for _, system := range systems {
			c.row(&t, system)
		}
	}
	return t.String()
}

func (c Case) row(t *strings.Builder, system string) {
	of := func(figure func(Sample) float64) float64 { return middle(c.Samples, system, figure) }
	fmt.Fprintf(t, "| %s | %s | %.0f | %.2f | %.2f | %.0f/%.0f/%.0f | %.2f |", c.Name, system,
		of(func(s Sample) float64 { return s.Rate }), of(func(s Sample) float64 { return s.P50 }), of(func(s Sample) float64 { return s.P99 }),
		of(func(s Sample) float64 { return s.ServiceCPU }), of(func(s Sample) float64 { return s.PostgresCPU }),
		of(func(s Sample) float64 { return s.ClientCPU }), of(func(s Sample) float64 { return s.Others }))
	ratio, cost := "", ""
	if c.compared() {
		ratio, cost = fmt.Sprintf("**%.2f** (%.2f–%.2f)", c.Ratios.Median, c.Ratios.Low, c.Ratios.High), fmt.Sprintf("%.2f", c.Ratios.Cost)
	}
	if c.AtMost > 0 {
		cost = ""
	}
	switch {
	case slices.Contains([]string{"pgbench", "copy", "short"}, system):
		fmt.Fprintln(t, " 1 | 1 | | |")
	case strings.HasSuffix(system, " variant"):
		fmt.Fprintf(t, " %.2f (%.2f–%.2f) of the first | %.2f | | |\n", c.Variant.Median, c.Variant.Low, c.Variant.High, c.Variant.Cost)
	default:
		fmt.Fprintf(t, " %s | %s | %s | %s |\n", ratio, cost, c.must(), c.Verdict)
	}
}

// must is what is asked of the case, in a few characters.
func (c Case) must() string {
	switch {
	case c.Latency > 0:
		return fmt.Sprintf("p99 < %.0f ms", c.Latency)
	case c.AtMost > 0:
		return fmt.Sprintf("cost ≤ %.2f", c.AtMost)
	case c.Target.Must > 0:
		return fmt.Sprintf("%.2f / %.2f", c.Target.Must, c.Target.Goal)
	}
	return ""
}
