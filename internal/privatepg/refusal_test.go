package privatepg

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNotInstalled(t *testing.T) {
	dir := tempDir(t)
	_, err := Start(t.Context(), Options{Dir: dir, BinDir: t.TempDir()})
	if !errors.Is(err, ErrNotInstalled) {
		t.Fatalf("got %v, want ErrNotInstalled", err)
	}
	if !strings.Contains(err.Error(), installHint()) {
		t.Errorf("%q does not tell how to install", err)
	}
	start(t, Options{Dir: dir}) // the failure left the directory free
}

// TestProgramsBehindLinks searches PATH where it holds links to two of the programs
// only: the others are wanted too, such as pgbench.
func TestProgramsBehindLinks(t *testing.T) {
	want, err := findBinaries(t.Context(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	links := t.TempDir()
	for _, name := range []string{"postgres", "initdb"} {
		if err := os.Symlink(filepath.Join(want, name), filepath.Join(links, name)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", links)
	if got, err := findBinaries(t.Context(), "", 0); err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func TestInstallCommand(t *testing.T) {
	got := map[string]string{}
	for name, release := range map[string]string{
		"debian": "ID=debian\n",
		"mint":   "NAME=\"Linux Mint\"\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n",
		"fedora": "ID=fedora\n",
		"rocky":  "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n",
		"alpine": "ID=alpine\n",
		"other":  "ID=other\n",
	} {
		got[name] = installCommand("linux", release)
	}
	got["macOS"] = installCommand("darwin", "")
	want := map[string]string{
		"debian": "sudo apt-get install postgresql",
		"mint":   "sudo apt-get install postgresql",
		"fedora": "sudo dnf install postgresql-server postgresql-contrib",
		"rocky":  "sudo dnf install postgresql-server postgresql-contrib",
		"alpine": "sudo apk add postgresql postgresql-contrib",
		"macOS":  "brew install postgresql@17",
		"other":  "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestClusterOfAnotherVersion(t *testing.T) {
	dir := tempDir(t)
	data := filepath.Join(dir, "data")
	if err := errors.Join(os.Mkdir(data, 0o700), os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("13\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Options{Dir: dir}); !errors.Is(err, ErrVersion) {
		t.Errorf("got %v, want ErrVersion", err)
	}
}

func TestFolderTheAccountCannotEnter(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root hands its files to another account")
	}
	closed := filepath.Join(tempDir(t), "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Options{Dir: filepath.Join(closed, "data")})
	if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "chmod o+x "+closed) {
		t.Errorf("got %v, want the folder to open", err)
	}
}

func TestSocketPathTooLong(t *testing.T) {
	dir := filepath.Join(tempDir(t), strings.Repeat("deep", 30))
	crash(t, dir, nil)
	crashed, err := os.Readlink(filepath.Join(dir, "run"))
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, Options{Dir: dir})
	mustExec(t, s.URL(), checkKept)
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, runDir := range []string{crashed, s.runDir} {
		if _, err := os.Stat(runDir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the socket's temporary folder %s is left: %v", runDir, err)
		}
	}
}

// TestStopWithoutPatience stops by a context that has ended; nothing committed is lost.
func TestStopWithoutPatience(t *testing.T) {
	dir := tempDir(t)
	s, err := Start(t.Context(), Options{Dir: dir, Settings: unsynced})
	if err != nil {
		t.Fatal(err)
	}
	mustExec(t, s.URL(), makeKept)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_ = s.Stop(ctx) // an error if the signal came before the end of the checkpoint
	mustExec(t, start(t, Options{Dir: dir}).URL(), checkKept)
}

func TestLogHoldsNoValues(t *testing.T) {
	s := start(t, Options{Dir: tempDir(t)})
	mustExec(t, s.URL(), `CREATE TABLE secrets (s text PRIMARY KEY, n int); INSERT INTO secrets VALUES ('xyzzy')`)
	for _, sql := range []string{
		`INSERT INTO secrets VALUES ('xyzzy')`,
		`SELECT 'xyzzy'::uuid`,
		`DO $$ BEGIN RAISE WARNING 'xyzzy'; RAISE EXCEPTION 'xyzzy'; END $$`,
		`SELECT pg_terminate_backend(pg_backend_pid()), 'xyzzy'`,
	} {
		if err := query(t.Context(), s.URL(), sql); err == nil {
			t.Fatalf("%s succeeds", sql)
		}
	}
	b, err := os.ReadFile(s.LogFile())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b, []byte("FATAL")) || bytes.Contains(b, []byte("xyzzy")) || bytes.Contains(b, []byte("secrets")) {
		t.Errorf("the log should tell of the FATAL error alone:\n%s", b)
	}
}

func TestLogIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	f, err := openLog(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for range 3 {
		_, err1 := f.Write(bytes.Repeat([]byte("12345678"), logLimit/8))
		_, err2 := f.WriteString("last\n")
		if err := errors.Join(err1, err2, boundLog(path)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.WriteString("next\n"); err != nil {
		t.Fatal(err)
	}
	log, err1 := os.ReadFile(path)
	before, err2 := os.ReadFile(path + ".1")
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if string(log) != "next\n" || len(before) != logLimit || !bytes.HasSuffix(before, []byte("last\n")) {
		t.Errorf("log is %d bytes, before it %d", len(log), len(before))
	}
}
