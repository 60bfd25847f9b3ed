package server

import (
	"context"
	"fmt"

	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/rpc"
	"github.com/rapport-crm/rapport/internal/telemetry"
)

// openPools opens the pools: one for all calls but reports, and one for those, which may wait as
// long for their turn as a call may take.
func (s *Server) openPools(ctx context.Context, url string, t *telemetry.Telemetry) error {
	tracer, err := t.SQLTracer()
	if err != nil {
		return fmt.Errorf("trace SQL: %w", err)
	}
	c := s.config
	calls := db.Options{
		URL: url, MaxConns: c.PoolSize, MinIdleConns: c.PoolMinIdle, AcquireTimeout: c.AcquireTimeout,
		StatementTimeout: c.StatementTimeout, LockTimeout: c.LockTimeout, ApplicationName: "rapport", Tracer: tracer,
	}
	reports := calls
	reports.MaxConns, reports.MinIdleConns, reports.AcquireTimeout = c.ReportPoolSize, 0, rpc.MaxDeadline
	for _, p := range []struct {
		name    string
		options db.Options
		pool    **db.Pool
	}{{"primary", calls, &s.pool}, {"reports", reports, &s.reports}} {
		if *p.pool, err = db.Open(ctx, p.options); err != nil {
			return err
		}
		if err := t.PoolMetrics((*p.pool).Stat, p.name); err != nil {
			return fmt.Errorf("measure the pool: %w", err)
		}
	}
	return nil
}
