// Package apitest starts the whole service for a test, on a database of its own, and
// talks to it as its callers do: over gRPC and over HTTP.
package apitest

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/pgtest"
	"github.com/rapport-crm/rapport/internal/server"
	"github.com/rapport-crm/rapport/internal/telemetry"
)

// Service is a running service and its clients.
type Service struct {
	Server       *server.Server
	Conn         *grpc.ClientConn
	Customers    rapportv1.CustomerServiceClient
	Purchases    rapportv1.PurchaseServiceClient
	Interactions rapportv1.InteractionServiceClient
	Cases        rapportv1.CaseServiceClient
	Tasks        rapportv1.TaskServiceClient
	Satisfaction rapportv1.SatisfactionServiceClient
	Insights     rapportv1.InsightServiceClient
	Changes      rapportv1.ChangeServiceClient
	// URL and AdminURL are the roots of REST and of the admin port.
	URL      string
	AdminURL string
	// DatabaseURL leads to the test's database, DB is a pool on it: for looking at what
	// a call left behind, and for breaking it.
	DatabaseURL string
	DB          *pgxpool.Pool
	// Log is what the service has logged so far.
	Log *Log
	// Stop drains the service, as SIGTERM does, and returns what Serve returned. It may
	// be called once; a test that does not call it leaves that to its cleanup.
	Stop func() error
	// Abort cuts off what Stop waits for, as a second SIGTERM does.
	Abort context.CancelFunc
}

// Start starts a service with the default settings on a fresh database.
func Start(t testing.TB) *Service {
	t.Helper()
	return StartWith(t, func(*server.Config) {})
}

// Defaults are the settings of a service in a test: those of `rapport serve`, on free
// ports, and quick to leave. The database is the caller's to set.
func Defaults() server.Config {
	drainDelay := time.Duration(0)
	return server.Config{
		GRPCAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", AdminAddr: "127.0.0.1:0",
		PoolSize: 8, PoolMinIdle: 1, ReportPoolSize: 2, AcquireTimeout: 5 * time.Second, StatementTimeout: 5 * time.Second,
		LockTimeout: 2 * time.Second, Auth: "none", RequestTTL: 24 * time.Hour, PurgeAfter: 720 * time.Hour,
		SweepInterval: time.Minute, ClockInterval: 100 * time.Millisecond, StreamWorkers: 64, GCPercent: 800, DrainDelay: &drainDelay, DrainGrace: 10 * time.Second,
	}
}

// StartWith starts a service whose settings the function changes. Where it sets no
// database, the service gets a fresh one.
func StartWith(t testing.TB, change func(*server.Config)) *Service {
	t.Helper()
	config := Defaults()
	change(&config)
	if config.DatabaseURL == "" {
		config.DatabaseURL = pgtest.New(t)
	}
	if err := config.Validate(); err != nil {
		t.Fatalf("settings: %v", err)
	}
	s := &Service{DatabaseURL: config.DatabaseURL, Log: &Log{}}
	tel, err := telemetry.Setup(t.Context(), telemetry.Options{Version: "test", Log: s.Log, LogFormat: "json", LogLevel: slog.LevelDebug})
	if err != nil {
		t.Fatalf("telemetry: %v", err)
	}
	// The contexts outlive t.Context, which ends before the cleanups run.
	running, stop := context.WithCancel(context.Background())
	abort, cutOff := context.WithCancel(context.Background())
	if s.Server, err = server.Start(running, config, tel); err != nil {
		stop()
		cutOff()
		t.Fatalf("start: %v\n%s", err, s.Log)
	}
	served := make(chan error, 1)
	go func() { served <- s.Server.Serve(running, abort) }()
	s.Abort = cutOff
	s.Stop = sync.OnceValue(func() error {
		stop()
		err := <-served
		if flushErr := tel.Shutdown(context.Background()); err == nil {
			err = flushErr
		}
		return err
	})
	t.Cleanup(func() {
		stop()
		cutOff()
		_ = s.Stop() // the test that cares has looked already
	})
	s.connect(t)
	return s
}

// connect makes the clients and waits until the service is ready.
func (s *Service) connect(t testing.TB) {
	t.Helper()
	var err error
	s.Conn, err = grpc.NewClient(s.Server.GRPCAddr(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(8<<20), grpc.MaxCallSendMsgSize(8<<20)))
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { _ = s.Conn.Close() })
	s.Customers = rapportv1.NewCustomerServiceClient(s.Conn)
	s.Purchases = rapportv1.NewPurchaseServiceClient(s.Conn)
	s.Interactions = rapportv1.NewInteractionServiceClient(s.Conn)
	s.Cases = rapportv1.NewCaseServiceClient(s.Conn)
	s.Tasks = rapportv1.NewTaskServiceClient(s.Conn)
	s.Satisfaction = rapportv1.NewSatisfactionServiceClient(s.Conn)
	s.Insights = rapportv1.NewInsightServiceClient(s.Conn)
	s.Changes = rapportv1.NewChangeServiceClient(s.Conn)
	s.URL, s.AdminURL = "http://"+s.Server.HTTPAddr(), "http://"+s.Server.AdminAddr()
	if s.DB, err = pgxpool.New(t.Context(), s.DatabaseURL); err != nil {
		t.Fatalf("database: %v", err)
	}
	t.Cleanup(s.DB.Close)
}

// WaitReady waits until /readyz says want.
func (s *Service) WaitReady(t testing.TB, want bool) {
	t.Helper()
	Eventually(t, 30*time.Second, func() bool {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.AdminURL+"/readyz", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return false
		}
		defer resp.Body.Close() //nolint:errcheck // nothing was written
		return (resp.StatusCode == http.StatusOK) == want
	})
}

// Eventually polls until the condition holds and fails the test where it does not in
// time.
func Eventually(t testing.TB, within time.Duration, condition func() bool) {
	t.Helper()
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline.C:
			t.Fatalf("it did not happen within %s", within)
		case <-tick.C:
		}
	}
}

// Log collects what a service logs.
type Log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// String returns all that was logged so far, a JSON object a line.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
