package owned

import (
	"strings"
	"time"
)

// Reader reads records of a resource from a query that reads other things too.
type Reader[M Message] struct {
	// Table is where the records are, ID the column of their id.
	Table, ID string
	// Columns are what a record is read from, in the order of Record's targets.
	Columns []string
	// Record returns where a record's columns go, and the message that they make once they
	// are there.
	Record func() (targets []any, message func(now time.Time) M)
}

// Reader returns the reader of the resource's records.
func (r *Resource[M, R, P]) Reader() Reader[M] {
	return Reader[M]{
		Table: r.Table, ID: r.idColumn(), Columns: strings.Split(r.columns, ", "),
		Record: func() ([]any, func(time.Time) M) {
			var read record[R, M, P]
			return read.Targets(), func(now time.Time) M { return r.proto(&read.row, now) }
		},
	}
}
