package rpc

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/rapport-crm/rapport/internal/apierr"
)

// textPlan says where in a message strings can be, so that the rest is not visited.
type textPlan struct{ fields []textField }

type textField struct {
	fd protoreflect.FieldDescriptor
	// text says that the field's values, or elements, are strings.
	text bool
	// keys says that the field is a map with strings for keys.
	keys bool
	// message is the plan of the field's values, where they are messages that can
	// hold strings.
	message *textPlan
}

// planTexts adds the plan of a message, and of all it can hold, to plans. A message
// that can hold itself finds its own plan there, still being made.
func planTexts(d protoreflect.MessageDescriptor, plans map[protoreflect.MessageDescriptor]*textPlan) *textPlan {
	if plan, ok := plans[d]; ok {
		return plan
	}
	plan := &textPlan{}
	plans[d] = plan
	for i := range d.Fields().Len() {
		f := textField{fd: d.Fields().Get(i)}
		if leftToHandler(f.fd) {
			continue
		}
		value := f.fd
		if f.fd.IsMap() {
			f.keys = f.fd.MapKey().Kind() == protoreflect.StringKind
			value = f.fd.MapValue()
		}
		f.text = value.Kind() == protoreflect.StringKind
		if value.Message() != nil && canHoldText(value.Message(), map[protoreflect.MessageDescriptor]bool{}) {
			f.message = planTexts(value.Message(), plans)
		}
		if f.text || f.keys || f.message != nil {
			plan.fields = append(plan.fields, f)
		}
	}
	return plan
}

// leftToHandler says whether a field's rules are ignored in its message, because the
// handler checks it by Chain.Validate: what is wrong with one row of a stream must not
// end the stream.
func leftToHandler(fd protoreflect.FieldDescriptor) bool {
	rules, ok := proto.GetExtension(fd.Options(), validate.E_Field).(*validate.FieldRules)
	return ok && rules.GetIgnore() == validate.Ignore_IGNORE_ALWAYS
}

func canHoldText(d protoreflect.MessageDescriptor, seen map[protoreflect.MessageDescriptor]bool) bool {
	if seen[d] {
		return false
	}
	seen[d] = true
	for i := range d.Fields().Len() {
		// A map's entry is a message whose fields are the key and the value.
		f := d.Fields().Get(i)
		if f.Kind() == protoreflect.StringKind || f.Message() != nil && canHoldText(f.Message(), seen) {
			return true
		}
	}
	return false
}

// textWalk gathers the strings of one message that PostgreSQL's text cannot hold.
type textWalk struct {
	// path leads to the message being visited; it becomes text only for a violation.
	path  []pathStep
	found []apierr.Violation
}

// pathStep is one step into a message: a field, and perhaps an element of it.
type pathStep struct {
	field   protoreflect.FieldDescriptor
	element bool
	// index is the element of a list, key that of a map.
	index int
	key   protoreflect.MapKey
}

func (s pathStep) String() string {
	name := string(s.field.Name())
	switch {
	case !s.element:
		return name
	case s.field.IsList():
		return name + "[" + strconv.Itoa(s.index) + "]"
	case s.field.MapKey().Kind() == protoreflect.StringKind:
		return name + "[" + strconv.Quote(s.key.String()) + "]"
	}
	return name + "[" + s.key.String() + "]"
}

func (v *validator) textViolations(m protoreflect.Message) []apierr.Violation {
	plan, ok := v.texts[m.Descriptor()]
	if !ok {
		return nil
	}
	var w textWalk
	w.message(m, plan)
	return w.found
}

func (w *textWalk) message(m protoreflect.Message, plan *textPlan) {
	for i := range plan.fields {
		f := &plan.fields[i]
		if !m.Has(f.fd) {
			continue
		}
		value := m.Get(f.fd)
		switch {
		case f.fd.IsMap():
			w.mapping(value.Map(), f)
		case f.fd.IsList():
			list := value.List()
			for i := range list.Len() {
				w.value(list.Get(i), f, pathStep{field: f.fd, element: true, index: i})
			}
		default:
			w.value(value, f, pathStep{field: f.fd})
		}
		if len(w.found) >= maxViolations {
			return
		}
	}
}

func (w *textWalk) mapping(entries protoreflect.Map, f *textField) {
	entries.Range(func(key protoreflect.MapKey, value protoreflect.Value) bool {
		step := pathStep{field: f.fd, element: true, key: key}
		if f.keys {
			w.text(key.String(), step)
		}
		w.value(value, f, step)
		return len(w.found) < maxViolations
	})
}

func (w *textWalk) value(value protoreflect.Value, f *textField, step pathStep) {
	switch {
	case f.text:
		w.text(value.String(), step)
	case f.message != nil:
		w.path = append(w.path, step)
		w.message(value.Message(), f.message)
		w.path = w.path[:len(w.path)-1]
	}
}

func (w *textWalk) text(s string, last pathStep) {
	rule := unfit(s)
	if rule == "" {
		return
	}
	var path strings.Builder
	for _, step := range w.path {
		path.WriteString(step.String() + ".")
	}
	path.WriteString(last.String())
	description := "must not hold the character U+0000"
	if rule == ruleUTF8 {
		description = "must be valid UTF-8"
	}
	w.found = append(w.found, apierr.Violation{Field: path.String(), Description: description, Rule: rule})
}

// The rules that unfit returns.
const (
	ruleNUL  = "string.no_nul"
	ruleUTF8 = "string.utf8"
)

// unfit returns the rule that a string breaks, or "". Protobuf's own decoder refuses
// invalid UTF-8, but over REST strings also come from the URL.
func unfit(s string) string {
	switch {
	case strings.IndexByte(s, 0) >= 0:
		return ruleNUL
	case !utf8.ValidString(s):
		return ruleUTF8
	}
	return ""
}
