package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
)

// maxExplained bounds how many things an answer says about a body.
const maxExplained = 20

// malformed says what is wrong with a body that did not decode: protojson's own error
// names neither the path nor the near name, and stops at the first. It is called for
// refused bodies only, and reads token by token, so that its memory is bounded.
func malformed(r *route, raw []byte) error {
	e := &explainer{dec: json.NewDecoder(bytes.NewReader(raw)), raw: raw}
	e.dec.UseNumber()
	root := ""
	if r.bodyField != nil {
		root = r.bodyField.JSONName()
	}
	err := e.message(r.body, root, 0)
	if err == nil {
		if _, more := e.dec.Token(); !errors.Is(more, io.EOF) {
			e.add("body", "has something after the end of its JSON value", "trailing")
		}
	} else if !errors.Is(err, errEnough) {
		e.add("body", e.syntax(err), "json")
	}
	if len(e.found) == 0 {
		e.add("body", "does not decode: "+decodeError(r.body, raw), "json")
	}
	return apierr.Invalid(rapportv1.ErrorReason_MALFORMED_MESSAGE, e.found...)
}

// decodeError is protojson's own text, for what the explainer does not know of, such
// as text that is not UTF-8.
func decodeError(md protoreflect.MessageDescriptor, raw []byte) string {
	mt, err := protoregistry.GlobalTypes.FindMessageByName(md.FullName())
	if err != nil {
		return "unknown message"
	}
	var m proto.Message = mt.New().Interface()
	if err := strict.Unmarshal(raw, m); err != nil {
		// protojson separates its prefix by a space that it draws at random.
		text := strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\u00a0", " "), "proto: ")
		return shorten(text)
	}
	return "unknown fault"
}

// errEnough ends the walk where nothing more can be said.
var errEnough = errors.New("enough")

type explainer struct {
	dec   *json.Decoder
	raw   []byte
	found []apierr.Violation
}

func (e *explainer) add(field, text, rule string) {
	e.found = append(e.found, apierr.Violation{Field: shorten(field), Description: text, Rule: rule})
}

// syntax says where the JSON is broken, by line and column from 1.
func (e *explainer) syntax(err error) string {
	offset := min(int(e.dec.InputOffset()), len(e.raw))
	var s *json.SyntaxError
	if errors.As(err, &s) && int(s.Offset) <= len(e.raw) {
		offset = int(s.Offset)
	}
	before := e.raw[:offset]
	line := bytes.Count(before, []byte("\n")) + 1
	column := max(offset-bytes.LastIndexByte(before, '\n')-1, 1)
	return fmt.Sprintf("is not well-formed JSON near line %d, column %d", line, column)
}

// token returns the next token. A walk that has found enough, or is too deep, ends.
func (e *explainer) token(path string, depth int) (json.Token, error) {
	if depth > maxDepth {
		e.add(path, fmt.Sprintf("is nested more than %d deep", maxDepth), "depth")
		return nil, errEnough
	}
	if len(e.found) >= maxExplained {
		return nil, errEnough
	}
	return e.dec.Token()
}

// skip reads the rest of a value whose first token was read already.
func (e *explainer) skip(first json.Token, path string, depth int) error {
	open := 0
	for token := first; ; {
		if d, ok := token.(json.Delim); ok {
			if d == '{' || d == '[' {
				open++
			} else {
				open--
			}
		}
		if open == 0 {
			return nil
		}
		var err error
		if token, err = e.token(path, depth+open); err != nil {
			return err
		}
	}
}

// message walks a message.
func (e *explainer) message(md protoreflect.MessageDescriptor, path string, depth int) error {
	token, err := e.token(path, depth)
	if err != nil {
		return err
	}
	return e.messageFrom(token, md, path, depth)
}

func (e *explainer) messageFrom(token json.Token, md protoreflect.MessageDescriptor, path string, depth int) error {
	if md.FullName().Parent() == "google.protobuf" {
		return e.wellKnown(token, md, path, depth)
	}
	if token != json.Delim('{') {
		e.add(orBody(path), "must be an object", "type")
		return e.skip(token, path, depth)
	}
	seen := map[protoreflect.Name]bool{}
	for e.dec.More() {
		key, err := e.token(path, depth)
		if err != nil {
			return err
		}
		name, _ := key.(string)
		fd := fieldByName(md, name)
		at := join(path, name)
		value, err := e.token(at, depth+1)
		if err != nil {
			return err
		}
		if fd == nil {
			e.add(at, "there is no such field"+aip.DidYouMean(name, slices.Values(jsonNames(md))), "unknown_field")
			if err := e.skip(value, at, depth+1); err != nil {
				return err
			}
			continue
		}
		if seen[fd.Name()] {
			e.add(at, "is given more than once", "duplicate")
		}
		seen[fd.Name()] = true
		if err := e.field(value, fd, at, depth+1); err != nil {
			return err
		}
	}
	_, err := e.dec.Token()
	return err
}

// field walks the value of a field. Null stands for an absent field.
func (e *explainer) field(token json.Token, fd protoreflect.FieldDescriptor, path string, depth int) error {
	switch {
	case token == nil:
		return nil
	case fd.IsMap():
		return e.dict(token, fd, path, depth)
	case fd.IsList():
		return e.list(token, fd, path, depth)
	default:
		return e.value(token, fd, path, depth)
	}
}

func (e *explainer) list(token json.Token, fd protoreflect.FieldDescriptor, path string, depth int) error {
	if token != json.Delim('[') {
		e.add(path, "must be an array", "type")
		return e.skip(token, path, depth)
	}
	for i := 0; e.dec.More(); i++ {
		at := path + "[" + strconv.Itoa(i) + "]"
		value, err := e.token(at, depth+1)
		if err != nil {
			return err
		}
		if err := e.value(value, fd, at, depth+1); err != nil {
			return err
		}
	}
	_, err := e.dec.Token()
	return err
}

func (e *explainer) dict(token json.Token, fd protoreflect.FieldDescriptor, path string, depth int) error {
	if token != json.Delim('{') {
		e.add(path, "must be an object", "type")
		return e.skip(token, path, depth)
	}
	seen := map[string]bool{}
	for e.dec.More() {
		key, err := e.token(path, depth)
		if err != nil {
			return err
		}
		name, _ := key.(string)
		at := join(path, name)
		value, err := e.token(at, depth+1)
		if err != nil {
			return err
		}
		if seen[name] {
			e.add(at, "is given more than once", "duplicate")
		}
		seen[name] = true
		if err := e.value(value, fd.MapValue(), at, depth+1); err != nil {
			return err
		}
	}
	_, err := e.dec.Token()
	return err
}

// value walks one value: where it may not be null, such as in a list or a map.
func (e *explainer) value(token json.Token, fd protoreflect.FieldDescriptor, path string, depth int) error {
	if token == nil {
		e.add(path, "must not be null; to take an element away, send the rest without it", "null")
		return nil
	}
	if md := fd.Message(); md != nil {
		return e.messageFrom(token, md, path, depth)
	}
	if what := mismatch(token, fd); what != "" {
		e.add(path, "must be "+what, "type")
	}
	return e.skip(token, path, depth)
}

func (e *explainer) wellKnown(token json.Token, md protoreflect.MessageDescriptor, path string, depth int) error {
	text, isText := token.(string)
	if what := badWellKnown(md, text, isText); what != "" {
		e.add(path, "must be "+what, "type")
	}
	return e.skip(token, path, depth)
}

func orBody(path string) string {
	if path == "" {
		return "body"
	}
	return path
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
