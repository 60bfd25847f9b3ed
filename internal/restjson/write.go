package restjson

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// message writes the message that the pointer v holds.
func (w *writer) message(p *plan, v reflect.Value) error {
	p.once.Do(p.compile)
	if v.IsNil() {
		v = p.zero // protojson writes a nil element of a list or map as an empty message
	}
	if p.special != ordinary {
		m, _ := v.Interface().(proto.Message)
		return w.special(p.special, m)
	}
	w.b = append(w.b, '{')
	open := len(w.b)
	s := v.Elem()
	for i := range p.fields {
		f := &p.fields[i]
		fv := s.Field(f.index)
		switch f.shape {
		case presence:
			if fv.IsNil() {
				continue
			}
			if fv.Kind() == reflect.Pointer && f.value.message == nil {
				fv = fv.Elem()
			}
		case oneof:
			if f, fv = f.member(fv); f == nil {
				continue
			}
		default:
		}
		if len(w.b) > open {
			w.b = append(w.b, ',')
		}
		w.b = append(w.b, f.name...)
		if err := w.field(f, fv); err != nil {
			return err
		}
	}
	w.b = append(w.b, '}')
	return nil
}

// member returns which member of a oneof is set and its value, or nil.
func (f *field) member(holder reflect.Value) (*field, reflect.Value) {
	wrapper := holder.Elem()
	if !wrapper.IsValid() || wrapper.IsNil() {
		return nil, reflect.Value{}
	}
	t := wrapper.Type()
	for i := range f.members {
		if f.members[i].wrapper == t {
			return &f.members[i], wrapper.Elem().Field(0)
		}
	}
	return nil, reflect.Value{}
}

func (w *writer) field(f *field, v reflect.Value) error {
	switch f.shape {
	case list:
		return w.list(&f.value, v)
	case dict:
		return w.dict(f, v)
	default:
		return w.value(&f.value, v)
	}
}

func (w *writer) list(elem *value, v reflect.Value) error {
	w.b = append(w.b, '[')
	for i := range v.Len() {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		if err := w.value(elem, v.Index(i)); err != nil {
			return err
		}
	}
	w.b = append(w.b, ']')
	return nil
}

// value writes one value. The kinds are those that proto3 has.
func (w *writer) value(f *value, v reflect.Value) error {
	switch f.kind {
	case protoreflect.StringKind:
		return w.string(v.String())
	case protoreflect.MessageKind:
		return w.message(f.message, v)
	case protoreflect.EnumKind:
		w.enum(f, v.Int())
	case protoreflect.BoolKind:
		w.b = strconv.AppendBool(w.b, v.Bool())
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		w.b = strconv.AppendInt(w.b, v.Int(), 10)
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		w.b = strconv.AppendUint(w.b, v.Uint(), 10)
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		// A number of JavaScript holds 53 bits, so 64-bit ones are strings.
		w.b = append(strconv.AppendInt(append(w.b, '"'), v.Int(), 10), '"')
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		w.b = append(strconv.AppendUint(append(w.b, '"'), v.Uint(), 10), '"')
	case protoreflect.FloatKind:
		w.float(v.Float(), 32)
	case protoreflect.DoubleKind:
		w.float(v.Float(), 64)
	case protoreflect.BytesKind:
		w.bytes(v.Bytes())
	case protoreflect.GroupKind:
		// Only proto2 has groups, and its messages are written by protojson.
	}
	return nil
}

func (w *writer) enum(f *value, n int64) {
	switch name, ok := f.names[n]; {
	case f.null:
		w.b = append(w.b, "null"...)
	case ok:
		w.b = append(w.b, name...)
	default:
		w.b = strconv.AppendInt(w.b, n, 10) // a name that this binary does not know yet
	}
}

// entry is one entry of a map. Numbers and booleans are ordered by rank, strings
// among themselves by key.
type entry struct {
	rank  uint64
	key   string
	value reflect.Value
	text  string // the value of a map of strings
}

func byKey(a, b entry) int {
	if c := cmp.Compare(a.rank, b.rank); c != 0 {
		return c
	}
	return cmp.Compare(a.key, b.key)
}

func (w *writer) dict(f *field, v reflect.Value) error {
	// A value may hold a map of its own, whose entries are put behind these.
	start := len(w.entries)
	defer func() { w.entries = w.entries[:start] }()
	if m, ok := v.Addr().Interface().(*map[string]string); ok {
		for key, text := range *m {
			w.entries = append(w.entries, entry{key: key, text: text})
		}
	} else {
		w.collect(f.key, v)
	}
	entries := w.entries[start:]
	slices.SortFunc(entries, byKey)
	w.b = append(w.b, '{')
	for i := range entries {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		if err := w.string(entries[i].key); err != nil {
			return err
		}
		w.b = append(w.b, ':')
		var err error
		if entries[i].value.IsValid() {
			err = w.value(&f.value, entries[i].value)
		} else {
			err = w.string(entries[i].text)
		}
		if err != nil {
			return err
		}
	}
	w.b = append(w.b, '}')
	return nil
}

func (w *writer) collect(kind protoreflect.Kind, v reflect.Value) {
	w.iter.Reset(v)
	for w.iter.Next() {
		e := entry{value: w.iter.Value()}
		switch kind {
		case protoreflect.StringKind:
			w.key.SetIterKey(&w.iter)
			e.key = w.key.String()
		case protoreflect.BoolKind:
			on := w.iter.Key().Bool()
			e.key = strconv.FormatBool(on)
			if on {
				e.rank = 1
			}
		case protoreflect.Uint32Kind, protoreflect.Fixed32Kind, protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
			e.rank = w.iter.Key().Uint()
			e.key = strconv.FormatUint(e.rank, 10)
		default:
			n := w.iter.Key().Int()
			e.key = strconv.FormatInt(n, 10)
			e.rank = uint64(n) ^ 1<<63 // turns the order of signed numbers into that of unsigned ones
		}
		w.entries = append(w.entries, e)
	}
	w.iter.Reset(reflect.Value{})
}
