package telemetry

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/rapport-crm/rapport/internal/telemetry/names"
)

// PoolMetrics reports on a pool of connections at each scrape, under its name.
func (t *Telemetry) PoolMetrics(stat func() *pgxpool.Stat, name string) error {
	meter := t.Meter.Meter(names.Scope)
	pool := attribute.String(names.PoolName, name)
	labels := metric.WithAttributeSet(attribute.NewSet(pool))
	idle := metric.WithAttributeSet(attribute.NewSet(pool, attribute.String(names.ConnectionState, "idle")))
	used := metric.WithAttributeSet(attribute.NewSet(pool, attribute.String(names.ConnectionState, "used")))

	var errs [7]error
	var count, limit metric.Int64ObservableUpDownCounter
	var timeouts, acquires, waits, opened metric.Int64ObservableCounter
	var waitTime metric.Float64ObservableCounter
	count, errs[0] = meter.Int64ObservableUpDownCounter(names.PoolCount, metric.WithUnit("{connection}"),
		metric.WithDescription("Connections, by state."))
	limit, errs[1] = meter.Int64ObservableUpDownCounter(names.PoolMax, metric.WithUnit("{connection}"),
		metric.WithDescription("The most connections the pool may open."))
	timeouts, errs[2] = meter.Int64ObservableCounter(names.PoolTimeouts, metric.WithUnit("{timeout}"),
		metric.WithDescription("Waits for a connection that were given up."))
	acquires, errs[3] = meter.Int64ObservableCounter(names.PoolAcquires, metric.WithUnit("{acquire}"),
		metric.WithDescription("Connections handed out."))
	waits, errs[4] = meter.Int64ObservableCounter(names.PoolWaits, metric.WithUnit("{acquire}"),
		metric.WithDescription("Connections handed out after a wait, for none was idle."))
	opened, errs[5] = meter.Int64ObservableCounter(names.PoolConnections, metric.WithUnit("{connection}"),
		metric.WithDescription("Connections opened."))
	waitTime, errs[6] = meter.Float64ObservableCounter(names.PoolWaitTime, metric.WithUnit("s"),
		metric.WithDescription("Sum of the waits for a connection."))
	for _, err := range errs {
		if err != nil {
			return fmt.Errorf("make the instruments of pool %s: %w", name, err)
		}
	}
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		s := stat()
		o.ObserveInt64(count, int64(s.IdleConns()), idle)
		// Those being opened are used already: somebody waits for each of them.
		o.ObserveInt64(count, int64(s.AcquiredConns()+s.ConstructingConns()), used)
		o.ObserveInt64(limit, int64(s.MaxConns()), labels)
		o.ObserveInt64(timeouts, s.CanceledAcquireCount(), labels)
		o.ObserveInt64(acquires, s.AcquireCount(), labels)
		o.ObserveInt64(waits, s.EmptyAcquireCount(), labels)
		o.ObserveInt64(opened, s.NewConnsCount(), labels)
		o.ObserveFloat64(waitTime, s.EmptyAcquireWaitTime().Seconds(), labels)
		return nil
	}, count, limit, timeouts, acquires, waits, opened, waitTime)
	if err != nil {
		return fmt.Errorf("observe pool %s: %w", name, err)
	}
	return nil
}
