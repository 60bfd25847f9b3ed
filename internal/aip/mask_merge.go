package aip

import (
	"cmp"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// ResolveMergeMask is ResolveMask, but that without a mask the populated maps and records
// are merged instead of replaced: only the elements and fields that they hold are changed.
// Several sources can load one resource this way.
func ResolveMergeMask(mask *fieldmaskpb.FieldMask, resource proto.Message) (Mask, error) {
	if len(mask.GetPaths()) > 0 {
		return ResolveMask(mask, resource)
	}
	out := Mask{paths: merged(nil, maskPath{}, resource.ProtoReflect())}
	slices.SortStableFunc(out.paths, func(a, b maskPath) int {
		return cmp.Or(byNumber(a.fields[0], b.fields[0]), cmp.Compare(a.text, b.text))
	})
	return out, nil
}

// merged appends the paths of what is populated in the message at the path.
func merged(paths []maskPath, at maskPath, m protoreflect.Message) []maskPath {
	for _, fd := range infoOf(m.Descriptor()).settable {
		if !m.Has(fd) {
			continue
		}
		p := at.field(fd)
		switch {
		case fd.IsMap() && fd.MapKey().Kind() == protoreflect.StringKind:
			m.Get(fd).Map().Range(func(key protoreflect.MapKey, _ protoreflect.Value) bool {
				paths = append(paths, maskPath{text: p.text + "." + key.String(), fields: p.fields, key: key})
				return true
			})
		case IsRecord(fd):
			paths = merged(paths, p, m.Get(fd).Message())
		default:
			paths = append(paths, p)
		}
	}
	return paths
}

// field is the path of a field of the message at the path.
func (p maskPath) field(fd protoreflect.FieldDescriptor) maskPath {
	text := string(fd.Name())
	if p.text != "" {
		text = p.text + "." + text
	}
	return maskPath{text: text, fields: append(slices.Clip(p.fields), fd)}
}

// IsRecord tells whether the field is a message whose fields are facts of their own, such as
// a membership; an amount of money or a time is one fact.
func IsRecord(fd protoreflect.FieldDescriptor) bool {
	return fd.Message() != nil && !fd.IsList() && !fd.IsMap() && fd.Message().ParentFile().Package() == "rapport.v1"
}
