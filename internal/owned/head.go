package owned

import (
	"time"

	"github.com/google/uuid"

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
	return db.AppendValues(all, row.Targets())
}

// Whole returns a record as a message, as it is at the given time: what its row says, and
// what the head says of every record.
func Whole[M Message, R any, P Row[R, M]](c aip.Collection, row P, now time.Time) M {
	out, h := row.Proto(now), row.Own()
	(&aip.Standard{
		Name: c.Name(h.CustomerID, h.ID), Revision: h.Revision,
		CreateTime: h.CreateTime, UpdateTime: h.UpdateTime, DeleteTime: h.DeleteTime, PurgeTime: h.PurgeTime,
	}).Set(out)
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
