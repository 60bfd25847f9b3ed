package owned

import (
	"reflect"
	"slices"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
)

// Head is what every row begins with.
type Head struct {
	Lane       int16
	CustomerID uuid.UUID
	ID         uuid.UUID
	// Revision is what the etag is made of; it moves with each change by a client.
	Revision   int64
	CreateTime time.Time
	UpdateTime time.Time
	DeleteTime *time.Time
	PurgeTime  *time.Time
}

// Own implements Row.
func (h *Head) Own() *Head { return h }

// Permanent is the head of records that are never deleted so that they can come back: cases
// end, purchases are voided, scores are removed for good. Their tables have no delete_time and no purge_time.
type Permanent struct{ Head }

func (*Permanent) permanent() {}

// isPermanent tells whether a row, of whatever type, has a Permanent for its head.
func isPermanent(row any) bool {
	_, ok := row.(interface{ permanent() })
	return ok
}

// always is how many columns every head has; those of a deletion follow.
const always = 6

// headColumns are the columns of a head, the id under its name in the table.
func headColumns(id string, permanent bool) []string {
	all := []string{"lane", "customer_id", id, "revision", "create_time", "update_time", "delete_time", "purge_time"}
	if permanent {
		return all[:always:always]
	}
	return all
}

func args[R any, M Message, P Row[R, M]](row P) []any {
	h := row.Own()
	all := []any{h.Lane, db.UUID(h.CustomerID), db.UUID(h.ID), h.Revision, h.CreateTime, h.UpdateTime, h.DeleteTime, h.PurgeTime}
	if isPermanent(row) {
		all = all[:always]
	}
	own := row.Targets()
	all = slices.Grow(all, len(own))
	for _, target := range own {
		// The value and not the pointer: the row may change before the statement is sent.
		all = append(all, reflect.ValueOf(target).Elem().Interface())
	}
	return all
}

// Whole returns a record as a message, as it is at the given time: what its row says, and
// what the head says of every record.
func Whole[M Message, R any, P Row[R, M]](c aip.Collection, row P, now time.Time) M {
	out := row.Proto(now)
	m, h := out.ProtoReflect(), row.Own()
	fields := m.Descriptor().Fields()
	name := c.Name(h.CustomerID, h.ID)
	for _, text := range [...]struct {
		field protoreflect.Name
		value string
	}{{"name", name}, {"uid", aip.LastID(name)}, {"etag", aip.Etag(h.Revision)}} {
		m.Set(fields.ByName(text.field), protoreflect.ValueOfString(text.value))
	}
	for _, at := range [...]struct {
		field protoreflect.Name
		value *time.Time
	}{{"create_time", &h.CreateTime}, {"update_time", &h.UpdateTime}, {"delete_time", h.DeleteTime}, {"purge_time", h.PurgeTime}} {
		if at.value != nil {
			m.Set(fields.ByName(at.field), protoreflect.ValueOfMessage(timestamppb.New(*at.value).ProtoReflect()))
		}
	}
	return out
}

// record is a row with its head's columns.
type record[R any, M Message, P Row[R, M]] struct{ row R }

// Targets implements db.Row.
func (s *record[R, M, P]) Targets() []any {
	row := P(&s.row)
	h := row.Own()
	all := []any{
		&h.Lane, (*[16]byte)(&h.CustomerID), (*[16]byte)(&h.ID), &h.Revision,
		&h.CreateTime, &h.UpdateTime, &h.DeleteTime, &h.PurgeTime,
	}
	if isPermanent(row) {
		all = all[:always]
	}
	return append(all, row.Targets()...)
}
