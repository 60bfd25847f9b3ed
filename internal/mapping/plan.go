package mapping

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/load"
	"github.com/rapport-crm/rapport/internal/tabular"
)

// Plan turns the records of one file into rows of an import.
type Plan struct {
	joined []*Joined
	// on are the columns of the main file whose cells are the keys of the joined ones.
	on []ref
	// externalID finds the customer where its name does not.
	externalID *value
	source     string
	fillers    []filler
	// paths are the fields that the plan can set and an update can change.
	paths []string
	// own is set where the file is an export of ours.
	own *ownFile
}

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

// ErrSkip says that a record is no customer to load: a deleted one of an export, or the
// line that closes it.
var ErrSkip = errors.New("not a customer to load")

var customerDescriptor = (&rapportv1.Customer{}).ProtoReflect().Descriptor()

// Compile resolves the mapping against its files. The error tells of every column that
// no file has and every field that no customer has, each with its line.
func (m *Mapping) Compile(main *tabular.Table, joined []*Joined) (*Plan, error) {
	c := &compiler{problems: problems{file: m.File}, main: main, joined: joined}
	p := &Plan{joined: joined}
	for _, j := range joined {
		on, ok := main.Column(j.join.on)
		if !ok {
			c.add(j.join.line, "the file has no column %q%s", j.join.on, near(j.join.on, main))
		}
		p.on = append(p.on, ref{column: on, name: j.join.on})
	}
	p.fillers = c.fields(m.customer, customerDescriptor)
	p.paths = paths(m.customer, customerDescriptor, "")
	switch {
	case m.externalID != nil:
		p.source = c.textOf(m.externalID, "source")
		if p.source == "" {
			c.add(m.externalID.line, "external_id must have a source, the name of the system that the ids are of")
		}
		p.externalID = &value{source: c.source(m.externalID, "source"), parse: parseText}
	case m.customer.get("name") == nil:
		c.add(m.customer.line, "say how a customer is found again: by external_id, or by a name under customer")
	}
	if err := c.err(); err != nil {
		return nil, err
	}
	return p, nil
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

// Row returns the row of a record. With clearEmpty a field whose cells are empty is
// cleared; else it stays as it is. The error is ErrSkip, a *RejectedError, or one that
// ends the file.
func (p *Plan) Row(r tabular.Record, clearEmpty bool) (*load.Row, error) {
	if p.own != nil {
		if err := p.own.closing(r); err != nil {
			return nil, err
		}
	}
	b := &build{}
	row := p.build(b, r)
	if len(b.problems) > 0 {
		return nil, &RejectedError{Problems: b.problems}
	}
	if p.own != nil && row.GetCustomer().GetState() == rapportv1.Customer_DELETED {
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

func (p *Plan) build(b *build, r tabular.Record) *load.Row {
	row := &load.Row{Number: r.Line, Customer: &rapportv1.Customer{}}
	b.row, b.raw = cells{r.Cells}, r.Raw
	for i, j := range p.joined {
		key := strings.TrimSpace(b.row.get(p.on[i]))
		partner, ok := j.rows[key]
		if !ok && !j.join.optional {
			b.problems = append(b.problems, Problem{
				Column: p.on[i].name, Value: key, Reason: fmt.Sprintf("has no row in %s", j.join.File),
			})
		}
		b.row = append(b.row, partner)
	}
	if len(b.problems) > 0 {
		return row
	}
	if p.externalID != nil {
		row.ExternalId = &rapportv1.ExternalId{Source: p.source}
		if id, set, _ := b.value(*p.externalID, "external_id.id"); set {
			row.ExternalId.Id = id.String()
		} else if len(b.problems) == 0 {
			b.problem(p.externalID.source, errors.New("is empty, and says which customer the row is"))
		}
	}
	fillAll(b, p.fillers, row.GetCustomer().ProtoReflect(), "customer")
	return row
}

// Problems returns what the service found wrong with a record, by column: its fields are
// led back to the columns that they came from.
func (p *Plan) Problems(r tabular.Record, err error) []Problem {
	b := &build{origins: map[string]Problem{}}
	p.build(b, r)
	var out []Problem
	for _, v := range violations(err) {
		origin := lookUp(b.origins, v.Field)
		if origin.Column == "" && v.Field != "" {
			v.Description = v.Field + " " + v.Description
		}
		out = append(out, Problem{Column: origin.Column, Value: origin.Value, Reason: v.Description})
	}
	return out
}
