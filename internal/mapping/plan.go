package mapping

import (
	"errors"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/load"
	"github.com/rapport-crm/rapport/internal/tabular"
)

// Plan turns the records of one file into rows of an import.
type Plan struct {
	// kind is what they become; nil for customers.
	kind   *load.Kind
	joined []*Joined
	links  []link
	// externalID finds the record again, where its name does not, and owner the customer
	// of one that has one.
	externalID, owner *externalID
	fillers           []filler
	// paths are the fields that the plan can set and an update can change.
	paths []string
	// void says which purchases are voided and why; nil where none are.
	void *void
	// when says which rows are loaded; nil for all.
	when *value
	// own is set where the file is an export of ours.
	own *ownFile
}

// externalID is an id in another system.
type externalID struct {
	source string
	id     value
	// empty is what is wrong with a row that has none.
	empty string
}

type void struct{ when, reason value }

// Problem is what is wrong with one row, and where it came from.
type Problem struct {
	// Column is the column, or several with commas between them; empty where the
	// problem is the row's as a whole.
	Column string
	// Value is what the column holds.
	Value string
	// Reason is what is wrong.
	Reason string
}

// RejectedError is all that keeps a row from being sent.
type RejectedError struct{ Problems []Problem }

// Error implements error.
func (e *RejectedError) Error() string {
	var out []string
	for _, p := range e.Problems {
		out = append(out, strings.TrimSpace(p.Column+" "+p.Reason))
	}
	return strings.Join(out, "; ")
}

// ErrSkip says that a record is none to load: a deleted customer of an export, the line that
// closes it, or a row that the mapping's `when` passes over.
var ErrSkip = errors.New("not a record to load")

var customerDescriptor = (&rapportv1.Customer{}).ProtoReflect().Descriptor()

// Compile resolves the mapping against its files. The error tells of every column that
// no file has and every field that no record has, each with its line.
func (m *Mapping) Compile(main *tabular.Table, joined []*Joined) (*Plan, error) {
	c := &compiler{problems: problems{file: m.File}, main: main}
	c.link(joined)
	p := &Plan{kind: m.Kind, joined: joined, links: c.links}
	fields := m.fields
	if m.Kind == nil {
		p.fillers = c.fields(fields, customerDescriptor)
		p.paths = paths(fields, customerDescriptor, "")
	} else {
		if inside := fields.get(externalIDKey); inside != nil {
			c.add(inside.line, "external_id stands beside %s, not under it", m.noun())
			fields = fields.without(externalIDKey)
		}
		p.fillers = c.fields(fields, m.Kind.Record())
	}
	if m.externalID != nil {
		p.externalID = c.externalID(m.externalID, externalIDKey, "which "+m.noun()+" the row is")
	}
	if m.owner != nil {
		p.owner = c.externalID(m.owner, ownerKey, "whose "+m.noun()+" the row is")
	}
	switch {
	case m.Kind == nil && m.externalID == nil && fields.get("name") == nil:
		c.add(fields.line, "say how a customer is found again: by external_id, or by a name under customer")
	case m.Kind != nil && (m.externalID == nil || m.owner == nil):
		c.add(m.fields.line, "say by external_id which %s a row is, and by customer_external_id whose", m.noun())
	}
	if m.void != nil {
		c.only(m.void, "when", "reason")
		p.void = &void{when: value{source: c.source(m.void.get("when")), parse: parseTruth}, reason: value{source: c.source(m.void.get("reason")), parse: parseText}}
	}
	if m.when != nil {
		p.when = &value{source: c.source(m.when), parse: parseTruth}
		c.checkConstant(m.when, *p.when)
	}
	if err := c.err(); err != nil {
		return nil, err
	}
	return p, nil
}

// externalID compiles an id in another system.
func (c *compiler) externalID(n *node, key, what string) *externalID {
	out := &externalID{source: c.textOf(n, "source"), empty: "is empty, and says " + what}
	if out.source == "" {
		c.add(n.line, "%s must have a source, the name of the system that the ids are of", key)
	}
	out.id = value{source: c.source(n, "source"), parse: parseText}
	return out
}

// paths are the fields of a message that a map names, as an update mask does, each with the
// prefix.
func paths(n *node, md protoreflect.MessageDescriptor, prefix string) (out []string) {
	for _, e := range n.entries {
		fd := md.Fields().ByName(protoreflect.Name(e.key))
		path := prefix + e.key
		switch {
		case fd == nil || !aip.Settable(fd):
		case fd.IsMap():
			for _, key := range e.value.entries {
				out = append(out, path+"."+key.key)
			}
		case aip.IsRecord(fd):
			out = append(out, paths(e.value, fd.Message(), path+".")...)
		default:
			out = append(out, path)
		}
	}
	return out
}

// Row returns the row of a customer. With clearEmpty a field whose cells are empty is
// cleared; else it stays as it is. The error is ErrSkip, a *RejectedError, or one that
// ends the file.
func (p *Plan) Row(r tabular.Record, clearEmpty bool) (*load.Row, error) {
	if p.own != nil {
		if err := p.own.closing(r); err != nil {
			return nil, err
		}
	}
	row := &load.Row{Number: r.Line, Customer: &rapportv1.Customer{}}
	b := &build{plan: p}
	row.ExternalId, _ = b.make(r, row.GetCustomer().ProtoReflect())
	if len(b.problems) > 0 {
		return nil, &RejectedError{Problems: b.problems}
	}
	if b.passed || p.own != nil && row.GetCustomer().GetState() == rapportv1.Customer_DELETED {
		return nil, ErrSkip
	}
	if p.own != nil {
		clearOutputs(row.GetCustomer())
	}
	if clearEmpty {
		row.UpdateMask = &fieldmaskpb.FieldMask{Paths: p.paths}
	}
	return row, nil
}

// Record returns the record of a row that a customer owns. The error is ErrSkip or a
// *RejectedError.
func (p *Plan) Record(r tabular.Record) (*load.Record, error) {
	b := &build{plan: p}
	out := b.record(r)
	if len(b.problems) > 0 {
		return nil, &RejectedError{Problems: b.problems}
	}
	if b.passed {
		return nil, ErrSkip
	}
	return out, nil
}

// record makes the create of a record.
func (b *build) record(r tabular.Record) *load.Record {
	p := b.plan
	create := p.kind.NewCreate()
	set := func(m protoreflect.Message, name protoreflect.Name, v protoreflect.Value) {
		m.Set(m.Descriptor().Fields().ByName(name), v)
	}
	record := create.Mutable(create.Descriptor().Fields().ByName(protoreflect.Name(p.kind.Singular))).Message()
	own, whole := b.make(r, record)
	out := &load.Record{Number: r.Line, Create: create.Interface()}
	if !whole {
		return out
	}
	if own != nil {
		set(record, externalIDKey, protoreflect.ValueOfMessage(own.ProtoReflect()))
	}
	set(create, "parent", protoreflect.ValueOfString("customers/-"))
	if owner := b.externalID(p.owner, ownerKey); owner != nil {
		set(create, ownerKey, protoreflect.ValueOfMessage(owner.ProtoReflect()))
	}
	if p.void == nil {
		return out
	}
	if yes, is, _ := b.value(p.void.when, voidKey+".when"); is && yes.Bool() {
		reason, _ := b.text(p.void.reason.source)
		out.Void = &load.Void{Reason: reason}
	}
	return out
}

// Problems returns what the service found wrong with a record, by column: its fields are
// led back to the columns that they came from.
func (p *Plan) Problems(r tabular.Record, err error) []Problem {
	b := &build{plan: p, origins: map[string]Problem{}}
	if p.kind == nil {
		b.make(r, (&rapportv1.Customer{}).ProtoReflect())
	} else {
		b.record(r)
	}
	var out []Problem
	for _, v := range violations(err) {
		if v.Field == "" && p.kind != nil && apierr.Reason(err) == rapportv1.ErrorReason_CUSTOMER_NOT_FOUND {
			v.Field = ownerKey + ".id"
		}
		origin := lookUp(b.origins, v.Field)
		if origin.Column == "" && v.Field != "" {
			v.Description = v.Field + " " + v.Description
		}
		out = append(out, Problem{Column: origin.Column, Value: origin.Value, Reason: v.Description})
	}
	return out
}
