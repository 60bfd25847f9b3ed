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
	// Outputs are expressions of the columns to return behind them, worked out for the rows
	// of the page alone; empty for none.
	Outputs string
	// ID is the column that breaks ties, a UUID.
	ID string
	// Base is the condition that an index serves and that is no filter, such as
	// `lane = $1 AND customer_id = $2`; empty for all rows.
	Base string
	// Deleted says whether the table has deleted rows, and whether the list shows them.
	Deleted Deleted
	// Filter is the compiled filter. Its Args are those of Base and its own.
	Filter Filter
	Order  Order
	// Cursor is where the page starts; nil for the first page.
	Cursor *Cursor
	// Size is the number of rows on the page.
	Size int
}

// Deleted says what a list does with deleted rows, those that have a delete_time. The
// indexes of the orders hold the live rows and, apart from them, the deleted ones, so
// that no list reads through rows it hides; to show both is to merge the two.
type Deleted byte

const (
	// NeverDeleted is a table whose rows have no delete_time.
	NeverDeleted Deleted = iota
	// HideDeleted lists the live rows alone.
	HideDeleted
	// ShowDeleted lists the deleted rows among the live ones.
	ShowDeleted
)

// DeletedOf returns ShowDeleted or HideDeleted, as a request's show_deleted asks.
func DeletedOf(show bool) Deleted {
	if show {
		return ShowDeleted
	}
	return HideDeleted
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

// Bounded tells whether no index serves the filter in this order, so that the page
// reads a bounded number of records and may come out short.
func (l List) Bounded() bool {
	return l.Filter.SQL != "" && !l.Filter.Served && !l.Filter.within(l.Order.Column)
}

const (
	live    = "delete_time IS NULL"
	deleted = "delete_time IS NOT NULL"
)

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
		switch {
		case l.Order.Kind == TextKey:
			key, cast = l.Cursor.Key, "text"
		case l.Cursor.Time.Equal(Never):
			key = "infinity"
		}
		args = append(args, key, l.Cursor.ID)
		keyset = fmt.Sprintf("(%s, %s) %s ($%d::%s, $%d::uuid)", l.Order.Column, l.ID, compare, len(args)-1, cast, len(args))
	}
	args = append(args, l.Size+1)
	limit := "$" + strconv.Itoa(len(args))
	byKey := fmt.Sprintf("%s%s, %s%s", l.Order.Column, direction, l.ID, direction)
	byPage := fmt.Sprintf("page_key%[1]s, page_id%[1]s", direction)
	key := fmt.Sprintf("%s AS page_key, %s AS page_id", l.Order.Column, l.ID)
	returned := l.Columns
	if l.Outputs != "" {
		returned += ", " + l.Outputs
	}

	switch {
	case l.Bounded():
		rows := l.rows(fmt.Sprintf("%s, %s, (%s) IS TRUE AS matched, row_number() OVER (ORDER BY %s) AS scanned", l.Columns, key, l.Filter.SQL, byKey),
			fmt.Sprintf(" ORDER BY %s LIMIT %d", byKey, ScanLimit), l.Filter.bounds(l.Order.Column), keyset)
		if l.Deleted == ShowDeleted {
			// Each half has counted its own rows.
			rows = fmt.Sprintf("SELECT %s, page_key, page_id, matched, row_number() OVER (ORDER BY %s) AS scanned FROM (%s) halves ORDER BY %[2]s LIMIT %[4]d",
				l.Columns, byPage, rows, ScanLimit)
		}
		return fmt.Sprintf("SELECT %s, matched, scanned FROM (%s) page WHERE matched OR scanned = %d ORDER BY %s LIMIT %s",
			returned, rows, ScanLimit, byPage, limit), args
	case l.Deleted == ShowDeleted:
		rows := l.rows(l.Columns+", "+key, fmt.Sprintf(" ORDER BY %s LIMIT %s", byKey, limit), l.Filter.SQL, keyset)
		return fmt.Sprintf("SELECT %s, true AS matched, 0::bigint AS scanned FROM (%s) page ORDER BY %s LIMIT %s",
			returned, rows, byPage, limit), args
	default:
		return l.rows(returned+", true AS matched, 0::bigint AS scanned",
			fmt.Sprintf(" ORDER BY %s LIMIT %s", byKey, limit), l.Filter.SQL, keyset), args
	}
}

// rows returns the query of the rows that meet the conditions, of the live ones or,
// one query after the other, of the live and the deleted.
func (l List) rows(columns, tail string, conditions ...string) string {
	query := func(kind string) string {
		return fmt.Sprintf("SELECT %s FROM %s%s%s", columns, l.Table, where(append([]string{l.Base, kind}, conditions...)...), tail)
	}
	switch l.Deleted {
	case HideDeleted:
		return query(live)
	case ShowDeleted:
		return "(" + query(live) + ") UNION ALL (" + query(deleted) + ")"
	default:
		return query("")
	}
}

// CountSQL returns the query of the size of the whole list: one nullable number,
// CountLimit where there are more than ScanLimit, null where finding out would read
// more than that.
func (l List) CountSQL() (string, []any) {
	args := slices.Clip(l.Filter.Args)
	shown := ""
	if l.Deleted == HideDeleted {
		shown = live
	}
	if !l.Bounded() {
		return fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM %s%s LIMIT %d) counted",
			l.Table, where(l.Base, shown, l.Filter.SQL), CountLimit), args
	}
	return fmt.Sprintf("SELECT CASE WHEN count(*) < %[1]d THEN count(*) FILTER (WHERE matched) END FROM ("+
		"SELECT (%[2]s) IS TRUE AS matched FROM %[3]s%[4]s LIMIT %[1]d) counted",
		CountLimit, l.Filter.SQL, l.Table, where(l.Base, shown, l.Filter.bounds(l.Order.Column))), args
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
