package db

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // goose works on database/sql
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// Migrations holds the schema's history, forward only, one file a step. Between them
// stand the goSteps.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Migrate brings the schema of the database at url up to this binary's version. Two
// that run at once take turns through a lease row, which ends with its holder's
// heartbeat, so a killed migration does not block the next one for long.
func Migrate(ctx context.Context, url string) error {
	return withProvider(url, func(p *goose.Provider) error {
		if _, err := p.Up(ctx); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		return nil
	})
}

// SchemaStatus is one step of the schema's history.
type SchemaStatus struct {
	Version   int64
	Name      string
	AppliedAt time.Time // zero where it is pending
}

// MigrationStatus lists the steps of the schema's history, applied and pending.
func MigrationStatus(ctx context.Context, url string) (out []SchemaStatus, err error) {
	err = withProvider(url, func(p *goose.Provider) error {
		steps, err := p.Status(ctx)
		if err != nil {
			return fmt.Errorf("migration status: %w", err)
		}
		for _, s := range steps {
			name := s.Source.Path
			for _, step := range goSteps {
				if step.version == s.Source.Version {
					name = step.name
				}
			}
			out = append(out, SchemaStatus{Version: s.Source.Version, Name: name, AppliedAt: s.AppliedAt})
		}
		return nil
	})
	return out, err
}

func withProvider(url string, use func(*goose.Provider) error) (err error) {
	conn, err := sql.Open("pgx", url)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	files, err := fs.Sub(Migrations, "migrations")
	if err != nil {
		return err
	}
	locker, err := lock.NewPostgresTableLocker(
		lock.WithTableName("migration_lease"),
		lock.WithTableLeaseDuration(10*time.Second),
		lock.WithTableHeartbeatInterval(2*time.Second),
		lock.WithTableLockTimeout(250*time.Millisecond, 240),
	)
	if err != nil {
		return fmt.Errorf("migration lease: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectPostgres, conn, files,
		goose.WithLocker(locker), goose.WithTableName("schema_version"), goose.WithDisableGlobalRegistry(true),
		goose.WithGoMigrations(goMigrations()...))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	defer func() {
		if closeErr := p.Close(); err == nil && closeErr != nil {
			err = fmt.Errorf("close database: %w", closeErr)
		}
	}()
	return use(p)
}

// latestVersion is the schema version this binary was built for.
func latestVersion() (int64, error) {
	files, err := fs.Glob(Migrations, "migrations/*.sql")
	if err != nil || len(files) == 0 {
		return 0, fmt.Errorf("embedded migrations: %d files: %w", len(files), err)
	}
	latest, err := goose.NumericComponent(files[len(files)-1])
	for _, s := range goSteps {
		latest = max(latest, s.version)
	}
	return latest, err
}
