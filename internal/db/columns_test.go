package db_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/db"
)

// TestColumnsThereAndBack brings what messages hold into columns and back.
func TestColumnsThereAndBack(t *testing.T) {
	for _, e := range []rapportv1.Channel{rapportv1.Channel_CHANNEL_UNSPECIFIED, rapportv1.Channel_EMAIL} {
		column := db.Enum(e)
		if got := db.EnumOf[rapportv1.Channel](column.String); got != e || column.Valid != (e != 0) {
			t.Errorf("%v is %v, and back %v", e, column, got)
		}
	}
	if got := db.EnumOf[rapportv1.Channel]("PIGEON"); got != 0 {
		t.Errorf("a name that is none is %v", got)
	}
	for _, m := range []*money.Money{nil, {CurrencyCode: "EUR"}, {CurrencyCode: "EUR", Units: -3, Nanos: -5}} {
		if got := db.AmountOf(m).Money("EUR"); !proto.Equal(got, m) {
			t.Errorf("%v came back as %v", m, got)
		}
	}
	for _, id := range []*rapportv1.ExternalId{nil, {Source: "crm", Id: "1"}} {
		if got := db.ExternalIDOf(id).Proto(); !proto.Equal(got, id) {
			t.Errorf("%v came back as %v", id, got)
		}
	}
	for _, d := range []*durationpb.Duration{nil, {}, {Seconds: 315_576_000_000, Nanos: 999_999_000}} {
		if got := db.DurationOf(db.Duration(d)); !proto.Equal(got, d) {
			t.Errorf("%v came back as %v", d, got)
		}
	}
	if (db.AmountOf(nil) != db.Amount{}) || (db.ExternalIDOf(nil) != db.ExternalID{}) || (db.Duration(nil) != pgtype.Int8{}) {
		t.Error("what is unset is not NULL")
	}
	if allocations := testing.AllocsPerRun(100, func() { db.EnumOf[rapportv1.Channel]("EMAIL") }); allocations > 0 {
		t.Errorf("%v allocations to read an enum", allocations)
	}
}
