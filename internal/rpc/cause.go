package rpc

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rapport-crm/rapport/internal/telemetry/names"
)

// causeAttrs describes the cause of a fault for the log without the data in it: the
// text of an error from the database quotes keys and values, an e-mail address as
// readily as a number. What remains are our own words that wrap it, its SQLSTATE and
// the names of the schema.
func causeAttrs(cause error) []slog.Attr {
	if cause == nil {
		return nil
	}
	attrs := []slog.Attr{slog.String(names.Cause, redact(cause))}
	var pg *pgconn.PgError
	if errors.As(cause, &pg) {
		attrs = append(attrs, slog.String(names.SQLState, pg.Code), slog.String(names.Severity, pg.SeverityUnlocalized))
		if pg.ConstraintName != "" {
			attrs = append(attrs, slog.String(names.Constraint, pg.ConstraintName))
		}
		if pg.TableName != "" {
			attrs = append(attrs, slog.String(names.Table, pg.TableName))
		}
	}
	var panicked *panicError
	if errors.As(cause, &panicked) {
		attrs = append(attrs, slog.String(names.Panic, panicked.what), slog.String(names.Stack, panicked.stack))
	}
	return attrs
}

// quotesValue finds where pgx begins to speak of a value it could not convert.
var quotesValue = regexp.MustCompile(`(failed to encode args\[\d+\]|can't scan into dest\[\d+\]( \(col: [^)]*\))?):(?s:.*)`)

// redact returns the error's text with the text of each error inside that may quote
// data replaced by its kind.
func redact(err error) string {
	text := err.Error()
	for _, inner := range quoting(err) {
		kind := fmt.Sprintf("<%T>", inner)
		var pg *pgconn.PgError
		if errors.As(inner, &pg) {
			kind = "<SQLSTATE " + pg.Code + ">"
		}
		if quoted := inner.Error(); quoted != "" {
			text = strings.ReplaceAll(text, quoted, kind)
		}
		// Whoever wrapped it may have taken the text apart.
		if pg != nil {
			for _, part := range []string{pg.Message, pg.Detail, pg.Where} {
				if part != "" {
					text = strings.ReplaceAll(text, part, kind)
				}
			}
		}
	}
	return quotesValue.ReplaceAllString(text, "$1: <value>")
}

// quoting returns all errors in the tree of err whose text may quote data.
func quoting(err error) []error {
	switch err.(type) { //nolint:errorlint // each error of the tree is looked at by itself
	case *pgconn.PgError, *strconv.NumError, *time.ParseError, *json.SyntaxError, *json.UnmarshalTypeError, *url.Error:
		return []error{err}
	}
	switch wrapper := err.(type) { //nolint:errorlint // as above
	case interface{ Unwrap() error }:
		if inner := wrapper.Unwrap(); inner != nil {
			return quoting(inner)
		}
	case interface{ Unwrap() []error }:
		var all []error
		for _, inner := range wrapper.Unwrap() {
			if inner != nil {
				all = append(all, quoting(inner)...)
			}
		}
		return all
	}
	return nil
}
