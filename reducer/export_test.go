package reducer

// V02With is V02 with one of the differences laid over it alone.
func V02With(d Difference) *Table {
	m := V02()
	d.lay(m)
	return m
}
