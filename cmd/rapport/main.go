// Command rapport is the customer-relationship service and the tools around it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	_ "time/tzdata" // time zones are checked on machines that have no database of them

	"github.com/alecthomas/kong"

	"github.com/rapport-crm/rapport/internal/server"
)

// commands are the subcommands; each has its file.
type commands struct {
	Serve       serveCommand       `cmd:"" help:"Serve gRPC and REST; with a PostgreSQL of its own where none is given."`
	Migrate     migrateCommand     `cmd:"" help:"Bring the schema of a database up to date, or tell where it stands."`
	Demo        demoCommand        `cmd:"" help:"Fill a running service with a made-up company, for trying it out."`
	Import      importCommand      `cmd:"" help:"Load records from files into a running service."`
	Export      exportCommand      `cmd:"" help:"Write the records of a running service to files."`
	SurveyKeys  surveyKeysCommand  `cmd:"" help:"Rotate the keys by which the links of surveys are signed."`
	Healthcheck healthcheckCommand `cmd:"" help:"Exit 0 if the service on this machine is ready to serve, else 1."`
	Version     versionCommand     `cmd:"" help:"Print the version."`
}

func main() {
	var c commands
	k := kong.Parse(&c,
		kong.Name("rapport"),
		kong.Description("The record of a company's relationships with its customers, over gRPC and REST."),
		kong.ShortUsageOnError(),
	)
	k.BindTo(context.Background(), (*context.Context)(nil))
	if err := k.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "rapport:", err)
		if errors.Is(err, server.ErrCutOff) {
			os.Exit(2)
		}
		if errors.Is(err, errRejected) {
			os.Exit(3)
		}
		os.Exit(1)
	}
}

type versionCommand struct{}

// Run implements the subcommand.
func (versionCommand) Run() error {
	fmt.Println(version())
	return nil
}

// version is the module's version, or the commit where it was built from a checkout.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	version := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && (version == "" || version == "(devel)") {
			version = s.Value
		}
	}
	if version == "" {
		return "(devel)"
	}
	return version
}
