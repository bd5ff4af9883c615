package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"rollsim/internal/plural"
	"rollsim/reducer"
	"rollsim/suite/coverage"
)

// MachineFormats returns the formats of Machine. MachineDiff has those that are not drawings.
func MachineFormats() []string { return []string{"table", "markdown", "mermaid", "dot", "json"} }

var machineDiffFormats = []string{"table", "markdown", "json"}

// Machine writes the transition table of a machine.
func Machine(w io.Writer, m *reducer.Table, format string) error {
	switch format {
	case "table":
		return write(w, aligned(transitions(m))+"\n"+aligned(legend)+"\n"+misroutedWords(m)+"\n")
	case "markdown":
		return write(w, fmt.Sprintf("## %s\n\n%s\n%s\n%s\n",
			m.Name(), markdown(transitions(m)), markdownLegend(), misroutedWords(m)))
	case "mermaid":
		return write(w, mermaid(m))
	case "dot":
		return write(w, dot(m))
	case "json":
		return writeJSON(w, machineDocument(m))
	}
	return unknownFormat("a machine", format, MachineFormats())
}

// MachineDiff writes the cells in which two machines differ. Between the shipped and the specified
// machine it also writes the reasons.
func MachineDiff(w io.Writer, a, b *reducer.Table, format string) error {
	d := compareMachines(a, b)
	switch format {
	case "table":
		s := d.summary() + "\n"
		if len(d.Cells) > 0 {
			s += "\n" + aligned(d.rows) + "\n" + aligned(legend)
		}
		for _, r := range d.Reasons {
			s += fmt.Sprintf("\n%d  %s\n   because %s\n", r.Number, r.What, r.Why)
		}
		return write(w, s)
	case "markdown":
		s := fmt.Sprintf("## %s\n", d.summary())
		if len(d.Cells) > 0 {
			s += "\n" + markdown(d.rows) + "\n" + markdownLegend()
		}
		if len(d.Reasons) > 0 {
			s += "\n"
		}
		for _, r := range d.Reasons {
			s += fmt.Sprintf("%d. %s. Because %s.\n", r.Number, r.What, r.Why)
		}
		return write(w, s)
	case "json":
		return writeJSON(w, d)
	}
	return unknownFormat("the differences of two machines", format, machineDiffFormats)
}

var legend = []row{
	{{"→X"}, {"goes to state X, with RecordRolloutTransition"}},
	{{"·"}, {"accepted without effect"}},
	{{"✗"}, {"refused: IllegalForState"}},
	{{"U"}, {"refused: Unimplemented"}},
	{{"!"}, {"refused: Invariant"}},
	{{"W"}, {"UpdateCurrentWave, when the wave of the event is above the current one"}},
	{{"Q"}, {"InsertQuarantineFromRollout"}},
	{{"P"}, {"SchedulePruning"}},
}

func misroutedWords(m *reducer.Table) string {
	if m.RefusesMisrouted() {
		return "An event of another rollout is refused first: Invariant."
	}
	return "An event of another rollout is applied like one of the record's."
}

// effectsOf returns the effects that a rule may emit, in order.
func effectsOf(r reducer.Rule) []reducer.EffectKind {
	kinds := coverage.OutcomeOf(r).Effects.Kinds()
	if r.Do == reducer.Go {
		kinds = slices.Insert(kinds, 0, reducer.RecordRolloutTransition)
	}
	return kinds
}

// cellLines returns the rules of a cell, each with its condition.
func cellLines(c reducer.Cell) []string {
	rules := c.Rules()
	lines := make([]string, len(rules))
	for i, r := range rules {
		switch {
		case r.If != reducer.Always:
			lines[i] = r.If.String() + " " + coverage.OutcomeOf(r).String()
		case len(rules) > 1:
			lines[i] = "else " + coverage.OutcomeOf(r).String()
		default:
			lines[i] = coverage.OutcomeOf(r).String()
		}
	}
	return lines
}

// transitions returns the table of a machine, with a row for each state and a column for each
// event.
func transitions(m *reducer.Table) []row {
	head := row{{m.Name()}}
	for _, k := range reducer.EventKinds() {
		head = append(head, []string{k.String()})
	}
	rows := []row{head}
	for _, s := range reducer.States() {
		r := row{{s.String()}}
		for _, k := range reducer.EventKinds() {
			r = append(r, cellLines(m.Cell(s, k)))
		}
		rows = append(rows, r)
	}
	return rows
}

func markdownLegend() string {
	var b strings.Builder
	for _, r := range legend {
		fmt.Fprintf(&b, "- `%s` %s\n", r[0][0], r[1][0])
	}
	return b.String()
}

// edge is an arrow of a drawing.
type edge struct {
	from, to reducer.State
	label    string
}

// edges returns the rules that have effects. It leaves out refusals and rules without effects,
// because they would hide the rest.
func edges(m *reducer.Table) []edge {
	var all []edge
	for _, s := range reducer.States() {
		for _, k := range reducer.EventKinds() {
			rules := m.Cell(s, k).Rules()
			for _, r := range rules {
				if len(effectsOf(r)) == 0 {
					continue
				}
				e := edge{from: s, to: s, label: k.String()}
				if r.Do == reducer.Go {
					e.to = r.To
				}
				if r.If != reducer.Always {
					e.label += " " + r.If.String()
				} else if len(rules) > 1 {
					e.label += " else"
				}
				if more := coverage.OutcomeOf(r).Effects; more != 0 {
					e.label += " / " + more.String()
				}
				all = append(all, e)
			}
		}
	}
	return all
}

func mermaid(m *reducer.Table) string {
	var b strings.Builder
	fmt.Fprintf(&b, "---\ntitle: %s\n---\nstateDiagram-v2\n    [*] --> Opening: RolloutOpened\n",
		m.Name())
	for _, e := range edges(m) {
		fmt.Fprintf(&b, "    %v --> %v: %s\n", e.from, e.to, e.label)
	}
	return b.String() + "    Pruned --> [*]\n"
}

func dot(m *reducer.Table) string {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %q {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n", m.Name())
	b.WriteString("  start [shape=point];\n")
	for _, s := range reducer.States() {
		if s.InTerminalSet() {
			fmt.Fprintf(&b, "  %v [peripheries=2];\n", s)
		}
	}
	b.WriteString("  start -> Opening [label=\"RolloutOpened\"];\n")
	for _, e := range edges(m) {
		fmt.Fprintf(&b, "  %v -> %v [label=%q];\n", e.from, e.to, e.label)
	}
	return b.String() + "}\n"
}

// The JSON document of Machine.
type (
	machineJSON struct {
		Machine          string     `json:"machine"`
		RefusesMisrouted bool       `json:"refuses_misrouted"`
		Cells            []cellJSON `json:"cells"`
	}
	cellJSON struct {
		From  string     `json:"from"`
		Event string     `json:"event"`
		Text  string     `json:"text"`
		Rules []ruleJSON `json:"rules"`
	}
	ruleJSON struct {
		If      string   `json:"if"`
		Do      string   `json:"do"`
		To      string   `json:"to,omitempty"`
		Effects []string `json:"effects"`
	}
)

func machineDocument(m *reducer.Table) machineJSON {
	doc := machineJSON{Machine: m.Name(), RefusesMisrouted: m.RefusesMisrouted()}
	for _, s := range reducer.States() {
		for _, k := range reducer.EventKinds() {
			cell := cellJSON{
				From:  s.String(),
				Event: k.String(),
				Text:  strings.Join(cellLines(m.Cell(s, k)), "; "),
			}
			for _, r := range m.Cell(s, k).Rules() {
				rule := ruleJSON{If: r.If.String(), Do: r.Do.String()}
				if r.Do == reducer.Go {
					rule.To = r.To.String()
				}
				for _, e := range effectsOf(r) {
					rule.Effects = append(rule.Effects, e.String())
				}
				cell.Rules = append(cell.Rules, rule)
			}
			doc.Cells = append(doc.Cells, cell)
		}
	}
	return doc
}

// machineDiff has the differences of two machines. It is the JSON document of MachineDiff.
type machineDiff struct {
	A       string       `json:"a"`
	B       string       `json:"b"`
	Cells   []cellDiff   `json:"cells"`
	Reasons []reasonJSON `json:"reasons,omitempty"`

	rows []row // the cells as a table; the first row is the head
}

type cellDiff struct {
	From    string `json:"from"`
	Event   string `json:"event"`
	A       string `json:"a"`
	B       string `json:"b"`
	Reasons []int  `json:"reasons,omitempty"`
}

type reasonJSON struct {
	Number int    `json:"number"`
	What   string `json:"what"`
	Why    string `json:"why"`
}

func compareMachines(a, b *reducer.Table) *machineDiff {
	d := &machineDiff{A: a.Name(), B: b.Name(), Cells: []cellDiff{}}
	var differences []reducer.Difference
	shipped, specified := reducer.V02(), reducer.RFC0008()
	if a.SameCells(shipped) && b.SameCells(specified) ||
		a.SameCells(specified) && b.SameCells(shipped) {
		differences = reducer.Differences()
	}
	head := row{{"from"}, {"event"}, {d.A}, {d.B}}
	if differences != nil {
		head = append(head, []string{"why"})
	}
	d.rows = []row{head}
	// A difference is a reason for a cell if the cell would be another one without it.
	without := make([]*reducer.Table, len(differences))
	for i := range differences {
		without[i] = reducer.V02With("", slices.Delete(slices.Clone(differences), i, i+1))
	}
	add := func(from, event string, inA, inB []string, changed func(*reducer.Table) bool) {
		c := cellDiff{From: from, Event: event, A: strings.Join(inA, "; "), B: strings.Join(inB, "; ")}
		r := row{{from}, {event}, inA, inB}
		if differences != nil {
			var numbers []string
			for i, difference := range differences {
				if changed(without[i]) {
					c.Reasons = append(c.Reasons, difference.Number)
					numbers = append(numbers, fmt.Sprint(difference.Number))
				}
			}
			r = append(r, []string{strings.Join(numbers, " ")})
		}
		d.Cells = append(d.Cells, c)
		d.rows = append(d.rows, r)
	}
	for _, s := range reducer.States() {
		for _, k := range reducer.EventKinds() {
			if a.Cell(s, k) != b.Cell(s, k) {
				add(s.String(), k.String(), cellLines(a.Cell(s, k)), cellLines(b.Cell(s, k)),
					func(m *reducer.Table) bool { return m.Cell(s, k) != specified.Cell(s, k) })
			}
		}
	}
	if a.RefusesMisrouted() != b.RefusesMisrouted() {
		misrouted := func(m *reducer.Table) []string {
			if m.RefusesMisrouted() {
				return []string{"!"}
			}
			return []string{"as one of the record's"}
		}
		add("any", "of another rollout", misrouted(a), misrouted(b),
			func(m *reducer.Table) bool { return m.RefusesMisrouted() != specified.RefusesMisrouted() })
	}
	for _, x := range differences {
		d.Reasons = append(d.Reasons, reasonJSON{Number: x.Number, What: x.What, Why: x.Why})
	}
	return d
}

func (d *machineDiff) summary() string {
	if len(d.Cells) == 0 {
		return fmt.Sprintf("%s and %s do not differ", d.A, d.B)
	}
	return fmt.Sprintf("%s and %s differ in %s", d.A, d.B, plural.Count(len(d.Cells), "place"))
}
