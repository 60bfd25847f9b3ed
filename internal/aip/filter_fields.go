package aip

import (
	"encoding/json"
	"iter"
	"strings"

	"github.com/google/uuid"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Field is one field a filter may name: it compiles the comparisons with it.
type Field struct {
	// keyed fields take one more segment as the key.
	keyed bool
	// wildcards tells whether a star at either end of a value means anything.
	wildcards bool
	// custom fields are compiled by the caller.
	custom  bool
	compile func(*Term) (Condition, error)
}

// Custom is a field that the caller compiles. Where its condition is served, it may be
// by a look-up in another table, which PostgreSQL cannot join with the indexes of the
// list's own: an OR with it is not served.
func Custom(compile func(*Term) (Condition, error)) Field {
	return Field{custom: true, compile: compile}
}

// CustomKeyed is Custom for a field that takes one more segment as the key.
func CustomKeyed(compile func(*Term) (Condition, error)) Field {
	return Field{custom: true, keyed: true, compile: compile}
}

// scalar is a field of one column whose comparisons are those of the SQL type. Its
// literal function returns the parameter for a value. unset is the SQL literal that
// counts as not set besides null, if any.
func scalar(column, sqlType, ops, unset string, literal func(*Term) (any, error)) Field {
	return Field{compile: func(t *Term) (Condition, error) {
		if t.Op == ":" && t.Value.Present() {
			if unset != "" {
				return Condition{SQL: column + " <> " + unset}, nil
			}
			return Condition{SQL: column + " IS NOT NULL"}, nil
		}
		if !strings.Contains(" "+ops+" ", " "+t.Op+" ") {
			return Condition{}, t.refuseOp(ops)
		}
		value, err := literal(t)
		if err != nil {
			return Condition{}, err
		}
		return Condition{SQL: column + " " + sqlOp(t.Op) + " " + t.Bind(value, sqlType)}, nil
	}}
}

const (
	allOps      = "= != < <= > >="
	equalityOps = "= !="
)

func sqlOp(op string) string {
	if op == "!=" {
		return "<>"
	}
	return op
}

// Text is a text column. A star at either end of the value that `=` or `!=` compares
// with stands for any text. Text is ordered as the column's collation has it; an empty
// text counts as not set.
func Text(column string) Field {
	plain := scalar(column, "text", allOps, "''", func(t *Term) (any, error) {
		if t.Value.star {
			return nil, t.Refuse(`has wildcards with = and != only; write \* for a star`)
		}
		return t.Value.Text, nil
	})
	return Field{wildcards: true, compile: func(t *Term) (Condition, error) {
		if t.Value.star && (t.Op == "=" || t.Op == "!=") {
			return Condition{SQL: column + like(t.Op) + t.Bind(t.Value.pattern(), "text")}, nil
		}
		return plain.compile(t)
	}}
}

func like(op string) string {
	if op == "!=" {
		return " NOT LIKE "
	}
	return " LIKE "
}

// Enum is a text column that holds the names of an enum's values. Null stands for the
// value of number zero, which counts as not set but can be compared with like any other.
func Enum(column string, enum protoreflect.EnumDescriptor) Field {
	zero := "'" + zeroOf(enum) + "'"
	return scalar("coalesce("+column+", "+zero+")", "text", equalityOps, zero, func(t *Term) (any, error) {
		return t.valueOf(enum)
	})
}

// Derived is an enum that no column holds, as it follows from others and perhaps the time.
// The function returns the condition of a value. The value of number zero counts as not set
// but can be compared with like any other.
func Derived(enum protoreflect.EnumDescriptor, is func(t *Term, value string) Condition) Field {
	return Field{compile: func(t *Term) (Condition, error) {
		value, not := zeroOf(enum), true
		if t.Op != ":" || !t.Value.Present() {
			if not = t.Op == "!="; !not && t.Op != "=" {
				return Condition{}, t.refuseOp(equalityOps)
			}
			var err error
			if value, err = t.valueOf(enum); err != nil {
				return Condition{}, err
			}
		}
		c := is(t, value)
		if not {
			c = Condition{SQL: "(" + c.SQL + ") IS NOT TRUE"}
		}
		return c, nil
	}}
}

func zeroOf(enum protoreflect.EnumDescriptor) string { return string(enum.Values().ByNumber(0).Name()) }

// valueOf returns the name of the enum's value that a comparison is with.
func (t *Term) valueOf(enum protoreflect.EnumDescriptor) (string, error) {
	values := enum.Values()
	if values.ByName(protoreflect.Name(t.Value.Text)) == nil {
		names := iter.Seq[string](func(yield func(string) bool) {
			for i := range values.Len() {
				if !yield(string(values.Get(i).Name())) {
					return
				}
			}
		})
		return "", t.Refuse("has no value `%s`%s", shorten(t.Value.Text), DidYouMean(t.Value.Text, names))
	}
	return t.Value.Text, nil
}

// Bool is a boolean column, compared with true and false.
func Bool(column string) Field {
	return scalar(column, "bool", equalityOps, "", func(t *Term) (any, error) {
		if b, ok := t.Value.boolean(); ok {
			return b, nil
		}
		return nil, t.Refuse("is compared with true or false")
	})
}

// Number is a column of any numeric type.
func Number(column string) Field {
	return scalar(column, "float8", allOps, "", func(t *Term) (any, error) {
		if f, ok := t.Value.number(); ok {
			return f, nil
		}
		return nil, t.Refuse("is compared with a number, without quotes")
	})
}

// Timestamp is a timestamptz column, compared with RFC 3339 times. A time finer than a
// microsecond is cut, as all times of the service are.
func Timestamp(column string) Field {
	f := scalar(column, "timestamptz", allOps, "", func(t *Term) (any, error) {
		if at, ok := t.Value.time(); ok {
			return at, nil
		}
		return nil, t.Refuse("is compared with a time as in RFC 3339, such as \"2026-01-01T00:00:00Z\"")
	})
	compile := f.compile
	f.compile = func(t *Term) (Condition, error) {
		c, err := compile(t)
		if t.Op != "!=" && t.Op != ":" {
			c = c.Within(column, c.SQL)
		}
		return c, err
	}
	return f
}

// Duration is a numeric column or expression in seconds, compared with durations such as
// 2592000s.
func Duration(seconds string) Field {
	return scalar(seconds, "float8", allOps, "", func(t *Term) (any, error) {
		if d, ok := t.Value.duration(); ok {
			return d, nil
		}
		return nil, t.Refuse("is compared with a duration in seconds, such as 2592000s")
	})
}

// OptionalTimestamp is Timestamp of a column that can be null, and so is listed in the order
// of OrNever(column).
func OptionalTimestamp(column string) Field {
	compile := Timestamp(column).compile
	return Field{compile: func(t *Term) (Condition, error) {
		c, err := compile(t)
		if err != nil || c.column == "" {
			return c, err
		}
		key := OrNever(column)
		c.SQL = key + strings.TrimPrefix(c.SQL, column)
		if strings.HasPrefix(t.Op, ">") {
			c.SQL += " AND " + key + " < 'infinity'"
		}
		return c.Within(key, c.SQL), nil
	}}
}

// UUIDName is a uuid column that filters compare with a resource's name. The parse
// function returns the id in a name.
func UUIDName(column string, parse func(name string) (uuid.UUID, error)) Field {
	return scalar(column, "uuid", equalityOps, "", func(t *Term) (any, error) {
		id, err := parse(t.Value.Text)
		if err != nil {
			return nil, t.Refuse("is compared with a resource's name")
		}
		return id, nil
	})
}

// TextArray is a text[] column with a GIN index: `tags:"vip"`.
func TextArray(column string) Field {
	return Field{compile: func(t *Term) (Condition, error) {
		switch {
		case t.Op != ":":
			return Condition{}, t.refuseOp("`:`, as in `" + t.Path + `:"x"` + "`")
		case t.Value.Present():
			return Condition{SQL: "cardinality(" + column + ") > 0"}, nil
		default:
			return Condition{SQL: column + " @> ARRAY[" + t.Bind(t.Value.Text, "text") + "]", Served: true}, nil
		}
	}}
}

// JSONList is one text member of the objects in a jsonb array that is indexed, such as
// `emails.address`. `=` and `:` both say that some object has the value, in the form
// normalise gives it; a nil normalise leaves it as it is.
func JSONList(column, key string, normalise func(string) string) Field {
	return listMember("jsonb_path_exists("+column+", '$[*].\""+key+"\" ? (@ != \"\")')", func(t *Term) string {
		text := t.Value.Text
		if normalise != nil {
			text = normalise(text)
		}
		return column + " @> " + t.Bind(string(mustJSON([]map[string]string{{key: text}})), "jsonb")
	})
}

// TextList is one text member of the objects in a list, none of them empty, where it is in a
// text[] column of its own, such as `factors.factor`.
func TextList(column string) Field {
	return listMember("cardinality("+column+") > 0", func(t *Term) string {
		return column + " @> ARRAY[" + t.Bind(t.Value.Text, "text") + "]"
	})
}

// listMember is a member of the objects in a list: some of them have any, or the term's value.
func listMember(some string, has func(*Term) string) Field {
	return Field{compile: func(t *Term) (Condition, error) {
		switch {
		case t.Op == ":" && t.Value.Present():
			return Condition{SQL: some}, nil
		case t.Op != "=" && t.Op != ":":
			return Condition{}, t.refuseOp("`=` and `:`; put NOT before the whole comparison")
		default:
			return Condition{SQL: has(t), Served: true}, nil
		}
	}}
}

// mustJSON marshals what cannot fail: texts, finite numbers and booleans.
func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
