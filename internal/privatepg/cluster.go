package privatepg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// maxSocketPath is the longest path of a Unix socket that every supported system
// takes, in bytes: macOS has 103, Linux 107.
const maxSocketPath = 103

// initdb creates the cluster in data.new and renames it when it is complete, so that
// a kill in the middle leaves nothing that looks like a cluster.
func (s *Server) initdb(ctx context.Context) error {
	fresh := s.dataDir() + ".new"
	if err := s.endEarlier(ctx, fresh); err != nil {
		return err
	}
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("private PostgreSQL: remove an unfinished cluster: %w", err)
	}
	if err := errors.Join(os.Mkdir(fresh, 0o700), s.account.giveTo(fresh)); err != nil {
		return fmt.Errorf("private PostgreSQL: %w", err)
	}
	args := []string{
		"-D", fresh, "-U", superuser, "--auth-local=trust", "--auth-host=reject",
		"--locale=C", "-E", "UTF8", "--no-instructions",
	}
	if s.settings["fsync"] == "off" {
		args = append(args, "--no-sync")
	}
	var out bytes.Buffer
	cmd := s.command(ctx, "initdb", args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = childAttr(s.account, syscall.SIGKILL)
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 2 * time.Second
	p, err := spawn(cmd)
	if err == nil {
		<-p.done
		err = p.err
	}
	if err != nil {
		return fmt.Errorf("private PostgreSQL: initdb: %w: %s", errors.Join(ctx.Err(), err), bytes.TrimSpace(out.Bytes()))
	}
	if err := os.Rename(fresh, s.dataDir()); err != nil {
		return fmt.Errorf("private PostgreSQL: %w", err)
	}
	return syncDir(s.dir)
}

// syncDir makes a rename in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("private PostgreSQL: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("private PostgreSQL: sync %s: %w", dir, err)
	}
	return nil
}

// makeRunDir makes an empty folder for the socket. Where its path would be too long
// for a socket, run is a link to a short temporary folder; the link is how the next
// start finds that folder again after a kill.
func (s *Server) makeRunDir() error {
	s.runDir = filepath.Join(s.dir, "run")
	s.removeShortRunDir()
	if err := os.RemoveAll(s.runDir); err != nil {
		return fmt.Errorf("private PostgreSQL: %w", err)
	}
	if len(socketFile(s.runDir)) <= maxSocketPath {
		if err := os.Mkdir(s.runDir, 0o700); err != nil {
			return fmt.Errorf("private PostgreSQL: %w", err)
		}
	} else {
		short, err := shortTempDir()
		if err != nil {
			return err
		}
		if err := os.Symlink(short, s.runDir); err != nil {
			return fmt.Errorf("private PostgreSQL: %w", err)
		}
		s.runDir = short
	}
	if err := s.account.giveTo(s.runDir); err != nil {
		return fmt.Errorf("private PostgreSQL: %w", err)
	}
	return nil
}

// shortTempDir makes a folder in the temporary folder or, where that is deep too, in
// /tmp.
func shortTempDir() (string, error) {
	for _, parent := range []string{os.TempDir(), "/tmp"} {
		dir, err := os.MkdirTemp(parent, "rapport-")
		if err != nil {
			return "", fmt.Errorf("private PostgreSQL: %w", err)
		}
		if len(socketFile(dir)) <= maxSocketPath {
			return dir, nil
		}
		_ = os.Remove(dir)
	}
	return "", errors.New("private PostgreSQL: no folder with a path short enough for a socket")
}

// removeShortRunDir removes the temporary folder that run links to, if it does: the
// socket, its lock file and the folder, so that a wrong link can do no harm.
func (s *Server) removeShortRunDir() {
	link := filepath.Join(s.dir, "run")
	short, err := os.Readlink(link)
	if err != nil {
		return
	}
	for _, path := range []string{socketFile(short), socketFile(short) + ".lock", short, link} {
		_ = os.Remove(path)
	}
}

func socketFile(runDir string) string { return filepath.Join(runDir, ".s.PGSQL."+port) }

// command prepares one of the server's programs with little of our environment:
// PGPORT and others change what it does, and secrets are none of its business.
func (s *Server) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.binDir, name), args...)
	cmd.Env = []string{"LC_ALL=C"} // launch reads messages
	for _, key := range []string{"PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR"} {
		if v, ok := os.LookupEnv(key); ok {
			cmd.Env = append(cmd.Env, key+"="+v)
		}
	}
	return cmd
}

// createDatabase creates the service's role and database where they are missing.
func (s *Server) createDatabase(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.AdminURL())
	if err != nil {
		return fmt.Errorf("private PostgreSQL: connect: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for _, step := range []struct{ exists, create string }{
		{`SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)`, `CREATE ROLE ` + role + ` LOGIN`},
		{`SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, `CREATE DATABASE ` + database + ` OWNER ` + role},
	} {
		var exists bool
		// The role and the database have the same name.
		if err := conn.QueryRow(ctx, step.exists, database).Scan(&exists); err != nil {
			return fmt.Errorf("private PostgreSQL: %w", err)
		}
		if exists {
			continue
		}
		if _, err := conn.Exec(ctx, step.create); err != nil {
			return fmt.Errorf("private PostgreSQL: %s: %w", step.create, err)
		}
	}
	return nil
}
