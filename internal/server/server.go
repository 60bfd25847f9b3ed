// Package server wires the service together and runs it: the database, the RPCs on
// gRPC and REST, the admin port, readiness and the end.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"

	"github.com/rapport-crm/rapport/internal/caseclock"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/invitation"
	"github.com/rapport-crm/rapport/internal/linktoken"
	"github.com/rapport-crm/rapport/internal/privatepg"
	"github.com/rapport-crm/rapport/internal/ratelimit"
	"github.com/rapport-crm/rapport/internal/sweep"
	"github.com/rapport-crm/rapport/internal/telemetry"
)

// Server is a service that listens. Make it with Start, run it with Serve.
type Server struct {
	config  Config
	log     *slog.Logger
	private *privatepg.Server // nil where the database is given
	pool    *db.Pool
	// reports has few connections and much time: what reads a million scores must not hold up the rest.
	reports     *db.Pool
	sweeper     *sweep.Sweeper
	caseClock   *caseclock.Clock
	tokens      *linktoken.Signer
	limiter     *ratelimit.Limiter
	invitations *invitation.Server
	readiness   *readiness
	drains      *drains
	grpc        *grpc.Server
	http        *http.Server
	admin       *http.Server
	listeners   listeners
}

type listeners struct{ grpc, http, admin net.Listener }

// Start brings up the database and listens. The config must be valid. On an error
// nothing is left running.
func Start(ctx context.Context, c Config, t *telemetry.Telemetry) (*Server, error) {
	s := &Server{config: c, log: t.Logger}
	if err := s.start(ctx, t); err != nil {
		s.release(context.WithoutCancel(ctx))
		return nil, err
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, t *telemetry.Telemetry) error {
	// The ports first: a second service should say so before it touches the database.
	if err := s.listen(ctx); err != nil {
		return err
	}
	url, err := s.database(ctx)
	if err != nil {
		return err
	}
	if err := s.openPools(ctx, url, t); err != nil {
		return err
	}
	if err := s.surveyLinks(ctx); err != nil {
		return err
	}
	s.sweeper = &sweep.Sweeper{DB: s.pool, Interval: s.config.SweepInterval, Log: t.Logger}
	s.readiness = &readiness{url: url, log: t.Logger, health: health.NewServer(), reason: "the database was not asked yet"}
	return s.serveRPCs(t)
}

// listen opens the three ports.
func (s *Server) listen(ctx context.Context) error {
	var config net.ListenConfig
	for _, l := range []struct {
		addr string
		into *net.Listener
	}{
		{s.config.GRPCAddr, &s.listeners.grpc}, {s.config.HTTPAddr, &s.listeners.http}, {s.config.AdminAddr, &s.listeners.admin},
	} {
		var err error
		if *l.into, err = config.Listen(ctx, "tcp", l.addr); err != nil {
			return fmt.Errorf("listen: %w", err)
		}
	}
	return nil
}

// database starts the private PostgreSQL or takes the given database, brings its
// schema up to date where it may, and refuses one that is not fit.
func (s *Server) database(ctx context.Context) (url string, err error) {
	url = s.config.DatabaseURL
	if s.config.Private() {
		dir := s.config.DataDir
		if dir == "" {
			dir = privatepg.DefaultDir()
		}
		s.private, err = privatepg.Start(ctx, privatepg.Options{Dir: dir, BinDir: s.config.PostgresBin, Logger: s.log})
		if err != nil {
			return "", err
		}
		url = s.private.URL()
	}
	if s.config.Private() || s.config.Migrate {
		if err := db.Migrate(ctx, url); err != nil {
			return "", err
		}
	}
	return url, s.checkFitness(ctx, url)
}

// checkFitness refuses an unfit database. One that is away is no reason to refuse:
// the service waits for it, not ready, rather than crash in a loop.
func (s *Server) checkFitness(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	conn, err := connect(ctx, url)
	if err != nil {
		s.log.WarnContext(ctx, "the database cannot be reached yet", "error", err)
		return nil
	}
	defer conn.Close(ctx) //nolint:errcheck // the server notices a connection that just ends
	risks, err := db.CheckFitness(ctx, conn)
	for _, risk := range risks {
		s.log.WarnContext(ctx, "the database is at risk", "risk", risk)
	}
	if err != nil && !errors.Is(err, db.ErrUnfit) {
		s.log.WarnContext(ctx, "the database went away", "error", err)
		return nil
	}
	return err
}

// GRPCAddr is the address of gRPC.
func (s *Server) GRPCAddr() string { return s.listeners.grpc.Addr().String() }

// HTTPAddr is the address of REST.
func (s *Server) HTTPAddr() string { return s.listeners.http.Addr().String() }

// AdminAddr is the address of the admin port.
func (s *Server) AdminAddr() string { return s.listeners.admin.Addr().String() }

// Serve answers calls until ctx ends and then drains: it turns ready off, lets
// balancers notice, lets running calls finish, and only then closes what they use.
// When abort ends, or the grace is over, what still runs is cut off and the error
// says so.
func (s *Server) Serve(ctx, abort context.Context) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var workers sync.WaitGroup
	workers.Go(func() { s.readiness.run(background) })
	workers.Go(func() { s.sweeper.Run(background) })
	workers.Go(func() { s.caseClock.Run(background) })
	failed := make(chan error, 3)
	go func() { failed <- s.grpc.Serve(s.listeners.grpc) }()
	go func() { failed <- s.http.Serve(s.listeners.http) }()
	go func() { failed <- s.admin.Serve(s.listeners.admin) }()

	var err error
	select {
	case <-ctx.Done():
		err = s.drain(abort)
	case err = <-failed:
		err = fmt.Errorf("serve: %w", err)
	}
	stop()
	workers.Wait()
	s.release(context.WithoutCancel(ctx))
	return err
}

// release closes whatever is open, callers first and the database last.
func (s *Server) release(ctx context.Context) {
	if s.grpc != nil {
		s.grpc.Stop()
	}
	for _, server := range []*http.Server{s.http, s.admin} {
		if server != nil {
			_ = server.Close()
		}
	}
	for _, l := range []net.Listener{s.listeners.grpc, s.listeners.http, s.listeners.admin} {
		if l != nil {
			_ = l.Close()
		}
	}
	for _, pool := range []*db.Pool{s.pool, s.reports} {
		if pool != nil {
			pool.Close()
		}
	}
	if s.private != nil {
		if err := s.private.Stop(ctx); err != nil {
			s.log.ErrorContext(ctx, "private PostgreSQL did not stop", "error", err)
		}
	}
}
