package timeline

import (
	"time"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/owned"
)

// kind is a kind of records that stand in the history of their customer.
type kind struct {
	number    rapportv1.TimelineEntry_Kind
	table, id string
	// time is the column of the place in the history. The table has an index of
	// (lane, customer_id, time, id), of the rows that are shown.
	time string
	// shown is the condition for the rows that are shown; empty for all.
	shown   string
	columns []string
	read    func() (targets []any, entry func(now time.Time) *rapportv1.TimelineEntry)
}

// newKind returns the kind of the records that a reader reads; put puts one into an entry.
func newKind[M owned.Message](
	number rapportv1.TimelineEntry_Kind, reader owned.Reader[M], timeColumn, shown string, put func(*rapportv1.TimelineEntry, M),
) kind {
	return kind{
		number: number, table: reader.Table, id: reader.ID, time: timeColumn, shown: shown, columns: reader.Columns,
		read: func() ([]any, func(time.Time) *rapportv1.TimelineEntry) {
			targets, message := reader.Record()
			return targets, func(now time.Time) *rapportv1.TimelineEntry {
				entry := &rapportv1.TimelineEntry{}
				put(entry, message(now))
				return entry
			}
		},
	}
}
