package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rapport-crm/rapport/internal/demo"
	"github.com/rapport-crm/rapport/internal/load"
)

type demoCommand struct {
	connectFlags
	Customers int    `name:"customers" env:"RAPPORT_DEMO_CUSTOMERS" default:"1000" help:"How many customers the company has; more extend fewer."`
	Seed      uint64 `name:"seed" env:"RAPPORT_DEMO_SEED" default:"1" help:"Which company: another number makes up another one, beside the first."`
}

// maxRefusals is how many refusals are printed.
const maxRefusals = 10

// Run implements the subcommand.
func (c *demoCommand) Run(ctx context.Context) error {
	ctx, stop := untilSignal(ctx)
	defer stop()
	return c.run(ctx, osStdio())
}

func (c *demoCommand) run(ctx context.Context, std stdio) error {
	if c.Customers < 0 {
		return errors.New("--customers (RAPPORT_DEMO_CUSTOMERS) must not be negative")
	}
	conn, err := c.connect()
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // nothing is left to send
	refusals, told := 0, time.Now()
	summary, err := demo.Company{Seed: c.Seed, Today: time.Now()}.Fill(ctx, conn, c.Customers, demo.Watcher{
		Refused: func(resource string, err error) {
			if refusals++; refusals <= maxRefusals {
				std.screen.print("%s: %v", resource, err)
			}
		},
		Retried: std.screen.retry,
		Done: func(customers, contacts int64) {
			if time.Since(told) > 5*time.Second {
				told = time.Now()
				std.screen.print("%d of %d customers, %d contacts", customers, c.Customers, contacts)
			}
		},
	})
	if _, printErr := fmt.Fprintf(std.out, "customers:    %s\ncontacts:     %s\ncases:        %s\ninteractions: %s\npurchases:    %s\ntasks:        %s\nscores:       %s\n",
		counts(summary.Customers), counts(summary.Contacts), counts(summary.Cases), counts(summary.Interactions), counts(summary.Purchases),
		counts(summary.Tasks), counts(summary.Scores)); err == nil {
		err = printErr
	}
	if errors.Is(err, context.Canceled) {
		return errors.New("stopped; the same command continues")
	}
	if err != nil {
		return fmt.Errorf("%w; the same command continues", err)
	}
	if refusals > 0 {
		return errRejected
	}
	return nil
}

func counts(s load.Summary) string {
	return fmt.Sprintf("%d created, %d updated, %d unchanged, %d rejected", s.Created, s.Updated, s.Unchanged, s.Rejected)
}
