// Package attribute keeps the typed values of a company's own, which several resources
// have, in a column of JSON.
package attribute

import (
	"time"

	"github.com/tidwall/gjson"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/jsoncolumn"
)

// most bounds what several updates add up to, through masks of single elements; the
// annotations bound one request.
const most = 64

// Normalise brings attributes into their stored form in place, and adds what is wrong
// with them.
func Normalise(wrong *apierr.Violations, field string, attributes map[string]*rapportv1.AttributeValue) {
	if len(attributes) > most {
		wrong.Add(field, "would have %d entries, more than %d", len(attributes), most)
	}
	for key, a := range attributes {
		switch v := a.GetKind().(type) {
		case *rapportv1.AttributeValue_TimestampValue:
			aip.NormaliseTime(wrong, field+"."+key, v.TimestampValue)
		case *rapportv1.AttributeValue_DoubleValue:
			if v.DoubleValue == 0 {
				v.DoubleValue = 0 // -0 is equal to it, and PostgreSQL has none
			}
		}
	}
}

type storedTimestamp struct {
	Timestamp string `json:"timestamp"`
}

// Encode returns the column's JSON. It stores strings, numbers and yes or no as
// themselves, so that one GIN index serves equality of all; an instant is told from
// text by its own object.
func Encode(attributes map[string]*rapportv1.AttributeValue) (string, error) {
	stored := make(map[string]any, len(attributes))
	for key, a := range attributes {
		switch v := a.GetKind().(type) {
		case *rapportv1.AttributeValue_StringValue:
			stored[key] = v.StringValue
		case *rapportv1.AttributeValue_DoubleValue:
			stored[key] = v.DoubleValue
		case *rapportv1.AttributeValue_BoolValue:
			stored[key] = v.BoolValue
		case *rapportv1.AttributeValue_TimestampValue:
			stored[key] = storedTimestamp{aip.AttributeTime(v.TimestampValue.AsTime())}
		}
	}
	return jsoncolumn.Encode(stored)
}

// Decode is the reverse of Encode. It runs once for each row of a page, so it walks the
// text instead of going through the reflection of encoding/json.
func Decode(column string) map[string]*rapportv1.AttributeValue {
	var attributes map[string]*rapportv1.AttributeValue
	gjson.Parse(column).ForEach(func(key, value gjson.Result) bool {
		if attributes == nil {
			attributes = make(map[string]*rapportv1.AttributeValue)
		}
		attributes[key.Str] = decode(value)
		return true
	})
	return attributes
}

func decode(value gjson.Result) *rapportv1.AttributeValue {
	switch value.Type {
	case gjson.Number:
		return &rapportv1.AttributeValue{Kind: &rapportv1.AttributeValue_DoubleValue{DoubleValue: value.Num}}
	case gjson.True, gjson.False:
		return &rapportv1.AttributeValue{Kind: &rapportv1.AttributeValue_BoolValue{BoolValue: value.Type == gjson.True}}
	case gjson.JSON:
		// Written by Encode alone, so it parses.
		t, _ := time.Parse(aip.AttributeTimeLayout, value.Get("timestamp").Str)
		return &rapportv1.AttributeValue{Kind: &rapportv1.AttributeValue_TimestampValue{TimestampValue: timestamppb.New(t)}}
	default:
		return &rapportv1.AttributeValue{Kind: &rapportv1.AttributeValue_StringValue{StringValue: value.Str}}
	}
}
