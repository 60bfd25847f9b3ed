package aip

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	// ScanLimit is how many records a page of a filter that no index serves reads at
	// most.
	ScanLimit = 10_000
	// CountLimit is where counting stops: a total of CountLimit says "more than
	// ScanLimit".
	CountLimit = ScanLimit + 1
)

// List is a page of a list to read. All text in it is SQL of ours, never a caller's.
type List struct {
	// Table is what follows FROM.
	Table string
	// Columns are the plain names of the columns to return, separated by commas.
	Columns string
	// ID is the column that breaks ties, a UUID.
	ID string
	// Base is the condition that an index serves and that is no filter, such as
	// `lane = $1 AND customer_id = $2`; empty for all rows.
	Base string
	// Live is the condition that hides deleted rows; empty where they are asked for.
	Live string
	// Filter is the compiled filter. Its Args are those of Base and its own.
	Filter Filter
	Order  Order
	// Cursor is where the page starts; nil for the first page.
	Cursor *Cursor
	// Size is the number of rows on the page.
	Size int
}

// Scan is the part of a fetched row that Page needs; a row struct embeds it.
type Scan struct {
	// Matched tells whether the row is part of the list.
	Matched bool
	// Scanned is the row's number among those the page read, or 0 where that does not
	// matter.
	Scanned int64
}

// Targets returns where the columns of Scan go; they follow those of the table.
func (s *Scan) Targets() []any { return []any{&s.Matched, &s.Scanned} }

// Bounded tells whether no index finds the rows of the list in its order, so that the
// page reads a bounded number of records and may come out short: a filter that none
// serves, or rows that are deleted and hidden, which may be many in a row.
func (l List) Bounded() bool {
	return l.unserved() || l.hidesDeleted()
}

func (l List) unserved() bool {
	return l.Filter.SQL != "" && !l.Filter.Served && !l.Filter.within(l.Order.Column)
}

// hidesDeleted tells whether deleted rows are all that is left out. Those of one
// parent, and those a served filter finds, are not looked at: they are few.
func (l List) hidesDeleted() bool {
	return l.Live != "" && l.Base == "" && (l.Filter.SQL == "" || l.Filter.within(l.Order.Column))
}

// SQL returns the query of the page: Columns, matched and scanned of at most Size + 1
// rows.
//
// The bounded form reads ScanLimit rows in the order of the list and returns those
// that match, and the last one read whether it matches or not: it says where to go on.
// Its outer ORDER BY repeats the inner one instead of naming `scanned`, as PostgreSQL
// then knows that nothing is left to sort and stops reading once the page is full.
func (l List) SQL() (string, []any) {
	args := slices.Clip(l.Filter.Args)
	direction, compare := "", ">"
	if l.Order.Desc {
		direction, compare = " DESC", "<"
	}
	keyset := ""
	if l.Cursor != nil {
		var key any = l.Cursor.Time
		cast := "timestamptz"
		if l.Order.Kind == TextKey {
			key, cast = l.Cursor.Key, "text"
		}
		args = append(args, key, l.Cursor.ID)
		keyset = fmt.Sprintf("(%s, %s) %s ($%d::%s, $%d::uuid)", l.Order.Column, l.ID, compare, len(args)-1, cast, len(args))
	}
	order := fmt.Sprintf("%s%s, %s%s", l.Order.Column, direction, l.ID, direction)
	args = append(args, l.Size+1)
	limit := "$" + strconv.Itoa(len(args))

	if !l.Bounded() {
		return fmt.Sprintf("SELECT %s, true AS matched, 0::bigint AS scanned FROM %s%s ORDER BY %s LIMIT %s",
			l.Columns, l.Table, where(l.Base, l.Live, l.Filter.SQL, keyset), order, limit), args
	}
	return fmt.Sprintf("SELECT %[1]s, matched, scanned FROM ("+
		"SELECT %[1]s, %[2]s AS page_key, %[3]s AS page_id, (%[4]s) IS TRUE AS matched, "+
		"row_number() OVER (ORDER BY %[5]s) AS scanned FROM %[6]s%[7]s ORDER BY %[5]s LIMIT %[8]d) page "+
		"WHERE matched OR scanned = %[8]d ORDER BY page_key%[9]s, page_id%[9]s LIMIT %[10]s",
		l.Columns, l.Order.Column, l.ID, and(l.Live, l.Filter.SQL), order, l.Table,
		where(l.Base, l.Filter.bounds(l.Order.Column), keyset), ScanLimit, direction, limit), args
}

// CountSQL returns the query of the size of the whole list: one nullable number,
// CountLimit where there are more than ScanLimit, null where finding out would read
// too much: ScanLimit records for a filter that no index serves, twice that many where
// only deleted ones are left out.
func (l List) CountSQL() (string, []any) {
	args := slices.Clip(l.Filter.Args)
	switch {
	case l.unserved():
		return fmt.Sprintf("SELECT CASE WHEN count(*) < %[1]d THEN count(*) FILTER (WHERE matched) END FROM ("+
			"SELECT (%[2]s) IS TRUE AS matched FROM %[3]s%[4]s LIMIT %[1]d) counted",
			CountLimit, and(l.Live, l.Filter.SQL), l.Table, where(l.Base, l.Filter.bounds(l.Order.Column))), args
	case l.hidesDeleted():
		// Counting stops at the limit. Only a count below it needs to know whether the
		// scan had seen all there is.
		scan := fmt.Sprintf("SELECT %s AS live FROM %s%s LIMIT %d", l.Live, l.Table, where(l.Filter.SQL), 2*CountLimit)
		return fmt.Sprintf("SELECT CASE WHEN count(*) = %[1]d OR (SELECT count(*) FROM (%[2]s) scanned) < %[3]d THEN count(*) END FROM ("+
			"SELECT 1 FROM (%[2]s) scanned WHERE live LIMIT %[1]d) counted", CountLimit, scan, 2*CountLimit), args
	}
	return fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM %s%s LIMIT %d) counted",
		l.Table, where(l.Base, l.Live, l.Filter.SQL), CountLimit), args
}

// where returns a WHERE clause of the conditions that are not empty, or nothing.
func where(conditions ...string) string {
	if c := and(conditions...); c != "" {
		return " WHERE " + c
	}
	return ""
}

// and joins the conditions that are not empty.
func and(conditions ...string) string {
	set := conditions[:0:0]
	for _, c := range conditions {
		if c != "" {
			set = append(set, "("+c+")")
		}
	}
	return strings.Join(set, " AND ")
}

// Page turns the fetched rows of a List of this size into the page and the cursor of
// the next one, nil where this page is the last. The scan function returns a row's
// Scan, the cursor function its key and id; Total is the caller's to set.
func Page[R any](rows []R, size int, scan func(*R) Scan, cursor func(*R) Cursor) ([]R, *Cursor) {
	page := rows[:0]
	for i := range rows {
		s := scan(&rows[i])
		if s.Matched {
			if len(page) == size {
				next := cursor(&page[size-1])
				return page, &next
			}
			page = append(page, rows[i])
		}
		if s.Scanned == ScanLimit {
			next := cursor(&rows[i])
			return page, &next
		}
	}
	return page, nil
}
