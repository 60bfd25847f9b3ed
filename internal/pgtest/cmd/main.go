// Command cmd runs a command with one temporary PostgreSQL server for all the tests
// in it:
//
//	go run ./internal/pgtest/cmd -- go test ./...
//
// It exits with the command's exit code. Where TEST_DATABASE_URL is set already, the
// command gets that server.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/rapport-crm/rapport/internal/pgtest"
)

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: cmd -- COMMAND [ARGUMENT...]")
		os.Exit(2)
	}
	code, err := run(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
	}
	os.Exit(code)
}

// run returns the command's exit code, or 1 and what went wrong.
func run(args []string) (code int, err error) {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	if os.Getenv(pgtest.EnvURL) == "" {
		cluster, err := pgtest.StartCluster(ctx)
		if err != nil {
			return 1, err
		}
		defer func() {
			if closeErr := cluster.Close(); closeErr != nil {
				code, err = max(code, 1), closeErr
			}
		}()
		cmd.Env = append(os.Environ(), pgtest.EnvURL+"="+cluster.Server.URL())
	}
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() >= 0 {
		return exit.ExitCode(), nil
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}
