package definition

import (
	"time"

	"github.com/google/uuid"

	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/owned"
)

// Head is what every row begins with.
type Head struct {
	ID uuid.UUID
	// Revision is what the etag is made of.
	Revision   int64
	CreateTime time.Time
	UpdateTime time.Time
}

// Own implements Row.
func (h *Head) Own() *Head { return h }

// headColumns are the columns of a head, the id under its name in the table.
func headColumns(id string) []string { return []string{id, "revision", "create_time", "update_time"} }

// record is a row with its head's columns.
type record[R any, M owned.Message, P Row[R, M]] struct{ row R }

// Targets implements db.Row.
func (s *record[R, M, P]) Targets() []any {
	row := P(&s.row)
	h := row.Own()
	return append([]any{(*[16]byte)(&h.ID), &h.Revision, &h.CreateTime, &h.UpdateTime}, row.Targets()...)
}

func args[R any, M owned.Message, P Row[R, M]](row P) []any {
	h := row.Own()
	return db.AppendValues([]any{db.UUID(h.ID), h.Revision, h.CreateTime, h.UpdateTime}, row.Targets())
}

// whole returns a record as a message: what its row says, and what the head says of every record.
func (r *Resource[M, R, P]) whole(row P) M {
	out, h := row.Proto(), row.Own()
	(&aip.Standard{Name: r.Name(h.ID), Revision: h.Revision, CreateTime: h.CreateTime, UpdateTime: h.UpdateTime}).Set(out)
	return out
}

// listed is a row of a page.
type listed[R any, M owned.Message, P Row[R, M]] struct {
	record[R, M, P]
	aip.Scan
}

// Targets implements db.Row.
func (l *listed[R, M, P]) Targets() []any { return append(l.record.Targets(), l.Scan.Targets()...) }

// Place is the row's place in the order.
func (l *listed[R, M, P]) Place(order aip.Order) (aip.Scan, aip.Cursor) {
	h := P(&l.row).Own()
	c := aip.Cursor{ID: h.ID, Time: h.CreateTime}
	if order.Field == "update_time" {
		c.Time = h.UpdateTime
	}
	return l.Scan, c
}
