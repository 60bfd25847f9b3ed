package faults_test

import (
	"context"
	"errors"
	"net/url"
	"os"
	osexec "os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/pgtest"
	"github.com/rapport-crm/rapport/internal/privatepg"
	"github.com/rapport-crm/rapport/internal/server"
)

// TestPostgresKilled (F01): what callers were told is what is there.
func TestPostgresKilled(t *testing.T) {
	begin(t)
	killPostgres(t, pick(2, 5), pick(600, 10_000), false)
}

// TestPostgresKilledMutant runs the same without claims and must find them missing.
func TestPostgresKilledMutant(t *testing.T) {
	begin(t)
	killPostgres(t, 4, 800, true)
}

func killPostgres(t *testing.T, kills, total int, mutant bool) {
	pg := pgtest.Server(t)
	if err := db.Migrate(t.Context(), pg.URL()); err != nil {
		t.Fatal(err)
	}
	if mutant {
		forgetRequests(t, pg.URL())
	}
	p := startProxy(t, pg.URL(), func(p *proxy) { p.hold = 20 * time.Millisecond })
	s := apitest.StartWith(t, func(c *server.Config) { c.DatabaseURL = p.url })
	s.WaitReady(t, true)
	stop, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := startWriters(stop, t, s.Customers)
	for i := range kills {
		w.progress(t, random(total/(kills+1)))
		var restarted time.Time
		if mutant || i%2 == 1 {
			killPostmaster(t, pg, p)
			restarted = awaitPostmaster(t, pg)
		} else {
			restarted = killForLonger(t, s, pg, p)
		}
		settled(t, &w.recorder, restarted)
		if long && !mutant {
			amcheck(t, pg)
		}
	}
	w.progress(t, max(total-w.recorder.len(), 100))
	cancel()
	w.wait(t, mutant)
	t.Logf("%d commits, of %d the reply was lost", p.commits.Load(), p.lost.Load())
	if p.lost.Load() == 0 {
		t.Error("no kill came between a commit and its reply")
	}
	w.recorder.check(t, customersByName(t, pg.URL()), mutant)
	if n := sharedCommits(t, pg.URL()); n == 0 {
		t.Error("no two customers were made in one transaction")
	}
	if !mutant {
		amcheck(t, pg)
	}
}

// killPostmaster kills the postmaster, which privatepg starts again at once. What is committed
// before its backends hear of that is not answered.
func killPostmaster(t *testing.T, pg *privatepg.Server, p *proxy) {
	t.Helper()
	p.keep.Store(true)
	defer p.keep.Store(false)
	pid := pg.PostmasterPID()
	if err := syscall.Kill(pid, syscall.SIGKILL); pid == 0 || err != nil {
		t.Fatalf("kill postmaster %d: %v", pid, err)
	}
	apitest.Eventually(t, 10*time.Second, func() bool { return pg.PostmasterPID() != pid })
}

// awaitPostmaster waits until PostgreSQL is back and says when that was.
func awaitPostmaster(t *testing.T, pg *privatepg.Server) time.Time {
	t.Helper()
	apitest.Eventually(t, time.Minute, func() bool { return pg.PostmasterPID() != 0 })
	return time.Now()
}

// killForLonger kills the postmaster and hides its files, so that it cannot start
// again before the service has noticed.
func killForLonger(t *testing.T, s *apitest.Service, pg *privatepg.Server, p *proxy) time.Time {
	t.Helper()
	data := filepath.Join(filepath.Dir(pg.LogFile()), "data")
	if err := os.Rename(data, data+".hidden"); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	killPostmaster(t, pg, p)
	s.WaitReady(t, false)
	took(t, "not ready after the kill", time.Since(killed), 2*time.Second)
	if err := os.Rename(data+".hidden", data); err != nil {
		t.Fatal(err)
	}
	restarted := awaitPostmaster(t, pg)
	s.WaitReady(t, true)
	took(t, "ready after the restart", time.Since(restarted), 5*time.Second)
	return restarted
}

// amcheck compares tables and indexes, each row with each entry.
func amcheck(t *testing.T, pg *privatepg.Server) {
	t.Helper()
	checker := filepath.Join(pg.BinDir(), "pg_amcheck")
	if _, err := os.Stat(checker); errors.Is(err, os.ErrNotExist) {
		t.Logf("%s is not installed, so the files are not checked", checker)
		return
	}
	u, err := url.Parse(pg.AdminURL())
	if err != nil {
		t.Fatal(err)
	}
	out, err := osexec.CommandContext(t.Context(), checker, "--heapallindexed", "--install-missing",
		"--host="+u.Query().Get("host"), "--port="+u.Query().Get("port"), "--username="+u.User.Username(), "rapport").CombinedOutput()
	if err != nil {
		t.Errorf("pg_amcheck: %v\n%s", err, out)
	}
}
