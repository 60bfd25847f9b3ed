package owned

import (
	"time"

	"github.com/google/uuid"

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

// headColumns are the columns of a head, the id under its name in the table.
func headColumns(id string) []string {
	return []string{"lane", "customer_id", id, "revision", "create_time", "update_time", "delete_time", "purge_time"}
}

func (h *Head) args() []any {
	return []any{h.Lane, db.UUID(h.CustomerID), db.UUID(h.ID), h.Revision, h.CreateTime, h.UpdateTime, h.DeleteTime, h.PurgeTime}
}

func (h *Head) targets() []any {
	return []any{
		&h.Lane, (*[16]byte)(&h.CustomerID), (*[16]byte)(&h.ID), &h.Revision,
		&h.CreateTime, &h.UpdateTime, &h.DeleteTime, &h.PurgeTime,
	}
}

// record is a row with its head's columns.
type record[R any, M Message, P Row[R, M]] struct{ row R }

// Targets implements db.Row.
func (s *record[R, M, P]) Targets() []any {
	row := P(&s.row)
	return append(row.Own().targets(), row.Targets()...)
}

func args[R any, M Message, P Row[R, M]](row P) []any { return append(row.Own().args(), row.Args()...) }
