package aip_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/pgtest"
)

// item is a row of the test's table. What is nil is null, and missing in attributes.
type item struct {
	name  string
	owner *string
	kind  *string
	score *float64
	at    *time.Time
	flag  *bool
	tags  []string
	mails []string
	attrs map[string]any // string, float64, bool or time.Time
}

const itemTable = `CREATE TABLE item (
	id integer PRIMARY KEY, display_name text COLLATE "C" NOT NULL, owner text COLLATE "C", type text, score float8,
	create_time timestamptz, is_primary boolean, tags text[] NOT NULL, emails jsonb NOT NULL, attributes jsonb NOT NULL)`

// The domains are small, so that equal values, and values of other types that look
// equal, meet often.
var (
	someTexts = []string{"", "x", "xy", "*", "a%b_", `q"u\'`, "5", "true", "Ада", "2026-01-01T00:00:00Z"}
	someTimes = []time.Time{
		time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 1, 0, 0, 0, 1000, time.UTC),
		time.Date(900, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
	}
	someNumbers = []float64{0, 5, -3, 0.1, 1e300}
	someTypes   = []string{"TYPE_UNSPECIFIED", "INDIVIDUAL", "ORGANIZATION"}
	someMails   = []string{"ada@example.com", "<b>&@example.com"}
	someKeys    = []string{"a", "b", "timestamp"}
)

// TestFiltersInPostgreSQL compares what compiled filters find in PostgreSQL with an
// evaluation in Go, for random filters over random rows, in both ways pgx can send
// them: with the types that PostgreSQL infers, and with those of the Go values.
func TestFiltersInPostgreSQL(t *testing.T) {
	ctx := t.Context()
	url := pgtest.Empty(t)
	prepared, exec := connect(t, url, pgx.QueryExecModeCacheStatement), connect(t, url, pgx.QueryExecModeExec)
	items := randomItems(rand.New(rand.NewPCG(1, 2)), 150)
	insertItems(t, prepared, items)

	rapid.Check(t, func(t *rapid.T) {
		// Several a run, as most of what can go wrong needs a rare pair of types.
		for range 10 {
			text, matches := drawFilter(t, 3)
			f, err := aip.CompileFilter(text, filterFields, nil)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			want := []int{}
			for id := range items {
				if matches(&items[id]) {
					want = append(want, id)
				}
			}
			for _, conn := range []*pgx.Conn{prepared, exec} {
				got := queryIDs(ctx, t, conn, f)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("%s\n%s %v\n%s", text, f.SQL, f.Args, diff)
				}
			}
		}
	})
}

func connect(t *testing.T, url string, mode pgx.QueryExecMode) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.DefaultQueryExecMode = mode
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func queryIDs(ctx context.Context, t *rapid.T, conn *pgx.Conn, f aip.Filter) []int {
	rows, err := conn.Query(ctx, "SELECT id FROM item WHERE "+f.SQL+" ORDER BY id", f.Args...)
	if err != nil {
		t.Fatalf("%s: %v", f.SQL, err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		t.Fatalf("%s: %v", f.SQL, err)
	}
	return ids
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// maybe returns nil in one of three cases.
func maybe[T any](r *rand.Rand, from []T) *T {
	if r.IntN(3) == 0 {
		return nil
	}
	v := pick(r, from)
	return &v
}

func randomItems(r *rand.Rand, n int) []item {
	items := make([]item, n)
	for i := range items {
		it := item{
			name: pick(r, someTexts), owner: maybe(r, someTexts), kind: maybe(r, someTypes), score: maybe(r, someNumbers),
			at: maybe(r, someTimes), flag: maybe(r, []bool{true, false}), tags: []string{}, attrs: map[string]any{},
		}
		for range r.IntN(3) {
			it.tags, it.mails = append(it.tags, pick(r, someTexts)), append(it.mails, pick(r, someMails))
		}
		for _, key := range someKeys {
			switch r.IntN(5) {
			case 0:
				it.attrs[key] = pick(r, someTexts)
			case 1:
				it.attrs[key] = pick(r, someNumbers)
			case 2:
				it.attrs[key] = r.IntN(2) == 0
			case 3:
				it.attrs[key] = pick(r, someTimes)
			}
		}
		items[i] = it
	}
	return items
}

func insertItems(t *testing.T, conn *pgx.Conn, items []item) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), itemTable); err != nil {
		t.Fatal(err)
	}
	for id, it := range items {
		emails, attributes := []map[string]string{}, map[string]any{}
		for _, m := range it.mails {
			emails = append(emails, map[string]string{"address": m})
		}
		for k, v := range it.attrs {
			if at, ok := v.(time.Time); ok {
				v = map[string]string{"timestamp": aip.AttributeTime(at)}
			}
			attributes[k] = v
		}
		if _, err := conn.Exec(t.Context(), `INSERT INTO item VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			id, it.name, it.owner, it.kind, it.score, it.at, it.flag, it.tags, emails, attributes); err != nil {
			t.Fatal(err)
		}
	}
}

type matcher func(*item) bool

// drawFilter draws a filter and what it means.
func drawFilter(t *rapid.T, depth int) (string, matcher) {
	shape := "term"
	if depth > 0 {
		shape = rapid.SampledFrom([]string{"term", "term", "not", "minus", "and", "or"}).Draw(t, "shape")
	}
	switch shape {
	case "not", "minus":
		text, m := drawFilter(t, depth-1)
		return map[string]string{"not": "NOT ", "minus": "-"}[shape] + "(" + text + ")", func(it *item) bool { return !m(it) }
	case "and":
		a, ma := drawFilter(t, depth-1)
		b, mb := drawFilter(t, depth-1)
		return "(" + a + ") AND (" + b + ")", func(it *item) bool { return ma(it) && mb(it) }
	case "or":
		// Without parentheses around the whole: OR binds tighter than AND.
		a, ma := drawTerm(t)
		b, mb := drawTerm(t)
		c, mc := drawTerm(t)
		return a + " AND " + b + " OR " + c, func(it *item) bool { return ma(it) && (mb(it) || mc(it)) }
	default:
		return drawTerm(t)
	}
}

func sample[T any](t *rapid.T, name string, from []T) T { return rapid.SampledFrom(from).Draw(t, name) }

func drawTerm(t *rapid.T) (string, matcher) {
	ordered, equality := []string{"=", "!=", "<", "<=", ">", ">="}, []string{"=", "!="}
	switch field := sample(t, "field", []string{"display_name", "owner", "like", "type", "score", "create_time", "primary", "tags", "emails", "set", "attributes", "attributes", "attributes"}); field {
	case "display_name", "owner":
		op, v := sample(t, "op", ordered), sample(t, "text", someTexts)
		return field + " " + op + " " + quote(v), func(it *item) bool { s := text(it, field); return s != nil && holds(op, strings.Compare(*s, v)) }
	case "like":
		return drawLike(t)
	case "type":
		op, v := sample(t, "op", equality), sample(t, "type", someTypes)
		return "type" + op + v, func(it *item) bool {
			kind := someTypes[0]
			if it.kind != nil {
				kind = *it.kind
			}
			return holds(op, strings.Compare(kind, v))
		}
	case "score":
		op, v := sample(t, "op", ordered), sample(t, "number", someNumbers)
		return fmt.Sprintf("score %s %v", op, v), func(it *item) bool { return it.score != nil && holds(op, compare(*it.score, v)) }
	case "create_time":
		op, v := sample(t, "op", ordered), sample(t, "time", someTimes)
		return "create_time" + op + v.Format(time.RFC3339Nano), func(it *item) bool { return it.at != nil && holds(op, it.at.Compare(v)) }
	case "primary":
		op, v := sample(t, "op", equality), rapid.Bool().Draw(t, "flag")
		return fmt.Sprintf("primary %s %v", op, v), func(it *item) bool { return it.flag != nil && holds(op, compare(*it.flag, v)) }
	case "tags":
		v := sample(t, "tag", someTexts)
		return "tags:" + quote(v), func(it *item) bool { return contains(it.tags, v) }
	case "emails":
		v := sample(t, "mail", someMails)
		return "emails.address = " + quote(strings.ToUpper(v)), func(it *item) bool { return contains(it.mails, v) }
	case "set":
		return drawPresence(t)
	default:
		return drawAttribute(t)
	}
}

func drawLike(t *rapid.T) (string, matcher) {
	op, v := sample(t, "op", []string{"=", "!="}), sample(t, "part", []string{"", "x", "%", "_", `\`, "5"})
	head, tail := rapid.Bool().Draw(t, "head"), rapid.Bool().Draw(t, "tail")
	field := sample(t, "of", []string{"owner", "attributes.a"})
	literal, pattern := quote(v), regexp.QuoteMeta(v)
	if head {
		literal, pattern = `"*`+literal[1:], ".*"+pattern
	}
	if tail {
		literal, pattern = literal[:len(literal)-1]+`*"`, pattern+".*"
	}
	whole := regexp.MustCompile(`(?s)^` + pattern + `$`)
	return field + op + literal, func(it *item) bool {
		if field == "owner" {
			return it.owner != nil && whole.MatchString(*it.owner) == (op == "=")
		}
		value, ok := it.attrs["a"]
		s, isText := value.(string)
		return ok && (isText && whole.MatchString(s)) == (op == "=")
	}
}

func drawPresence(t *rapid.T) (string, matcher) {
	all := map[string]matcher{
		"display_name":   func(it *item) bool { return it.name != "" },
		"owner":          func(it *item) bool { return it.owner != nil && *it.owner != "" },
		"type":           func(it *item) bool { return it.kind != nil && *it.kind != someTypes[0] },
		"score":          func(it *item) bool { return it.score != nil },
		"create_time":    func(it *item) bool { return it.at != nil },
		"primary":        func(it *item) bool { return it.flag != nil },
		"tags":           func(it *item) bool { return len(it.tags) > 0 },
		"emails.address": func(it *item) bool { return len(it.mails) > 0 },
		"attributes.b":   func(it *item) bool { return it.attrs["b"] != nil },
	}
	field := sample(t, "set field", []string{"display_name", "owner", "type", "score", "create_time", "primary", "tags", "emails.address", "attributes.b"})
	return field + ":*", all[field]
}

func drawAttribute(t *rapid.T) (string, matcher) {
	key := sample(t, "key", append(someKeys, "none"))
	op := sample(t, "op", []string{"=", "!=", ":", "<", "<=", ">", ">="})
	var literal string
	var values []any // the literal compares with values of these types
	switch sample(t, "literal", []string{"text", "number", "time", "bool"}) {
	case "text":
		v := sample(t, "text", someTexts)
		literal, values = quote(v), []any{v}
		if at, err := time.Parse(time.RFC3339, v); err == nil {
			values = append(values, at)
		}
	case "number":
		v := sample(t, "number", someNumbers)
		literal, values = fmt.Sprint(v), []any{v}
	case "time":
		v := sample(t, "time", someTimes)
		literal, values = v.Format(time.RFC3339Nano), []any{v}
	case "bool":
		v := rapid.Bool().Draw(t, "flag")
		literal, values = fmt.Sprint(v), []any{v}
		if op != ":" {
			op = sample(t, "bool op", []string{"=", "!="})
		}
	}
	return "attributes." + key + " " + op + " " + literal, func(it *item) bool {
		have, ok := it.attrs[key]
		equal, ordered := false, false
		for _, v := range values {
			if fmt.Sprintf("%T", have) == fmt.Sprintf("%T", v) {
				equal = equal || compare(have, v) == 0
				ordered = ordered || holds(op, compare(have, v))
			}
		}
		switch op {
		case "=", ":":
			return equal
		case "!=":
			return ok && !equal
		default:
			return ordered
		}
	}
}

func text(it *item, field string) *string {
	if field == "owner" {
		return it.owner
	}
	return &it.name
}

func contains(list []string, v string) bool {
	for _, s := range list {
		if s == v {
			return true
		}
	}
	return false
}

// quote writes a text as a filter's string.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `*`, `\*`).Replace(s) + `"`
}

func holds(op string, c int) bool {
	return map[string]bool{"=": c == 0, "!=": c != 0, "<": c < 0, "<=": c <= 0, ">": c > 0, ">=": c >= 0}[op]
}

// compare orders two values of the same type.
func compare(a, b any) int {
	switch a := a.(type) {
	case string:
		return strings.Compare(a, b.(string))
	case time.Time:
		return a.Compare(b.(time.Time))
	case bool:
		return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
	default:
		x, y := a.(float64), b.(float64)
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	}
}

// TestFilterTextIsItsShape checks that two filters that differ in their values only are
// one statement to PostgreSQL.
func TestFilterTextIsItsShape(t *testing.T) {
	for _, pair := range [][2]string{
		{`attributes.a = "x" AND tags:y`, `attributes.b = 5 AND tags:"z'"`},
		{`attributes.a < 5`, `attributes.zzz < -1`},
		{`type = INDIVIDUAL`, `type = TYPE_UNSPECIFIED`},
		{`display_name = "a*"`, `display_name = "*b"`},
	} {
		a, errA := aip.CompileFilter(pair[0], filterFields, nil)
		b, errB := aip.CompileFilter(pair[1], filterFields, nil)
		if errA != nil || errB != nil || a.SQL != b.SQL {
			t.Errorf("%s and %s: %s and %s, %v, %v", pair[0], pair[1], a.SQL, b.SQL, errA, errB)
		}
	}
}

// TestOddFiltersInPostgreSQL checks that every accepted filter among hand-picked odd ones is
// valid SQL.
func TestOddFiltersInPostgreSQL(t *testing.T) {
	conn := connect(t, pgtest.Empty(t), pgx.QueryExecModeExec)
	insertItems(t, conn, nil)
	for _, filter := range []string{
		`score = 1e308`, `score = 5e-324`, `attributes.a = 5e-324`, `attributes.a > 1e308`, `attributes."" = ""`, `attributes."\"" = "\\"`,
		`attributes.a = "` + "\u2028\U0001F98A" + `"`, `create_time > 0001-01-01T00:00:00Z`, `create_time < 9999-12-31T23:59:59.999999Z`,
		`attributes.a > 0001-01-01T00:00:00Z`, `tags:""`, `emails.address:""`, `display_name = "\\*"`, `display_name = "*\\"`, `score = .5`, `score = 5.`,
	} {
		f, err := aip.CompileFilter(filter, filterFields, nil)
		if err != nil {
			t.Errorf("%s: %v", filter, err)
			continue
		}
		if _, err := conn.Exec(t.Context(), "SELECT FROM item WHERE "+f.SQL, f.Args...); err != nil {
			t.Errorf("%s: %s: %v", filter, f.SQL, err)
		}
	}
}
