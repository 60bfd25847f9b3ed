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
