package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"rollsim/reducer"
	"rollsim/suite/coverage"
)

// CoverageFormats returns the formats of Coverage.
func CoverageFormats() []string { return []string{"text", "json", "markdown"} }

// Coverage writes which sources exercise which cells of machines. In text and Markdown, each adds
// the cells of every source; JSON always has them.
func Coverage(
	w io.Writer, machines []*coverage.Summary, sources []coverage.Source, format string, each bool,
) error {
	var b strings.Builder
	switch format {
	case "text":
		b.WriteString(coverageHead(sources) + "\n")
		for _, s := range machines {
			fmt.Fprintf(&b, "\n%s\n%s", coverageLine(s), aligned(coverageRows(s)))
			coverageMissing(&b, s, sources, "\n%s\n", "  %s\n")
		}
		if each {
			coverageEach(&b, machines, sources, "\n%s\n", "  %s\n")
		}
		b.WriteString("\nA number counts the sources that exercise the outcome before it. For the " +
			"signs, see rollsim machine\n")
	case "markdown":
		fmt.Fprintf(&b, "# Coverage\n\n%s.\n", coverageHead(sources))
		for _, s := range machines {
			fmt.Fprintf(&b, "\n## %s\n\n%s. A number counts the sources that exercise the outcome.\n\n%s",
				s.Machine, coverageLine(s), markdown(coverageRows(s)))
			coverageMissing(&b, s, sources, "\n%s\n\n", "- %s\n")
		}
		if each {
			b.WriteString("\n## Each\n")
			coverageEach(&b, machines, sources, "\n### %s\n\n", "- %s\n")
		}
	case "json":
		return writeJSON(w, coverageDocument(machines, sources))
	default:
		return unknownFormat("coverage", format, CoverageFormats())
	}
	return write(w, b.String())
}

// coverageHead returns the number of sources of each kind.
func coverageHead(sources []coverage.Source) string {
	var words []string
	for _, k := range []struct {
		kind coverage.Kind
		name string
	}{
		{coverage.Feature, "feature scenario"},
		{coverage.Scenario, "scenario"},
		{coverage.Trace, "trace"},
	} {
		n := uint64(0)
		for i := range sources {
			if sources[i].Kind == k.kind {
				n++
			}
		}
		if n > 0 {
			words = append(words, counted(n, k.name))
		}
	}
	return strings.Join(words, ", ")
}

func coverageLine(s *coverage.Summary) string {
	of := len(s.Rows)
	share := func(n int) string {
		// rounded down: 100 % is all of them
		return fmt.Sprintf("%d of %d cells (%d %%)", n, of, n*100/of)
	}
	return fmt.Sprintf("%s: %s are exercised, by features %s", s.Machine, share(s.Exercised()),
		share(s.Exercised(coverage.Feature)))
}

// coverageRows returns the table of a machine, with the number of sources that exercise each
// outcome.
func coverageRows(s *coverage.Summary) []row {
	head := row{{""}}
	for _, k := range reducer.EventKinds() {
		head = append(head, []string{k.String()})
	}
	rows := []row{append(head, []string{coverage.Misrouted.Condition()})}
	for _, state := range reducer.States() {
		r := row{{state.String()}}
		for _, k := range append(reducer.EventKinds(), 0) { // Misrouted has no kind
			var lines []string
			for i := range s.Rows {
				c := &s.Rows[i]
				if c.State != state || c.Class.Kind() != k {
					continue
				}
				line := fmt.Sprintf("%v %d", c.Outcome, c.Count())
				if k != 0 && c.Class.Condition() != "" {
					line = c.Class.Condition() + " " + line
				}
				lines = append(lines, line)
			}
			r = append(r, lines)
		}
		rows = append(rows, r)
	}
	return rows
}

// coverageMissing lists the cells that no source exercises. If some sources are features, it also
// lists the cells that only other sources exercise.
func coverageMissing(
	b *strings.Builder, s *coverage.Summary, sources []coverage.Source, title, item string,
) {
	if rows := s.Without(); len(rows) > 0 {
		fmt.Fprintf(b, title, "Not exercised:")
		for _, r := range rows {
			fmt.Fprintf(b, item, r.Cell.String())
		}
	}
	isFeature := func(s coverage.Source) bool { return s.Kind == coverage.Feature }
	if !slices.ContainsFunc(sources, isFeature) {
		return
	}
	for _, k := range []coverage.Kind{coverage.Scenario, coverage.Trace} {
		rows := slices.DeleteFunc(s.Without(coverage.Feature),
			func(r coverage.Row) bool { return len(r.By[k]) == 0 })
		if len(rows) == 0 {
			continue
		}
		fmt.Fprintf(b, title, fmt.Sprintf("Exercised by a %v, but by no feature:", k))
		for _, r := range rows {
			by := r.By[k][0].Name
			if k == coverage.Trace {
				by += fmt.Sprintf(", first by %s at %s", r.By[k][0].Rollout, timeText(r.By[k][0].At))
			}
			if n := len(r.By[k]) - 1; n > 0 {
				by += fmt.Sprintf(" and %d more", n)
			}
			fmt.Fprintf(b, item, fmt.Sprintf("%v  %s", r.Cell, by))
		}
	}
}

// coverageEach lists the cells of each source.
func coverageEach(
	b *strings.Builder, machines []*coverage.Summary, sources []coverage.Source, title, item string,
) {
	for i := range sources {
		fmt.Fprintf(b, title, sources[i].Name)
		for _, s := range machines {
			for _, r := range s.Rows {
				if sources[i].Reached[s.Machine].Has(r.Cell) {
					fmt.Fprintf(b, item, s.Machine+"  "+r.Cell.String())
				}
			}
		}
	}
}

// The JSON document of Coverage, which docs/coverage.md describes.
type (
	coverageJSON struct {
		Machines []coverageMachineJSON `json:"machines"`
		Sources  []coverageSourceJSON  `json:"sources"`
	}
	coverageMachineJSON struct {
		Machine    string             `json:"machine"`
		Cells      int                `json:"cells"`
		Exercised  int                `json:"exercised"`
		ByFeatures int                `json:"by_features"`
		Nobody     []string           `json:"nobody"`
		NoFeature  []string           `json:"no_feature"`
		Rows       []coverageCellJSON `json:"rows"`
	}
	coverageCellJSON struct {
		Cell      string `json:"cell"`
		State     string `json:"state"`
		Event     string `json:"event,omitempty"` // absent for events of another rollout
		Condition string `json:"condition,omitempty"`
		Outcome   string `json:"outcome"`
		Features  int    `json:"features"`
		Scenarios int    `json:"scenarios"`
		Traces    int    `json:"traces"`

		FirstTrace *coverageSeenJSON `json:"first_trace,omitempty"`
	}
	coverageSeenJSON struct {
		Name    string `json:"name"`
		Rollout string `json:"rollout"`
		At      string `json:"at"`
	}
	coverageSourceJSON struct {
		Kind  string              `json:"kind"`
		Name  string              `json:"name"`
		Cells map[string][]string `json:"cells"` // by machine
	}
)

func coverageDocument(machines []*coverage.Summary, sources []coverage.Source) *coverageJSON {
	doc := &coverageJSON{Machines: []coverageMachineJSON{}, Sources: []coverageSourceJSON{}}
	names := func(rows []coverage.Row) []string {
		all := []string{}
		for _, r := range rows {
			all = append(all, r.Cell.String())
		}
		return all
	}
	for _, s := range machines {
		m := coverageMachineJSON{
			Machine: s.Machine, Cells: len(s.Rows), Exercised: s.Exercised(),
			ByFeatures: s.Exercised(coverage.Feature),
			Nobody:     names(s.Without()), NoFeature: names(s.Without(coverage.Feature)),
		}
		for _, r := range s.Rows {
			c := coverageCellJSON{
				Cell: r.Cell.String(), State: r.State.String(), Condition: r.Class.Condition(),
				Outcome: r.Outcome.String(), Features: len(r.By[coverage.Feature]),
				Scenarios: len(r.By[coverage.Scenario]), Traces: len(r.By[coverage.Trace]),
			}
			if k := r.Class.Kind(); k != 0 {
				c.Event = k.String()
			}
			if by := r.By[coverage.Trace]; len(by) > 0 {
				c.FirstTrace = &coverageSeenJSON{by[0].Name, string(by[0].Rollout), timeText(by[0].At)}
			}
			m.Rows = append(m.Rows, c)
		}
		doc.Machines = append(doc.Machines, m)
	}
	for i := range sources {
		j := coverageSourceJSON{
			Kind:  sources[i].Kind.String(),
			Name:  sources[i].Name,
			Cells: make(map[string][]string),
		}
		for _, s := range machines {
			for _, r := range s.Rows {
				if sources[i].Reached[s.Machine].Has(r.Cell) {
					j.Cells[s.Machine] = append(j.Cells[s.Machine], r.Cell.String())
				}
			}
		}
		doc.Sources = append(doc.Sources, j)
	}
	return doc
}
