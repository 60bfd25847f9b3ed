package restjson

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/genproto/googleapis/type/postaladdress"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// subjects returns an empty message of every type of the API, of the ones it uses,
// and of some that show what the API does not have (other map keys, other kinds).
func subjects(tb testing.TB) []proto.Message {
	tb.Helper()
	out := []proto.Message{
		&timestamppb.Timestamp{}, &durationpb.Duration{}, &fieldmaskpb.FieldMask{}, &anypb.Any{}, &emptypb.Empty{},
		&structpb.Value{}, &structpb.Struct{}, &structpb.ListValue{}, &wrapperspb.Int64Value{}, &wrapperspb.BytesValue{},
		&money.Money{}, &postaladdress.PostalAddress{}, &status.Status{}, &errdetails.ErrorInfo{},
		&errdetails.BadRequest{}, &errdetails.QuotaFailure{}, &errdetails.RetryInfo{}, &descriptorpb.FieldOptions{},
	}
	protoregistry.GlobalTypes.RangeMessages(func(mt protoreflect.MessageType) bool {
		if mt.Descriptor().ParentFile().Package() == "rapport.v1" {
			out = append(out, mt.New().Interface())
		}
		return true
	})
	if len(out) < 18+25 {
		tb.Fatalf("found only %d message types", len(out))
	}
	return out
}

// want is what protojson writes, without the white space it puts in at random.
func want(m proto.Message) ([]byte, error) {
	raw, err := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(m)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = json.Compact(&out, raw)
	return out.Bytes(), err
}

func check(t *testing.T, m proto.Message) {
	t.Helper()
	expected, wantErr := want(m)
	got, err := Append([]byte("before"), m)
	if (err != nil) != (wantErr != nil) {
		t.Fatalf("%s: error %v, protojson says %v", m.ProtoReflect().Descriptor().FullName(), err, wantErr)
	}
	if diff := cmp.Diff("before"+string(expected), string(got)); diff != "" {
		t.Fatalf("%s differs from protojson (-protojson +ours):\n%s", m.ProtoReflect().Descriptor().FullName(), diff)
	}
}

func TestAppendEqualsProtojson(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, subject := range subjects(t) {
		t.Run(string(subject.ProtoReflect().Descriptor().FullName()), func(t *testing.T) {
			check(t, subject)
			for range 300 {
				m := subject.ProtoReflect().New()
				fill(random, m, 4)
				check(t, m.Interface())
			}
		})
	}
}

func TestAppendNilAndDynamic(t *testing.T) {
	check(t, nil)
	check(t, (*rapportv1.Customer)(nil))
	check(t, &rapportv1.ListCustomersResponse{Customers: []*rapportv1.Customer{nil}})
	check(t, &rapportv1.Customer{Attributes: map[string]*rapportv1.AttributeValue{"a": nil}})
	check(t, &rapportv1.AttributeValue{Kind: (*rapportv1.AttributeValue_StringValue)(nil)})
	check(t, &rapportv1.AttributeValue{Kind: &rapportv1.AttributeValue_TimestampValue{}})
	for _, m := range []proto.Message{&rapportv1.PhoneNumber{Number: "1"}, &rapportv1.Customer{DisplayName: "x"}} {
		dynamic := dynamicpb.NewMessage(m.ProtoReflect().Descriptor())
		proto.Merge(dynamic, m)
		check(t, dynamic)
	}
}

// FuzzAppend decodes the input as one of the subjects and compares.
func FuzzAppend(f *testing.F) {
	all := subjects(f)
	random := rand.New(rand.NewPCG(3, 4))
	for i, subject := range all {
		m := subject.ProtoReflect().New()
		fill(random, m, 3)
		raw, err := proto.Marshal(m.Interface())
		if err != nil {
			continue // the generator also makes strings that are not UTF-8
		}
		f.Add(uint8(i), raw)
	}
	f.Fuzz(func(t *testing.T, which uint8, raw []byte) {
		m := all[int(which)%len(all)].ProtoReflect().New().Interface()
		if proto.Unmarshal(raw, m) == nil {
			check(t, m)
		}
	})
}

// fill sets random fields of m to values of which many are at the edge.
func fill(random *rand.Rand, m protoreflect.Message, depth int) {
	if a, ok := m.Interface().(*anypb.Any); ok {
		inner := &rapportv1.AttributeValue{}
		fill(random, inner.ProtoReflect(), depth-1)
		_ = a.MarshalFrom(inner) // where it does not marshal, an empty Any is as good
		return
	}
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if random.IntN(3) == 0 || fd.Message() != nil && depth == 0 {
			continue
		}
		switch {
		case fd.IsMap():
			entries := m.Mutable(fd).Map()
			for range random.IntN(5) {
				value := entries.NewValue()
				if fd.MapValue().Message() != nil {
					fill(random, value.Message(), depth-1)
				} else {
					value = scalar(random, fd.MapValue())
				}
				entries.Set(scalar(random, fd.MapKey()).MapKey(), value)
			}
		case fd.IsList():
			l := m.Mutable(fd).List()
			for range random.IntN(4) {
				if fd.Message() != nil {
					fill(random, l.AppendMutable().Message(), depth-1)
				} else {
					l.Append(scalar(random, fd))
				}
			}
		case fd.Message() != nil:
			fill(random, m.Mutable(fd).Message(), depth-1)
		default:
			m.Set(fd, scalar(random, fd))
		}
	}
}

func pick[T any](random *rand.Rand, values ...T) T { return values[random.IntN(len(values))] }

func scalar(random *rand.Rand, fd protoreflect.FieldDescriptor) protoreflect.Value {
	whole := pick(random, 0, 1, -1, 12345, 253402300799, 253402300800, math.MaxInt64, math.MinInt64, int64(random.Uint64()), int64(random.IntN(2e9)))
	switch fd.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(random.IntN(2) == 0)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(random.IntN(fd.Enum().Values().Len() + 2)))
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoreflect.ValueOfInt32(pick(random, int32(whole), 0, 1000, 120_000_000, 999_999_999, -1, int32(random.IntN(1e9))))
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(uint32(whole))
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(uint64(whole))
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(float32(number(random)))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(number(random))
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(text(random))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte(text(random)))
	default:
		return protoreflect.ValueOfInt64(whole)
	}
}

func number(random *rand.Rand) float64 {
	return pick(random, 0, math.Copysign(0, -1), 1, 0.1, 1e-6, 1e-7, 9.99e20, 1e21, 1e-10, 1e100, math.MaxFloat64,
		math.SmallestNonzeroFloat64, math.NaN(), math.Inf(1), math.Inf(-1), random.NormFloat64(), math.Float64frombits(random.Uint64()))
}

func text(random *rand.Rand) string {
	s := pick(random, "", "plain", `q"\/`, "\x00\b\f\n\r\t\x1f\x7f", "漢字 € 😀", "<&>\u2028\u2029\ufffd", "display_name", "a.b_c", "type.googleapis.com/x")
	if random.IntN(40) == 0 {
		s += "\xff"
	}
	return s + pick(random, "", "x", string(rune(random.IntN(0x3000))))
}
