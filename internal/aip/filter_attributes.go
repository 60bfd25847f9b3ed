package aip

import "time"

// AttributeTimeLayout is how an instant stands in a column of Attributes, in UTC, as
// the member "timestamp" of an object. Its width is fixed, so that the order of the
// text is that of time.
const AttributeTimeLayout = "2006-01-02T15:04:05.000000Z"

// AttributeTime returns an instant as it stands in a column of Attributes.
func AttributeTime(t time.Time) string { return t.UTC().Format(AttributeTimeLayout) }

// Attributes is a jsonb object with a GIN index (jsonb_path_ops) whose values are
// strings, numbers, booleans, or instants as {"timestamp": AttributeTime}. A filter
// names one of its keys: `attributes.plan = "gold"`.
//
// The literal's form says which values it is compared with: a quoted one with strings,
// true and false with booleans, a number with numbers, an unquoted time with instants;
// any other word with strings. A quoted time is compared with strings and instants, as
// callers quote times out of habit. A value of another type is different from the
// literal, and neither before nor after it.
func Attributes(column string) Field {
	a := attributes{column: column}
	return Field{keyed: true, wildcards: true, compile: a.compile}
}

type attributes struct{ column string }

func (a attributes) compile(t *Term) (Condition, error) {
	switch t.Op {
	case ":":
		if t.Value.Present() {
			return a.present(t), nil
		}
		return a.equal(t)
	case "=":
		return a.equal(t)
	case "!=":
		equal, err := a.equal(t)
		return Condition{SQL: a.present(t).SQL + " AND (" + equal.SQL + ") IS NOT TRUE"}, err
	default:
		return a.ordered(t)
	}
}

func (a attributes) present(t *Term) Condition {
	return Condition{SQL: a.column + " ? " + t.Bind(t.Key, "text")}
}

// equal is containment, which the GIN index answers.
func (a attributes) equal(t *Term) (Condition, error) {
	if t.Value.star {
		if t.Op == ":" {
			return Condition{}, t.Refuse(`has wildcards with = and != only; write \* for a star`)
		}
		key := t.Bind(t.Key, "text")
		return Condition{SQL: a.typed(key, "string") + " AND " + a.text(key) + " LIKE " + t.Bind(t.Value.pattern(), "text")}, nil
	}
	var parts []string
	for _, v := range t.Value.attribute() {
		if at, ok := v.(time.Time); ok {
			v = map[string]string{"timestamp": AttributeTime(at)}
		}
		object := string(mustJSON(map[string]any{t.Key: v}))
		parts = append(parts, a.column+" @> "+t.Bind(object, "jsonb"))
	}
	return Condition{SQL: join(parts, " OR "), Served: true}, nil
}

// ordered compares with values of the literal's type only. Texts are ordered by code
// point, as all texts of the service are.
func (a attributes) ordered(t *Term) (Condition, error) {
	if t.Value.star {
		return Condition{}, t.Refuse(`has wildcards with = and != only; write \* for a star`)
	}
	key := t.Bind(t.Key, "text")
	var parts []string
	for _, v := range t.Value.attribute() {
		switch v := v.(type) {
		case bool:
			return Condition{}, t.refuseOp("= and != with a boolean")
		case float64:
			// CASE, as AND does not keep the cast from running on other types.
			parts = append(parts, "CASE WHEN "+a.typed(key, "number")+" THEN ("+a.text(key)+")::float8 "+t.Op+" "+t.Bind(v, "float8")+" END")
		case string:
			parts = append(parts, a.typed(key, "string")+" AND "+a.text(key)+` COLLATE "C" `+t.Op+" "+t.Bind(v, "text"))
		case time.Time:
			parts = append(parts, "("+a.column+" -> "+key+` ->> 'timestamp') COLLATE "C" `+t.Op+" "+t.Bind(AttributeTime(v), "text"))
		}
	}
	return Condition{SQL: join(parts, " OR ")}, nil
}

func (a attributes) text(key string) string { return "(" + a.column + " ->> " + key + ")" }

func (a attributes) typed(key, jsonType string) string {
	return "jsonb_typeof(" + a.column + " -> " + key + ") = '" + jsonType + "'"
}
