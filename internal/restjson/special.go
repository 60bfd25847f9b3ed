package restjson

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// specialKind is how messages are written whose JSON is not an object of their fields.
type specialKind uint8

const (
	ordinary specialKind = iota
	timestamp
	duration
	jsonValue
	jsonObject
	jsonArray
	byProtojson
)

func specialOf(md protoreflect.MessageDescriptor) specialKind {
	switch md.FullName() {
	case "google.protobuf.Timestamp":
		return timestamp
	case "google.protobuf.Duration":
		return duration
	case "google.protobuf.Value":
		return jsonValue
	case "google.protobuf.Struct":
		return jsonObject
	case "google.protobuf.ListValue":
		return jsonArray
	}
	if md.FullName().Parent() == "google.protobuf" || md.ParentFile().Syntax() != protoreflect.Proto3 {
		return byProtojson
	}
	return ordinary
}

func (w *writer) special(kind specialKind, m proto.Message) error {
	switch kind {
	case timestamp:
		t, _ := m.(*timestamppb.Timestamp)
		return w.timestamp(t)
	case duration:
		d, _ := m.(*durationpb.Duration)
		return w.duration(d)
	case jsonValue:
		v, _ := m.(*structpb.Value)
		return w.jsonValue(v)
	case jsonObject:
		s, _ := m.(*structpb.Struct)
		return w.jsonObject(s)
	case jsonArray:
		l, _ := m.(*structpb.ListValue)
		return w.jsonArray(l)
	default:
		return w.fallback(m)
	}
}

func (w *writer) timestamp(t *timestamppb.Timestamp) error {
	const first, last = -62135596800, 253402300799 // the years 1 to 9999
	if t.GetSeconds() < first || t.GetSeconds() > last || t.GetNanos() < 0 || t.GetNanos() > 999_999_999 {
		return fmt.Errorf("a time of %d s and %d ns is out of range", t.GetSeconds(), t.GetNanos())
	}
	b := append(w.b, '"')
	b = time.Unix(t.GetSeconds(), 0).UTC().AppendFormat(b, time.RFC3339)
	b = appendNanos(b[:len(b)-1], int64(t.GetNanos())) // without the Z
	w.b = append(b, 'Z', '"')
	return nil
}

func (w *writer) duration(d *durationpb.Duration) error {
	const limit = 315_576_000_000 // 10,000 years
	seconds, nanos := d.GetSeconds(), int64(d.GetNanos())
	if seconds < -limit || seconds > limit || nanos < -999_999_999 || nanos > 999_999_999 ||
		seconds > 0 && nanos < 0 || seconds < 0 && nanos > 0 {
		return fmt.Errorf("a duration of %d s and %d ns is out of range", seconds, nanos)
	}
	b := append(w.b, '"')
	if seconds < 0 || nanos < 0 {
		b = append(b, '-')
		seconds, nanos = -seconds, -nanos
	}
	b = strconv.AppendInt(b, seconds, 10)
	w.b = append(appendNanos(b, nanos), 's', '"')
	return nil
}

// appendNanos appends a fraction of a second in 0, 3, 6 or 9 digits.
func appendNanos(b []byte, nanos int64) []byte {
	if nanos == 0 {
		return b
	}
	digits := 9
	for nanos%1000 == 0 {
		nanos /= 1000
		digits -= 3
	}
	b = append(b, '.')
	start := len(b)
	b = append(b, "000000000"[:digits]...)
	for i := start + digits - 1; i >= start; i-- {
		b[i] = byte('0' + nanos%10)
		nanos /= 10
	}
	return b
}

func (w *writer) jsonValue(v *structpb.Value) error {
	switch kind := v.GetKind().(type) {
	case *structpb.Value_NullValue:
		w.b = append(w.b, "null"...)
	case *structpb.Value_NumberValue:
		if math.IsNaN(kind.NumberValue) || math.IsInf(kind.NumberValue, 0) {
			return errors.New("a google.protobuf.Value is a number that JSON does not have")
		}
		w.float(kind.NumberValue, 64)
	case *structpb.Value_StringValue:
		return w.string(kind.StringValue)
	case *structpb.Value_BoolValue:
		w.b = strconv.AppendBool(w.b, kind.BoolValue)
	case *structpb.Value_StructValue:
		return w.jsonObject(kind.StructValue)
	case *structpb.Value_ListValue:
		return w.jsonArray(kind.ListValue)
	default:
		return errors.New("a google.protobuf.Value has no kind")
	}
	return nil
}

func (w *writer) jsonObject(s *structpb.Struct) error {
	keys := make([]string, 0, len(s.GetFields()))
	for key := range s.GetFields() {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	w.b = append(w.b, '{')
	for i, key := range keys {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		if err := w.string(key); err != nil {
			return err
		}
		w.b = append(w.b, ':')
		if err := w.jsonValue(s.GetFields()[key]); err != nil {
			return err
		}
	}
	w.b = append(w.b, '}')
	return nil
}

func (w *writer) jsonArray(l *structpb.ListValue) error {
	w.b = append(w.b, '[')
	for i, v := range l.GetValues() {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		if err := w.jsonValue(v); err != nil {
			return err
		}
	}
	w.b = append(w.b, ']')
	return nil
}
