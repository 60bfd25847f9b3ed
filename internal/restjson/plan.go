package restjson

import (
	"reflect"
	"strconv"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/runtime/protoimpl"
)

// plan says how the messages of one Go type are written.
type plan struct {
	once    sync.Once
	typ     reflect.Type  // the pointer type
	zero    reflect.Value // a pointer to an empty message, written where one is nil
	special specialKind
	fields  []field
}

// shape is how a field holds its values.
type shape uint8

const (
	implicit shape = iota // a scalar that is always written
	presence              // a pointer, or bytes, written where not nil
	list
	dict
	oneof
)

// field is one field of a message, or one oneof with all its members.
type field struct {
	index   int    // of the Go struct's field; of a oneof's member: 0
	name    string // quoted, with the colon
	shape   shape
	value   value
	key     protoreflect.Kind // of a map
	members []field           // of a oneof
	wrapper reflect.Type      // of a oneof's member: the pointer type that holds it
}

// value is one value: a field's, a list's element or a map's.
type value struct {
	kind    protoreflect.Kind
	names   map[int64]string // of an enum, quoted
	null    bool             // google.protobuf.NullValue, always null
	message *plan
}

var plans sync.Map // reflect.Type to *plan

// planOf returns the plan of a pointer type, compiled on first use: a type may hold
// itself, so its plan must exist before its fields' plans do.
func planOf(t reflect.Type) *plan {
	p, ok := plans.Load(t)
	if !ok {
		p, _ = plans.LoadOrStore(t, &plan{typ: t})
	}
	made, _ := p.(*plan)
	made.once.Do(made.compile)
	return made
}

func (p *plan) compile() {
	p.zero = reflect.New(p.typ.Elem())
	m, _ := p.zero.Interface().(proto.Message)
	structure := p.typ.Elem()
	state, ok := structure.FieldByName("state")
	if !ok || state.Type != reflect.TypeFor[protoimpl.MessageState]() {
		p.special = byProtojson // a dynamic message: its Go type does not say what is in it
		return
	}
	md := m.ProtoReflect().Descriptor()
	p.special = specialOf(md)
	if p.special != ordinary {
		return
	}
	byNumber := structFields(structure)
	done := map[protoreflect.FullName]bool{}
	for i := range md.Fields().Len() {
		fd := md.Fields().Get(i)
		one := fd.ContainingOneof()
		if one == nil || one.IsSynthetic() {
			index, ok := byNumber[fd.Number()]
			if !ok {
				p.special = byProtojson
				return
			}
			p.fields = append(p.fields, fieldOf(fd, index, structure.Field(index).Type))
			continue
		}
		if done[one.FullName()] {
			continue
		}
		// The members stand together in the declaration and at most one is set, so the
		// place of the first is the place of whichever it is.
		done[one.FullName()] = true
		p.fields = append(p.fields, oneofOf(one, structure))
	}
}

// structFields maps field numbers to indexes by the tags of the generated struct.
func structFields(t reflect.Type) map[protoreflect.FieldNumber]int {
	out := map[protoreflect.FieldNumber]int{}
	for i := range t.NumField() {
		if n, ok := tagNumber(t.Field(i).Tag.Get("protobuf")); ok {
			out[n] = i
		}
	}
	return out
}

func tagNumber(tag string) (protoreflect.FieldNumber, bool) {
	parts := strings.SplitN(tag, ",", 3)
	if len(parts) < 2 {
		return 0, false
	}
	n, err := strconv.ParseInt(parts[1], 10, 32)
	return protoreflect.FieldNumber(n), err == nil
}

func fieldOf(fd protoreflect.FieldDescriptor, index int, t reflect.Type) field {
	f := field{index: index, name: strconv.Quote(fd.JSONName()) + ":"}
	switch {
	case fd.IsMap():
		f.shape, f.key = dict, fd.MapKey().Kind()
		f.value = valueOf(fd.MapValue(), t.Elem())
		return f
	case fd.IsList():
		f.shape = list
		f.value = valueOf(fd, t.Elem())
		return f
	case fd.HasPresence():
		f.shape = presence
		if fd.Message() == nil && t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
	}
	f.value = valueOf(fd, t)
	return f
}

func valueOf(fd protoreflect.FieldDescriptor, t reflect.Type) value {
	v := value{kind: fd.Kind()}
	if e := fd.Enum(); e != nil {
		v.null = e.FullName() == "google.protobuf.NullValue"
		v.names = map[int64]string{}
		for i := range e.Values().Len() {
			// Of names that share a number protojson writes the first.
			number := int64(e.Values().Get(i).Number())
			if _, ok := v.names[number]; !ok {
				v.names[number] = strconv.Quote(string(e.Values().Get(i).Name()))
			}
		}
	}
	if fd.Message() != nil {
		p, _ := plans.LoadOrStore(t, &plan{typ: t})
		v.message, _ = p.(*plan)
	}
	return v
}

// oneofOf finds the wrapper type of each member by setting it in an empty message
// and looking at what the struct then holds.
func oneofOf(one protoreflect.OneofDescriptor, t reflect.Type) field {
	out := field{shape: oneof}
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("protobuf_oneof") == string(one.Name()) {
			out.index = i
		}
	}
	for i := range one.Fields().Len() {
		fd := one.Fields().Get(i)
		probe := reflect.New(t)
		m, _ := probe.Interface().(proto.Message)
		m.ProtoReflect().Set(fd, m.ProtoReflect().NewField(fd))
		wrapper := probe.Elem().Field(out.index).Elem().Type()
		member := fieldOf(fd, 0, wrapper.Elem().Field(0).Type)
		member.shape, member.wrapper = implicit, wrapper
		out.members = append(out.members, member)
	}
	return out
}
