package aip

import (
	"cmp"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// ResolveMergeMask is ResolveMask, but that without a mask the populated maps are
// merged instead of replaced: only the elements that they hold are changed. Several
// sources can load one record this way.
func ResolveMergeMask(mask *fieldmaskpb.FieldMask, resource proto.Message) (Mask, error) {
	if len(mask.GetPaths()) > 0 {
		return ResolveMask(mask, resource)
	}
	m := resource.ProtoReflect()
	var out Mask
	for _, fd := range infoOf(m.Descriptor()).settable {
		p := maskPath{text: string(fd.Name()), fields: []protoreflect.FieldDescriptor{fd}}
		switch {
		case !m.Has(fd):
		case fd.IsMap() && fd.MapKey().Kind() == protoreflect.StringKind:
			m.Get(fd).Map().Range(func(key protoreflect.MapKey, _ protoreflect.Value) bool {
				out.paths = append(out.paths, maskPath{text: p.text + "." + key.String(), fields: p.fields, key: key})
				return true
			})
		default:
			out.paths = append(out.paths, p)
		}
	}
	slices.SortStableFunc(out.paths, func(a, b maskPath) int {
		return cmp.Or(byNumber(a.fields[0], b.fields[0]), cmp.Compare(a.text, b.text))
	})
	return out, nil
}
