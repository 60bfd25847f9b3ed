package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/tabular"
)

// ownFile is what is known of an export of ours while it is read.
type ownFile struct {
	// customers is how many records there were so far.
	customers int64
}

// Own returns the plan of a file that an export of ours wrote: the columns of CSV are
// paths of fields, NDJSON has a customer a line. The error says what makes the file
// another one, which needs a mapping.
func Own(main *tabular.Table) (*Plan, error) {
	p := &Plan{own: &ownFile{}}
	if main.Objects() {
		p.fillers = []filler{{fill: fillObject}}
		for i := range customerDescriptor.Fields().Len() {
			if fd := customerDescriptor.Fields().Get(i); aip.Settable(fd) {
				p.paths = append(p.paths, string(fd.Name()))
			}
		}
		return p, nil
	}
	if _, ok := main.Column("name"); !ok {
		return nil, errors.New("the file is no export of Rapport, for it has no column `name`; say with --map what its columns mean")
	}
	for i, header := range main.Header {
		f, err := ownColumn(header, ref{column: i, name: header})
		if err != nil {
			return nil, fmt.Errorf("the file is no export of Rapport; say with --map what its columns mean: %w", err)
		}
		if f.fill != nil {
			p.fillers = append(p.fillers, f)
		}
		name, _, _ := strings.Cut(header, ".")
		path, _, _ := strings.Cut(header, ":")
		if fd := customerDescriptor.Fields().ByName(protoreflect.Name(name)); !aip.Settable(fd) {
			continue
		}
		// The column of a whole map is about all its keys.
		if _, whole := main.Column(name); !whole || path == name {
			p.paths = append(p.paths, path)
		}
	}
	return p, nil
}

// ownColumn returns what a column of an export fills, or nothing where a client cannot
// set the field.
func ownColumn(header string, at ref) (filler, error) {
	name, key, inside := strings.Cut(header, ".")
	fd := customerDescriptor.Fields().ByName(protoreflect.Name(name))
	switch {
	case fd == nil || inside && !fd.IsMap():
		return filler{}, fmt.Errorf("%q is no field of a customer%s", header, aip.DidYouMean(header, names(customerDescriptor)))
	case inside && fd.MapValue().Message() != nil:
		key, kind, _ := strings.Cut(key, ":")
		parse, ok := ownTypes[kind]
		if !ok {
			return filler{}, fmt.Errorf("%q must end in :string, :number, :bool or :timestamp", header)
		}
		return mapEntry(fd, key, ownValue(at, parse)), nil
	case inside:
		return mapEntry(fd, key, ownValue(at, parseText)), nil
	case name == "state":
		return single(ownValue(at, parseEnum(fd.Enum())), fd), nil
	case !mappable(fd) || name == "etag":
		return filler{}, nil
	case fd.IsMap():
		return ownMap(at, fd), nil
	case fd.Message() != nil && fd.Message().FullName() == durationName:
		return single(ownValue(at, parseDays), fd), nil
	case fd.Message() != nil && fd.Message().FullName() == timestampName:
		return single(ownValue(at, func(text string) (protoreflect.Value, error) {
			t, err := ownInstants.timestamp(text)
			return protoreflect.ValueOfMessage(t.ProtoReflect()), err
		}), fd), nil
	case fd.IsList() || fd.Message() != nil:
		return single(ownValue(at, parseJSON(fd)), fd), nil
	case fd.Kind() == protoreflect.EnumKind:
		return single(ownValue(at, parseEnum(fd.Enum())), fd), nil
	default:
		return single(ownValue(at, parseText), fd), nil
	}
}

var ownInstants = instants{layout: time.RFC3339Nano, zone: time.UTC}

var ownTypes = map[string]func(string) (protoreflect.Value, error){
	"string": attributeText,
	"bool":   attributeBool,
	"number": func(text string) (protoreflect.Value, error) {
		f, err := decimals{point: "."}.number(text)
		return attributeNumber(f), err
	},
	"timestamp": func(text string) (protoreflect.Value, error) {
		t, err := ownInstants.timestamp(text)
		return ofAttribute(&rapportv1.AttributeValue{Kind: &rapportv1.AttributeValue_TimestampValue{TimestampValue: t}}), err
	},
}

// ownValue reads a cell of an export: byte for byte, but for the guard against formulas.
func ownValue(at ref, parse func(string) (protoreflect.Value, error)) value {
	return value{
		source: source{template: template{{column: true, ref: at}}, asIs: true},
		parse:  func(text string) (protoreflect.Value, error) { return parse(tabular.Unguard(text)) },
	}
}

// parseJSON reads the JSON that REST writes for the field.
func parseJSON(fd protoreflect.FieldDescriptor) func(string) (protoreflect.Value, error) {
	return func(text string) (protoreflect.Value, error) {
		var c rapportv1.Customer
		if !json.Valid([]byte(text)) {
			return protoreflect.Value{}, errors.New("is not JSON")
		}
		if err := protojson.Unmarshal([]byte(`{"`+fd.JSONName()+`":`+text+`}`), &c); err != nil {
			return protoreflect.Value{}, notJSON(err)
		}
		if fd.Message() != nil && !fd.IsList() && !fd.IsMap() && !c.ProtoReflect().Has(fd) {
			return protoreflect.Value{}, errors.New("is null; an empty cell says that")
		}
		return c.ProtoReflect().Mutable(fd), nil
	}
}

func notJSON(err error) error {
	_, reason, _ := strings.Cut(err.Error(), "): ")
	return errors.New("is not what the field holds: " + reason)
}

// ownMap adds the entries of a cell to those that have columns of their own.
func ownMap(at ref, fd protoreflect.FieldDescriptor) filler {
	v := ownValue(at, parseJSON(fd))
	return filler{fill: func(b *build, m protoreflect.Message, path string) bool {
		out, set, filled := b.value(v, b.path(path, fd))
		if set {
			out.Map().Range(func(key protoreflect.MapKey, entry protoreflect.Value) bool {
				m.Mutable(fd).Map().Set(key, entry)
				return true
			})
		}
		return filled
	}}
}

// fillObject reads a line of an NDJSON export.
func fillObject(b *build, m protoreflect.Message, _ string) bool {
	if err := protojson.Unmarshal([]byte(b.raw), m.Interface()); err != nil {
		b.problems = append(b.problems, Problem{Reason: notJSON(err).Error()})
	}
	return true
}

// closing counts the records, and recognises the line that ends an export in NDJSON,
// which says how many customers there are.
func (o *ownFile) closing(r tabular.Record) error {
	if !strings.HasPrefix(r.Raw, `{"exported":`) {
		o.customers++
		return nil
	}
	var last struct {
		Exported int64 `json:"exported"`
	}
	if err := json.Unmarshal([]byte(r.Raw), &last); err != nil {
		return fmt.Errorf("line %d: %w", r.Line, err)
	}
	if last.Exported != o.customers {
		return fmt.Errorf("line %d: the export had %d customers, the file has %d", r.Line, last.Exported, o.customers)
	}
	return ErrSkip
}

// clearOutputs takes away what the service says of a customer, the etag included: a
// file is imported again when a record has changed since.
func clearOutputs(c *rapportv1.Customer) {
	m := c.ProtoReflect()
	for i := range customerDescriptor.Fields().Len() {
		if fd := customerDescriptor.Fields().Get(i); !mappable(fd) || fd.Name() == "etag" {
			m.Clear(fd)
		}
	}
}
