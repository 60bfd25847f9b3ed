package pgbench

import (
	"database/sql/driver"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
)

// constant returns a parameter in PostgreSQL's text form.
func constant(arg any) (text string, null bool, err error) {
	switch v := arg.(type) {
	case nil:
		return "", true, nil
	case string:
		return v, false, nil
	case *string:
		return pointed(v)
	case int:
		return strconv.Itoa(v), false, nil
	case bool, float64, int16, int32, int64:
		return fmt.Sprint(v), false, nil
	case *int16:
		return pointed(v)
	case *int32:
		return pointed(v)
	case *int64:
		return pointed(v)
	case *uuid.UUID:
		return pointed(v)
	case *time.Time:
		if v == nil {
			return "", true, nil
		}
		return v.Format(time.RFC3339Nano), false, nil
	case time.Time:
		return v.Format(time.RFC3339Nano), false, nil
	case driver.Valuer: // pgx's own types for what can be NULL
		value, err := v.Value()
		if err != nil {
			return "", false, err
		}
		return constant(value)
	case []byte:
		if len(v) > 0 && (v[0] == '{' || v[0] == '[') {
			return string(v), v == nil, nil // JSON; no other bytes that are sent begin so
		}
		return fmt.Sprintf(`\x%x`, v), v == nil, nil
	case []int16:
		return array(v)
	case []int64:
		return array(v)
	case []pgtype.UUID:
		return array(v)
	case []time.Time:
		return array(v)
	case []pgtype.Timestamptz:
		return array(v)
	case []string:
		return array(v)
	}
	return "", false, fmt.Errorf("cannot write a %T", arg)
}

func pointed[T any](v *T) (text string, null bool, err error) {
	if v == nil {
		return "", true, nil
	}
	return fmt.Sprint(*v), false, nil
}

// array returns an array in PostgreSQL's text form.
func array[T any](elements []T) (text string, null bool, err error) {
	texts := make([]string, len(elements))
	for i, element := range elements {
		text, null, err := constant(element)
		if err != nil {
			return "", false, err
		}
		if texts[i] = strconv.Quote(text); null {
			texts[i] = "NULL"
		}
	}
	return "{" + strings.Join(texts, ",") + "}", false, nil
}
