package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rapport-crm/rapport/internal/privatepg"
)

const (
	memoryDir   = "/dev/shm"
	memoryNeed  = 1 << 30 // free bytes that make memoryDir the place
	dirPattern  = "rapport-pgtest-*"
	abandonedAt = time.Minute // younger folders may not be locked yet
)

// throwaway are the settings of a server whose data nobody wants after a crash.
var throwaway = map[string]string{
	"fsync":              "off",
	"synchronous_commit": "off",
	"full_page_writes":   "off",
	"autovacuum":         "off",
	"wal_level":          "minimal",
	"max_wal_senders":    "0",
	"max_connections":    "400",
	"shared_buffers":     "128MB",
}

// Cluster is a temporary server and its folder.
type Cluster struct {
	Server *privatepg.Server
	dir    string
	reaper *os.File // closing it, or our end, has the folder removed
}

// StartCluster starts a fast, forgetful server, in memory where 1 GB is free there.
// Its role may create databases. It goes with Close or with this process.
func StartCluster(ctx context.Context) (*Cluster, error) {
	parent := os.TempDir()
	var st syscall.Statfs_t
	if err := syscall.Statfs(memoryDir, &st); err == nil && st.Bavail*uint64(st.Bsize) >= memoryNeed {
		parent = memoryDir
	}
	c, err := startCluster(ctx, parent, throwaway)
	if err != nil {
		return nil, err
	}
	err = onServer(ctx, c.Server.AdminURL(), func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `ALTER ROLE rapport CREATEDB`)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func startCluster(ctx context.Context, parent string, settings map[string]string) (*Cluster, error) {
	removeAbandoned(parent)
	dir, err := os.MkdirTemp(parent, dirPattern)
	if err != nil {
		return nil, fmt.Errorf("temporary cluster: %w", err)
	}
	c := &Cluster{dir: dir}
	// As root the server runs as another account, which has to get in.
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	if c.reaper, err = startReaper(dir); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	if c.Server, err = privatepg.Start(ctx, privatepg.Options{Dir: dir, Settings: settings}); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Close stops the server and removes its files.
func (c *Cluster) Close() error {
	var stopped error
	if c.Server != nil {
		stopped = c.Server.Stop(context.Background())
	}
	err := errors.Join(stopped, os.RemoveAll(c.dir))
	if c.reaper != nil {
		err = errors.Join(err, c.reaper.Close())
	}
	return err
}

// reaperScript waits until its input closes, which the end of our process does in
// every case, then ends the server without ceremony and removes its folder.
const reaperScript = `cat
pid=
[ -f "$1/data/postmaster.pid" ] && read -r pid <"$1/data/postmaster.pid" && kill -s QUIT "$pid"
while [ -n "$pid" ] && kill -s 0 "$pid"; do sleep 0.1; done
[ -L "$1/run" ] && rm -rf "$(readlink "$1/run")"
rm -rf "$1"`

// startReaper starts the process that cleans up after this one. A test binary runs
// no code of ours at its end, and none at all when it is killed. The reaper's output
// is nowhere: `go test` waits for whoever holds the test's.
func startReaper(dir string) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("reaper: %w", err)
	}
	defer func() { _ = r.Close() }()
	cmd := exec.CommandContext(context.Background(), "sh", "-c", reaperScript, "reaper", dir)
	cmd.Stdin = r
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		_ = w.Close()
		return nil, fmt.Errorf("reaper: %w", err)
	}
	go func() {
		_ = cmd.Wait() // it must not stay a zombie after Close
		// The garbage collector would close a pipe that nobody refers to any more.
		runtime.KeepAlive(w)
	}()
	return w, nil
}

// removeAbandoned removes folders whose process and reaper were both killed: nobody
// holds their lock.
func removeAbandoned(parent string) {
	dirs, _ := filepath.Glob(filepath.Join(parent, dirPattern)) // the pattern is well formed
	for _, dir := range dirs {
		info, err := os.Stat(dir)
		if err != nil || time.Since(info.ModTime()) < abandonedAt {
			continue
		}
		if f, err := os.Open(filepath.Join(dir, "lock")); err == nil {
			if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
				_ = os.RemoveAll(dir)
			}
			_ = f.Close()
		} else if errors.Is(err, os.ErrNotExist) {
			_ = os.RemoveAll(dir)
		}
	}
}
