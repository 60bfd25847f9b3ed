package pgtest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rapport-crm/rapport/internal/pgtest"
)

// ownerEnv makes the test binary a process that owns a cluster, for the test that
// kills it.
const ownerEnv = "PGTEST_TEST_OWNER"

func TestMain(m *testing.M) {
	if os.Getenv(ownerEnv) == "" {
		os.Exit(m.Run())
	}
	c, err := pgtest.StartCluster(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(c.Server.URL())
	_, _ = io.Copy(io.Discard, os.Stdin) // until the test closes it
	if err := c.Close(); err != nil {
		os.Exit(1)
	}
}

// TestClusterGoesWithItsProcess checks both ends a test process can have that run no
// code of its own, a kill, and one that does.
func TestClusterGoesWithItsProcess(t *testing.T) {
	for name, end := range map[string]func(*exec.Cmd, io.Closer) error{
		"killed": func(c *exec.Cmd, _ io.Closer) error { return c.Process.Kill() },
		"closed": func(_ *exec.Cmd, stdin io.Closer) error { return stdin.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), ownerEnv+"=yes")
			cmd.Stderr = os.Stderr
			stdin, err1 := cmd.StdinPipe()
			stdout, err2 := cmd.StdoutPipe()
			if err := errors.Join(err1, err2, cmd.Start()); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = cmd.Process.Kill() }()
			url, err := bufio.NewReader(stdout).ReadString('\n')
			if err != nil {
				t.Fatalf("the process does not start its cluster: %v", err)
			}
			config, err := pgx.ParseConfig(url[:len(url)-1])
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Dir(config.Host)
			if _, err := os.Stat(dir); err != nil {
				t.Fatal(err)
			}
			if err := end(cmd, stdin); err != nil {
				t.Fatal(err)
			}
			awaitGone(t, dir)
		})
	}
}

func awaitGone(t *testing.T, path string) {
	t.Helper()
	deadline := time.After(15 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("%s is still there", path)
		case <-tick.C:
		}
	}
}
