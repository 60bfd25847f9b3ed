package main

import (
	"context"
	"errors"
	"strings"
	"time"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/dump"
)

type exportCommand struct {
	Customers exportCustomersCommand `cmd:"" help:"Write customers to a file that can be imported again."`
}

type exportCustomersCommand struct {
	connectFlags
	Filter      string `name:"filter" env:"RAPPORT_EXPORT_FILTER" help:"Which customers, as ListCustomers takes it; all where it is empty."`
	ShowDeleted bool   `name:"show-deleted" env:"RAPPORT_EXPORT_SHOW_DELETED" help:"Write deleted customers too. An import passes over them."`
	Format      string `name:"format" env:"RAPPORT_EXPORT_FORMAT" default:"" enum:",csv,ndjson" help:"csv or ndjson. Empty: by the name of the file, else csv."`
	Out         string `name:"out" env:"RAPPORT_EXPORT_OUT" default:"-" help:"File to write, compressed where its name ends in .gz; - is the standard output."`
}

// Run implements the subcommand.
func (c *exportCustomersCommand) Run(ctx context.Context) error {
	ctx, stop := untilSignal(ctx)
	defer stop()
	return c.run(ctx, osStdio())
}

func (c *exportCustomersCommand) run(ctx context.Context, std stdio) error {
	conn, err := c.connect()
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // nothing is left to read
	out, err := newOutput(c.Out, std.out)
	if err != nil {
		return err
	}
	started := time.Now()
	n, err := dump.Customers(ctx, rapportv1.NewCustomerServiceClient(conn), out, dump.Options{
		Filter: c.Filter, ShowDeleted: c.ShowDeleted, NDJSON: c.ndjson(), OnRetry: std.screen.retry,
	})
	if errors.Is(err, context.Canceled) {
		err = errors.New("stopped before the last customer")
	}
	if err != nil {
		return errors.Join(err, out.discard())
	}
	if err := out.commit(); err != nil {
		return err
	}
	std.screen.print("%s in %s", plural(n, "customer"), time.Since(started).Round(10*time.Millisecond))
	return nil
}

func (c *exportCustomersCommand) ndjson() bool {
	name := strings.TrimSuffix(strings.ToLower(c.Out), ".gz")
	return c.Format == "ndjson" || c.Format == "" && (strings.HasSuffix(name, ".ndjson") || strings.HasSuffix(name, ".jsonl"))
}
