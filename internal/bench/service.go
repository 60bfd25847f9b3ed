package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// service is `rapport serve` as a process of its own.
type service struct {
	cmd               *exec.Cmd
	grpc, http, admin string
	log               *os.File
	ended             chan error
}

// startService starts the program on the database with its default settings, metrics
// on and one call in a hundred traced to the collector, and waits until it is ready.
func startService(ctx context.Context, program, databaseURL, collector string, flags, env []string) (*service, error) {
	s := &service{ended: make(chan error, 1)}
	var err error
	if s.log, err = os.CreateTemp("", "rapport-bench-*.log"); err != nil {
		return nil, err
	}
	args := append([]string{
		"serve", "--grpc-addr=127.0.0.1:0", "--http-addr=127.0.0.1:0", "--admin-addr=127.0.0.1:0",
		"--auth=none", "--drain-delay=0s",
	}, flags...)
	s.cmd = exec.CommandContext(ctx, program, args...)
	s.cmd.Env = append(append(os.Environ(),
		"RAPPORT_DATABASE_URL="+databaseURL,
		"OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.01",
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT="+collector, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=grpc",
	), env...)
	s.cmd.Stderr = s.log
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	s.cmd.WaitDelay = 10 * time.Second
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	if err := s.addresses(out); err != nil {
		return nil, errors.Join(fmt.Errorf("start the service: %w\n%s", err, s.logTail()), s.stop())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	if err := s.awaitReady(ctx); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// migrateWith brings an empty database to the schema of the program.
func migrateWith(ctx context.Context, program, databaseURL string) error {
	cmd := exec.CommandContext(ctx, program, "migrate", "up")
	cmd.Env = append(os.Environ(), "RAPPORT_DATABASE_URL="+databaseURL)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// addresses reads them from what the service tells a person.
func (s *service) addresses(out io.Reader) error {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 {
			continue
		}
		address, _, _ := strings.Cut(strings.TrimPrefix(fields[1], "http://"), "/")
		switch fields[0] {
		case "gRPC":
			s.grpc = address
		case "REST":
			s.http = address
		case "admin":
			s.admin = address
			return nil
		}
	}
	return errors.Join(errors.New("it did not say where it listens"), lines.Err())
}

func (s *service) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		body, err := s.get(ctx, "/readyz")
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the service is not ready: %w %s", err, body)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// get asks the admin port.
func (s *service) get(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.admin+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // nothing was written
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(resp.Status)
	}
	return body, err
}

// profile writes what the service spends its processor time on in so many seconds.
func (s *service) profile(ctx context.Context, path string, seconds int) error {
	body, err := s.get(ctx, fmt.Sprintf("/debug/pprof/profile?seconds=%d", seconds))
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, body, 0o600)
}

// forgetLog empties the log, which grows by some megabytes a second.
func (s *service) forgetLog() error {
	if err := s.log.Truncate(0); err != nil {
		return err
	}
	_, err := s.log.Seek(0, io.SeekStart)
	return err
}

func (s *service) logTail() string {
	text, err := os.ReadFile(s.log.Name())
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}

// stop ends the service and removes its log.
func (s *service) stop() error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // fails only where it has ended
	err := s.cmd.Wait()
	return errors.Join(err, s.log.Close(), os.Remove(s.log.Name()))
}
