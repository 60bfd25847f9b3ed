package mapping

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/tabular"
)

// build is the making of one row.
type build struct {
	plan *Plan
	row  cells
	// raw is the record as it is written, of NDJSON.
	raw      string
	problems []Problem
	// passed is set where the mapping passes the row over.
	passed bool
	// origins are the columns that each field came from, where that is asked for.
	origins map[string]Problem
}

// make makes what the plan makes of a record, as far as that is possible: the message of
// its fields, and the id by which it is found again, where it has one. A record that lacks
// a partner in a joined file, or is passed over, is not whole.
func (b *build) make(r tabular.Record, m protoreflect.Message) (id *rapportv1.ExternalId, whole bool) {
	p := b.plan
	b.raw = r.Raw
	b.row = cells{tables: make([][]string, len(p.joined)+1), several: make([][][]string, len(p.joined)+1)}
	b.row.tables[0] = r.Cells
	if r.Origin > 0 {
		b.row.line = strconv.FormatInt(r.Origin, 10)
	}
	if p.find(b, 0); len(b.problems) > 0 {
		return nil, false
	}
	if p.when != nil {
		yes, set, _ := b.value(*p.when, "")
		if b.passed = !set || !yes.Bool(); b.passed {
			return nil, false
		}
	}
	noun, path := customerKey, externalIDKey
	if p.kind != nil {
		noun, path = p.kind.Singular, p.kind.Singular+"."+externalIDKey
	}
	if p.externalID != nil {
		id = b.externalID(p.externalID, path)
	}
	fillAll(b, p.fillers, m, noun)
	return id, true
}

// externalID makes an id in another system. A row without it is wrong.
func (b *build) externalID(e *externalID, path string) *rapportv1.ExternalId {
	before := len(b.problems)
	id, set, _ := b.value(e.id, path+".id")
	if !set && len(b.problems) == before {
		b.problem(e.id.source, errors.New(e.empty))
	}
	if !set {
		return nil
	}
	return &rapportv1.ExternalId{Source: e.source, Id: id.String()}
}

// path and index lead to a field and an element, where origins are noted.
func (b *build) path(path string, fd protoreflect.FieldDescriptor) string {
	if b.origins == nil {
		return ""
	}
	return path + "." + string(fd.Name())
}

func (b *build) index(path string, i int) string {
	if b.origins == nil {
		return ""
	}
	return fmt.Sprintf("%s[%d]", path, i)
}

// text returns a source's text, and whether a column had something for it: what the mapping's
// values take for nothing is nothing.
func (b *build) text(s source) (text string, filled bool) {
	text, err := s.text(b.row)
	if err != nil {
		b.problem(s, err)
	}
	return text, text != "" && !s.constant() && s.raw(b.row) != ""
}

// value returns a value, whether it is set, and whether a column had something for it.
func (b *build) value(v value, path string) (out protoreflect.Value, set, filled bool) {
	b.note(path, v.source)
	if v.sum != 0 {
		return b.sum(v)
	}
	text, filled := b.text(v.source)
	if text == "" {
		return out, false, filled
	}
	out, err := v.parse(text)
	if err != nil {
		b.problem(v.source, err)
		return out, false, filled
	}
	return out, true, filled
}

// sum adds up what the rows of a file that may have several hold.
func (b *build) sum(v value) (out protoreflect.Value, set, filled bool) {
	one := v
	one.sum = 0
	b.eachOf(v.sum, func() {
		more, has, _ := b.value(one, "")
		if !has {
			return
		}
		var err error
		if !set {
			out, set = more, true
		} else if out, err = v.add(out, more); err != nil {
			b.problem(v.source, err)
		}
	})
	if set && v.total != nil {
		out = v.total(out)
	}
	return out, set, set
}

func (b *build) problem(s source, err error) {
	p := b.origin(s)
	p.Reason = err.Error()
	b.problems = append(b.problems, p)
}

func (b *build) note(path string, s source) {
	if b.origins != nil && path != "" {
		b.origins[path] = b.origin(s)
	}
}

// origin names the columns of a source and what they hold.
func (b *build) origin(s source) Problem {
	var columns, values []string
	for _, r := range s.refs() {
		if slices.Contains(columns, r.name) {
			continue
		}
		columns, values = append(columns, r.name), append(values, b.row.get(r))
	}
	return Problem{Column: strings.Join(columns, ", "), Value: strings.Join(values, ", ")}
}
