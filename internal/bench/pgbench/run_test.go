package pgbench

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseLog(t *testing.T) {
	got, err := parseLog(strings.NewReader("0 1 333 0 1795212000 123456\n1 1 20480 0 1795212000 223456\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []time.Duration{333 * time.Microsecond, 20480 * time.Microsecond}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, broken := range []string{"0 1 333\n", "0 1 failed 0 1 2\n"} {
		if _, err := parseLog(strings.NewReader(broken)); err == nil {
			t.Errorf("%q: no error", broken)
		}
	}
}

func TestParseSummary(t *testing.T) {
	const good = `transaction type: script.sql
number of transactions actually processed: 2843
number of failed transactions: 0 (0.000%)
latency average = 0.351 ms
initial connection time = 4.812 ms
tps = 2843.526914 (without initial connection time)
`
	rate, err := parseSummary(good)
	if err != nil || rate != 2843.526914 {
		t.Errorf("%v, %v", rate, err)
	}
	if _, err := parseSummary(strings.Replace(good, "transactions: 0", "transactions: 7", 1)); err == nil {
		t.Error("failed transactions are no error")
	}
	if _, err := parseSummary("nothing"); err == nil {
		t.Error("no rate is no error")
	}
}
