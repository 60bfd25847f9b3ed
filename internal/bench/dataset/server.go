package dataset

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rapport-crm/rapport/internal/db"
)

// runDatabase is the copy that a run works on.
const runDatabase = "bench_run"

// maxAge is how old histories may be: what there is to do for customers tells of days that are
// still to come, and must do so during the run.
const maxAge = 3 * 24 * time.Hour

// Server is where the kept databases lie.
type Server struct {
	// AdminURL is the superuser's, of any database; URL is that of the service's role.
	AdminURL, URL string
}

// withDatabase returns the URL of another database.
func withDatabase(raw, name string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", fmt.Errorf("database url: %w", err)
	}
	u.Path = "/" + name
	return u.String(), nil
}

// Prepare returns the URL of a fresh copy of the database of this size. The original
// is kept, and filled where there is none of this version; a benchmark writes to the
// copy, so that each run starts from the same state. The say function is told what
// takes time.
func (s Server) Prepare(ctx context.Context, size Size, say func(string)) (copied string, err error) {
	version, err := Version()
	if err != nil {
		return "", err
	}
	admin, err := pgx.Connect(ctx, s.AdminURL)
	if err != nil {
		return "", err
	}
	defer func() { _ = admin.Close(context.WithoutCancel(ctx)) }()
	// Before all else: what a run left behind is as large as what is kept.
	if _, err := admin.Exec(ctx, `DROP DATABASE IF EXISTS `+runDatabase+` WITH (FORCE)`); err != nil {
		return "", err
	}
	k := keeper{Server: s, admin: admin, version: version, say: say}
	kept, err := k.customers(ctx, size.Customers)
	if err == nil && size.Interactions > 0 {
		kept, err = k.histories(ctx, size, kept)
	}
	if err != nil {
		return "", fmt.Errorf("fill: %w", err)
	}
	say("copy the kept database")
	if err := k.copy(ctx, kept, runDatabase); err != nil {
		return "", err
	}
	if _, err := admin.Exec(ctx, `CHECKPOINT`); err != nil {
		return "", err
	}
	return withDatabase(s.URL, runDatabase)
}

// keeper fills the databases that are kept.
type keeper struct {
	Server

	admin   *pgx.Conn
	version string
	say     func(string)
}

// customers returns the name of a database that holds customers alone.
func (k *keeper) customers(ctx context.Context, customers int) (name string, err error) {
	prefix := fmt.Sprintf("bench_%d_", customers)
	name = prefix + k.version
	if exists, err := k.exists(ctx, name); exists || err != nil {
		return name, err
	}
	// Databases of other versions go; so do the histories of these customers.
	if err := k.drop(ctx, prefix); err != nil {
		return "", err
	}
	k.say(fmt.Sprintf("fill a database of %d customers, which is kept for later runs", customers))
	return name, k.make(ctx, name, func() error {
		_, err := k.admin.Exec(ctx, `CREATE DATABASE bench_new OWNER rapport`)
		return err
	}, func(u string) error {
		if err := db.Migrate(ctx, u); err != nil {
			return err
		}
		return Fill(ctx, u, customers)
	})
}

// histories returns the name of a database that has the customers' histories beside them.
func (k *keeper) histories(ctx context.Context, size Size, customers string) (name string, err error) {
	prefix := fmt.Sprintf("bench_%d_%d_", size.Customers, size.Interactions)
	name = prefix + k.version
	exists, err := k.exists(ctx, name)
	if err != nil {
		return "", err
	}
	if exists {
		var filled time.Time
		err := k.admin.QueryRow(ctx, `SELECT shobj_description(oid, 'pg_database')::timestamptz FROM pg_database WHERE datname = $1`, name).Scan(&filled)
		if err != nil || time.Since(filled) < maxAge {
			return name, err
		}
	}
	if err := k.drop(ctx, prefix); err != nil {
		return "", err
	}
	k.say(fmt.Sprintf("fill a database with %d interactions, which is kept for %s", size.Interactions, maxAge))
	return name, k.make(ctx, name, func() error { return k.copy(ctx, customers, "bench_new") }, func(u string) error {
		if err := FillHistories(ctx, u, size, k.say); err != nil {
			return err
		}
		_, err := k.admin.Exec(ctx, `COMMENT ON DATABASE bench_new IS '`+time.Now().UTC().Format(time.RFC3339)+`'`)
		return err
	})
}

func (k *keeper) exists(ctx context.Context, name string) (exists bool, err error) {
	err = k.admin.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name).Scan(&exists)
	return exists, err
}

// drop drops databases whose names begin so.
func (k *keeper) drop(ctx context.Context, prefix string) error {
	rows, _ := k.admin.Query(ctx, `SELECT datname FROM pg_database WHERE starts_with(datname, $1)`, prefix)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := k.admin.Exec(ctx, `DROP DATABASE `+pgx.Identifier{name}.Sanitize()+` WITH (FORCE)`); err != nil {
			return err
		}
	}
	return nil
}

// make makes a database under a name of its own and renames it at the end, so that one that
// was broken off is never taken for whole.
func (k *keeper) make(ctx context.Context, name string, create func() error, fill func(url string) error) error {
	if err := k.drop(ctx, "bench_new"); err != nil {
		return err
	}
	if err := create(); err != nil {
		return err
	}
	u, err := withDatabase(k.URL, "bench_new")
	if err != nil {
		return err
	}
	if err := fill(u); err != nil {
		return err
	}
	_, err = k.admin.Exec(ctx, `ALTER DATABASE bench_new RENAME TO `+name)
	return err
}

// copy copies a database. Since version 15 PostgreSQL copies files only where it is told to.
func (k *keeper) copy(ctx context.Context, from, to string) error {
	var number int
	if err := k.admin.QueryRow(ctx, `SELECT current_setting('server_version_num')::int`).Scan(&number); err != nil {
		return err
	}
	sql := `CREATE DATABASE ` + to + ` OWNER rapport TEMPLATE ` + from
	if number >= 150000 {
		sql += ` STRATEGY file_copy`
	}
	if _, err := k.admin.Exec(ctx, sql); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}

// Prewarm reads the tables and indexes of a database into PostgreSQL's memory, where its
// extension for that is installed; else the first calls do. The largest come first: where not
// all have room, the system's cache keeps those. The URL says which database.
func (s Server) Prewarm(ctx context.Context, prepared string) error {
	which, err := url.Parse(prepared)
	if err != nil {
		return fmt.Errorf("database url: %w", err)
	}
	u, err := withDatabase(s.AdminURL, which.Path[1:])
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, u)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var available bool
	err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_prewarm')`).Scan(&available)
	if err != nil || !available {
		return err
	}
	if _, err := conn.Exec(ctx, `CREATE EXTENSION IF NOT EXISTS pg_prewarm`); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, `SELECT sum(pg_prewarm(oid::regclass)) FROM (
    SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i') ORDER BY pg_relation_size(oid) DESC
) AS c`)
	return err
}
