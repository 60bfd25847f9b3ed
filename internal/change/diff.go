package change

import (
	"cmp"
	"slices"

	"github.com/tidwall/gjson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/rapport-crm/rapport/internal/restjson"
)

// derived are the fields of a resource that follow from others or say what the change
// says anyway.
var derived = map[protoreflect.Name]bool{
	"name": true, "uid": true, "etag": true, "create_time": true, "update_time": true,
	"last_contact_time": true, "next_contact_time": true, "contact_overdue_ratio": true,
	"satisfaction": true,
}

// Diff returns what differs between two states of a resource, sorted by path: fields
// of the message, and the single elements of its maps. A nil before is a resource
// that was not there. Values are in the JSON of the REST API.
func Diff(before, after proto.Message) ([]Field, error) {
	old, err := values(before)
	if err != nil {
		return nil, err
	}
	now, err := values(after)
	if err != nil {
		return nil, err
	}
	fields := make([]Field, 0, max(len(old), len(now)))
	for len(old)+len(now) > 0 {
		switch {
		case len(now) == 0 || len(old) > 0 && old[0].path < now[0].path:
			fields = append(fields, Field{Path: old[0].path, Before: old[0].json})
			old = old[1:]
		case len(old) == 0 || now[0].path < old[0].path:
			fields = append(fields, Field{Path: now[0].path, After: now[0].json})
			now = now[1:]
		default:
			if old[0].json != now[0].json {
				fields = append(fields, Field{Path: now[0].path, Before: old[0].json, After: now[0].json})
			}
			old, now = old[1:], now[1:]
		}
	}
	return fields, nil
}

// pathValue is the JSON of one field or of one element of a map.
type pathValue struct{ path, json string }

// values returns the populated fields of a message, sorted by path.
func values(m proto.Message) ([]pathValue, error) {
	if m == nil || !m.ProtoReflect().IsValid() {
		return nil, nil
	}
	encoded, err := restjson.Append(nil, m)
	if err != nil {
		return nil, err
	}
	message := m.ProtoReflect()
	fields := message.Descriptor().Fields()
	out := make([]pathValue, 0, fields.Len())
	gjson.ParseBytes(encoded).ForEach(func(key, value gjson.Result) bool {
		fd := fields.ByJSONName(key.Str)
		if fd == nil || derived[fd.Name()] || !message.Has(fd) {
			return true
		}
		name := string(fd.Name())
		if !fd.IsMap() {
			out = append(out, pathValue{name, value.Raw})
			return true
		}
		value.ForEach(func(element, value gjson.Result) bool {
			out = append(out, pathValue{name + "." + element.Str, value.Raw})
			return true
		})
		return true
	})
	slices.SortFunc(out, func(a, b pathValue) int { return cmp.Compare(a.path, b.path) })
	return out, nil
}
