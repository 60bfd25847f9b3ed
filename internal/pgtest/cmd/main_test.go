package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/rapport-crm/rapport/internal/pgtest"
)

func TestRunGivesOneServerAndTheExitCode(t *testing.T) {
	t.Setenv(pgtest.EnvURL, "")
	out := filepath.Join(t.TempDir(), "url")
	code, err := run([]string{"sh", "-c", `printf %s "$TEST_DATABASE_URL" >"$0"; exit 7`, out})
	if code != 7 || err != nil {
		t.Errorf("got exit code %d, %v; want the command's 7", code, err)
	}
	url, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	config, err := pgx.ParseConfig(string(url))
	if err != nil || !filepath.IsAbs(config.Host) {
		t.Fatalf("the command got %q: %v", url, err)
	}
	if _, err := os.Stat(config.Host); !os.IsNotExist(err) {
		t.Errorf("the server's folder is left behind: %v", err)
	}
}

func TestRunKeepsAGivenServer(t *testing.T) {
	t.Setenv(pgtest.EnvURL, "postgres://given/x")
	code, err := run([]string{"sh", "-c", `test "$TEST_DATABASE_URL" = postgres://given/x`})
	if code != 0 || err != nil {
		t.Errorf("got %d, %v", code, err)
	}
}

func TestRunWithoutSuchACommand(t *testing.T) {
	t.Setenv(pgtest.EnvURL, "postgres://given/x")
	if code, err := run([]string{"/nonexistent"}); code != 1 || err == nil {
		t.Errorf("got %d, %v; want 1 and an error", code, err)
	}
}
