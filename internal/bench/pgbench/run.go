package pgbench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Command is an installed pgbench.
type Command struct {
	// Path is the program, URL the database.
	Path, URL string

	runs int
}

// Find returns pgbench from the folder of PostgreSQL's programs or from PATH.
func Find(binDir, url string) (*Command, error) {
	path := filepath.Join(binDir, "pgbench")
	if _, err := os.Stat(path); err != nil {
		if path, err = exec.LookPath("pgbench"); err != nil {
			return nil, fmt.Errorf("pgbench is not installed; it comes with PostgreSQL's server or contrib package: %w", err)
		}
	}
	return &Command{Path: path, URL: url}, nil
}

// Version is what the program says of itself.
func (c *Command) Version(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, c.Path, "--version").Output()
	return strings.TrimSpace(string(out)), err
}

// Result is what one run came to.
type Result struct {
	// Latencies are sorted.
	Latencies []time.Duration
	// Elapsed is without the time to connect.
	Elapsed time.Duration
	// CPU is pgbench's own.
	CPU time.Duration
}

// Run runs the script with so many clients for so many seconds. Any failed
// transaction is an error.
func (c *Command) Run(ctx context.Context, s Script, clients, seconds int) (r Result, err error) {
	dir, err := os.MkdirTemp("", "rapport-bench-")
	if err != nil {
		return r, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "script.sql")
	if err := os.WriteFile(file, []byte(s.Text), 0o600); err != nil {
		return r, err
	}
	c.runs++
	args := []string{
		"-n", "-M", "prepared", "-f", file, "-c", strconv.Itoa(clients), "-j", strconv.Itoa(min(clients, 2)),
		"-T", strconv.Itoa(seconds), "-l", "--log-prefix", filepath.Join(dir, "log"),
		"-D", "run=" + strconv.Itoa(c.runs),
	}
	for _, d := range s.Defines {
		args = append(args, "-D", d)
	}
	cmd := exec.CommandContext(ctx, c.Path, append(args, c.URL)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return r, fmt.Errorf("pgbench: %w: %s", err, strings.TrimSpace(stderr.String()))
	}
	r.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	rate, err := parseSummary(string(out))
	if err != nil {
		return r, err
	}
	logs, err := filepath.Glob(filepath.Join(dir, "log.*"))
	if err != nil {
		return r, err
	}
	for _, path := range logs {
		if err := r.read(path); err != nil {
			return r, err
		}
	}
	if len(r.Latencies) == 0 {
		return r, errors.New("pgbench logged no transaction")
	}
	slices.Sort(r.Latencies)
	r.Elapsed = time.Duration(float64(len(r.Latencies)) / rate * float64(time.Second))
	return r, nil
}

func (r *Result) read(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	latencies, err := parseLog(f)
	r.Latencies = append(r.Latencies, latencies...)
	return err
}

// parseLog reads a log of single transactions: client, transaction, latency in
// microseconds, script and time of the end.
func parseLog(log io.Reader) (latencies []time.Duration, err error) {
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 6 {
			return nil, fmt.Errorf("log of pgbench: %q", lines.Text())
		}
		us, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("log of pgbench: %q: %w", lines.Text(), err)
		}
		latencies = append(latencies, time.Duration(us)*time.Microsecond)
	}
	return latencies, lines.Err()
}

var (
	ratePattern   = regexp.MustCompile(`(?m)^tps = ([0-9.]+) \(without initial connection time\)`)
	failedPattern = regexp.MustCompile(`(?m)^number of failed transactions: (\d+)`)
)

// parseSummary returns the transactions a second that pgbench reports, or an error
// where any failed.
func parseSummary(out string) (rate float64, err error) {
	if m := failedPattern.FindStringSubmatch(out); m != nil && m[1] != "0" {
		return 0, fmt.Errorf("pgbench: %s transactions failed", m[1])
	}
	m := ratePattern.FindStringSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("pgbench printed no rate: %s", out)
	}
	return strconv.ParseFloat(m[1], 64)
}
