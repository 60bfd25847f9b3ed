package rpc

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestRedact(t *testing.T) {
	_, number := strconv.Atoi("anna")
	pg := &pgconn.PgError{Severity: "ERROR", Code: "23505", Message: "duplicate anna"}
	tests := map[string]struct {
		err  error
		want string
	}{
		"our words":         {errors.New("the lane is full"), "the lane is full"},
		"database":          {fmt.Errorf("insert: %w", pg), "insert: <SQLSTATE 23505>"},
		"joined":            {errors.Join(errors.New("first"), pg), "first\n<SQLSTATE 23505>"},
		"taken apart":       {fmt.Errorf("insert, %s: %w", pg.Message, pg), "insert, <SQLSTATE 23505>: <SQLSTATE 23505>"},
		"a parsed number":   {fmt.Errorf("row 3: %w", number), "row 3: <*strconv.NumError>"},
		"a query argument":  {errors.New(`insert: failed to encode args[2]: unable to encode "anna" into uuid`), "insert: failed to encode args[2]: <value>"},
		"a scanned column":  {errors.New(`can't scan into dest[1] (col: email): cannot scan anna`), "can't scan into dest[1] (col: email): <value>"},
		"a panic of string": {&panicError{what: "string", stack: "s"}, "panic: string"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := redact(test.err)
			if got != test.want || strings.Contains(got, "anna") {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
