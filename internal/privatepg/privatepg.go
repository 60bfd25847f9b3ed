// Package privatepg runs a PostgreSQL server of the service's own, from the
// binaries installed on the machine, for `rapport serve` without a database URL.
//
// The server is a direct child that listens on a Unix socket only: no TCP port, no
// password and no clash with another server. Everything lies in one directory:
//
//	lock          held (flock) by the service that owns the directory
//	data          the database cluster; data.new while initdb writes it
//	run           the socket, or a link to a short temporary folder that holds it
//	postgres.log  the server's log, at most twice logLimit with postgres.log.1
//
// The server ends with the service, however that ends: on Linux the kernel
// interrupts it when its parent dies, elsewhere the next start ends it first.
package privatepg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// Names that exist in every private server. The superuser is only for what the
// package does itself and for tools; the service owns its database and no more, as
// it would on a managed server.
const (
	superuser = "postgres"
	role      = "rapport"
	database  = "rapport"
	port      = "5432" // names the socket file only
)

// Options say where the server lives and how it runs.
type Options struct {
	// Dir holds the server's files and is created where it is missing. Two servers
	// never share one.
	Dir string
	// BinDir holds postgres and initdb. Empty searches PATH, `pg_config --bindir` and
	// the places packages install to.
	BinDir string
	// Settings override or add to the server's configuration, by parameter name.
	Settings map[string]string
	// Logger tells of starts, crashes and restarts. Nil discards that.
	Logger *slog.Logger
}

// Server is a running private PostgreSQL. It restarts its postmaster when that dies,
// until Stop. Its methods may be called from several goroutines.
type Server struct {
	dir      string
	runDir   string
	binDir   string
	account  *account
	settings map[string]string
	log      *slog.Logger
	pid      atomic.Int64

	lock *os.File

	// cancel tells the supervisor to stop; hurry closes when it may wait no longer;
	// done closes when the server is down and its directory is free.
	cancel    context.CancelFunc
	hurry     chan struct{}
	hurryOnce sync.Once
	done      chan struct{}
	stopErr   error
}

// ErrLocked is returned, wrapped, by Start when another service owns the directory.
var ErrLocked = errors.New("data directory is in use by another service")

// DefaultDir is where the files go unless a setting says otherwise: /var/lib/rapport
// for root, whose home other accounts cannot enter, else the XDG data home. It is
// empty where the account has no home.
func DefaultDir() string {
	if os.Geteuid() == 0 {
		return "/var/lib/rapport"
	}
	if xdg := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(xdg) {
		return filepath.Join(xdg, "rapport")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".local", "share", "rapport")
}

// Start starts the server, creating its cluster, role and database on the first
// start, and returns when it takes connections. A crash of the machine or of an
// earlier server is recovered from first, which ctx may cut short; ctx does not end
// the server once Start has returned. Errors are ErrLocked, ErrNotInstalled and
// ErrVersion, wrapped, or say what failed.
func Start(ctx context.Context, o Options) (*Server, error) {
	s := &Server{
		settings: o.Settings,
		log:      o.Logger,
		hurry:    make(chan struct{}),
		done:     make(chan struct{}),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if s.dir, err = makeDir(o.Dir); err != nil {
		return nil, err
	}
	if s.lock, err = lockDir(s.dir); err != nil {
		return nil, err
	}
	p, err := s.bringUp(ctx, o.BinDir)
	if err != nil {
		s.release()
		return nil, err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	go s.supervise(running, p)
	return s, nil
}

// bringUp does everything of a start that happens under the lock.
func (s *Server) bringUp(ctx context.Context, binDir string) (*process, error) {
	major, err := clusterMajor(s.dataDir())
	if err != nil {
		return nil, err
	}
	if s.binDir, err = findBinaries(ctx, binDir, major); err != nil {
		return nil, err
	}
	if s.account, err = serverAccount(s.dataDir()); err != nil {
		return nil, err
	}
	if err := s.checkAccess(ctx); err != nil {
		return nil, err
	}
	if err := s.endEarlier(ctx, s.dataDir()); err != nil {
		return nil, err
	}
	if err := s.makeRunDir(); err != nil {
		return nil, err
	}
	if major == 0 {
		if err := s.initdb(ctx); err != nil {
			return nil, err
		}
	}
	p, err := s.launch(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.createDatabase(ctx); err != nil {
		_ = p.shutdown(s.hurry)
		return nil, err
	}
	return p, nil
}

// Stop shuts the server down: its sessions end at once and a checkpoint is written.
// After 10 s, or when ctx ends, it is stopped without the checkpoint, which loses no
// committed data but makes the next start recover; Stop says so with an error. It
// always waits until the server is down, and may be called again.
func (s *Server) Stop(ctx context.Context) error {
	s.cancel()
	select {
	case <-s.done:
	case <-ctx.Done():
		s.hurryOnce.Do(func() { close(s.hurry) })
		<-s.done
	}
	return s.stopErr
}

// URL is the connection string of the service's database, as its owner.
func (s *Server) URL() string { return s.url(role, database) }

// AdminURL is the connection string of the maintenance database as superuser.
func (s *Server) AdminURL() string { return s.url(superuser, "postgres") }

func (s *Server) url(user, db string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User(user),
		Path:     "/" + db,
		RawQuery: url.Values{"host": {s.runDir}, "port": {port}}.Encode(),
	}
	return u.String()
}

// BinDir is where the server's programs are; pgbench and psql may lie there too.
func (s *Server) BinDir() string { return s.binDir }

// PostmasterPID is the process id of the running postmaster, or 0 while it is down.
func (s *Server) PostmasterPID() int { return int(s.pid.Load()) }

// LogFile is the path of the server's own log.
func (s *Server) LogFile() string { return filepath.Join(s.dir, "postgres.log") }

func (s *Server) dataDir() string { return filepath.Join(s.dir, "data") }

// release gives the directory back.
func (s *Server) release() {
	s.removeShortRunDir()
	if err := s.lock.Close(); err != nil {
		s.log.Warn("private PostgreSQL: cannot release the lock", "error", err)
	}
}

func makeDir(dir string) (string, error) {
	if dir == "" {
		return "", errors.New("private PostgreSQL: no data directory is set and the account has no home")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("private PostgreSQL: %w", err)
	}
	// Root hands what lies inside to another account, which has to pass through.
	mode := os.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o755
	}
	if err := os.MkdirAll(dir, mode); err != nil {
		return "", fmt.Errorf("private PostgreSQL: create the data directory: %w", err)
	}
	// Processes are recognised by their real working directory.
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", fmt.Errorf("private PostgreSQL: %w", err)
	}
	return dir, nil
}
