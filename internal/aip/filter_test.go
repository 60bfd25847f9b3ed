package aip_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
)

var filterFields = aip.Fields{
	"display_name":    aip.Text("display_name"),
	"owner":           aip.Indexed(aip.Text("owner")),
	"type":            aip.Enum("type", rapportv1.Customer_INDIVIDUAL.Descriptor()),
	"primary":         aip.Bool("is_primary"),
	"score":           aip.Number("score"),
	"interval":        aip.Duration("(days * 86400)"),
	"create_time":     aip.Timestamp("create_time"),
	"referrer":        aip.UUIDName("referrer_id", func(name string) (uuid.UUID, error) { return aip.ParseCustomerName("", name) }),
	"tags":            aip.TextArray("tags"),
	"emails.address":  aip.JSONList("emails", "address", strings.ToLower),
	"attributes":      aip.Attributes("attributes"),
	"external_ids":    aip.CustomKeyed(externalID),
	"never_by_custom": aip.Custom(func(*aip.Term) (aip.Condition, error) { return aip.Condition{}, errors.New("custom") }),
}

// externalID shows what the customer package does: a look-up in another table.
func externalID(t *aip.Term) (aip.Condition, error) {
	if t.Op != "=" {
		return aip.Condition{}, t.Refuse("takes = only")
	}
	return aip.Condition{
		SQL:    "id IN (SELECT customer_id FROM external_id WHERE source = " + t.Bind(t.Key, "text") + " AND id = " + t.Bind(t.Value.Text, "text") + ")",
		Served: true,
	}, nil
}

func TestCompileFilter(t *testing.T) {
	newYear := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		filter string
		sql    string
		args   []any
		served bool
	}{
		{``, ``, nil, true},
		{"  \n ", ``, nil, true},
		{`display_name = "Ada"`, `(display_name = $2::text)`, []any{"Ada"}, false},
		{`interval >= 2592000s`, `((days * 86400) >= $2::float8)`, []any{2592000.0}, false},
		{`interval = "1.5s"`, `((days * 86400) = $2::float8)`, []any{1.5}, false},
		{`interval:*`, `((days * 86400) IS NOT NULL)`, nil, false},
		{`display_name="Ada"`, `(display_name = $2::text)`, []any{"Ada"}, false},
		{`display_name = Ада`, `(display_name = $2::text)`, []any{"Ада"}, false},
		{`display_name != 'it"s'`, `(display_name <> $2::text)`, []any{`it"s`}, false},
		{`display_name = "a\"b\\c\*"`, `(display_name = $2::text)`, []any{`a"b\c*`}, false},
		{`display_name = "Ada*"`, `(display_name LIKE $2::text)`, []any{`Ada%`}, false},
		{`display_name = "*%_\\*"`, `(display_name LIKE $2::text)`, []any{`%\%\_\\%`}, false},
		{`display_name = *a*b*`, `(display_name LIKE $2::text)`, []any{`%a*b%`}, false},
		{`display_name = "*"`, `(display_name LIKE $2::text)`, []any{`%`}, false},
		{`display_name != "**"`, `(display_name NOT LIKE $2::text)`, []any{`%%`}, false},
		{`display_name:*`, `(display_name <> '')`, nil, false},
		{`owner = "7"`, `(owner = $2::text)`, []any{"7"}, true},
		{`owner > "7"`, `(owner > $2::text)`, []any{"7"}, false},
		{`owner = "7*"`, `(owner LIKE $2::text)`, []any{"7%"}, false},
		{`type = INDIVIDUAL`, `(coalesce(type, 'TYPE_UNSPECIFIED') = $2::text)`, []any{"INDIVIDUAL"}, false},
		{`type != "INDIVIDUAL"`, `(coalesce(type, 'TYPE_UNSPECIFIED') <> $2::text)`, []any{"INDIVIDUAL"}, false},
		{`primary = true`, `(is_primary = $2::bool)`, []any{true}, false},
		{`score >= -1.5e3`, `(score >= $2::float8)`, []any{-1500.0}, false},
		{`score:*`, `(score IS NOT NULL)`, nil, false},
		{`create_time < 2026-01-01T01:00:00+01:00`, `(create_time < $2::timestamptz)`, []any{newYear}, false},
		{`create_time = "2026-01-01T00:00:00.0000009Z"`, `(create_time = $2::timestamptz)`, []any{newYear}, false},
		{`referrer = customers/` + idA, `(referrer_id = $2::uuid)`, []any{uuid.MustParse(idA)}, false},
		{`tags:"vip"`, `(tags @> ARRAY[$2::text])`, []any{"vip"}, true},
		{`tags:vip`, `(tags @> ARRAY[$2::text])`, []any{"vip"}, true},
		{`tags:"\*"`, `(tags @> ARRAY[$2::text])`, []any{"*"}, true},
		{`tags:*`, `(cardinality(tags) > 0)`, nil, false},
		{`emails.address = Ada@Example.com`, `(emails @> $2::jsonb)`, []any{`[{"address":"ada@example.com"}]`}, true},
		{`attributes.plan = "gold"`, `(attributes @> $2::jsonb)`, []any{`{"plan":"gold"}`}, true},
		{`attributes.plan:"gold"`, `(attributes @> $2::jsonb)`, []any{`{"plan":"gold"}`}, true},
		{`attributes."a.b" = 5`, `(attributes @> $2::jsonb)`, []any{`{"a.b":5}`}, true},
		{`attributes.ok = false`, `(attributes @> $2::jsonb)`, []any{`{"ok":false}`}, true},
		{`attributes.ok = "false"`, `(attributes @> $2::jsonb)`, []any{`{"ok":"false"}`}, true},
		{`attributes.since = 2026-01-01T00:00:00Z`, `(attributes @> $2::jsonb)`, []any{`{"since":{"timestamp":"2026-01-01T00:00:00.000000Z"}}`}, true},
		{
			`attributes.since = "2026-01-01T00:00:00Z"`, `((attributes @> $2::jsonb) OR (attributes @> $3::jsonb))`,
			[]any{`{"since":"2026-01-01T00:00:00Z"}`, `{"since":{"timestamp":"2026-01-01T00:00:00.000000Z"}}`},
			true,
		},
		{`attributes.plan:*`, `(attributes ? $2::text)`, []any{"plan"}, false},
		{
			`attributes.plan != "gold"`, `(attributes ? $3::text AND (attributes @> $2::jsonb) IS NOT TRUE)`,
			[]any{`{"plan":"gold"}`, "plan"},
			false,
		},
		{
			`external_ids.my-source = "7"`, `(id IN (SELECT customer_id FROM external_id WHERE source = $2::text AND id = $3::text))`,
			[]any{"my-source", "7"},
			true,
		},
		// OR binds tighter than AND, and an index that serves all of an OR serves the whole.
		{
			`score = 1 AND tags:a OR tags:b`, `(score = $2::float8) AND ((tags @> ARRAY[$3::text]) OR (tags @> ARRAY[$4::text]))`,
			[]any{1.0, "a", "b"},
			true,
		},
		{`tags:a OR score = 1`, `((tags @> ARRAY[$2::text]) OR (score = $3::float8))`, []any{"a", 1.0}, false},
		{`(tags:a AND score = 1)OR tags:b`, `(((tags @> ARRAY[$2::text]) AND (score = $3::float8)) OR (tags @> ARRAY[$4::text]))`, []any{"a", 1.0, "b"}, true},
		// A look-up in another table cannot be combined with an index.
		{
			`tags:a OR external_ids.x = 1`, `((tags @> ARRAY[$2::text]) OR (id IN (SELECT customer_id FROM external_id WHERE source = $3::text AND id = $4::text)))`,
			[]any{"a", "x", "1"},
			false,
		},
		{
			`tags:a OR (tags:b AND external_ids.x = 1)`,
			`((tags @> ARRAY[$2::text]) OR ((tags @> ARRAY[$3::text]) AND (id IN (SELECT customer_id FROM external_id WHERE source = $4::text AND id = $5::text))))`,
			[]any{"a", "b", "x", "1"},
			true,
		},
		{`NOT tags:a`, `((tags @> ARRAY[$2::text]) IS NOT TRUE)`, []any{"a"}, false},
		{`-tags:a AND NOT(score = 1)`, `((tags @> ARRAY[$2::text]) IS NOT TRUE) AND ((score = $3::float8) IS NOT TRUE)`, []any{"a", 1.0}, false},
		{`((((tags:a))))`, `(tags @> ARRAY[$2::text])`, []any{"a"}, true},
	} {
		got, err := aip.CompileFilter(tc.filter, filterFields, []any{"base"})
		if err != nil {
			t.Errorf("%s: %v", tc.filter, err)
			continue
		}
		if got.SQL != tc.sql || got.Served != tc.served {
			t.Errorf("%s:\n got %s (served %v)\nwant %s (served %v)", tc.filter, got.SQL, got.Served, tc.sql, tc.served)
		}
		if diff := cmp.Diff(append([]any{"base"}, tc.args...), got.Args); diff != "" {
			t.Errorf("%s: %s", tc.filter, diff)
		}
	}
}

func TestCompileFilterRefuses(t *testing.T) {
	for _, tc := range []struct{ filter, column, text string }{
		{`Ada`, "1", "comparison"},
		{`"Ada Lovelace"`, "1", "comparison"},
		{`score = 1 type = INDIVIDUAL`, "11", "two comparisons in a row"},
		{`score = 1 -tags:x`, "11", "two comparisons in a row"},
		{`score = 1 and tags:x`, "11", "AND in capitals"},
		{`score = 1 AND`, "14", "field's name"},
		{`score = `, "9", "a value"},
		{`score = "1`, "9", "closing quote"},
		{`display_name = "a\n"`, "19", "backslash"},
		{`display_name = "é" AND naïve = 1`, "24", "comparison"},
		{`display_name = "é" AND dispaly_name = 1`, "24", "did you mean `display_name`?"},
		{`display_name = "a"b`, "19", "space"},
		{`(score = 1`, "11", "`)`"},
		{`score = 1)`, "10", "`(`"},
		{`()`, "2", "field's name"},
		{`NOT NOT score = 1`, "5", "comparison"},
		{`size(tags) > 1`, "5", "functions"},
		{`score = max(1)`, "12", "functions"},
		{`score > "1"`, "1", "number"},
		{`score > 1e999`, "1", "number"},
		{`score > NaN`, "1", "number"},
		{`interval = 5`, "1", "duration in seconds"},
		{`interval = s`, "1", "duration in seconds"},
		{`interval = 1e999s`, "1", "duration in seconds"},
		{`score : 1`, "1", "takes = != < <= > >="},
		{`display_name:"x"`, "1", "takes"},
		{`display_name > "x*"`, "1", "wildcards"},
		{`primary = yes`, "1", "true or false"},
		{`primary = "true"`, "1", "true or false"},
		{`type = INDIVIDAUL`, "1", "did you mean `INDIVIDUAL`?"},
		{`type = individual`, "1", "did you mean `INDIVIDUAL`?"},
		{`type > INDIVIDUAL`, "1", "takes"},
		{`type = 1`, "1", "no value"},
		{`create_time > yesterday`, "1", "RFC 3339"},
		{`create_time > 2026-01-01`, "1", "RFC 3339"},
		{`create_time > 0000-01-01T00:00:00Z`, "1", "RFC 3339"},
		{`create_time > 9999-12-31T23:59:59-01:00`, "1", "RFC 3339"},
		{`referrer = "` + idA + `"`, "1", "resource's name"},
		{`tags = "vip"`, "1", "takes `:`"},
		{`tags:"vi*"`, "1", "wildcards"},
		{`tags.x = 1`, "1", "no field"},
		{`emails.address != "x"`, "1", "NOT"},
		{`emails.primary = true`, "1", "no field"},
		{`attributes = 1`, "1", "attributes.KEY"},
		{`attributes.a.b = 1`, "1", "no field"},
		{`attributes.ok < true`, "1", "boolean"},
		{`attributes.plan < "a*"`, "1", "wildcards"},
		{`attributes.plan:"a*"`, "1", "wildcards"},
		{`external_ids.x > "1"`, "1", "takes = only"},
		{`1 = 1`, "1", "field's name"},
		{`.x = 1`, "1", "field's name"},
		{`x. = 1`, "3", "field's name"},
		{`score == 1`, "8", "a value"},
		{`score = 1; DROP TABLE customer`, "12", "two comparisons"},
		{`score = 1=2`, "10", "quotes"},
		{"score = 1\x00", "1", "NUL"},
		{"display_name = \"\xff\"", "1", "UTF-8"},
		{strings.Repeat("(", 21) + "score = 1" + strings.Repeat(")", 21), "22", "20 parentheses"},
		{strings.Repeat("(", 1999), "22", "20 parentheses"},
		{"score = 1" + strings.Repeat(" OR score = 1", 50), "651", "50 comparisons"},
		{`display_name = "` + strings.Repeat("é", 2000) + `"`, "1", "2000 characters"},
	} {
		_, err := aip.CompileFilter(tc.filter, filterFields, nil)
		text := wantViolation(t, tc.filter, err, rapportv1.ErrorReason_INVALID_FILTER, "filter")
		if column := apierr.Info(err).GetMetadata()["column"]; column != tc.column || !strings.Contains(text, tc.text) {
			t.Errorf("%s: column %s, %q; want column %s, %q", tc.filter, column, text, tc.column, tc.text)
		}
	}
}

func TestFilterAtItsLimits(t *testing.T) {
	for _, filter := range []string{
		strings.Repeat("(", 20) + "score = 1" + strings.Repeat(")", 20),
		strings.Repeat("NOT (", 20) + "score = 1" + strings.Repeat(")", 20),
		"score = 1" + strings.Repeat(" AND score = 1", 49),
		`display_name = "` + strings.Repeat("🦊", 1983) + `"`,
	} {
		if _, err := aip.CompileFilter(filter, filterFields, nil); err != nil {
			t.Errorf("%s: %v", filter, err)
		}
	}
}

// The caller's arguments must survive, as the same slice serves two statements.
func TestCompileFilterKeepsArgs(t *testing.T) {
	args := make([]any, 1, 10)
	a, errA := aip.CompileFilter(`tags:a`, filterFields, args)
	b, errB := aip.CompileFilter(`tags:b`, filterFields, args)
	if errA != nil || errB != nil || a.Args[1] != "a" || b.Args[1] != "b" {
		t.Errorf("args %v and %v, errors %v and %v", a.Args, b.Args, errA, errB)
	}
}

// sqlOfOurs matches what a condition may consist of; a literal of a caller would show.
var sqlOfOurs = regexp.MustCompile(`^(?:[() ]|\$\d+::(?:text|float8|bool|timestamptz|uuid|jsonb)|::float8|->>?|@>|<>|<=|>=|[<>=?]|` +
	`display_name|owner|type|is_primary|score|create_time|referrer_id|tags|emails|attributes|external_id|customer_id|source|id|` +
	`AND|OR|IS NOT TRUE|IS NOT NULL|NOT LIKE|LIKE|IN|SELECT|FROM|WHERE|CASE WHEN|THEN|END|COLLATE "C"|ARRAY\[\$\d+::text\]|` +
	`cardinality|jsonb_typeof|coalesce|,|'TYPE_UNSPECIFIED'|''|'timestamp'|'string'|'number'|0|` +
	`jsonb_path_exists\(emails, '\$\[\*\]\."address" \? \(@ != ""\)'\))*$`)

func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		``, `display_name = "Ada*" AND NOT tags:"vip"`, `attributes.plan = "gold" OR -attributes.n < -1.5e3`,
		`attributes.t >= "2026-01-01T00:00:00Z" attributes.b != true`, `(type = INDIVIDUAL OR primary = false) AND score:*`,
		`emails.address:"A'; DROP TABLE customer; --"`, `external_ids.crm = '$1' AND attributes."$2" = x`, `emails.address:* AND tags:* AND owner:*`,
		`referrer = customers/` + idA + ` AND create_time<2026-01-01T00:00:00+01:00`, `((((((`, `NOT - "\`, "a\x00", "\xff",
		`attributes.p = "x*" AND attributes.p != y*`, `attributes.t < 2026-01-01T00:00:00Z`, `type:*`, `attributes.p > x`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, filter string) {
		got, err := aip.CompileFilter(filter, filterFields, nil)
		switch {
		case err != nil && strings.Contains(filter, "never_by_custom") && err.Error() == "custom":
		case err != nil:
			wantViolation(t, filter, err, rapportv1.ErrorReason_INVALID_FILTER, "filter")
		case !sqlOfOurs.MatchString(got.SQL):
			t.Errorf("%s: foreign text in %s", filter, got.SQL)
		case strings.Count(got.SQL, "$") < len(got.Args):
			t.Errorf("%s: %d args for %s", filter, len(got.Args), got.SQL)
		}
	})
}

func BenchmarkCompileFilter(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := aip.CompileFilter(`tags:"vip" AND attributes.plan = "gold" AND create_time > "2026-01-01T00:00:00Z"`, filterFields, nil); err != nil {
			b.Fatal(err)
		}
	}
}
