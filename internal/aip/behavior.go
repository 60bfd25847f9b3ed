package aip

import (
	"slices"
	"strings"
	"sync"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// etagField is a condition in a resource, not a value of it (AIP-154).
const etagField = "etag"

// messageInfo is what google.api.field_behavior (AIP-203) says about a message's
// fields.
type messageInfo struct {
	// settable are the fields a client may set in an update, by number.
	settable []protoreflect.FieldDescriptor
	// byName has every field by its proto and its JSON name.
	byName map[string]fieldInfo
	// clear are the fields a client may never set; clearWithin are those whose messages
	// have such fields.
	clear, clearWithin []protoreflect.FieldDescriptor
	// texts are the optional texts; textsWithin are the fields whose messages have such.
	texts, textsWithin []protoreflect.FieldDescriptor
}

type fieldInfo struct {
	fd        protoreflect.FieldDescriptor
	behaviors []annotations.FieldBehavior
}

// infos caches messageInfo by descriptor: reading the options costs microseconds.
var infos sync.Map // protoreflect.MessageDescriptor to *messageInfo

func infoOf(md protoreflect.MessageDescriptor) *messageInfo {
	if info, ok := infos.Load(md); ok {
		return info.(*messageInfo)
	}
	info := &messageInfo{byName: make(map[string]fieldInfo)}
	for i := range md.Fields().Len() {
		fd := md.Fields().Get(i)
		field := fieldInfo{fd: fd, behaviors: behaviors(fd)}
		info.byName[string(fd.Name())], info.byName[fd.JSONName()] = field, field
		switch {
		case field.unsettable():
			info.clear = append(info.clear, fd)
		case reaches(element(fd), nil, fieldInfo.unsettable):
			info.clearWithin = append(info.clearWithin, fd)
		}
		switch {
		case field.optionalText():
			info.texts = append(info.texts, fd)
		case reaches(element(fd), nil, fieldInfo.optionalText):
			info.textsWithin = append(info.textsWithin, fd)
		}
		if field.why() == "" && fd.Name() != etagField {
			info.settable = append(info.settable, fd)
		}
	}
	slices.SortFunc(info.settable, byNumber)
	infos.Store(md, info)
	return info
}

// Settable tells whether a client may set the field in an update. The etag is not a
// value of the resource, and so is not.
func Settable(fd protoreflect.FieldDescriptor) bool {
	return slices.Contains(infoOf(fd.ContainingMessage()).settable, fd)
}

func behaviors(fd protoreflect.FieldDescriptor) []annotations.FieldBehavior {
	b, _ := proto.GetExtension(fd.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	return b
}

func (f fieldInfo) has(b annotations.FieldBehavior) bool { return slices.Contains(f.behaviors, b) }

// unsettable tells whether a client may never set the field.
func (f fieldInfo) unsettable() bool {
	return f.has(annotations.FieldBehavior_IDENTIFIER) || f.has(annotations.FieldBehavior_OUTPUT_ONLY)
}

func (f fieldInfo) optionalText() bool {
	return f.fd.Kind() == protoreflect.StringKind && f.fd.HasOptionalKeyword()
}

// why says why an update cannot change the field, or nothing where it can.
func (f fieldInfo) why() string {
	switch {
	case f.has(annotations.FieldBehavior_IDENTIFIER):
		return "is the resource's name, which never changes"
	case f.has(annotations.FieldBehavior_OUTPUT_ONLY):
		return "is set by the service only"
	case f.has(annotations.FieldBehavior_IMMUTABLE):
		return "is set on create and never changes"
	default:
		return ""
	}
}

// element returns the message type of a field's values, or nil.
func element(fd protoreflect.FieldDescriptor) protoreflect.MessageDescriptor {
	if fd.IsMap() {
		return fd.MapValue().Message()
	}
	return fd.Message()
}

// reaches tells whether a message of the type can hold, at any depth, a field of the kind.
// Types may contain themselves; path holds those being looked at.
func reaches(md protoreflect.MessageDescriptor, path []protoreflect.FullName, kind func(fieldInfo) bool) bool {
	if md == nil || slices.Contains(path, md.FullName()) {
		return false
	}
	path = append(path, md.FullName())
	for i := range md.Fields().Len() {
		fd := md.Fields().Get(i)
		if kind(fieldInfo{fd: fd, behaviors: behaviors(fd)}) || reaches(element(fd), path, kind) {
			return true
		}
	}
	return false
}

// isScalar tells whether JSON writes messages of the type as one value, as it does
// times: a mask does not go inside them.
func isScalar(md protoreflect.MessageDescriptor) bool {
	return strings.HasPrefix(string(md.FullName()), "google.protobuf.")
}

// ClearUnsettable clears the fields that a client may never set, identifiers and
// output-only ones, at any depth, so that a create ignores them. Immutable fields stay:
// a create sets them.
func ClearUnsettable(m proto.Message) { clearUnsettable(m.ProtoReflect()) }

func clearUnsettable(m protoreflect.Message) {
	info := infoOf(m.Descriptor())
	for _, fd := range info.clear {
		m.Clear(fd)
	}
	eachWithin(m, info.clearWithin, clearUnsettable)
}

// UnsetEmpty unsets the optional texts that are empty, at any depth: no text of the API
// tells empty from unset.
func UnsetEmpty(m proto.Message) { unsetEmpty(m.ProtoReflect()) }

func unsetEmpty(m protoreflect.Message) {
	info := infoOf(m.Descriptor())
	for _, fd := range info.texts {
		if m.Has(fd) && m.Get(fd).String() == "" {
			m.Clear(fd)
		}
	}
	eachWithin(m, info.textsWithin, unsetEmpty)
}

// eachWithin does it to the messages in the fields that are set.
func eachWithin(m protoreflect.Message, fields []protoreflect.FieldDescriptor, do func(protoreflect.Message)) {
	for _, fd := range fields {
		if !m.Has(fd) {
			continue
		}
		switch value := m.Get(fd); {
		case fd.IsList():
			for i := range value.List().Len() {
				do(value.List().Get(i).Message())
			}
		case fd.IsMap():
			value.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
				do(v.Message())
				return true
			})
		default:
			do(value.Message())
		}
	}
}
