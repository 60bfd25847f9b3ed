// Package pgtest gives tests real PostgreSQL databases.
//
// The server is the one TEST_DATABASE_URL leads to, else one of the test process's
// own, in memory where that has room, that goes when the process ends. To start one
// server for many packages, run them under the command in the folder cmd:
//
//	go run ./internal/pgtest/cmd -- go test ./...
//
// Each database is a clone of a template that the migrations were applied to once
// and that is named by their hash. The role in TEST_DATABASE_URL must own databases
// it creates (CREATEDB). Package db is imported here, so its own tests that want a
// database are in package db_test.
package pgtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rapport-crm/rapport/internal/privatepg"
)

// EnvURL names the environment variable with the server's connection string.
const EnvURL = "TEST_DATABASE_URL"

// base is the connection string of the server's own database, settled once a process.
var base = sync.OnceValues(func() (string, error) {
	if u := os.Getenv(EnvURL); u != "" {
		return u, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := StartCluster(ctx)
	if err != nil {
		return "", err
	}
	return c.Server.URL(), nil
})

// template is the name of the migrated template, made once a process at most.
var template = sync.OnceValues(func() (string, error) {
	u, err := base()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return ensureTemplate(ctx, u)
})

// New returns the URL of a fresh database with the schema of this source tree.
func New(t testing.TB) string {
	t.Helper()
	name, err := template()
	if err != nil {
		t.Fatalf("pgtest: template: %v", err)
	}
	return create(t, name)
}

// Connect returns a connection to a fresh database with the schema of this source tree.
func Connect(t testing.TB) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), New(t))
	if err != nil {
		t.Fatalf("pgtest: connect: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// Plan returns PostgreSQL's plan of a statement, without costs.
func Plan(t testing.TB, conn *pgx.Conn, sql string, args ...any) string {
	t.Helper()
	rows, _ := conn.Query(t.Context(), "EXPLAIN (COSTS OFF) "+sql, args...)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return strings.Join(lines, "\n")
}

// Empty returns the URL of a fresh database without any schema.
func Empty(t testing.TB) string {
	t.Helper()
	return create(t, "template0")
}

// Server starts a durable server of the test's own, with an empty database, for tests
// that kill it or fill it. It is stopped and removed with the test.
func Server(t testing.TB) *privatepg.Server {
	t.Helper()
	c, err := startCluster(t.Context(), os.TempDir(), nil)
	if err != nil {
		t.Fatalf("pgtest: server: %v", err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("pgtest: remove the server: %v", err)
		}
	})
	return c.Server
}

// create clones a template for one test. The clone is dropped after the test, beside
// the next one: a drop takes 100 ms when the last connection has only just closed,
// and a long run would otherwise fill the memory it lies in.
func create(t testing.TB, from string) string {
	t.Helper()
	u, err := base()
	if err != nil {
		t.Fatalf("pgtest: server: %v", err)
	}
	name := "test_" + strings.ToLower(rand.Text()[:16])
	err = onServer(t.Context(), u, func(conn *pgx.Conn) error {
		return createDatabase(t.Context(), conn, name, from)
	})
	if err != nil {
		t.Fatalf("pgtest: database: %v", err)
	}
	t.Cleanup(func() { go drop(u, name) })
	return withDatabase(u, name)
}

// drop removes a database if the process lives long enough; a failure costs space only.
func drop(u, name string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_ = onServer(ctx, u, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `DROP DATABASE IF EXISTS `+name+` WITH (FORCE)`)
		return err
	})
}

// onServer runs f with one connection to the server's own database.
func onServer(ctx context.Context, u string, f func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, u)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", EnvURL, err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return f(conn)
}

// withDatabase is the connection string for another database on the same server.
func withDatabase(base, name string) string {
	if u, err := url.Parse(base); err == nil && u.Scheme != "" {
		u.Path = "/" + name
		return u.String()
	}
	return base + " dbname=" + name // keyword form, where the last of two counts
}
