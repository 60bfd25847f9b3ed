package aip

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
)

// The limits of a filter. They bound the work of the parser and of the database.
const (
	maxFilterLen   = 2000 // characters
	maxFilterDepth = 20   // parentheses inside parentheses
	maxFilterTerms = 50   // comparisons
)

// Fields are the fields a filter may name, by their path in the API. A keyed field,
// such as attributes, is named with one more segment in a filter.
type Fields map[string]Field

// Filter is a compiled filter.
type Filter struct {
	// SQL is the condition, empty for an empty filter. It depends on the filter's shape
	// only: every literal and key in it is a parameter. It stands in parentheses, and can
	// be null, which counts as false.
	SQL string
	// Args are the arguments CompileFilter was given and those of SQL.
	Args []any
	// Served tells whether an index finds the rows, as it does for some condition that
	// all of them meet. An empty filter is served.
	Served bool

	conjuncts []conjunct
}

// conjunct is a condition that every row of a filter's result meets.
type conjunct struct {
	sql string
	// Where column is set, an index has the rows that meet bound, which the condition is or
	// implies, in the order of this column: a range of it, or those of a partial index.
	column, bound string
	// only is set where the condition depends on no other column than this one.
	only string
}

// Only returns the filter's conditions that depend on no other column than this one, which a
// field of OnlyOf is: for a list that can leave out rows by it before it looks at the rest.
func (f Filter) Only(column string) string {
	var all []string
	for _, c := range f.conjuncts {
		if c.only == column {
			all = append(all, c.sql)
		}
	}
	return and(all...)
}

// Beyond tells whether the filter has conditions besides those of Only.
func (f Filter) Beyond(column string) bool {
	return slices.ContainsFunc(f.conjuncts, func(c conjunct) bool { return c.only != column })
}

// within tells whether an index has the filter's rows in the order of the column.
func (f Filter) within(column string) bool {
	return !slices.ContainsFunc(f.conjuncts, func(c conjunct) bool { return c.column != column || c.bound != c.sql })
}

// bounds returns the conditions by which an index in the order of the column leaves out
// what does not meet the filter.
func (f Filter) bounds(column string) string {
	var bounds []string
	for _, c := range f.conjuncts {
		if c.column == column {
			bounds = append(bounds, c.bound)
		}
	}
	return and(bounds...)
}

// demands tells whether all rows meet the condition.
func (f Filter) demands(condition string) bool {
	return slices.ContainsFunc(f.conjuncts, func(c conjunct) bool { return c.sql == condition || c.bound == condition })
}

// CompileFilter turns a filter (AIP-160) into a condition for PostgreSQL. The args are
// those of the statement so far: the condition's placeholders go on after them.
//
// A comparison with a value that is missing is false, and its negation is true. OR
// binds tighter than AND. The error is INVALID_FILTER on the field filter, with the
// column in its metadata, counted in characters from 1.
func CompileFilter(filter string, fields Fields, args []any) (Filter, error) {
	if !utf8.ValidString(filter) || strings.ContainsRune(filter, 0) {
		return Filter{}, invalidFilter(filter, 0, "must be UTF-8 without NUL characters")
	}
	if utf8.RuneCountInString(filter) > maxFilterLen {
		return Filter{}, invalidFilter(filter, 0, "is longer than %d characters", maxFilterLen)
	}
	root, err := parseFilter(filter)
	if err != nil {
		return Filter{}, err
	}
	c := compiler{filter: filter, fields: fields, args: slices.Clip(args)}
	if root == nil {
		return Filter{Args: c.args, Served: true}, nil
	}
	conjuncts := []*node{root}
	if root.kind == nodeAnd {
		conjuncts = root.kids
	}
	out := Filter{}
	parts := make([]string, 0, len(conjuncts))
	var partial []string
	for _, n := range conjuncts {
		part, err := c.compile(n)
		if err != nil {
			return Filter{}, err
		}
		parts = append(parts, part.SQL)
		out.Served = out.Served || part.Served
		out.conjuncts = append(out.conjuncts, conjunct{sql: part.SQL, column: part.column, bound: part.bound, only: part.only})
		if part.servedWhere != "" {
			partial = append(partial, part.servedWhere)
		}
	}
	out.Served = out.Served || slices.ContainsFunc(partial, out.demands)
	out.SQL, out.Args = "("+strings.Join(parts, ") AND (")+")", c.args
	return out, nil
}

// Condition is what one comparison, or several joined, come to in SQL.
type Condition struct {
	SQL string
	// Served tells whether an index finds the rows that meet it.
	Served bool

	// direct tells whether that index is one of the list's own table.
	direct bool
	// inOr is the condition as part of an OR, where that is another than SQL.
	inOr string
	// column, bound and only are those of a conjunct.
	column, bound, only string
	// servedWhere is the condition of the partial index that serves this one beside it.
	servedWhere string
}

// Within says that the condition implies another, bound, whose rows a partial index has in
// the order of the column.
func (c Condition) Within(column, bound string) Condition {
	c.column, c.bound = column, bound
	return c
}

type compiler struct {
	filter string
	fields Fields
	args   []any
}

func (c *compiler) compile(n *node) (Condition, error) {
	switch n.kind {
	case nodeTerm:
		return c.term(n)
	case nodeNot:
		kid, err := c.compile(n.kids[0])
		if err != nil {
			return Condition{}, err
		}
		return Condition{SQL: "(" + kid.SQL + ") IS NOT TRUE", only: kid.only}, nil
	default:
		// AND is served by one served part. OR is where an index of the table serves each,
		// as PostgreSQL can then combine what they find.
		all := Condition{direct: n.kind == nodeOr}
		parts, inOr := make([]string, 0, len(n.kids)), make([]string, 0, len(n.kids))
		for i, kid := range n.kids {
			part, err := c.compile(kid)
			if err != nil {
				return Condition{}, err
			}
			if i == 0 {
				all.only = part.only
			} else if part.only != all.only {
				all.only = ""
			}
			parts, inOr = append(parts, part.SQL), append(inOr, cmp.Or(part.inOr, part.SQL))
			if n.kind == nodeOr {
				all.direct = all.direct && part.direct
				all.Served = all.direct
			} else {
				all.direct = all.direct || part.direct
				all.Served = all.Served || part.Served
			}
		}
		if n.kind == nodeOr {
			all.SQL = join(inOr, " OR ")
			return all, nil
		}
		all.SQL, all.inOr = join(parts, " AND "), join(inOr, " AND ")
		return all, nil
	}
}

// term finds the field of a comparison, whole or with its last segment as the key, and
// lets it compile the comparison.
func (c *compiler) term(n *node) (Condition, error) {
	t := &Term{Path: strings.Join(n.path, "."), Op: n.op, Value: n.value, compiler: c, at: n.at}
	field, ok := c.fields[t.Path]
	if ok && field.keyed {
		return Condition{}, t.Refuse("name one of its keys, as in `%s.KEY`", t.Path)
	}
	if last := len(n.path) - 1; !ok && last > 0 {
		field, ok = c.fields[strings.Join(n.path[:last], ".")]
		ok = ok && field.keyed
		t.Key = n.path[last]
	}
	if !ok {
		return Condition{}, t.Refuse("is no field to filter by%s", DidYouMean(t.Path, maps.Keys(c.fields)))
	}
	if n.value.star && !field.wildcards && !(n.op == ":" && n.value.Present()) {
		return Condition{}, t.Refuse(`has no wildcards; write \* for a star`)
	}
	condition, err := field.compile(t)
	condition.direct = condition.Served && !field.custom
	return condition, err
}

// Term is one comparison of a filter.
type Term struct {
	// Path is the field's path as the filter names it, the key included.
	Path string
	// Key is the last segment of a keyed field's path.
	Key string
	// Op is =, !=, <, <=, >, >= or :.
	Op    string
	Value Literal

	compiler *compiler
	at       int
}

// Bind makes the value a parameter and returns its placeholder with the cast to the
// SQL type, such as `$3::text`.
func (t *Term) Bind(value any, sqlType string) string {
	t.compiler.args = append(t.compiler.args, value)
	return "$" + strconv.Itoa(len(t.compiler.args)) + "::" + sqlType
}

// Refuse returns INVALID_FILTER about this comparison.
func (t *Term) Refuse(format string, args ...any) error {
	return invalidFilter(t.compiler.filter, t.at, "`%s` %s", shorten(t.Path), fmt.Sprintf(format, args...))
}

// refuseOp returns INVALID_FILTER about an operator the field does not have.
func (t *Term) refuseOp(ops string) error {
	return t.Refuse("cannot be compared by `%s`; it takes %s", t.Op, ops)
}

// invalidFilter returns INVALID_FILTER with the column of a byte offset.
func invalidFilter(filter string, offset int, format string, args ...any) error {
	column := strconv.Itoa(utf8.RuneCountInString(filter[:offset]) + 1)
	description := "column " + column + ": " + fmt.Sprintf(format, args...)
	return apierr.New(codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FILTER, "filter: "+description,
		map[string]string{"field": "filter", "column": column},
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: "filter", Description: description},
		}})
}

// join puts each of several parts into parentheses.
func join(parts []string, operator string) string {
	if len(parts) == 1 {
		return parts[0]
	}
	return "(" + strings.Join(parts, ")"+operator+"(") + ")"
}
