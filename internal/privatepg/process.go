package privatepg

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	pollEvery = 10 * time.Millisecond
	// stopLimit is how long a server may take to write its last checkpoint.
	stopLimit = 10 * time.Second
	// detachLimit is how long a new server is tried while sessions of a dead one
	// still hold its shared memory.
	detachLimit = 15 * time.Second
)

// defaults are the server's settings: durable, and with a log that holds no text of
// a statement, no key and no value. SQL errors go to the client alone, since their
// texts quote what they stumbled over.
var defaults = map[string]string{
	"listen_addresses":        "",
	"unix_socket_permissions": "0700",
	"max_connections":         "100",
	"shared_buffers":          "256MB",
	"fsync":                   "on",
	"synchronous_commit":      "on",
	"full_page_writes":        "on",
	"jit":                     "off", // compiling costs more than it saves on short statements
	"TimeZone":                "UTC",
	"log_timezone":            "UTC",
	"log_destination":         "stderr",
	"logging_collector":       "off",
	"log_line_prefix":         "%m [%p] ",
	"log_min_messages":        "log",
	"log_min_error_statement": "panic",
	"log_error_verbosity":     "terse",
	"log_statement":           "none",
	"cluster_name":            "rapport",
}

// process is a child. done closes when it has been waited for; err is then set.
type process struct {
	*os.Process
	done chan struct{}
	err  error
}

// spawn starts the command. The kernel ties a parent-death signal to the thread that
// made the child, so that thread is kept until the child has ended.
func spawn(cmd *exec.Cmd) (*process, error) {
	p := &process{done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		err := cmd.Start()
		p.Process = cmd.Process
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.done)
		}
	}()
	return p, <-started
}

// launch starts a postmaster and returns when it takes connections.
func (s *Server) launch(ctx context.Context) (*process, error) {
	deadline := time.Now().Add(detachLimit)
	for {
		p, err := s.tryLaunch(ctx)
		// Sessions of a killed postmaster end by themselves, and only on Linux does
		// endEarlier see them.
		if err == nil || !strings.Contains(err.Error(), "pre-existing shared memory block") || time.Now().After(deadline) {
			return p, err
		}
		wait(ctx, 10*pollEvery)
	}
}

func (s *Server) tryLaunch(ctx context.Context) (*process, error) {
	logFile, err := openLog(s.LogFile())
	if err != nil {
		return nil, err
	}
	defer func() { _ = logFile.Close() }()
	start, err := logFile.Seek(0, 2)
	if err != nil {
		return nil, fmt.Errorf("private PostgreSQL: %w", err)
	}
	settings := maps.Clone(defaults)
	maps.Copy(settings, s.settings)
	args := []string{"-D", s.dataDir(), "-k", s.runDir, "-p", port}
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", key+"="+settings[key])
	}
	// The server is ended by signals in their order, not by the end of a context.
	cmd := s.command(context.WithoutCancel(ctx), "postgres", args...)
	cmd.Dir = s.dataDir()
	cmd.SysProcAttr = childAttr(s.account, syscall.SIGINT)
	cmd.Stdout, cmd.Stderr = logFile, logFile
	p, err := spawn(cmd)
	if err != nil {
		return nil, fmt.Errorf("private PostgreSQL: %w", err)
	}
	if err := s.awaitReady(ctx, p); err != nil {
		if ctx.Err() != nil {
			_ = p.shutdown(s.hurry)
		}
		return nil, fmt.Errorf("private PostgreSQL: %w: %s", err, logTail(s.LogFile(), start))
	}
	s.pid.Store(int64(p.Pid))
	return p, nil
}

// awaitReady waits until the postmaster says in its pid file that it takes
// connections. Asking over the socket would fill the log with refusals meanwhile.
func (s *Server) awaitReady(ctx context.Context, p *process) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if pid, status := readPIDFile(s.dataDir()); pid == p.Pid && status == "ready" {
			return nil
		}
		select {
		case <-tick.C:
		case <-p.done:
			if p.err == nil {
				return errEnded
			}
			return fmt.Errorf("%w: %w", errEnded, p.err)
		case <-ctx.Done():
			return fmt.Errorf("the server is not ready yet: %w", ctx.Err())
		}
	}
}

var errEnded = errors.New("the server ended while starting")

// shutdown ends the process: politely, and without a checkpoint when hurry closes or
// after stopLimit. The error says that it went the second way.
func (p *process) shutdown(hurry <-chan struct{}) error {
	_ = p.Signal(syscall.SIGINT) // fails only when it has ended
	limit := time.NewTimer(stopLimit)
	defer limit.Stop()
	select {
	case <-p.done:
		return nil
	case <-hurry:
	case <-limit.C:
	}
	_ = p.Signal(syscall.SIGQUIT)
	// The postmaster itself kills sessions that do not heed this for 5 s.
	<-p.done
	return errors.New("private PostgreSQL: stopped without a checkpoint; the next start recovers")
}

// readPIDFile returns the first and the eighth line of postmaster.pid: the process
// id, 0 where there is no file, and the state of the server.
func readPIDFile(dataDir string) (pid int, status string) {
	b, err := os.ReadFile(filepath.Join(dataDir, "postmaster.pid"))
	if err != nil {
		return 0, ""
	}
	lines := strings.Split(string(b), "\n")
	pid, _ = strconv.Atoi(strings.TrimSpace(lines[0]))
	if len(lines) >= 8 {
		status = strings.TrimSpace(lines[7])
	}
	return pid, status
}

// wait waits for the given time or until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// poll waits until cond holds, for at most the given time, and says whether it did.
func poll(ctx context.Context, limit time.Duration, cond func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}
