package db

import (
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// Text is a text column that is NULL where the text is empty: no text of the API
// tells empty from unset.
func Text(text string) pgtype.Text { return pgtype.Text{String: text, Valid: text != ""} }

// TextOrNil is the reverse of Text for an optional field of a message.
func TextOrNil(text pgtype.Text) *string {
	if !text.Valid {
		return nil
	}
	return &text.String
}

// Enum is a column that holds an enum by name, and NULL where it is unspecified: the table
// reads well, and a filter compares what it is given.
func Enum(e interface {
	Number() protoreflect.EnumNumber
	String() string
},
) pgtype.Text {
	if e.Number() == 0 {
		return pgtype.Text{}
	}
	return Text(e.String())
}

// EnumOf is the reverse of Enum: the value of a name, unspecified where the column is NULL
// and so the name empty.
func EnumOf[E interface {
	~int32
	Descriptor() protoreflect.EnumDescriptor
}](name string) E {
	if value := E(0).Descriptor().Values().ByName(protoreflect.Name(name)); value != nil {
		return E(value.Number())
	}
	return 0
}

// Duration is a column of microseconds, which is NULL where there is none.
func Duration(d *durationpb.Duration) pgtype.Int8 {
	return pgtype.Int8{Int64: d.GetSeconds()*1e6 + int64(d.GetNanos()/1e3), Valid: d != nil}
}

// DurationOf is the reverse of Duration. It does not go by way of time.Duration, which ends
// after 292 years.
func DurationOf(micros pgtype.Int8) *durationpb.Duration {
	if !micros.Valid {
		return nil
	}
	return &durationpb.Duration{Seconds: micros.Int64 / 1e6, Nanos: int32(micros.Int64 % 1e6 * 1e3)}
}

// Amount is an amount of money in two columns, which are NULL where there is none. Its
// currency is in a column of its own, which several amounts may share.
type Amount struct {
	Units pgtype.Int8
	Nanos pgtype.Int4
}

// AmountOf returns the columns of an amount, which may be unset.
func AmountOf(m *money.Money) Amount {
	return Amount{pgtype.Int8{Int64: m.GetUnits(), Valid: m != nil}, pgtype.Int4{Int32: m.GetNanos(), Valid: m != nil}}
}

// Money is the reverse of AmountOf.
func (a Amount) Money(currency string) *money.Money {
	if !a.Units.Valid {
		return nil
	}
	return &money.Money{CurrencyCode: currency, Units: a.Units.Int64, Nanos: a.Nanos.Int32}
}

// ExternalID is an external id in two columns, which are NULL where there is none.
type ExternalID struct{ Source, ID pgtype.Text }

// ExternalIDOf returns the columns of an external id, which may be unset.
func ExternalIDOf(id *rapportv1.ExternalId) ExternalID {
	return ExternalID{Text(id.GetSource()), Text(id.GetId())}
}

// Proto is the reverse of ExternalIDOf.
func (e ExternalID) Proto() *rapportv1.ExternalId {
	if !e.Source.Valid {
		return nil
	}
	return &rapportv1.ExternalId{Source: e.Source.String, Id: e.ID.String}
}

// LanesAndUUIDs are the keys of customers as two arrays of parameters.
func LanesAndUUIDs(ids []uuid.UUID) ([]int16, []pgtype.UUID) {
	lanes, keys := make([]int16, len(ids)), make([]pgtype.UUID, len(ids))
	for i, id := range ids {
		lanes[i], keys[i] = Lane(id), UUID(id)
	}
	return lanes, keys
}

// UUID is an id as a parameter. A uuid.UUID would travel as text, and its bytes alone
// would not tell their type where statements are not prepared.
func UUID(id uuid.UUID) pgtype.UUID { return pgtype.UUID{Bytes: id, Valid: true} }
