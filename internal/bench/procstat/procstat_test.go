package procstat

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseProcess(t *testing.T) {
	got, err := ParseProcess([]byte("4711 (a ) b) S 12 4711 4711 0 -1 4194560 5 6 7 8 100 23 400 56 20 0 1 0 99 1 2\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := Process{PID: 4711, Parent: 12, Own: 1230 * time.Millisecond, Ended: 4560 * time.Millisecond}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, broken := range []string{"", "4711", "4711 (x) S 1", "4711 (x) S a b c d e f g h i j k l m n o p"} {
		if _, err := ParseProcess([]byte(broken)); err == nil {
			t.Errorf("%q: no error", broken)
		}
	}
}

func TestParseBusy(t *testing.T) {
	got, err := ParseBusy([]byte("cpu  1000 20 300 99999 7 8 9 40 0 0\ncpu0 1 2 3\n"))
	if err != nil {
		t.Fatal(err)
	}
	if want := 13600 * time.Millisecond; got != want {
		t.Errorf("busy %s, want %s", got, want)
	}
	if _, err := ParseBusy([]byte("intr 1 2 3")); err == nil {
		t.Error("no error without a line of processors")
	}
}

// A child's time must be counted once, whether it lives or has ended.
func TestFamilyCountsChildren(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("there is no /proc")
	}
	before, children, err := Family(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo; read line")
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := output.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	live, count, err := Family(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := input.Close(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // read fails at the end of its input
	ended, _, err := Family(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if count != children+1 || live <= before || ended < live || ended > live+200*time.Millisecond {
		t.Errorf("used %s with %d children, then %s with %d, then %s", before, children, live, count, ended)
	}
}
