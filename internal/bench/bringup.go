package bench

import (
	"cmp"
	"context"
	"errors"

	"github.com/rapport-crm/rapport/internal/bench/dataset"
	"github.com/rapport-crm/rapport/internal/bench/inproc"
	"github.com/rapport-crm/rapport/internal/bench/load"
	"github.com/rapport-crm/rapport/internal/bench/pgbench"
)

// bringUp prepares the database and starts the services on it.
func (b *bench) bringUp(ctx context.Context, size dataset.Size, twin bool) (err error) {
	server := dataset.Server{AdminURL: b.postgres.AdminURL(), URL: b.postgres.URL()}
	if b.databaseURL, err = server.Prepare(ctx, size, b.Say); err != nil {
		return err
	}
	if b.pgbench, err = pgbench.Find(b.postgres.BinDir(), b.databaseURL); err != nil {
		return err
	}
	b.variantURL = b.databaseURL
	if b.VariantDatabase {
		b.Say("make a database of the variant's schema")
		migrate := func(url string) error { return migrateWith(ctx, b.variantProgram(), url) }
		if b.variantURL, err = server.PrepareVariant(ctx, migrate); err != nil {
			return err
		}
	}
	b.Say("read the tables into memory")
	if err := errors.Join(server.Prewarm(ctx, b.variantURL), server.Prewarm(ctx, b.databaseURL)); err != nil {
		return err
	}
	captured, err := inproc.Capture(ctx, b.databaseURL, size)
	if err != nil {
		return err
	}
	if b.limits, err = pgbench.NewScripts(captured, size); err != nil {
		return err
	}
	if b.grpc, err = load.GRPCRequests(size); err != nil {
		return err
	}
	if b.rest, err = load.RESTRequests(size); err != nil {
		return err
	}
	if b.first, err = b.serve(ctx, b.Service, b.databaseURL, b.ServeFlags, b.ServeEnv); err != nil {
		return err
	}
	switch {
	case b.Variant:
		b.second, err = b.serve(ctx, b.variantProgram(), b.variantURL, b.VariantFlags, b.VariantEnv)
	case twin:
		b.second, err = b.serve(ctx, b.Service, b.databaseURL, b.ServeFlags, b.ServeEnv)
	}
	return err
}

func (b *bench) variantProgram() string { return cmp.Or(b.VariantService, b.Service) }

func (b *bench) serve(ctx context.Context, program, databaseURL string, flags, env []string) (*service, error) {
	return startService(ctx, program, databaseURL, b.collector.endpoint, flags, env)
}

func (b *bench) stopServices() (err error) {
	for _, s := range []*service{b.first, b.second} {
		if s != nil {
			err = errors.Join(err, s.stop())
		}
	}
	b.first, b.second = nil, nil
	return err
}

func (b *bench) close(ctx context.Context) (err error) {
	err = b.stopServices()
	if b.collector != nil {
		b.collector.server.Stop()
	}
	if b.postgres != nil {
		err = errors.Join(err, b.postgres.Stop(context.WithoutCancel(ctx)))
	}
	return err
}
