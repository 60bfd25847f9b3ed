package faults_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	osexec "os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rapport-crm/rapport/internal/apitest"
)

// binaryDir holds the program while the tests run.
var binaryDir string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if binaryDir, err = os.MkdirTemp("", "rapport-faults-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(binaryDir) }()
	return m.Run()
}

// program builds the binary once, with the race detector where the tests have it:
// then all but its linking is in the build cache.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(binaryDir, "rapport")
	args := []string{"build", "-o", path}
	if info, ok := debug.ReadBuildInfo(); ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		args = append(args, "-race")
	}
	// It is built for all tests, not only for the one that asks first.
	cmd := osexec.CommandContext(context.Background(), "go", append(args, "github.com/rapport-crm/rapport/cmd/rapport")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
})

// process is the service as a process of its own, that can be killed and started
// again at the same addresses.
type process struct {
	grpcAddr, httpAddr, adminAddr string

	args []string
	env  []string
	log  apitest.Log

	cmd    *osexec.Cmd
	exited chan struct{}
}

// newProcess prepares a service on a database; start starts it.
func newProcess(t *testing.T, databaseURL string, args ...string) *process {
	t.Helper()
	p := &process{grpcAddr: freeAddr(t), httpAddr: freeAddr(t), adminAddr: freeAddr(t)}
	p.args = append([]string{
		"serve", "--auth=none", "--drain-delay=0s", "--log-format=json",
		"--grpc-addr=" + p.grpcAddr, "--http-addr=" + p.httpAddr, "--admin-addr=" + p.adminAddr,
	}, args...)
	p.env = []string{"RAPPORT_DATABASE_URL=" + databaseURL, "PATH=" + os.Getenv("PATH")}
	t.Cleanup(func() {
		if p.cmd != nil {
			_ = p.cmd.Process.Kill()
			<-p.exited
		}
		if t.Failed() {
			text := p.log.String()
			t.Logf("the end of the service's log:\n%s", text[max(0, len(text)-4000):])
		}
	})
	return p
}

// freeAddr is an address nobody listens on.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func (p *process) start(t *testing.T) {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	// The test ends it by signals, in its clean-up at last.
	p.cmd = osexec.CommandContext(context.Background(), path, p.args...)
	p.cmd.Env = p.env
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cmd, exited := p.cmd, make(chan struct{})
	p.exited = exited
	go func() {
		_ = cmd.Wait() // the test looks at the state
		close(exited)
	}()
}

func (p *process) signal(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		t.Fatalf("%s: %v", sig, err)
	}
}

// waitExit waits for the end and returns the exit code, -1 after a kill.
func (p *process) waitExit(t *testing.T, within time.Duration) int {
	t.Helper()
	select {
	case <-p.exited:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(within):
		t.Fatalf("the process still runs after %s", within)
		return 0
	}
}

// get asks the admin port and returns the status and the body; the status is 0 where
// nobody answers.
func (p *process) get(t *testing.T, path string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.adminAddr+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = resp.Body.Close() }()
	read, _ := io.ReadAll(resp.Body) // what came of it says enough
	return resp.StatusCode, string(read)
}

// waitReady waits until /readyz answers with the status.
func (p *process) waitReady(t *testing.T, want int) {
	t.Helper()
	apitest.Eventually(t, time.Minute, func() bool {
		code, _ := p.get(t, "/readyz")
		return code == want
	})
}

// inFlight is how many calls the service runs now.
func (p *process) inFlight(t *testing.T) int {
	t.Helper()
	_, page := p.get(t, "/metrics")
	return int(metric(page, "rapport_rpc_in_flight"))
}
