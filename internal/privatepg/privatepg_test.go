package privatepg

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// tempDir is like t.TempDir, but other accounts can enter it: as root the server
// runs as one.
func tempDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// unsynced spares the disk: what is written survives the end of any process without
// a sync, only not that of the machine.
var unsynced = map[string]string{"fsync": "off"}

// start starts a server that the test's end stops.
func start(t *testing.T, o Options) *Server {
	t.Helper()
	o.Settings = unsynced
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// query runs a statement as the service's role, once.
func query(ctx context.Context, url, sql string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, sql)
	return err
}

func mustExec(t *testing.T, url, sql string) {
	t.Helper()
	if err := query(t.Context(), url, sql); err != nil {
		t.Fatal(err)
	}
}

// within repeats a step until it succeeds or the time is over.
func within(t *testing.T, limit time.Duration, step func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	for {
		err := step()
		if err == nil {
			return
		}
		wait(ctx, pollEvery)
		if ctx.Err() != nil {
			t.Fatalf("not within %v: %v", limit, err)
		}
	}
}

func TestDataSurvivesARestart(t *testing.T) {
	dir := tempDir(t)
	s := start(t, Options{Dir: dir})
	mustExec(t, s.URL(), `CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)`)
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := query(t.Context(), s.URL(), `SELECT`); err == nil {
		t.Fatal("a stopped server answers")
	}
	s = start(t, Options{Dir: dir})
	mustExec(t, s.URL(), `INSERT INTO kept SELECT 1/count(*) FROM kept`)
}

func TestDirectoryIsLocked(t *testing.T) {
	dir := tempDir(t)
	start(t, Options{Dir: dir})
	if _, err := Start(t.Context(), Options{Dir: dir}); !errors.Is(err, ErrLocked) {
		t.Fatalf("second start: got %v, want ErrLocked", err)
	}
}

func TestPostmasterKilled(t *testing.T) {
	s := start(t, Options{Dir: tempDir(t)})
	mustExec(t, s.URL(), `CREATE TABLE kept (n int)`)
	for range 3 {
		mustExec(t, s.URL(), `INSERT INTO kept VALUES (1)`)
		// A session amid a statement outlives its postmaster, if nobody ends it.
		busy, err := pgx.Connect(t.Context(), s.URL())
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = busy.Exec(t.Context(), `SELECT count(*) FROM generate_series(1, 1e12)`) }()
		pid := s.PostmasterPID()
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		within(t, 20*time.Second, func() error {
			if s.PostmasterPID() == pid {
				return errors.New("the old postmaster is still there")
			}
			return query(t.Context(), s.URL(), `SELECT`)
		})
	}
	mustExec(t, s.URL(), `DO $$ BEGIN ASSERT (SELECT count(*) FROM kept) = 3; END $$`)
}
