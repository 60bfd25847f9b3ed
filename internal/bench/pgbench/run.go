package pgbench

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
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
	// All is how many transactions there were, those before the sessions were warm included.
	All int
	// Latencies are those of the transactions that ended once the sessions were warm, sorted.
	Latencies []time.Duration
	// Elapsed is from then to the end of the last one.
	Elapsed time.Duration
	// CPU is pgbench's own for these transactions.
	CPU time.Duration
}

// WarmUp is for how long so many clients run before they count. A new session reads the
// catalogue and plans each statement anew for its first five executions, which costs it tens of
// milliseconds. The service keeps its sessions, so a limit that counted this would be too low.
func WarmUp(clients int) time.Duration {
	return time.Second + time.Duration(clients)*50*time.Millisecond
}

// Run runs the script with so many clients until they are warm, calls the function, and goes on
// for as long as is said. Any failed transaction is an error.
func (c *Command) Run(ctx context.Context, s Script, clients int, d time.Duration, warm func()) (r Result, err error) {
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
		"-T", strconv.Itoa(int(math.Ceil((WarmUp(clients) + d).Seconds()))), "-l", "--log-prefix", filepath.Join(dir, "log"),
		"-D", "run=" + strconv.Itoa(c.runs),
	}
	for _, d := range s.Defines {
		args = append(args, "-D", d)
	}
	cmd := exec.CommandContext(ctx, c.Path, append(args, c.URL)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		return r, fmt.Errorf("pgbench: %w", err)
	}
	var from time.Time
	begun := make(chan struct{})
	timer := time.AfterFunc(WarmUp(clients), func() { from = time.Now(); warm(); close(begun) })
	err = cmd.Wait()
	if early := timer.Stop(); err != nil || early {
		return r, fmt.Errorf("pgbench: %w: %s", cmp.Or(err, errors.New("it ended before it was warm")), strings.TrimSpace(stderr.String()))
	}
	<-begun
	if err := failures(stdout.String()); err != nil {
		return r, err
	}
	logs, err := filepath.Glob(filepath.Join(dir, "log.*"))
	if err != nil {
		return r, err
	}
	for _, path := range logs {
		if err := r.read(path, from); err != nil {
			return r, err
		}
	}
	if len(r.Latencies) == 0 {
		return r, errors.New("pgbench logged no transaction")
	}
	slices.Sort(r.Latencies)
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	r.CPU = time.Duration(float64(cpu) * float64(len(r.Latencies)) / float64(r.All))
	return r, nil
}

// read adds what a log has; what ended after a time has its latency.
func (r *Result) read(path string, from time.Time) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	for ; lines.Scan(); r.All++ {
		latency, end, err := parseLine(lines.Text())
		if err != nil {
			return err
		}
		if end.After(from) {
			r.Latencies = append(r.Latencies, latency)
			r.Elapsed = max(r.Elapsed, end.Sub(from))
		}
	}
	return lines.Err()
}

// parseLine reads what the log has of a transaction: client, number, latency in microseconds,
// script and the time of its end, as seconds and microseconds.
func parseLine(line string) (latency time.Duration, end time.Time, err error) {
	var us, seconds, micros int64
	var client, number, script int
	if _, err := fmt.Sscan(line, &client, &number, &us, &script, &seconds, &micros); err != nil {
		return 0, end, fmt.Errorf("log of pgbench: %q: %w", line, err)
	}
	return time.Duration(us) * time.Microsecond, time.Unix(seconds, micros*1000), nil
}

var failedPattern = regexp.MustCompile(`(?m)^number of failed transactions: (\d+)`)

// failures returns an error where pgbench reports any, or reports nothing.
func failures(out string) error {
	m := failedPattern.FindStringSubmatch(out)
	switch {
	case m == nil:
		return fmt.Errorf("pgbench told nothing of failures: %s", out)
	case m[1] != "0":
		return fmt.Errorf("pgbench: %s transactions failed", m[1])
	}
	return nil
}
