package pgtest_test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/rapport-crm/rapport/internal/pgtest"
)

// connect opens a connection that the test's end closes.
func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func count(t *testing.T, conn *pgx.Conn, sql string) (n int) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

const (
	countCustomers = `SELECT count(*) FROM customer`
	countTables    = `SELECT count(*) FROM pg_tables WHERE schemaname = 'public'`
	addTable       = `CREATE TABLE extra (n int)`
)

func TestDatabasesAreMigratedAndApart(t *testing.T) {
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			conn := connect(t, pgtest.New(t))
			count(t, conn, countCustomers)
			if _, err := conn.Exec(t.Context(), addTable); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestEmptyHasNoTables(t *testing.T) {
	if n := count(t, connect(t, pgtest.Empty(t)), countTables); n != 0 {
		t.Errorf("%d tables in an empty database", n)
	}
}

func TestServerIsDurable(t *testing.T) {
	s := pgtest.Server(t)
	if n := count(t, connect(t, s.URL()), `SELECT count(*) FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes') AND setting = 'on'`); n != 3 {
		t.Errorf("%d of 3 settings that keep committed data are on", n)
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		pgtest.New(b)
	}
}
