package faults_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rapport-crm/rapport/internal/apitest"
)

// terminateSQL ends the connection of a statement that runs now; with false, any.
const terminateSQL = `
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'rapport' AND (state = 'active' OR NOT $1) ORDER BY random() LIMIT 1`

// TestBackendsKilled (F07): connections end five times a second, those amid a
// statement first.
func TestBackendsKilled(t *testing.T) {
	begin(t)
	s := apitest.Start(t)
	s.WaitReady(t, true)
	stop, cancel := context.WithTimeout(t.Context(), pick(3*time.Second, time.Minute))
	defer cancel()
	w := startWriters(stop, t, s.Customers)
	conn := connect(t, s.DatabaseURL)
	killed := 0
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for stop.Err() == nil {
		<-tick.C
		// A statement takes a fraction of a millisecond, so one is not met at once.
		done := false
		for tries := 100; !done && tries >= 0; tries-- {
			err := conn.QueryRow(t.Context(), terminateSQL, tries > 0).Scan(&done)
			if err != nil && !errors.Is(err, pgx.ErrNoRows) {
				t.Fatal(err)
			}
		}
		if done {
			killed++
		}
	}
	w.wait(t, false)
	_, page := adminPage(t, s.AdminURL+"/metrics")
	lost := metric(page, "db_client_operation_duration_seconds_count", `db_response_status_code="57P01"`)
	t.Logf("%d connections killed, %v of them amid a statement", killed, lost)
	if killed < pick(5, 250) || lost == 0 {
		t.Error("that is too few")
	}
	// The service tries again itself, so callers hear of few.
	if surfaced := w.recorder.attempts() - w.recorder.len(); float64(surfaced) > lost/3 {
		t.Errorf("%d attempts failed for their callers, of %v that lost their connection", surfaced, lost)
	}
	w.recorder.check(t, customersByName(t, s.DatabaseURL), false)
}
