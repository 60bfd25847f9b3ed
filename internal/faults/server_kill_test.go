package faults_test

import (
	"context"
	"net/http"
	"syscall"
	"testing"
	"time"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/pgtest"
)

// TestServerKilled (F02): as F01, and nothing of a dead service stays in the database.
func TestServerKilled(t *testing.T) {
	begin(t)
	killServer(t, pick(3, 10), pick(3000, 20_000), false)
}

// TestServerKilledMutant runs the same without claims and must find them missing.
func TestServerKilledMutant(t *testing.T) {
	begin(t)
	killServer(t, 5, 4000, true)
}

func killServer(t *testing.T, kills, total int, mutant bool) {
	url := pgtest.New(t)
	if mutant {
		forgetRequests(t, url)
	}
	p := newProcess(t, url)
	p.start(t)
	p.waitReady(t, http.StatusOK)
	stop, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := startWriters(stop, t, rapportv1.NewCustomerServiceClient(dial(t, p.grpcAddr)))
	for range kills {
		w.progress(t, random(total/(kills+1)))
		p.signal(t, syscall.SIGKILL)
		if code := p.waitExit(t, 10*time.Second); code != -1 {
			t.Fatalf("the service exited with %d before it was killed", code)
		}
		restarted := time.Now()
		p.start(t)
		p.waitReady(t, http.StatusOK)
		took(t, "ready after the restart", time.Since(restarted), 5*time.Second)
		settled(t, &w.recorder, restarted)
	}
	w.progress(t, max(total-w.recorder.len(), 100))
	cancel()
	w.wait(t, mutant)
	if w.recorder.attempts() == w.recorder.len() {
		t.Error("no kill hit a call")
	}
	w.recorder.check(t, customersByName(t, url), mutant)
	if !mutant {
		leavesNothing(t, url)
	}
}

// settled waits until every operation that was running at the time has its answer.
func settled(t *testing.T, r *recorder, then time.Time) {
	t.Helper()
	apitest.Eventually(t, time.Minute, func() bool { return r.oldest().After(then) })
	took(t, "the last answer to a call from before the restart", time.Since(then), 30*time.Second)
}

// leavesNothing waits until no connection holds a transaction open, and wants no
// advisory lock.
func leavesNothing(t *testing.T, url string) {
	t.Helper()
	conn := connect(t, url)
	apitest.Eventually(t, 10*time.Second, func() bool {
		var open, locks int
		if err := conn.QueryRow(t.Context(), `SELECT
			(SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'),
			(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`).
			Scan(&open, &locks); err != nil {
			t.Fatal(err)
		}
		return open == 0 && locks == 0
	})
}
