package report

import (
	"fmt"
	"io"
	"strings"

	"rollsim/suite/mutate"
)

// Mutants writes the number of mutants, and for each that survived a scenario that would detect it.
func Mutants(w io.Writer, r *mutate.Result) error {
	var b strings.Builder
	for _, group := range survivorsByPlace(r) {
		first := group[0]
		var becomes []string
		for _, s := range group {
			becomes = append(becomes, s.Becomes.String())
		}
		fmt.Fprintf(&b, "SURVIVED %s  %v: %v becomes %s\n", first.Machine, first.Place, first.Was,
			strings.Join(becomes, ", "))
		switch n := len(first.Reached); n {
		case 0:
			b.WriteString("  no test reaches this cell\n")
		case 1:
			fmt.Fprintf(&b, "  one test reaches this cell, but does not fail: %s\n", first.Reached[0])
		default:
			fmt.Fprintf(&b, "  %d tests reach this cell, but none fails; the first: %s\n", n,
				first.Reached[0])
		}
		b.WriteString("  this scenario would fail:\n")
		b.WriteString(indentLines(mutantScenario(first.Mutant)) + "\n")
	}
	number := func(n int) []string { return []string{thousands(uint64(n))} }
	rows := []row{{{"machine"}, {"cells"}, {"mutants"}, {"killed"}, {"survived"}}}
	for _, m := range mutantCounts(r) {
		rows = append(rows, row{
			{m.Machine}, number(m.Cells), number(m.Mutants), number(m.Killed), number(m.Survived),
		})
	}
	b.WriteString(aligned(rows))
	verdict := "no mutant survived"
	if n := len(r.Survivors()); n > 0 {
		verdict = fmt.Sprintf("%s of %s mutants survived", thousands(uint64(n)),
			thousands(uint64(len(r.Tried))))
	}
	fmt.Fprintf(&b, "\n%s, %s: %s\n", counted(uint64(r.Features), "feature scenario"),
		counted(uint64(r.Scenarios), "scenario"), verdict)
	return write(w, b.String())
}

// survivorsByPlace groups the survivors that the same scenario would detect.
func survivorsByPlace(r *mutate.Result) [][]*mutate.Tried {
	var groups [][]*mutate.Tried
	for _, s := range r.Survivors() {
		if n := len(groups); n > 0 && groups[n-1][0].Machine == s.Machine &&
			groups[n-1][0].Place == s.Place {
			groups[n-1] = append(groups[n-1], s)
			continue
		}
		groups = append(groups, []*mutate.Tried{s})
	}
	return groups
}

// mutantScenario returns a scenario that passes for the machine and fails for a mutant.
func mutantScenario(m *mutate.Mutant) string {
	columns, cells := m.Row()
	return fmt.Sprintf("Given the machine is %s\nThen in %v the machine answers like this:\n%s",
		m.Machine, m.State, sampleTable([][]string{columns, cells}, "  "))
}

// mutantCount is the number of mutants of a machine. The cells are those of its table, and one for
// each state for events of other rollouts.
type mutantCount struct {
	Machine  string `json:"machine"`
	Cells    int    `json:"cells"`
	Mutants  int    `json:"mutants"`
	Killed   int    `json:"killed"`
	Survived int    `json:"survived"`
}

func mutantCounts(r *mutate.Result) []*mutantCount {
	var counts []*mutantCount
	cells := make(map[string]bool)
	for _, t := range r.Tried {
		if len(counts) == 0 || counts[len(counts)-1].Machine != t.Machine {
			counts = append(counts, &mutantCount{Machine: t.Machine})
		}
		c := counts[len(counts)-1]
		if cell := fmt.Sprint(t.Machine, t.State, t.Class.Kind()); !cells[cell] {
			cells[cell] = true
			c.Cells++
		}
		if c.Mutants++; t.KilledBy != "" {
			c.Killed++
		} else {
			c.Survived++
		}
	}
	return counts
}

// The document of MutantsJSON, which docs/coverage.md describes.
type (
	mutantsJSON struct {
		Features  int            `json:"features"`
		Scenarios int            `json:"scenarios"`
		Machines  []*mutantCount `json:"machines"`
		Survivors []survivorJSON `json:"survivors"`
	}
	survivorJSON struct {
		Machine  string   `json:"machine"`
		Place    string   `json:"place"`
		Was      string   `json:"was"`
		Becomes  string   `json:"becomes"`
		Reached  []string `json:"reached"`
		Scenario string   `json:"scenario"`
	}
)

// MutantsJSON writes the same as Mutants, as one JSON document.
func MutantsJSON(w io.Writer, r *mutate.Result) error {
	doc := mutantsJSON{
		Features:  r.Features,
		Scenarios: r.Scenarios,
		Machines:  mutantCounts(r),
		Survivors: []survivorJSON{},
	}
	for _, s := range r.Survivors() {
		doc.Survivors = append(doc.Survivors, survivorJSON{
			Machine: s.Machine, Place: s.Place.String(), Was: s.Was.String(),
			Becomes: s.Becomes.String(), Reached: append([]string{}, s.Reached...),
			Scenario: mutantScenario(s.Mutant),
		})
	}
	return writeJSON(w, &doc)
}
