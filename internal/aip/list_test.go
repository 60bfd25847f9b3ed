package aip_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/pgtest"
)

// recordTable has 25,000 rows, more than two bounded pages: 10 to each time, names in
// three scripts, every tenth one deleted.
const recordTable = `
CREATE TABLE record (
	id uuid PRIMARY KEY, n integer NOT NULL, display_name text COLLATE "C" NOT NULL, create_time timestamptz NOT NULL,
	delete_time timestamptz, tags text[] NOT NULL);
INSERT INTO record
	SELECT md5(n::text)::uuid, n, (ARRAY['Ada', 'Ада', '爱达'])[n % 3 + 1] || n % 1000, timestamptz '2026-01-01Z' + n / 10 * interval '1 s',
		CASE WHEN n % 10 = 3 THEN timestamptz '2026-06-01Z' END, ARRAY['t' || n % 5000]
	FROM generate_series(0, 24999) AS n;
CREATE INDEX ON record (create_time, id) WHERE delete_time IS NULL;
CREATE INDEX ON record (left(display_name, 60), id) WHERE delete_time IS NULL;
CREATE INDEX ON record (create_time, id) WHERE delete_time IS NOT NULL;
CREATE INDEX ON record (left(display_name, 60), id) WHERE delete_time IS NOT NULL;
CREATE INDEX ON record USING gin (tags);
ANALYZE record`

type record struct {
	ID          uuid.UUID
	N           int
	DisplayName string
	CreateTime  time.Time
	aip.Scan
}

var recordFields = aip.Fields{
	"n": aip.Number("n"), "tags": aip.TextArray("tags"), "create_time": aip.Timestamp("create_time"), "display_name": aip.Text("display_name"),
}

func recordList(t *testing.T, filter string, order aip.Order, showDeleted bool) aip.List {
	t.Helper()
	f, err := aip.CompileFilter(filter, recordFields, []any{-1})
	if err != nil {
		t.Fatal(err)
	}
	return aip.List{
		Table: "record", Columns: "id, n, display_name, create_time", ID: "id", Base: "n > $1",
		Filter: f, Order: order, Deleted: aip.DeletedOf(showDeleted),
	}
}

// walk reads all pages, each cursor through a token as a caller would, and returns the
// rows' numbers and how many pages there were.
func walk(t *testing.T, conn *pgx.Conn, list aip.List) (numbers []int, pages int) {
	t.Helper()
	f := aip.FingerprintOf(list.Order, "walk")
	for {
		pages++
		sql, args := list.SQL()
		rows, err := conn.Query(t.Context(), sql, args...)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		fetched, err := pgx.CollectRows(rows, pgx.RowToStructByName[record])
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		page, next := aip.Page(fetched, list.Size, func(r *record) aip.Scan { return r.Scan },
			func(r *record) aip.Cursor { return aip.Cursor{Time: r.CreateTime, Key: r.DisplayName, ID: r.ID} })
		if len(page) > list.Size {
			t.Fatalf("a page of %d rows, want at most %d", len(page), list.Size)
		}
		for _, r := range page {
			numbers = append(numbers, r.N)
		}
		if next == nil {
			return numbers, pages
		}
		if list.Cursor, err = aip.ParseToken(next.Token(f), f); err != nil {
			t.Fatal(err)
		}
	}
}

func TestListPages(t *testing.T) {
	url := pgtest.Empty(t)
	conn, exec := connect(t, url, pgx.QueryExecModeCacheStatement), connect(t, url, pgx.QueryExecModeExec)
	if _, err := conn.Exec(t.Context(), recordTable); err != nil {
		t.Fatal(err)
	}
	oldestFirst, zToA := newestFirst, byName
	oldestFirst.Desc, zToA.Desc = false, true
	for name, tc := range map[string]struct {
		filter  string
		order   aip.Order
		deleted bool
		size    int
		where   string // what the list should hold
		bounded bool
		pages   int
		total   *int64
	}{
		"all":                         {``, newestFirst, true, 1000, `true`, false, 25, ptr(aip.CountLimit)},
		"live, by name":               {``, byName, false, 1000, `delete_time IS NULL`, false, 23, ptr(aip.CountLimit)},
		"live, by name, backwards":    {``, zToA, false, 1000, `delete_time IS NULL`, false, 23, ptr(aip.CountLimit)},
		"served":                      {`tags:t7`, oldestFirst, false, 2, `tags @> '{t7}' AND delete_time IS NULL`, false, 3, ptr(5)},
		"range of the order's column": {`create_time < "2026-01-01T00:00:10Z"`, newestFirst, true, 30, `n < 100`, false, 4, ptr(100)},
		"not served, sparse":          {`n = 17 OR n = 24000`, newestFirst, false, 5, `n IN (17, 24000)`, true, 3, nil},
		"not served, none":            {`n = -5`, oldestFirst, false, 5, `false`, true, 3, nil},
		"not served, dense":           {`NOT n = 5`, oldestFirst, true, 1000, `n <> 5`, true, 25, nil},
		"not served, tied names":      {`n > 20000`, zToA, false, 100, `n > 20000 AND delete_time IS NULL`, true, 45, nil},
		"not served, in a range": {
			`create_time < "2026-01-01T00:10:00Z" AND NOT n = 5`, newestFirst, false, 2000,
			`n < 6000 AND n <> 5 AND delete_time IS NULL`, true, 3, ptr(5399),
		},
	} {
		t.Run(name, func(t *testing.T) {
			list := recordList(t, tc.filter, tc.order, tc.deleted)
			list.Size = tc.size
			if list.Bounded() != tc.bounded {
				t.Errorf("Bounded is %v", list.Bounded())
			}
			direction := ""
			if tc.order.Desc {
				direction = " DESC"
			}
			rows, _ := conn.Query(t.Context(), fmt.Sprintf("SELECT n FROM record WHERE %s ORDER BY %s%s, id%s", tc.where, tc.order.Column, direction, direction))
			want, err := pgx.CollectRows(rows, pgx.RowTo[int])
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range []*pgx.Conn{conn, exec} {
				got, pages := walk(t, c, list)
				if !slices.Equal(got, want) {
					t.Errorf("%d rows, want %d, or in another order", len(got), len(want))
				}
				if pages != tc.pages {
					t.Errorf("%d pages, want %d", pages, tc.pages)
				}
			}
			sql, args := list.CountSQL()
			var total *int64
			if err := exec.QueryRow(t.Context(), sql, args...).Scan(&total); err != nil {
				t.Fatalf("%s: %v", sql, err)
			}
			if diff := cmp.Diff(tc.total, total); diff != "" {
				t.Errorf("total: %s", diff)
			}
		})
	}
	t.Run("reads", func(t *testing.T) { testReads(t, conn) })
}

func ptr(n int64) *int64 { return &n }

// testReads checks what a page costs: no sort, and no more rows than it needs.
func testReads(t *testing.T, conn *pgx.Conn) {
	deep := &aip.Cursor{Time: time.Date(2026, 1, 1, 0, 20, 0, 0, time.UTC), Key: "Ада5", ID: uuid.MustParse(idA)}
	for name, tc := range map[string]struct {
		filter  string
		order   aip.Order
		deleted bool
		cursor  *aip.Cursor
		most    float64
	}{
		"first page":           {``, newestFirst, false, nil, 60},
		"deep page":            {``, newestFirst, false, deep, 60},
		"deep page by name":    {``, byName, false, deep, 60},
		"bounded, dense":       {`NOT n = 5`, newestFirst, false, nil, 80},
		"bounded, sparse":      {`n = -5`, newestFirst, false, deep, aip.ScanLimit + 1},
		"bounded, by name":     {`n = -5`, byName, false, nil, aip.ScanLimit + 1},
		"bounded, but a range": {`create_time > "2026-01-01T00:41:00Z" AND n = -5`, newestFirst, false, nil, 400},
	} {
		list := recordList(t, tc.filter, tc.order, tc.deleted)
		list.Cursor, list.Size = tc.cursor, 50
		sql, args := list.SQL()
		var plan []byte
		if err := conn.QueryRow(t.Context(), "EXPLAIN (ANALYZE, FORMAT JSON) "+sql, args...).Scan(&plan); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		var top []struct{ Plan planNode }
		if err := json.Unmarshal(plan, &top); err != nil {
			t.Fatal(err)
		}
		if read := top[0].Plan.read(); read > tc.most || strings.Contains(string(plan), `"Sort"`) {
			t.Errorf("%s: read %v rows, want at most %v and no sort: %s", name, read, tc.most, plan)
		}
	}
}

type planNode struct {
	Rows    float64 `json:"Actual Rows"`
	Removed float64 `json:"Rows Removed by Filter"`
	Plans   []planNode
}

// read returns how many rows the scans below the node read.
func (n planNode) read() float64 {
	if len(n.Plans) == 0 {
		return n.Rows + n.Removed
	}
	var sum float64
	for _, kid := range n.Plans {
		sum += kid.read()
	}
	return sum
}
