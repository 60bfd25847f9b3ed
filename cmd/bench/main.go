// Command bench measures the service against PostgreSQL running the same SQL; see
// docs/performance.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/rapport-crm/rapport/internal/bench"
)

type flags struct {
	Scale        int      `default:"1000000" help:"Customers in the database."`
	Interactions int      `default:"10000000" help:"Interactions in the database of the calls about histories; calls about customers have one of their own, without them."`
	Rounds       int      `default:"5" help:"Rounds of each case; three that count are needed for a verdict."`
	Seconds      int      `default:"3" help:"Length of one measurement."`
	Methods      []string `default:"get,list,search-phone,search-digits,search-email,search-name,search-chinese,search-typo,create,update,batch-update,timeline-20,timeline-20000,follow-ups,follow-ups-staff,interaction,batch-interaction,score,satisfaction-report,driver-report" enum:"get,list,search-phone,search-digits,search-email,search-name,search-chinese,search-typo,create,update,batch-update,timeline-20,timeline-20000,follow-ups,follow-ups-staff,interaction,batch-interaction,score,satisfaction-report,driver-report,none" help:"Calls to measure; none for the import alone."`
	ImportRows   int      `default:"50000" help:"Rows of the import that is measured against copying them; 0 for no import."`
	Protocols    []string `default:"grpc,rest" enum:"grpc,rest" help:"How they are called."`
	InFlight     []int    `default:"1,16,64" help:"How many at once."`

	DataDir       string `help:"Where the filled database is kept. Empty: the user's cache, or /var/cache/rapport-bench for root."`
	SharedBuffers string `default:"2GB" help:"PostgreSQL's shared_buffers."`
	Out           string `default:"bin/bench.json" help:"File for the results."`
	Profiles      string `help:"Folder for CPU profiles of the service, one a case."`

	GRPCClient      string `name:"grpc-client" default:"lean" enum:"lean,grpc-go" help:"What calls over gRPC: a loop over HTTP/2 frames, or grpc-go's client, which costs about three times as much."`
	Connections     int    `default:"4" help:"HTTP/2 connections at most."`
	Serve           string `help:"Flags for the service, such as --serve='--pool-size=4'."`
	ServeEnv        string `help:"Environment of the service, such as --serve-env='GOGC=400'."`
	Variant         string `help:"Flags of a second service to compare with the first."`
	VariantEnv      string `help:"Environment of that second service."`
	VariantBin      string `help:"Program of that second service, such as the build of an earlier commit."`
	VariantDatabase bool   `help:"Give the second service a database that its own program migrates, with the same customers: for programs of another schema."`
	SelfCheck       bool   `default:"true" negatable:"" help:"First compare the service with another of its kind, to know the noise."`
}

func main() {
	var f flags
	kong.Parse(&f, kong.Name("bench"), kong.Description("Measure the service against pgbench running the same SQL."))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := f.run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

var errMissed = errors.New("a case missed its target or had errors")

func (f *flags) run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "rapport-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	program := filepath.Join(dir, "rapport")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", program, "./cmd/rapport")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the service: %w", err)
	}
	if f.DataDir == "" {
		f.DataDir = bench.DefaultDataDir()
	}
	f.Methods = slices.DeleteFunc(f.Methods, func(method string) bool { return method == "none" })
	report, err := bench.Run(ctx, bench.Options{
		DataDir: f.DataDir, Service: program, Customers: f.Scale, Interactions: f.Interactions, Rounds: f.Rounds, Seconds: f.Seconds,
		Methods: f.Methods, Protocols: f.Protocols, InFlight: f.InFlight,
		GRPCClient: f.GRPCClient, Connections: f.Connections,
		ServeFlags: strings.Fields(f.Serve), ServeEnv: strings.Fields(f.ServeEnv),
		Variant:      f.Variant != "" || f.VariantEnv != "" || f.VariantBin != "",
		VariantFlags: strings.Fields(f.Variant), VariantEnv: strings.Fields(f.VariantEnv), VariantService: f.VariantBin,
		VariantDatabase: f.VariantDatabase, ImportRows: f.ImportRows,
		SelfCheck: f.SelfCheck, Profiles: f.Profiles, SharedBuffers: f.SharedBuffers,
		Say: func(text string) { fmt.Fprintln(os.Stderr, time.Now().Format(time.TimeOnly), text) },
	})
	if report != nil { // what was measured, whatever went wrong afterwards
		fmt.Print("\n" + report.Table())
		err = errors.Join(err, report.Write(f.Out))
	}
	if err == nil && report.Failed() {
		return errMissed
	}
	return err
}
