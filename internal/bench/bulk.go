package bench

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	benchload "github.com/rapport-crm/rapport/internal/bench/load"
	"github.com/rapport-crm/rapport/internal/demo"
	"github.com/rapport-crm/rapport/internal/load"
)

// importSource is where the rows of an import come from.
const importSource = "bench"

// copiedTables are written row by row; those that only count are not among them.
var copiedTables = []string{"customer", "external_id", "search_key", "change"}

// importer measures an import against copying the very rows that it wrote.
type importer struct {
	*bench

	rows    []*load.Row
	dir     string // of the rows as PostgreSQL copies them, a file a table
	columns map[string]string
	conn    *pgx.Conn
	client  rapportv1.CustomerServiceClient
}

// bulk measures the import. What one system wrote is removed before the other's turn, so
// that each finds the same database.
func (b *bench) bulk(ctx context.Context, noise float64) (c Case, err error) {
	i := &importer{bench: b, columns: map[string]string{}}
	if i.dir, err = os.MkdirTemp("", "rapport-bench-"); err != nil {
		return c, err
	}
	defer func() { _ = os.RemoveAll(i.dir) }()
	if i.conn, err = pgx.Connect(ctx, b.databaseURL); err != nil {
		return c, err
	}
	defer func() { _ = i.conn.Close(context.WithoutCancel(ctx)) }()
	admin, err := pgx.Connect(ctx, b.postgres.AdminURL()) // may say when a checkpoint is made
	if err != nil {
		return c, err
	}
	defer func() { _ = admin.Close(context.WithoutCancel(ctx)) }()
	conn, err := grpc.NewClient(b.first.grpc, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return c, err
	}
	defer func() { _ = conn.Close() }()
	i.client = rapportv1.NewCustomerServiceClient(conn)
	if err := i.prepare(ctx); err != nil {
		return c, err
	}
	c = Case{Name: "import/grpc/1"}
	systems := []system{
		{name: "copy", run: fromStart(i.copyIn)},
		{name: "grpc", pid: b.first.cmd.Process.Pid, run: fromStart(i.load)},
	}
	for round := range b.Rounds {
		for _, s := range systems {
			// The first write to a page after a checkpoint costs more; both pay for that.
			if _, err := admin.Exec(ctx, `CHECKPOINT`); err != nil {
				return c, err
			}
			sample, err := measure(ctx, s, b.postgres.PostmasterPID(), 0)
			if err != nil {
				return c, err
			}
			sample.Round = round
			c.Samples = append(c.Samples, sample)
			if err := i.remove(ctx); err != nil {
				return c, err
			}
		}
		slices.Reverse(systems)
	}
	c.Target, c.Ratios = targets[c.Name], ratios(c.Samples, "copy", "grpc")
	c.Verdict = judge(c.Ratios, c.Target, 0, noise)
	return c, b.first.forgetLog()
}

// prepare makes the rows up and imports them once, to have them as they are stored.
func (i *importer) prepare(ctx context.Context) error {
	i.Say(fmt.Sprintf("make up %d rows, and import them once", i.ImportRows))
	company := demo.Company{Seed: 1}
	for n := range i.ImportRows {
		c := company.Persona(n + 1).Customer()
		c.Name, c.Referrer, c.ServiceTier = "", nil, nil // a copy has no tiers to lead to
		id := fmt.Sprintf("%08d", n)
		c.ExternalIds = map[string]string{importSource: id}
		i.rows = append(i.rows, &load.Row{Number: int64(n), Customer: c, ExternalId: &rapportv1.ExternalId{Source: importSource, Id: id}})
	}
	if err := i.exec(
		ctx,
		`CREATE TABLE bench_attribute_key AS TABLE attribute_key`,
		`CREATE TABLE bench_lane_feed AS TABLE lane_feed`,
		`TRUNCATE request`,
	); err != nil {
		return err
	}
	if _, err := i.load(ctx, 0); err != nil {
		return err
	}
	if err := i.exec(
		ctx,
		`CREATE TABLE bench_imported AS SELECT customer_lane AS lane, customer_id FROM external_id WHERE source = '`+importSource+`'`,
		`CREATE TABLE bench_counts AS SELECT a.lane, a.key, a.value_type, a.customer_count - coalesce(b.customer_count, 0) AS customer_count
FROM attribute_key a LEFT JOIN bench_attribute_key b USING (lane, key, value_type)`,
		`CREATE TABLE bench_sequences AS SELECT lane, f.last_seq - b.last_seq AS n FROM lane_feed f JOIN bench_lane_feed b USING (lane)`,
		`ANALYZE bench_imported`,
	); err != nil {
		return err
	}
	for _, table := range copiedTables {
		if err := i.copyOut(ctx, table); err != nil {
			return fmt.Errorf("%s: %w", table, err)
		}
	}
	return i.remove(ctx)
}

// copyOut writes what was imported into a table to its file.
func (i *importer) copyOut(ctx context.Context, table string) error {
	var columns string
	if err := i.conn.QueryRow(ctx, `SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`, table).Scan(&columns); err != nil {
		return err
	}
	i.columns[table] = columns
	f, err := os.Create(filepath.Join(i.dir, table))
	if err != nil {
		return err
	}
	_, err = i.conn.PgConn().CopyTo(ctx, f, `COPY (SELECT `+columns+` FROM `+table+` WHERE `+imported(table)+`) TO STDOUT (FORMAT binary)`)
	return errors.Join(err, f.Close())
}

// imported is the condition for the rows of a table that the import wrote.
func imported(table string) string {
	if table == "external_id" {
		return `source = '` + importSource + `'`
	}
	return `(lane, customer_id) IN (SELECT lane, customer_id FROM bench_imported)`
}

// load imports the rows through the service.
func (i *importer) load(ctx context.Context, _ time.Duration) (result, error) {
	started := time.Now()
	summary, err := load.Customers(ctx, i.client, i.all(), load.Options{})
	if err == nil && summary != (load.Summary{Created: int64(len(i.rows))}) {
		err = fmt.Errorf("an import of %d new rows came to %+v", len(i.rows), summary)
	}
	return i.result(started), err
}

func (i *importer) all() iter.Seq2[*load.Row, error] {
	return func(yield func(*load.Row, error) bool) {
		for _, row := range i.rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

func (i *importer) result(started time.Time) result {
	return result{Result: benchload.Result{Elapsed: time.Since(started)}, rows: len(i.rows)}
}

// copyIn copies the rows on one connection, in one transaction.
func (i *importer) copyIn(ctx context.Context, _ time.Duration) (result, error) {
	started := time.Now()
	err := pgx.BeginFunc(ctx, i.conn, func(tx pgx.Tx) error {
		for _, table := range copiedTables {
			f, err := os.Open(filepath.Join(i.dir, table))
			if err != nil {
				return err
			}
			_, err = tx.Conn().PgConn().CopyFrom(ctx, f, `COPY `+table+` (`+i.columns[table]+`) FROM STDIN (FORMAT binary)`)
			if err := errors.Join(err, f.Close()); err != nil {
				return fmt.Errorf("%s: %w", table, err)
			}
		}
		for _, sql := range []string{
			`INSERT INTO attribute_key SELECT lane, key, value_type, customer_count FROM bench_counts
ON CONFLICT (lane, key, value_type) DO UPDATE SET customer_count = attribute_key.customer_count + excluded.customer_count`,
			`UPDATE lane_feed SET last_seq = last_seq + n FROM bench_sequences s WHERE s.lane = lane_feed.lane`,
		} {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return nil
	})
	return i.result(started), err
}

// remove brings the tables back to what they were before the rows came.
func (i *importer) remove(ctx context.Context) error {
	if err := i.exec(ctx, `TRUNCATE bench_imported`,
		`INSERT INTO bench_imported SELECT customer_lane, customer_id FROM external_id WHERE source = '`+importSource+`'`); err != nil {
		return err
	}
	for _, table := range slices.Backward(copiedTables) {
		if err := i.exec(ctx, `DELETE FROM `+table+` WHERE `+imported(table)); err != nil {
			return err
		}
	}
	return i.exec(
		ctx,
		`DELETE FROM attribute_key`, `INSERT INTO attribute_key TABLE bench_attribute_key`,
		`UPDATE lane_feed SET last_seq = b.last_seq FROM bench_lane_feed b WHERE b.lane = lane_feed.lane`,
		`TRUNCATE request`,
		`VACUUM customer, external_id, search_key, change, attribute_key, lane_feed`,
	)
}

func (i *importer) exec(ctx context.Context, statements ...string) error {
	for _, sql := range statements {
		if _, err := i.conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}
