package privatepg

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ownerEnv makes the test binary a service that owns the server in the folder it
// names, for tests that kill such a service.
const ownerEnv = "PRIVATEPG_TEST_OWNER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(ownerEnv); dir != "" {
		os.Exit(runOwner(dir))
	}
	os.Exit(m.Run())
}

func runOwner(dir string) int {
	s, err := Start(context.Background(), Options{Dir: dir, Settings: unsynced})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(s.PostmasterPID(), s.URL())
	_, _ = io.Copy(io.Discard, os.Stdin) // until the test closes it
	if err := s.Stop(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// owner is a running service of its own.
type owner struct {
	cmd        *exec.Cmd
	stdin      io.Closer
	out        *bufio.Reader
	postmaster int
	url        string
}

// startOwner starts the service, as the account if there is one, and returns before
// its server runs.
func startOwner(t *testing.T, dir string, a *account) *owner {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("relies on /proc and on signals at a parent's death")
	}
	// The link is open to accounts that cannot enter the binary's folder.
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Env = append(os.Environ(), ownerEnv+"="+dir)
	cmd.Dir = "/"
	cmd.Stderr = os.Stderr
	if a != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: a.uid, Gid: a.gid}}
	}
	stdin, err1 := cmd.StdinPipe()
	stdout, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return &owner{cmd: cmd, stdin: stdin, out: bufio.NewReader(stdout)}
}

func (o *owner) awaitReady(t *testing.T) {
	t.Helper()
	if _, err := fmt.Fscan(o.out, &o.postmaster, &o.url); err != nil {
		t.Fatalf("the service does not start: %v", err)
	}
}

func (o *owner) kill(t *testing.T) {
	t.Helper()
	if err := o.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = o.cmd.Wait() // says that it was killed
}

const (
	makeKept  = `CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)`
	checkKept = `DO $$ BEGIN ASSERT (SELECT count(*) FROM kept) = 1; END $$`
)

func TestOwnerKilled(t *testing.T) {
	dir := tempDir(t)
	o := startOwner(t, dir, nil)
	o.awaitReady(t)
	mustExec(t, o.url, makeKept)
	o.kill(t)
	within(t, 30*time.Second, func() error {
		if errors.Is(syscall.Kill(o.postmaster, 0), syscall.ESRCH) {
			return nil
		}
		return errors.New("the postmaster outlives its owner")
	})
	mustExec(t, start(t, Options{Dir: dir}).URL(), checkKept)
}

func TestOwnerAndPostmasterKilled(t *testing.T) {
	dir := tempDir(t)
	crash(t, dir, nil)
	mustExec(t, start(t, Options{Dir: dir}).URL(), checkKept)
}

// crash leaves dir as a power cut would, with the table kept committed.
func crash(t *testing.T, dir string, a *account) {
	t.Helper()
	o := startOwner(t, dir, a)
	o.awaitReady(t)
	mustExec(t, o.url, makeKept)
	// A stopped owner cannot restart the server in between.
	if err := errors.Join(o.cmd.Process.Signal(syscall.SIGSTOP), syscall.Kill(o.postmaster, syscall.SIGKILL)); err != nil {
		t.Fatal(err)
	}
	o.kill(t)
}

func TestOwnerKilledDuringInitdb(t *testing.T) {
	dir := tempDir(t)
	o := startOwner(t, dir, nil)
	within(t, 30*time.Second, func() error {
		_, err := os.Stat(filepath.Join(dir, "data.new", "PG_VERSION"))
		return err
	})
	o.kill(t)
	if _, err := os.Stat(filepath.Join(dir, "data")); err == nil {
		t.Fatal("initdb was over before it was interrupted")
	}
	mustExec(t, start(t, Options{Dir: dir}).URL(), makeKept)
	if _, err := os.Stat(filepath.Join(dir, "data.new")); err == nil {
		t.Error("the unfinished cluster is still there")
	}
}

// TestForeignPID starts after a crash when the old postmaster's process id belongs to
// another process of the same account, which PostgreSQL alone refuses to do.
func TestForeignPID(t *testing.T) {
	dir := tempDir(t)
	crash(t, dir, nil)
	a, err := serverAccount(filepath.Join(dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	stranger := exec.CommandContext(t.Context(), "sleep", "600")
	stranger.Dir = "/"
	stranger.SysProcAttr = childAttr(a, syscall.SIGKILL)
	p, err := spawn(stranger)
	if err != nil {
		t.Fatal(err)
	}
	pidFile := filepath.Join(dir, "data", "postmaster.pid")
	b, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "\n")
	if err := os.WriteFile(pidFile, fmt.Appendf(nil, "%d\n%s", p.Pid, rest), 0o600); err != nil {
		t.Fatal(err)
	}
	mustExec(t, start(t, Options{Dir: dir}).URL(), checkKept)
	select {
	case <-p.done:
		t.Error("the other process was ended")
	default:
	}
}

// TestEarlierServerAlive starts beside a server that has survived its owner, as one
// does where parents' deaths are not signalled.
func TestEarlierServerAlive(t *testing.T) {
	dir := tempDir(t)
	s := start(t, Options{Dir: dir})
	mustExec(t, s.URL(), makeKept)
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	earlier, err := s.launch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	next := start(t, Options{Dir: dir})
	if next.PostmasterPID() == earlier.Pid {
		t.Error("the earlier server was adopted")
	}
	if b, err := os.ReadFile(s.LogFile()); err != nil || bytes.Contains(b, []byte("not properly shut down")) {
		t.Errorf("the earlier server had no time to shut down: %v\n%s", err, b)
	}
	mustExec(t, next.URL(), checkKept)
}

// TestWithoutRoot runs the service as an ordinary account, and then as root on the
// same files.
func TestWithoutRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("every other test runs without root already")
	}
	a, err := serverAccount("/nonexistent")
	if err != nil {
		t.Skip(err)
	}
	dir := filepath.Join(tempDir(t), "own")
	if err := errors.Join(os.Mkdir(dir, 0o700), a.giveTo(dir)); err != nil {
		t.Fatal(err)
	}
	crash(t, dir, a)
	o := startOwner(t, dir, a)
	o.awaitReady(t)
	mustExec(t, o.url, checkKept)
	_ = o.stdin.Close()
	if err := o.cmd.Wait(); err != nil {
		t.Fatalf("stop: %v", err)
	}
	mustExec(t, start(t, Options{Dir: dir}).URL(), checkKept)
}
