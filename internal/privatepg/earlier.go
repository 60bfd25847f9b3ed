package privatepg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// endEarlier ends what is left of an earlier server on a data directory, so that a
// new one can start. We hold the lock, so its owner is dead: a postmaster still there
// is shutting down or, without parent-death signals, was forgotten. It is not
// adopted: it may run with other settings, and it is not our child.
func (s *Server) endEarlier(ctx context.Context, dataDir string) error {
	pid, _ := readPIDFile(dataDir)
	if slices.Contains(serverProcesses(dataDir), pid) {
		s.log.WarnContext(ctx, "private PostgreSQL: waiting for an earlier server to end", "pid", pid)
		_ = syscall.Kill(pid, syscall.SIGINT)
		gone := func() bool { return !slices.Contains(serverProcesses(dataDir), pid) }
		if !poll(ctx, stopLimit, gone) {
			_ = syscall.Kill(pid, syscall.SIGQUIT)
			poll(ctx, stopLimit, gone)
		}
	}
	if err := endSessions(ctx, dataDir); err != nil {
		return err
	}
	return removeForeignPIDFile(dataDir)
}

// endSessions ends the processes a dead postmaster left behind. An idle one ends by
// itself, one amid a long statement does not, and a new server cannot start beside
// it. Nothing is lost: the new server recovers in any case.
func endSessions(ctx context.Context, dataDir string) error {
	for _, sig := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGKILL} {
		for _, pid := range serverProcesses(dataDir) {
			_ = syscall.Kill(pid, sig)
		}
		if poll(ctx, 3*time.Second, func() bool { return len(serverProcesses(dataDir)) == 0 }) {
			return nil
		}
	}
	return fmt.Errorf("private PostgreSQL: processes %v of an earlier server on %s do not end", serverProcesses(dataDir), dataDir)
}

// removeForeignPIDFile removes a postmaster.pid whose process id now belongs to
// something else, common in containers, where ids are few: PostgreSQL would take it
// for a running server and refuse to start. The file of a dead process stays: the
// server needs it to check that the old shared memory is free.
func removeForeignPIDFile(dataDir string) error {
	pid, _ := readPIDFile(dataDir)
	if pid <= 0 || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return nil
	}
	err := os.Remove(filepath.Join(dataDir, "postmaster.pid"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("private PostgreSQL: %w", err)
	}
	return nil
}
