package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rapport-crm/rapport/internal/load"
	"github.com/rapport-crm/rapport/internal/mapping"
	"github.com/rapport-crm/rapport/internal/tabular"
)

// errRejected says that all was done but for rows that are wrong: exit code 3.
var errRejected = errors.New("rows were rejected")

type importCommand struct {
	Customers          importCustomersCommand          `cmd:"" help:"Load customers from a file; safe to run again. Exits 3 where rows were rejected."`
	Interactions       importInteractionsCommand       `cmd:"" help:"Load what was said and done with customers. What is there already is left as it is."`
	Purchases          importPurchasesCommand          `cmd:"" help:"Load what customers bought. What is there already is left as it is, or voided."`
	Cases              importCasesCommand              `cmd:"" help:"Load what customers asked for. What is there already is left as it is."`
	Tasks              importTasksCommand              `cmd:"" help:"Load what customers are owed. What is there already is left as it is."`
	SatisfactionScores importSatisfactionScoresCommand `cmd:"" help:"Load what customers felt. What is there already is left as it is."`
}

// importFlags are the flags of all kinds of records.
type importFlags struct {
	connectFlags
	File    string `arg:"" help:"CSV, tab-separated or NDJSON, also gzip; - is the standard input."`
	Map     string `name:"map" env:"RAPPORT_IMPORT_MAP" help:"Mapping file (YAML): which column fills which field; docs/import.md. An export of customers needs none."`
	Format  string `name:"format" env:"RAPPORT_IMPORT_FORMAT" default:"" enum:",csv,tsv,ndjson" help:"csv, tsv or ndjson. Empty: by the file's name, else by its first line."`
	DryRun  bool   `name:"dry-run" env:"RAPPORT_IMPORT_DRY_RUN" help:"Check every row and write nothing."`
	Rejects string `name:"rejects" env:"RAPPORT_IMPORT_REJECTS" help:"File for the rows that were rejected and why, as CSV that can be mended and imported."`
}

type importCustomersCommand struct {
	importFlags
	ClearEmpty bool `name:"clear-empty" env:"RAPPORT_IMPORT_CLEAR_EMPTY" help:"Clear the fields whose cells are empty, instead of leaving them as they are."`
}

type (
	importInteractionsCommand       struct{ importFlags }
	importPurchasesCommand          struct{ importFlags }
	importCasesCommand              struct{ importFlags }
	importTasksCommand              struct{ importFlags }
	importSatisfactionScoresCommand struct{ importFlags }
)

// Run implements the subcommand.
func (c *importCustomersCommand) Run(ctx context.Context) error {
	ctx, stop := untilSignal(ctx)
	defer stop()
	return c.run(ctx, osStdio())
}

func (c *importCustomersCommand) run(ctx context.Context, std stdio) error {
	return c.importFlags.load(ctx, std, &importing{clearEmpty: c.ClearEmpty})
}

// Run implements the subcommand.
func (c *importInteractionsCommand) Run(ctx context.Context) error {
	return c.run(ctx, load.Interactions)
}

// Run implements the subcommand.
func (c *importPurchasesCommand) Run(ctx context.Context) error { return c.run(ctx, load.Purchases) }

// Run implements the subcommand.
func (c *importCasesCommand) Run(ctx context.Context) error { return c.run(ctx, load.Cases) }

// Run implements the subcommand.
func (c *importTasksCommand) Run(ctx context.Context) error { return c.run(ctx, load.Tasks) }

// Run implements the subcommand.
func (c *importSatisfactionScoresCommand) Run(ctx context.Context) error {
	return c.run(ctx, load.SatisfactionScores)
}

func (c *importFlags) run(ctx context.Context, kind *load.Kind) error {
	ctx, stop := untilSignal(ctx)
	defer stop()
	return c.load(ctx, osStdio(), &importing{kind: kind})
}

// load runs an import of which the kind is known.
func (c *importFlags) load(ctx context.Context, std stdio, i *importing) (err error) {
	in, info, err := c.open(std)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // nothing was written
	i.name, i.screen, i.read, i.dryRun, i.pending = c.File, std.screen, &counted{Reader: in}, c.DryRun, map[int64]tabular.Record{}
	if info != nil && info.Mode().IsRegular() {
		i.size = info.Size()
	}
	if err := c.plan(i); err != nil {
		return err
	}
	conn, err := c.connect()
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // every row has its outcome
	if i.rejects, err = newRejects(c.Rejects, info, i.table, std.screen); err != nil {
		return err
	}
	err = i.run(ctx, conn)
	if closed := i.rejects.close(); closed != nil {
		if errors.Is(err, errRejected) {
			return closed // not all is done: nobody knows which rows were rejected
		}
		return errors.Join(err, closed)
	}
	return err
}

// open opens the file, and returns what is known of it; nil where nothing is.
func (c *importFlags) open(std stdio) (io.ReadCloser, os.FileInfo, error) {
	if c.File == "-" {
		var info os.FileInfo
		var err error
		if f, ok := std.in.(*os.File); ok { // which a shell may have redirected from a file
			info, err = f.Stat()
		}
		return io.NopCloser(std.in), info, err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a folder", c.File)
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, info, nil
}

// plan reads the mapping, the header and the joined files.
func (c *importFlags) plan(i *importing) (err error) {
	options := tabular.Options{Name: c.File}
	var m *mapping.Mapping
	if c.Map != "" {
		text, err := os.ReadFile(c.Map)
		if err != nil {
			return err
		}
		if m, err = mapping.Parse(c.Map, text); err != nil {
			return err
		}
		if m.Kind != i.kind {
			return fmt.Errorf("%s: the mapping does not make %s", c.Map, i.plural())
		}
		options = m.Options(c.File)
	} else if i.kind != nil {
		return fmt.Errorf("say with --map what the columns of %s mean", c.File)
	}
	options.Format = tabular.Format(c.Format)
	if i.table, err = tabular.Open(i.read, options); err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	if m == nil {
		if i.plan, err = mapping.Own(i.table); err != nil {
			return fmt.Errorf("%s: %w", c.File, err)
		}
		return nil
	}
	var joined []*mapping.Joined
	for _, join := range m.Joins {
		j, err := c.join(m, join)
		if err != nil {
			return err
		}
		joined = append(joined, j)
	}
	i.plan, err = m.Compile(i.table, joined)
	return err
}

// join reads a joined file, whose path begins at the mapping's folder or else at that of
// the file that is imported.
func (c *importFlags) join(m *mapping.Mapping, join mapping.Join) (*mapping.Joined, error) {
	f, err := os.Open(beside(c.Map, join.File))
	if errors.Is(err, os.ErrNotExist) {
		f, err = os.Open(beside(c.File, join.File))
	}
	if err != nil {
		return nil, fmt.Errorf("%w; a joined file is looked for beside the mapping and beside the imported file", err)
	}
	defer f.Close() //nolint:errcheck // nothing was written
	return m.Read(join, f)
}

func beside(neighbour, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(neighbour), path)
}
