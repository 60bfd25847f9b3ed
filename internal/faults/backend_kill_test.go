package faults_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/rapport-crm/rapport/internal/apitest"
)

const terminateSQL = `
SELECT pg_terminate_backend(pid), state = 'active' FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'rapport' ORDER BY state = 'active' DESC, random() LIMIT 1`

// TestBackendsKilled (F07): connections end five times a second, those amid a
// statement first.
func TestBackendsKilled(t *testing.T) {
	begin(t)
	s := apitest.Start(t)
	s.WaitReady(t, true)
	stop, cancel := context.WithTimeout(t.Context(), pick(3*time.Second, time.Minute))
	defer cancel()
	w := startWriters(stop, t, s.Customers, math.MaxInt)
	killed, busy := 0, 0
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for stop.Err() == nil {
		<-tick.C
		var done, active bool
		if err := s.DB.QueryRow(t.Context(), terminateSQL).Scan(&done, &active); err != nil {
			t.Fatal(err)
		}
		if done {
			killed++
		}
		if active {
			busy++
		}
	}
	w.wait(t, false)
	t.Logf("%d connections killed, %d amid a statement", killed, busy)
	if killed < pick(5, 250) || busy == 0 {
		t.Error("that is too few")
	}
	w.recorder.check(t, customersByName(t, s.DatabaseURL), false)
}
