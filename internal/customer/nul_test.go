package customer_test

import (
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

func newMessage(t testing.TB, d protoreflect.MessageDescriptor) protoreflect.Message {
	t.Helper()
	kind, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName())
	if err != nil {
		t.Fatal(err)
	}
	return kind.New()
}

// nulSetters returns, for each string that a message of the type can hold, a function
// that puts a NUL there and returns the name of the violated field from its last
// message on.
func nulSetters(d protoreflect.MessageDescriptor, depth int) (all []func(protoreflect.Message) string) {
	if depth == 4 {
		return nil
	}
	for i := range d.Fields().Len() {
		fd := d.Fields().Get(i)
		value := fd
		if fd.IsMap() {
			value = fd.MapValue()
		}
		switch {
		case value.Kind() == protoreflect.StringKind:
			all = append(all, func(m protoreflect.Message) string { return setNUL(m, fd) })
		case value.Message() != nil:
			for _, set := range nulSetters(value.Message(), depth+1) {
				all = append(all, func(m protoreflect.Message) string { return set(child(m, fd)) })
			}
		}
	}
	return all
}

func setNUL(m protoreflect.Message, fd protoreflect.FieldDescriptor) string {
	nul := protoreflect.ValueOfString("a\x00b")
	name := string(fd.Name())
	switch {
	case fd.IsMap():
		m.Mutable(fd).Map().Set(protoreflect.ValueOfString("k").MapKey(), nul)
		return name + `["k"]`
	case fd.IsList():
		m.Mutable(fd).List().Append(nul)
		return name + "[0]"
	}
	m.Set(fd, nul)
	return name
}

// child returns the message in the field, or in its one element, made where it is not
// there.
func child(m protoreflect.Message, fd protoreflect.FieldDescriptor) protoreflect.Message {
	switch {
	case fd.IsMap():
		return m.Mutable(fd).Map().Mutable(protoreflect.ValueOfString("k").MapKey()).Message()
	case fd.IsList():
		return m.Mutable(fd).List().AppendMutable().Message()
	}
	return m.Mutable(fd).Message()
}
