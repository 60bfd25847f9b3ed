package pgbench

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What ended before the sessions were warm does not count.
func TestReadLog(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	write := func(lines string) {
		t.Helper()
		if err := os.WriteFile(log, []byte(lines), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("0 1 99 0 1795211999 900000\n0 2 333 0 1795212000 123456\n1 1 20480 0 1795212000 223456\n")
	var got Result
	if err := got.read(log, time.Unix(1795212000, 0)); err != nil {
		t.Fatal(err)
	}
	want := Result{All: 3, Latencies: []time.Duration{333 * time.Microsecond, 20480 * time.Microsecond}, Elapsed: 223456 * time.Microsecond}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, broken := range []string{"0 1 333\n", "0 1 failed 0 1 2\n"} {
		write(broken)
		if err := got.read(log, time.Time{}); err == nil {
			t.Errorf("%q: no error", broken)
		}
	}
}

func TestFailures(t *testing.T) {
	const good = `transaction type: script.sql
number of transactions actually processed: 2843
number of failed transactions: 0 (0.000%)
latency average = 0.351 ms
`
	if err := failures(good); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{strings.Replace(good, "transactions: 0", "transactions: 7", 1), "nothing"} {
		if err := failures(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}
