package dump

import (
	"encoding/csv"
	"io"
	"strconv"
	"time"

	"github.com/tidwall/gjson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/restjson"
	"github.com/rapport-crm/rapport/internal/tabular"
)

const attributesField = "attributes"

// sheet writes CSV: a column for each field, in which a list or a message stands as
// REST writes it, and one for each attribute and type. What has no column of its own,
// such as an attribute that is new since the header was written, stands in the column
// of all attributes, and so does an empty text, since an empty cell is none.
type sheet struct {
	w      *csv.Writer
	fields []protoreflect.FieldDescriptor
	// columns says where each attribute's column is among the cells.
	columns map[attribute]int
	cells   []string
	// json is the customer as REST has it, objects its fields that are lists or objects.
	json    []byte
	objects map[string]string
}

type attribute struct {
	key  string
	kind rapportv1.AttributeKey_ValueType
}

var kinds = map[rapportv1.AttributeKey_ValueType]string{
	rapportv1.AttributeKey_STRING:    "string",
	rapportv1.AttributeKey_DOUBLE:    "number",
	rapportv1.AttributeKey_BOOL:      "bool",
	rapportv1.AttributeKey_TIMESTAMP: "timestamp",
}

// newSheet writes the header.
func newSheet(w io.Writer, keys []*rapportv1.AttributeKey) (*sheet, error) {
	s := &sheet{w: csv.NewWriter(w), columns: map[attribute]int{}, objects: map[string]string{}}
	var header []string
	fields := (&rapportv1.Customer{}).ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		s.fields = append(s.fields, fields.Get(i))
		header = append(header, string(fields.Get(i).Name()))
	}
	for _, k := range keys {
		if kinds[k.GetValueType()] == "" {
			continue // a type of a newer service, which no import here could read
		}
		s.columns[attribute{k.GetKey(), k.GetValueType()}] = len(header)
		header = append(header, attributesField+"."+k.GetKey()+":"+kinds[k.GetValueType()])
	}
	s.cells = make([]string, len(header))
	return s, s.w.Write(header)
}

func (s *sheet) write(c *rapportv1.Customer) error {
	clear(s.cells)
	rest, err := s.attributes(c)
	if err != nil {
		return err
	}
	if err := s.parse(c); err != nil {
		return err
	}
	m := c.ProtoReflect()
	for i, fd := range s.fields {
		switch {
		case !m.Has(fd):
		case fd.Name() == attributesField:
			s.cells[i] = rest
		default:
			s.cells[i] = tabular.Guard(s.cell(fd, m.Get(fd)))
		}
	}
	return s.w.Write(s.cells)
}

func (s *sheet) close() error {
	s.w.Flush()
	return s.w.Error()
}

// parse finds the JSON of the fields that are lists, maps or messages.
func (s *sheet) parse(c *rapportv1.Customer) (err error) {
	if s.json, err = restjson.Append(s.json[:0], c); err != nil {
		return err
	}
	clear(s.objects)
	gjson.ParseBytes(s.json).ForEach(func(key, value gjson.Result) bool {
		if value.Type == gjson.JSON {
			s.objects[key.Str] = value.Raw
		}
		return true
	})
	return nil
}

// cell is the text of a field that is set.
func (s *sheet) cell(fd protoreflect.FieldDescriptor, v protoreflect.Value) string {
	switch {
	case fd.IsList() || fd.IsMap():
		return s.objects[fd.JSONName()]
	case fd.Message() != nil:
		switch m := v.Message().Interface().(type) {
		case *timestamppb.Timestamp:
			return m.AsTime().Format(time.RFC3339Nano)
		case *durationpb.Duration:
			return strconv.FormatFloat(m.AsDuration().Seconds(), 'f', -1, 64) + "s"
		}
		return s.objects[fd.JSONName()]
	case fd.Enum() != nil:
		if known := fd.Enum().Values().ByNumber(v.Enum()); known != nil {
			return string(known.Name())
		}
		return strconv.Itoa(int(v.Enum())) // a value of a newer service
	default:
		return v.String()
	}
}

// attributes fills the columns of the attributes, and returns the JSON of those that
// have none.
func (s *sheet) attributes(c *rapportv1.Customer) (rest string, err error) {
	without := map[string]*rapportv1.AttributeValue{}
	for key, value := range c.GetAttributes() {
		kind, text := attributeText(value)
		column, ok := s.columns[attribute{key, kind}]
		if !ok || text == "" {
			without[key] = value
			continue
		}
		s.cells[column] = text
	}
	if len(without) == 0 {
		return "", nil
	}
	json, err := restjson.Append(nil, &rapportv1.Customer{Attributes: without})
	return gjson.GetBytes(json, attributesField).Raw, err
}

// attributeText returns the type and the cell of an attribute. Of numbers the guard is
// spared, so that a spreadsheet can compute with those below zero: they are no formulas.
func attributeText(value *rapportv1.AttributeValue) (rapportv1.AttributeKey_ValueType, string) {
	switch v := value.GetKind().(type) {
	case *rapportv1.AttributeValue_StringValue:
		return rapportv1.AttributeKey_STRING, tabular.Guard(v.StringValue)
	case *rapportv1.AttributeValue_DoubleValue:
		return rapportv1.AttributeKey_DOUBLE, strconv.FormatFloat(v.DoubleValue, 'g', -1, 64)
	case *rapportv1.AttributeValue_BoolValue:
		return rapportv1.AttributeKey_BOOL, strconv.FormatBool(v.BoolValue)
	case *rapportv1.AttributeValue_TimestampValue:
		return rapportv1.AttributeKey_TIMESTAMP, v.TimestampValue.AsTime().Format(time.RFC3339Nano)
	default:
		return rapportv1.AttributeKey_VALUE_TYPE_UNSPECIFIED, ""
	}
}
