package bench

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/bench/dataset"
)

// The copy is the import's measure only where it writes the very same, and both find the
// database as it was.
func TestCopyWritesWhatTheImportWrote(t *testing.T) {
	s := apitest.Start(t)
	if err := dataset.Fill(t.Context(), s.DatabaseURL, 300); err != nil {
		t.Fatal(err)
	}
	i := &importer{
		bench:   &bench{Options: Options{ImportRows: 700, Say: func(string) {}}, databaseURL: s.DatabaseURL},
		columns: map[string]string{}, dir: t.TempDir(), conn: connect(t, s), client: s.Customers,
	}
	// What differs from one import to the next, ids and times, is left out of the sums.
	state := func() (out map[string]string) {
		t.Helper()
		out = map[string]string{}
		for table, of := range map[string]string{
			"customer":      `display_name || emails::text || phones::text || attributes::text`,
			"external_id":   `source || id`,
			"search_key":    `key`,
			"change":        `type || fields::text`,
			"attribute_key": `lane || key || value_type || customer_count`,
			"lane_feed":     `lane || ' ' || last_seq`,
		} {
			var sum string
			if err := s.DB.QueryRow(t.Context(), `SELECT count(*) || ' rows, ' || coalesce(md5(string_agg(x, ',' ORDER BY x COLLATE "C")), '') FROM (SELECT `+of+` AS x FROM `+table+`) AS t`).Scan(&sum); err != nil {
				t.Fatal(err)
			}
			out[table] = sum
		}
		return out
	}
	before := state()
	if err := i.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, state()); diff != "" {
		t.Errorf("rows are left of the first import (-before +now):\n%s", diff)
	}
	if _, err := i.copyIn(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	copied := state()
	if err := i.remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, state()); diff != "" {
		t.Errorf("rows are left of the copy (-before +now):\n%s", diff)
	}
	if _, err := i.load(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	imported := state()
	for _, laned := range []string{"attribute_key", "lane_feed"} {
		if copied[laned] == before[laned] {
			t.Errorf("the copy did not count in %s", laned)
		}
		delete(copied, laned) // another import gives its customers other ids, hence lanes
		delete(imported, laned)
	}
	if diff := cmp.Diff(imported, copied); diff != "" {
		t.Errorf("(-imported +copied):\n%s", diff)
	}
}

func connect(t *testing.T, s *apitest.Service) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}
