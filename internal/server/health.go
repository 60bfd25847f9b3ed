package server

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/rapport-crm/rapport/internal/db"
)

const (
	probeInterval = 500 * time.Millisecond
	probeTimeout  = time.Second
	// failuresToDown and successesToUp keep one slow answer from turning a process
	// away, and one quick one from bringing it back too early.
	failuresToDown = 3
	successesToUp  = 2
)

// readiness knows whether this process can serve: the database is fit and answers,
// and the process is not stopping. It asks over a connection of its own, so that a
// busy pool does not make it look dead.
type readiness struct {
	url      string
	log      *slog.Logger
	health   *health.Server
	services []string

	mu        sync.Mutex
	ready     bool
	draining  bool
	reason    string
	risks     []string
	successes int
	failures  int
}

// state is what /readyz tells.
type state struct {
	Ready  bool     `json:"ready"`
	Reason string   `json:"reason,omitempty"`
	Risks  []string `json:"risks,omitempty"`
}

func (r *readiness) state() state {
	r.mu.Lock()
	defer r.mu.Unlock()
	return state{Ready: r.ready && !r.draining, Reason: r.reason, Risks: r.risks}
}

// run probes until the context ends.
func (r *readiness) run(ctx context.Context) {
	ticker := time.NewTicker(probeInterval)
	defer ticker.Stop()
	var conn *pgx.Conn
	for {
		var err error
		if conn, err = r.probe(ctx, conn); ctx.Err() == nil {
			r.observe(ctx, err)
		}
		select {
		case <-ctx.Done():
			if conn != nil {
				// The server notices a connection that just ends.
				_ = conn.Close(context.WithoutCancel(ctx))
			}
			return
		case <-ticker.C:
		}
	}
}

// probe asks the database for a sign of life. A new connection checks first that the
// database is fit: it may be another one than before.
func (r *readiness) probe(ctx context.Context, conn *pgx.Conn) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	if conn != nil && !conn.IsClosed() {
		return conn, conn.Ping(ctx)
	}
	conn, err := connect(ctx, r.url)
	if err != nil {
		return nil, err
	}
	risks, err := db.CheckFitness(ctx, conn)
	if err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	r.mu.Lock()
	r.risks = risks
	r.mu.Unlock()
	return conn, nil
}

func connect(ctx context.Context, url string) (*pgx.Conn, error) {
	c, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	c.RuntimeParams["application_name"] = "rapport-health"
	return pgx.ConnectConfig(ctx, c)
}

// observe counts probes and flips the state after enough of one kind.
func (r *readiness) observe(ctx context.Context, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.draining {
		return // for good, whatever the database does
	}
	if err == nil {
		r.successes, r.failures = r.successes+1, 0
	} else {
		r.successes, r.failures = 0, r.failures+1
		r.reason = reasonOf(err)
	}
	switch {
	case !r.ready && r.successes >= successesToUp:
		r.ready, r.reason = true, ""
		r.log.InfoContext(ctx, "ready")
	case r.ready && r.failures >= failuresToDown:
		r.ready = false
		r.log.WarnContext(ctx, "not ready", "reason", r.reason, "error", err)
	}
	r.publish()
}

// reasonOf keeps the driver's words, which may name hosts and users, off the page; the
// log has them.
func reasonOf(err error) string {
	if errors.Is(err, db.ErrUnfit) {
		return err.Error()
	}
	return "the database does not answer"
}

// drain turns callers away for good.
func (r *readiness) drain() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.draining, r.reason = true, "the process is stopping"
	r.publish()
}

// publish tells grpc.health.v1 what state tells /readyz.
func (r *readiness) publish() {
	status := healthpb.HealthCheckResponse_NOT_SERVING
	if r.ready && !r.draining {
		status = healthpb.HealthCheckResponse_SERVING
	}
	r.health.SetServingStatus("", status)
	for _, service := range r.services {
		r.health.SetServingStatus(service, status)
	}
}
