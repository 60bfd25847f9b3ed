package privatepg

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// minMajor is the oldest major version of PostgreSQL the service runs on.
const minMajor = 14

// ErrNotInstalled is returned, wrapped, by Start when no usable PostgreSQL server is
// installed. The text says how to install one on this platform.
var ErrNotInstalled = errors.New("PostgreSQL 14 or newer is not installed")

// ErrVersion is returned, wrapped, by Start when the directory's cluster was made by
// a major version that is not installed.
var ErrVersion = errors.New("the installed PostgreSQL does not fit the data directory")

// packageDirs are where packages put server programs outside PATH.
var packageDirs = []string{
	"/usr/lib/postgresql/*/bin",                          // Debian, Ubuntu
	"/usr/pgsql-*/bin",                                   // RPMs of the PostgreSQL project
	"/usr/lib/postgresql*/bin",                           // SUSE
	"/usr/libexec/postgresql*",                           // Alpine
	"/usr/lib64/postgresql-*/bin",                        // Gentoo
	"/opt/homebrew/opt/postgresql@*/bin",                 // Homebrew on Apple silicon
	"/usr/local/opt/postgresql@*/bin",                    // Homebrew on Intel
	"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",    // Homebrew on Linux
	"/Applications/Postgres.app/Contents/Versions/*/bin", // Postgres.app
}

// findBinaries returns the first folder that holds a server of the given major
// version, or of any supported one when major is 0.
func findBinaries(ctx context.Context, binDir string, major int) (string, error) {
	dirs := []string{binDir}
	if binDir == "" {
		dirs = candidates(ctx)
	}
	var found []string
	for _, dir := range dirs {
		v, err := serverMajor(ctx, dir)
		if err != nil {
			continue
		}
		if v == major || major == 0 && v >= minMajor {
			return dir, nil
		}
		found = append(found, fmt.Sprintf("%d in %s", v, dir))
	}
	if major != 0 && len(found) > 0 {
		return "", fmt.Errorf("private PostgreSQL: %w: it was made by version %d, installed is %s; install version %d or upgrade with pg_upgrade",
			ErrVersion, major, strings.Join(found, ", "), major)
	}
	if binDir != "" {
		return "", fmt.Errorf("private PostgreSQL: %w in %s: %s", ErrNotInstalled, binDir, installHint())
	}
	return "", fmt.Errorf("private PostgreSQL: %w: %s, or set a database URL", ErrNotInstalled, installHint())
}

// candidates lists folders that hold postgres and initdb, the most wanted first.
func candidates(ctx context.Context) []string {
	var dirs []string
	add := func(dir string) {
		if !slices.Contains(dirs, dir) && isFile(filepath.Join(dir, "postgres")) && isFile(filepath.Join(dir, "initdb")) {
			dirs = append(dirs, dir)
		}
	}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		// PATH may hold links to a few of the programs; the rest lie where they lead.
		if path, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres")); err == nil && filepath.IsAbs(path) {
			add(filepath.Dir(path))
		}
	}
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		add(strings.TrimSpace(string(out)))
	}
	for _, pattern := range packageDirs {
		matches, _ := filepath.Glob(pattern) // the patterns are well formed
		slices.SortFunc(matches, func(a, b string) int { return cmp.Compare(pathMajor(b), pathMajor(a)) })
		for _, dir := range matches {
			add(dir)
		}
	}
	return dirs
}

var number = regexp.MustCompile(`\d+`)

// pathMajor is the last number in a path such as /usr/lib64/postgresql-15/bin, or 0.
func pathMajor(path string) int {
	all := number.FindAllString(path, -1)
	if len(all) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(all[len(all)-1]) // digits only
	return n
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// serverMajor asks the server program in dir for its major version.
func serverMajor(ctx context.Context, dir string) (int, error) {
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return 0, fmt.Errorf("version of %s/postgres: %w", dir, err)
	}
	_, version, ok := strings.Cut(string(out), "(PostgreSQL) ")
	major, err := strconv.Atoi(number.FindString(version))
	if !ok || err != nil {
		return 0, fmt.Errorf("version of %s/postgres: unexpected answer %q", dir, out)
	}
	return major, nil
}

// clusterMajor is the major version that made the cluster, or 0 where there is none.
func clusterMajor(dataDir string) (int, error) {
	b, err := os.ReadFile(filepath.Join(dataDir, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(dataDir); err == nil {
			return 0, fmt.Errorf("private PostgreSQL: %s is not a database cluster: it has no PG_VERSION", dataDir)
		}
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("private PostgreSQL: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0, fmt.Errorf("private PostgreSQL: %s/PG_VERSION: %w", dataDir, err)
	}
	return major, nil
}
