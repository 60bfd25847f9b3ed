// Package jsoncolumn writes columns of JSON and reads them.
package jsoncolumn

import (
	"encoding/json"

	"github.com/tidwall/gjson"
)

// Encode returns a value as the text of its column.
func Encode(value any) (string, error) {
	encoded, err := json.Marshal(value)
	return string(encoded), err
}

// EncodeList returns a list as the text of its column, each item in its stored form.
func EncodeList[T, S any](items []T, stored func(T) S) (string, error) {
	all := make([]S, len(items))
	for i, item := range items {
		all[i] = stored(item)
	}
	return Encode(all)
}

// DecodeList reads what EncodeList wrote: set takes over each part of an object into an item.
// It runs for each row of a page, so it walks the text without the reflection of
// encoding/json.
func DecodeList[T any](column string, set func(item *T, key string, value gjson.Result)) (items []*T) {
	gjson.Parse(column).ForEach(func(_, object gjson.Result) bool {
		item := new(T)
		object.ForEach(func(key, value gjson.Result) bool {
			set(item, key.Str, value)
			return true
		})
		items = append(items, item)
		return true
	})
	return items
}
