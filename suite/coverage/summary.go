package coverage

import (
	"slices"

	"rollsim/reducer"
)

// Kind is the kind of a source. The zero value is invalid.
type Kind uint8

// The kinds.
const (
	Feature  Kind = 1 + iota // a scenario of a feature
	Scenario                 // a scenario file
	Trace                    // a recorded trace

	kindEnd
)

var kindNames = [kindEnd]string{"", "feature", "scenario", "trace"}

// String returns the name of the kind.
func (k Kind) String() string {
	if k >= kindEnd {
		return "?"
	}
	return kindNames[k]
}

// Kinds returns every kind.
func Kinds() []Kind { return []Kind{Feature, Scenario, Trace} }

// Source is something that exercised cells.
type Source struct {
	Kind    Kind
	Name    string // its path
	Reached Recording
}

// Row is a cell and the sources that exercised it.
type Row struct {
	Cell
	By [kindEnd][]By // by Kind, in the order of the sources
}

// By is a source that exercised a cell, with the first event that did.
type By struct {
	Name string
	Seen
}

// Count returns the number of sources that exercised the cell.
func (r *Row) Count() int { return len(r.By[Feature]) + len(r.By[Scenario]) + len(r.By[Trace]) }

// Summary lists every cell of a machine with the sources that exercised it.
type Summary struct {
	Machine string
	Rows    []Row // of the table's cells, by state and class
}

// Summarise returns the cells of a machine with the sources that exercised them.
func Summarise(m *reducer.Table, sources []Source) *Summary {
	s := &Summary{Machine: m.Name()}
	for _, c := range Cells(m) {
		row := Row{Cell: c}
		for _, source := range sources {
			if seen, ok := source.Reached[m.Name()][c]; ok {
				row.By[source.Kind] = append(row.By[source.Kind], By{source.Name, seen})
			}
		}
		s.Rows = append(s.Rows, row)
	}
	return s
}

// Exercised returns the number of cells that a source of the given kinds exercised. Without kinds,
// any source counts.
func (s *Summary) Exercised(kinds ...Kind) int {
	return len(s.Rows) - len(s.Without(kinds...))
}

// Without returns the cells that no source of the given kinds exercised. Without kinds, any source
// counts.
func (s *Summary) Without(kinds ...Kind) []Row {
	if len(kinds) == 0 {
		kinds = Kinds()
	}
	var rows []Row
	for _, r := range s.Rows {
		if !slices.ContainsFunc(kinds, func(k Kind) bool { return len(r.By[k]) > 0 }) {
			rows = append(rows, r)
		}
	}
	return rows
}
