package change

import (
	"bytes"
	"cmp"
	"encoding/json"
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
	fields := make([]Field, 0, len(now))
	for path, value := range now {
		if was := old[path]; !bytes.Equal(was, value) {
			fields = append(fields, Field{Path: path, Before: was, After: value})
		}
	}
	for path, was := range old {
		if _, ok := now[path]; !ok {
			fields = append(fields, Field{Path: path, Before: was})
		}
	}
	slices.SortFunc(fields, func(a, b Field) int { return cmp.Compare(a.Path, b.Path) })
	return fields, nil
}

// values returns the JSON of each populated field of a message, by path.
func values(m proto.Message) (map[string]json.RawMessage, error) {
	if m == nil || !m.ProtoReflect().IsValid() {
		return nil, nil
	}
	encoded, err := restjson.Append(nil, m)
	if err != nil {
		return nil, err
	}
	message := m.ProtoReflect()
	fields := message.Descriptor().Fields()
	out := make(map[string]json.RawMessage, fields.Len())
	gjson.ParseBytes(encoded).ForEach(func(key, value gjson.Result) bool {
		fd := fields.ByJSONName(key.Str)
		if fd == nil || derived[fd.Name()] || !message.Has(fd) {
			return true
		}
		if !fd.IsMap() {
			out[string(fd.Name())] = json.RawMessage(value.Raw)
			return true
		}
		value.ForEach(func(element, value gjson.Result) bool {
			out[string(fd.Name())+"."+element.Str] = json.RawMessage(value.Raw)
			return true
		})
		return true
	})
	return out, nil
}
