// Package restjson writes protobuf messages as JSON, byte for byte as
// protojson.MarshalOptions{EmitDefaultValues: true} does but without the white space
// that protojson puts in at random, and many times faster.
//
// For each message type a plan is made once from its descriptor and its Go struct;
// writing then walks the struct and appends to one buffer. Messages of which no plan
// can be made (proto2, dynamic ones, google.protobuf.Any) go through protojson, so
// that the output is right for every message and fast for ours.
package restjson

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"sync"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// writer is the state of one Append: the buffer, and scratch space for sorting the
// entries of maps.
type writer struct {
	b       []byte
	iter    reflect.MapIter
	key     reflect.Value // a settable string, so that reading a key allocates nothing
	entries []entry
}

var writers = sync.Pool{New: func() any {
	return &writer{key: reflect.New(reflect.TypeFor[string]()).Elem()}
}}

// Append appends the JSON form of m to b. Like protojson it refuses a string that is
// not UTF-8, a time outside the years 1 to 9999, and a google.protobuf.Value without
// a kind; b is then returned as it was.
func Append(b []byte, m proto.Message) ([]byte, error) {
	v := reflect.ValueOf(m)
	if !v.IsValid() {
		return append(b, '{', '}'), nil
	}
	w, _ := writers.Get().(*writer)
	w.b = b
	err := w.message(planOf(v.Type()), v)
	out := w.b
	w.b = nil
	clear(w.entries[:cap(w.entries)])
	writers.Put(w)
	if err != nil {
		return b, err
	}
	return out, nil
}

// fallback writes a message by protojson.
func (w *writer) fallback(m proto.Message) error {
	raw, err := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(m)
	if err != nil {
		return fmt.Errorf("write %s as JSON: %w", m.ProtoReflect().Descriptor().FullName(), err)
	}
	var out bytes.Buffer
	if err := json.Compact(&out, raw); err != nil {
		return fmt.Errorf("compact JSON: %w", err)
	}
	w.b = append(w.b, out.Bytes()...)
	return nil
}

// unescaped says which ASCII characters stand for themselves in a JSON string.
var unescaped = func() (t [utf8.RuneSelf]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// string writes s quoted, with the escapes that protojson uses.
func (w *writer) string(s string) error {
	b := append(w.b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				return fmt.Errorf("a string is not valid UTF-8")
			}
			i += n
			continue
		}
		if !unescaped[c] {
			b = append(b, s[start:i]...)
			b = appendEscape(b, c)
			start = i + 1
		}
		i++
	}
	b = append(b, s[start:]...)
	w.b = append(b, '"')
	return nil
}

func appendEscape(b []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\b':
		return append(b, '\\', 'b')
	case '\f':
		return append(b, '\\', 'f')
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	default:
		return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
	}
}

// float writes n as encoding/json and protojson do; the numbers JSON does not have
// are strings.
func (w *writer) float(n float64, bits int) {
	switch {
	case math.IsNaN(n):
		w.b = append(w.b, `"NaN"`...)
		return
	case math.IsInf(n, 1):
		w.b = append(w.b, `"Infinity"`...)
		return
	case math.IsInf(n, -1):
		w.b = append(w.b, `"-Infinity"`...)
		return
	}
	format := byte('f')
	if abs := math.Abs(n); abs != 0 {
		if bits == 64 && (abs < 1e-6 || abs >= 1e21) || bits == 32 && (float32(abs) < 1e-6 || float32(abs) >= 1e21) {
			format = 'e'
		}
	}
	b := strconv.AppendFloat(w.b, n, format, -1, bits)
	if format == 'e' {
		// One digit of exponent is enough: 1e-07 becomes 1e-7.
		if end := len(b); end >= 4 && b[end-4] == 'e' && b[end-3] == '-' && b[end-2] == '0' {
			b[end-2] = b[end-1]
			b = b[:end-1]
		}
	}
	w.b = b
}

func (w *writer) bytes(v []byte) {
	b := append(w.b, '"')
	b = base64.StdEncoding.AppendEncode(b, v)
	w.b = append(b, '"')
}
