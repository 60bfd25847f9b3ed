package db

import (
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Row is a row struct that knows where its columns go. Scanning into one struct again
// and again costs a page neither a list of targets nor a look at the struct's fields
// for each of its rows.
type Row[R any] interface {
	*R
	// Targets returns where the columns go, in the order of the select list.
	Targets() []any
}

// Placeholders are those of so many arguments, $1 first.
func Placeholders(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = "$" + strconv.Itoa(i+1)
	}
	return strings.Join(all, ", ")
}

// AppendValues appends what targets point to now to the arguments of a statement: the row may
// change before that is sent.
func AppendValues(args, targets []any) []any {
	args = slices.Grow(args, len(targets))
	for _, target := range targets {
		args = append(args, reflect.ValueOf(target).Elem().Interface())
	}
	return args
}

// CollectRows reads all rows and closes them. It also reports the error of the query.
func CollectRows[R any, T Row[R]](rows pgx.Rows) ([]R, error) {
	out, _, err := collect[R, T](rows, 1, math.MaxInt)
	return out, err
}

// collect reads rows until there are no more, or until they take more than so many
// bytes, and closes them. It makes room for the expected number at once. A cut leaves
// two rows at least: one for the page, and one that says that there are more.
func collect[R any, T Row[R]](rows pgx.Rows, expected, maxBytes int) (out []R, cut bool, err error) {
	defer rows.Close()
	var r R
	targets, size := T(&r).Targets(), 0
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return nil, false, err
		}
		if out == nil {
			out = make([]R, 0, expected)
		}
		out = append(out, r)
		for _, value := range rows.RawValues() {
			size += len(value)
		}
		if size > maxBytes && len(out) > 1 {
			return out, true, nil
		}
	}
	return out, false, rows.Err()
}

// CollectRow reads the one row there is, or returns pgx.ErrNoRows.
func CollectRow[R any, T Row[R]](rows pgx.Rows) (R, error) {
	all, err := CollectRows[R, T](rows)
	if err == nil && len(all) == 0 {
		err = pgx.ErrNoRows
	}
	if err != nil {
		var none R
		return none, err
	}
	return all[0], nil
}
