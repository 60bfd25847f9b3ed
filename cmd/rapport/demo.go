package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/demo"
	"github.com/rapport-crm/rapport/internal/load"
)

type demoCommand struct {
	Customers int    `name:"customers" env:"RAPPORT_DEMO_CUSTOMERS" default:"1000" help:"How many customers the company has; more extend fewer."`
	Seed      uint64 `name:"seed" env:"RAPPORT_DEMO_SEED" default:"1" help:"Which company: another number makes up another one, beside the first."`
	Addr      string `name:"addr" env:"RAPPORT_ADDR" default:"127.0.0.1:9090" help:"gRPC address of the service."`
}

// maxRefusals is how many refusals are printed.
const maxRefusals = 10

// Run implements the subcommand.
func (c *demoCommand) Run(ctx context.Context) error {
	if c.Customers < 0 {
		return errors.New("--customers must not be negative")
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	conn, err := grpc.NewClient(c.Addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // nothing is left to send
	started, refusals, told := time.Now(), 0, time.Now()
	summary, err := demo.Company{Seed: c.Seed}.Fill(ctx, rapportv1.NewCustomerServiceClient(conn), c.Customers, demo.Watcher{
		Refused: func(resource string, err error) {
			if refusals++; refusals <= maxRefusals {
				fmt.Fprintf(os.Stderr, "%s: %v\n", resource, err)
			}
		},
		Done: func(customers, contacts int64) {
			if time.Since(told) > 5*time.Second {
				told = time.Now()
				fmt.Fprintf(os.Stderr, "%d of %d customers, %d contacts\n", customers, c.Customers, contacts)
			}
		},
	})
	fmt.Printf("customers: %s\ncontacts:  %s\nin %s\n", counts(summary.Customers), counts(summary.Contacts), time.Since(started).Round(10*time.Millisecond))
	if err != nil {
		return fmt.Errorf("%w; the same command continues", err)
	}
	if refusals > 0 {
		return fmt.Errorf("%d records were refused", refusals)
	}
	return nil
}

func counts(s load.Summary) string {
	return fmt.Sprintf("%d created, %d updated, %d unchanged, %d refused", s.Created, s.Updated, s.Unchanged, s.Rejected)
}
