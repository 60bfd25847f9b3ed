package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// problemOrder is the order in which RFC 9457 explains its members, then ours.
var problemOrder = []string{
	"type", "title", "status", "detail", "instance",
	"code", "reason", "domain", "metadata", "violations", "retry_after",
}

// orderProperties writes the properties of each schema in the order of the .proto
// file, which begins with what matters, where encoding/json sorts them by name.
func orderProperties(document []byte, api *api) ([]byte, error) {
	return edit(document, []string{"components", "schemas"}, func(raw json.RawMessage) (json.RawMessage, error) {
		var schemas map[string]json.RawMessage
		if err := json.Unmarshal(raw, &schemas); err != nil {
			return nil, err
		}
		for name, schema := range schemas {
			order := propertyOrder(name, api)
			ordered, err := edit(schema, []string{"properties"}, func(raw json.RawMessage) (json.RawMessage, error) {
				return orderObject(raw, order)
			})
			if err != nil {
				return nil, fmt.Errorf("schema %s: %w", name, err)
			}
			schemas[name] = ordered
		}
		return json.Marshal(schemas)
	})
}

func propertyOrder(schema string, api *api) []string {
	message := api.message(strings.TrimSuffix(schema, "Update"))
	if message == nil {
		return problemOrder
	}
	var out []string
	for i := range message.Fields().Len() {
		out = append(out, message.Fields().Get(i).JSONName())
	}
	return out
}

// edit replaces the value at a path of keys; an object without one stays as it is.
func edit(object []byte, path []string, change func(json.RawMessage) (json.RawMessage, error)) ([]byte, error) {
	if len(path) == 0 {
		return change(object)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(object, &members); err != nil {
		return nil, err
	}
	if _, ok := members[path[0]]; !ok {
		return object, nil
	}
	changed, err := edit(members[path[0]], path[1:], change)
	if err != nil {
		return nil, err
	}
	members[path[0]] = changed
	return json.Marshal(members)
}

// orderObject sorts the members of a JSON object by a list; others follow by name.
func orderObject(raw json.RawMessage, order []string) (json.RawMessage, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, err
	}
	keys := slices.DeleteFunc(slices.Clone(order), func(key string) bool { return members[key] == nil })
	for _, key := range sortedKeys(members) {
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	out := []byte{'{'}
	for i, key := range keys {
		if i > 0 {
			out = append(out, ',')
		}
		out = fmt.Appendf(out, "%q:%s", key, members[key])
	}
	return append(out, '}'), nil
}
