package aip

// Indexed is a field whose equality is served by an index of its column, followed by
// what lists are ordered by.
func Indexed(f Field) Field {
	compile := f.compile
	f.compile = func(t *Term) (Condition, error) {
		c, err := compile(t)
		c.Served = c.Served || t.Op == "=" && !t.Value.star
		return c, err
	}
	return f
}

// IndexedWhere is Indexed by an index of the rows alone that meet the condition: it serves
// filters that demand that too.
func IndexedWhere(condition string, f Field) Field {
	compile := f.compile
	f.compile = func(t *Term) (Condition, error) {
		c, err := compile(t)
		if t.Op == "=" && !t.Value.star {
			c.servedWhere = condition
		}
		return c, err
	}
	return f
}

// Unindexed is a field whose comparisons no index serves, for a value that so many rows
// can have that to read them all would be worse than to read on in the list's order.
func Unindexed(f Field) Field {
	compile := f.compile
	f.compile = func(t *Term) (Condition, error) {
		c, err := compile(t)
		c.Served = false
		return c, err
	}
	return f
}

// Where is a field that only the rows have which meet the condition, in SQL.
func Where(condition string, f Field) Field {
	compile := f.compile
	f.compile = func(t *Term) (Condition, error) {
		c, err := compile(t)
		c.SQL += " AND " + condition
		return c, err
	}
	return f
}

// Lookup is a condition that finds rows through another table: those that meet a
// comparison, and perhaps some that do not.
type Lookup struct {
	// SQL is the condition as PostgreSQL can make a join of it.
	SQL string
	// InOr is the same condition as an index of the list's own table can serve it, so
	// that it can be part of an OR.
	InOr string
}

// LookedUp is a field whose served comparisons are found through another table. The
// field's own condition decides which rows meet them.
func LookedUp(f Field, find func(*Term) Lookup) Field {
	compile := f.compile
	f.compile = func(t *Term) (Condition, error) {
		c, err := compile(t)
		if err == nil && c.Served {
			l := find(t)
			c.inOr = "(" + l.InOr + ") AND " + c.SQL
			c.SQL = l.SQL + " AND " + c.SQL
		}
		return c, err
	}
	return f
}

// OnlyOf is a field that depends on nothing but the column; see Filter.Only.
func OnlyOf(column string, f Field) Field {
	compile := f.compile
	f.compile = func(t *Term) (Condition, error) {
		c, err := compile(t)
		c.only = column
		return c, err
	}
	return f
}
