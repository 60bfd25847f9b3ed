package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"github.com/rapport-crm/rapport/internal/server"
	"github.com/rapport-crm/rapport/internal/telemetry"
)

// cutOffTimeout is how long a service that was told to stop at once may still take,
// where a handler hears of nothing.
const cutOffTimeout = 15 * time.Second

type serveCommand struct {
	server.Config
}

// Run implements the subcommand: it serves until SIGTERM or SIGINT and then drains; a
// second signal ends it at once.
func (c *serveCommand) Run(ctx context.Context) (err error) {
	if err := c.Config.Validate(); err != nil {
		return fmt.Errorf("settings:\n%w", err)
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return fmt.Errorf("settings: --log-level: %w", err)
	}
	stop, abort := signalled(ctx)
	t, err := telemetry.Setup(ctx, telemetry.Options{
		Version: version(), Log: os.Stderr, LogFormat: c.LogFormat, LogLevel: level,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.Shutdown(ctx)) }()
	c.limitMemory(ctx, t.Logger)
	s, err := server.Start(stop, c.Config, t)
	if err != nil {
		return err
	}
	c.greet(s)
	return s.Serve(stop, abort)
}

// limitMemory sets how far the heap may grow. What a call leaves behind is small and
// soon dead, and so is what stays: with Go's default the service would collect every
// few megabytes. In a container nine tenths of its memory bound that growth. The
// variables GOGC and GOMEMLIMIT win where they are set.
func (c *serveCommand) limitMemory(ctx context.Context, log *slog.Logger) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(c.GCPercent)
	}
	if limit, err := memlimit.Set(); err != nil {
		log.DebugContext(ctx, "the memory is not limited", "reason", err)
	} else if limit < math.MaxInt64 {
		log.InfoContext(ctx, "the memory is limited", "bytes", limit)
	}
}

// signalled returns a context that ends with the first signal to stop and one that
// ends with the second.
func signalled(ctx context.Context) (stop, abort context.Context) {
	stop, cancelStop := context.WithCancel(ctx)
	abort, cancelAbort := context.WithCancel(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-signals
		cancelStop()
		<-signals
		cancelAbort()
		time.Sleep(cutOffTimeout)
		os.Exit(2)
	}()
	return stop, abort
}

// greet tells a person at a terminal where things are and what to try first.
func (c *serveCommand) greet(s *server.Server) {
	fmt.Printf(`Rapport serves
  gRPC   %[1]s
  REST   http://%[2]s/v1
  admin  http://%[3]s/readyz  (also /livez, /metrics, /debug/pprof)
The API reference is at http://%[2]s/docs/

Make a customer, and list the customers over gRPC:
  curl -sS http://%[2]s/v1/customers -H 'Content-Type: application/json' -d '{"type":"INDIVIDUAL","displayName":"Ada Lovelace"}'
  grpcurl -plaintext -d '{"page_size": 5}' %[1]s rapport.v1.CustomerService/ListCustomers
`, s.GRPCAddr(), s.HTTPAddr(), s.AdminAddr())
}
