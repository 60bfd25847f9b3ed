package aip

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
)

const (
	maxMaskPaths   = 200
	maxMaskPathLen = 200 // bytes
	maxMaskDepth   = 8   // fields
)

// Mask is a resolved update mask (AIP-134): the fields of a resource that an update
// changes. The zero value is empty.
type Mask struct{ paths []maskPath }

// maskPath leads from the resource to a field, or to one element of a map.
type maskPath struct {
	text   string
	fields []protoreflect.FieldDescriptor
	// key is the map element's, where the path names one.
	key protoreflect.MapKey
}

// ResolveMask returns what an update of the resource by the mask changes. Without a
// mask these are the populated fields, and with `*` all fields, that a client may set;
// a mask names them by their proto or JSON names. The etag is a condition and no
// value: a mask may name it, to no effect.
//
// The error is INVALID_UPDATE_MASK on the field update_mask. The result may be empty,
// which is for the caller to judge.
func ResolveMask(mask *fieldmaskpb.FieldMask, resource proto.Message) (Mask, error) {
	m := resource.ProtoReflect()
	info := infoOf(m.Descriptor())
	switch paths := mask.GetPaths(); {
	case len(paths) == 0:
		return info.mask(m.Has), nil
	case len(paths) > maxMaskPaths:
		return Mask{}, invalidMask("has more than %d paths", maxMaskPaths)
	case slices.Contains(paths, "*"):
		if len(paths) > 1 {
			return Mask{}, invalidMask("`*` stands alone")
		}
		return info.mask(func(protoreflect.FieldDescriptor) bool { return true }), nil
	default:
		return info.resolveAll(paths)
	}
}

// mask returns the client's fields that are chosen, by number.
func (info *messageInfo) mask(chosen func(protoreflect.FieldDescriptor) bool) Mask {
	var out Mask
	for _, fd := range info.settable {
		if chosen(fd) {
			out.paths = append(out.paths, maskPath{text: string(fd.Name()), fields: []protoreflect.FieldDescriptor{fd}})
		}
	}
	return out
}

func (info *messageInfo) resolveAll(paths []string) (Mask, error) {
	var out Mask
	seen := make(map[string]bool, len(paths))
	for _, text := range paths {
		if text == etagField {
			continue
		}
		p, err := info.resolve(text)
		if err != nil {
			return Mask{}, err
		}
		if !seen[p.text] {
			seen[p.text] = true
			out.paths = append(out.paths, p)
		}
	}
	return out, nil
}

// resolve follows a path's segments down from the resource.
func (info *messageInfo) resolve(text string) (maskPath, error) {
	if len(text) > maxMaskPathLen {
		return maskPath{}, invalidMask("the path `%s` is longer than %d bytes", shorten(text), maxMaskPathLen)
	}
	segments := strings.Split(text, ".")
	var p maskPath
	var names []string
	for i, segment := range segments {
		field, ok := info.byName[segment]
		if !ok {
			prefix := strings.Join(append(names, ""), ".")
			return maskPath{}, invalidMask("`%s` is no field%s", shorten(text), DidYouMean(text, info.names(prefix)))
		}
		if why := field.why(); why != "" {
			return maskPath{}, invalidMask("`%s` %s", shorten(text), why)
		}
		fd, rest := field.fd, segments[i+1:]
		p.fields, names = append(p.fields, fd), append(names, string(fd.Name()))
		switch {
		case len(rest) == 0:
		case fd.IsMap():
			return p.element(names, rest)
		case fd.IsList() || fd.Message() == nil || isScalar(fd.Message()) || i+1 == maxMaskDepth:
			return maskPath{}, invalidMask("`%s`: there is nothing to change inside `%s`; name that itself",
				shorten(text), strings.Join(names, "."))
		default:
			info = infoOf(fd.Message())
			continue
		}
		break
	}
	p.text = strings.Join(names, ".")
	return p, nil
}

// element completes the path of a map field with the key of one element.
func (p maskPath) element(names, rest []string) (maskPath, error) {
	if len(rest) > 1 || rest[0] == "" || p.fields[len(p.fields)-1].MapKey().Kind() != protoreflect.StringKind {
		return maskPath{}, invalidMask("`%s` is followed by one key without a dot", strings.Join(names, "."))
	}
	p.key = protoreflect.ValueOfString(rest[0]).MapKey()
	p.text = strings.Join(append(names, rest[0]), ".")
	return p, nil
}

// Empty tells whether the mask names no field.
func (m Mask) Empty() bool { return len(m.paths) == 0 }

// Paths returns the paths, in proto names, each once.
func (m Mask) Paths() []string {
	out := make([]string, len(m.paths))
	for i, p := range m.paths {
		out[i] = p.text
	}
	return out
}

// Has tells whether the mask touches what the path names, in proto names: the path
// itself, what it is inside of, or something inside of it.
func (m Mask) Has(path string) bool {
	return slices.ContainsFunc(m.paths, func(p maskPath) bool {
		return p.text == path || inside(p.text, path) || inside(path, p.text)
	})
}

func inside(path, outer string) bool {
	return len(path) > len(outer) && path[len(outer)] == '.' && strings.HasPrefix(path, outer)
}

// Apply copies the fields of the mask from src to dst, which are of the type that the
// mask was resolved for, and clears those that src has not set. Fields inside them that
// a client may not set come out cleared. Nothing is shared with src afterwards.
func (m Mask) Apply(dst, src proto.Message) {
	for _, p := range m.paths {
		p.apply(dst.ProtoReflect(), src.ProtoReflect())
	}
}

func (p maskPath) apply(dst, src protoreflect.Message) {
	last := len(p.fields) - 1
	for _, fd := range p.fields[:last] {
		// The parent is made only where src has it: clearing a field of what is not there
		// must not make an empty parent.
		if !src.Has(fd) && !dst.Has(fd) {
			return
		}
		dst, src = dst.Mutable(fd).Message(), src.Get(fd).Message()
	}
	fd := p.fields[last]
	switch {
	case p.key.IsValid():
		if value := src.Get(fd).Map().Get(p.key); value.IsValid() {
			dst.Mutable(fd).Map().Set(p.key, copied(fd.MapValue(), value))
		} else if dst.Has(fd) {
			dst.Mutable(fd).Map().Clear(p.key)
		}
	case !src.Has(fd):
		dst.Clear(fd)
	default:
		setCopy(dst, fd, src.Get(fd))
	}
}

// setCopy sets a field to a deep copy of the value.
func setCopy(dst protoreflect.Message, fd protoreflect.FieldDescriptor, value protoreflect.Value) {
	switch {
	case fd.IsList():
		dst.Clear(fd)
		list := dst.Mutable(fd).List()
		for i := range value.List().Len() {
			list.Append(copied(fd, value.List().Get(i)))
		}
	case fd.IsMap():
		dst.Clear(fd)
		m := dst.Mutable(fd).Map()
		value.Map().Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
			m.Set(k, copied(fd.MapValue(), v))
			return true
		})
	default:
		dst.Set(fd, copied(fd, value))
	}
}

// copied returns a deep copy of one value without what a client may not set.
func copied(fd protoreflect.FieldDescriptor, value protoreflect.Value) protoreflect.Value {
	switch {
	case fd.Message() != nil:
		m := proto.Clone(value.Message().Interface())
		ClearUnsettable(m)
		return protoreflect.ValueOfMessage(m.ProtoReflect())
	case fd.Kind() == protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(slices.Clone(value.Bytes()))
	default:
		return value
	}
}

// names returns the paths of the fields a client may set, each with the prefix.
func (info *messageInfo) names(prefix string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, fd := range info.settable {
			if !yield(prefix + string(fd.Name())) {
				return
			}
		}
	}
}

func invalidMask(format string, args ...any) error {
	return apierr.Invalid(rapportv1.ErrorReason_INVALID_UPDATE_MASK,
		apierr.Violation{Field: "update_mask", Description: fmt.Sprintf(format, args...)})
}

func byNumber(a, b protoreflect.FieldDescriptor) int { return cmp.Compare(a.Number(), b.Number()) }
