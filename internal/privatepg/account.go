package privatepg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is whom the server runs as when the service is root, since PostgreSQL
// refuses to run as root. A nil account is the service's own.
type account struct {
	name     string
	uid, gid uint32
}

// serverAccount picks the account: the owner of an existing cluster, else postgres,
// else nobody. It is nil unless the service is root.
func serverAccount(dataDir string) (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	if info, err := os.Stat(dataDir); err == nil {
		if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 {
			return &account{name: fmt.Sprintf("uid %d", st.Uid), uid: st.Uid, gid: st.Gid}, nil
		}
		return nil, fmt.Errorf("private PostgreSQL: %s belongs to root; PostgreSQL does not run as root", dataDir)
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("private PostgreSQL: account %s: %w", name, err)
		}
		return &account{name: name, uid: uint32(uid), gid: uint32(gid)}, nil
	}
	return nil, errors.New("private PostgreSQL: PostgreSQL does not run as root, and there is no account postgres or nobody to run it as")
}

// giveTo hands a file to the account.
func (a *account) giveTo(path string) error {
	if a == nil {
		return nil
	}
	return os.Lchown(path, int(a.uid), int(a.gid))
}

// checkAccess makes sure that the account can enter the directory and run the
// programs, by doing so: access lists and mounts decide with the mode bits.
// Otherwise initdb would fail with a bare "permission denied".
func (s *Server) checkAccess(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, filepath.Join(s.binDir, "postgres"), "--version")
	cmd.Dir = s.dir
	cmd.SysProcAttr = childAttr(s.account, syscall.SIGKILL)
	err := cmd.Run()
	if err == nil {
		return nil
	}
	if s.account == nil || !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("private PostgreSQL: %w", err)
	}
	for _, dir := range []string{s.dir, s.binDir} {
		if closed := s.account.closedParent(dir); closed != "" {
			return fmt.Errorf("private PostgreSQL: account %s, which runs the server because PostgreSQL does not run as root, cannot enter %s "+
				"on the way to %s: choose another data directory or allow it with `chmod o+x %s`: %w", s.account.name, closed, dir, closed, fs.ErrPermission)
		}
	}
	return fmt.Errorf("private PostgreSQL: account %s cannot run %s in %s: %w", s.account.name, cmd.Path, s.dir, err)
}

// closedParent is the topmost folder on the way to and including dir that the
// account cannot enter by its mode bits, or empty.
func (a *account) closedParent(dir string) string {
	if parent := filepath.Dir(dir); parent != dir {
		if closed := a.closedParent(parent); closed != "" {
			return closed
		}
	}
	info, err := os.Stat(dir)
	if err != nil {
		return dir
	}
	bit := os.FileMode(0o001)
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		switch {
		case st.Uid == a.uid:
			bit = 0o100
		case st.Gid == a.gid:
			bit = 0o010
		}
	}
	if info.Mode()&bit == 0 {
		return dir
	}
	return ""
}
