package main

import (
	"context"
	"fmt"
	"time"

	"github.com/rapport-crm/rapport/internal/db"
)

type migrateCommand struct {
	Up     migrateUpCommand     `cmd:"" help:"Bring the schema up to this binary's version."`
	Status migrateStatusCommand `cmd:"" help:"List the steps of the schema and which of them were taken."`
}

type databaseFlags struct {
	DatabaseURL string `name:"database-url" env:"RAPPORT_DATABASE_URL" required:"" help:"PostgreSQL to migrate, as a role that may change the schema."`
}

type migrateUpCommand struct{ databaseFlags }

// Run implements the subcommand.
func (c *migrateUpCommand) Run(ctx context.Context) error { return db.Migrate(ctx, c.DatabaseURL) }

type migrateStatusCommand struct{ databaseFlags }

// Run implements the subcommand.
func (c *migrateStatusCommand) Run(ctx context.Context) error {
	steps, err := db.MigrationStatus(ctx, c.DatabaseURL)
	if err != nil {
		return err
	}
	for _, s := range steps {
		taken := "pending"
		if !s.AppliedAt.IsZero() {
			taken = s.AppliedAt.UTC().Format(time.RFC3339)
		}
		fmt.Printf("%5d  %-20s  %s\n", s.Version, taken, s.Name)
	}
	return nil
}
