package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"rollsim/reducer"
	"rollsim/suite/coverage"
	"rollsim/suite/explore"
)

// Explore writes the result of a sweep: first the coverage of the transition table, the durations
// and what is not a failure, and in the end the failures, so that their small cases come last.
func Explore(w io.Writer, r *explore.Result) error {
	var b strings.Builder
	exploreHead(&b, r)
	for _, name := range r.Machines() {
		exploreCoverage(&b, name, r.Coverage(name))
	}
	exploreTimes(&b, r)
	exploreExcused(&b, r)
	if !r.Parameters.Strict {
		exploreDepartures(&b, r, "answered otherwise than the specification")
	}
	b.WriteString("\n" + exploreVerdict(r) + "\n")
	for _, c := range r.Unmet() {
		fmt.Fprintf(&b, "\nNEVER HAPPENED %s: %s\n", r.Parameters.Scenarios[c.Scenario], c.What)
	}
	if r.Parameters.Strict {
		exploreDepartures(&b, r, "FAILED: answered otherwise than the specification")
	}
	exploreFailures(&b, r)
	return write(w, b.String())
}

func exploreHead(b *strings.Builder, r *explore.Result) {
	what := "drawn fleets"
	if n := len(r.Parameters.Scenarios); n > 0 {
		what = strings.Join(r.Parameters.Scenarios, " ")
	}
	machine := r.Parameters.Machine
	if machine == "" {
		machine = "of each scenario"
	}
	if plane := r.Parameters.ControlPlane; plane != "" {
		machine += ", control plane " + string(plane)
	}
	fmt.Fprintf(b, "%s, machine %s, faults %s\n", what, machine, r.Parameters.Faults)
	fmt.Fprintf(b, "%s of seeds %v, %s entries, %s of virtual time, digest %s\n",
		counted(r.Done(), "seed"), r.Parameters.Seeds, thousands(r.Entries), days(r.SimulatedMS),
		r.Digest())
	if !r.Complete() {
		fmt.Fprintf(b, "PARTIAL: seeds %s were requested, %s are done\n", r.ShareSeeds(), r.DoneSeeds())
	}
}

// exploreFailures writes the failures. Those with the same small case are one.
func exploreFailures(b *strings.Builder, r *explore.Result) {
	for _, alike := range r.Kinds() {
		first := alike[0]
		exploreGroup(b, "FAILED", first)
		for _, g := range alike[1:] {
			fmt.Fprintf(b, "  %s\n", sameCase(g))
		}
		if first.First.Seq > 0 {
			fmt.Fprintf(b, "  found at entry %d\n", first.First.Seq)
		}
		fmt.Fprintf(b, "  rerun: %s\n", r.Rerun(&first.First))
		exploreCase(b, &first.First)
	}
}

// sameCase describes a failure whose small case is that of another one.
func sameCase(g *explore.Group) string {
	return fmt.Sprintf("the same small case: %s: %s, first in seed %d", signature(g),
		counted(g.Runs, "run"), g.First.Seed)
}

func exploreExcused(b *strings.Builder, r *explore.Result) {
	for _, g := range r.Excused() {
		exploreGroup(b, "excused", g)
		fmt.Fprintf(b, "  not a failure: %s\n", g.First.Excused)
		fmt.Fprintf(b, "  rerun: %s\n", r.Rerun(&g.First))
	}
}

func exploreGroup(b *strings.Builder, title string, g *explore.Group) {
	fmt.Fprintf(b, "\n%s %s: %s, first in seed %d\n", title, signature(g), counted(g.Runs, "run"),
		g.First.Seed)
	fmt.Fprintf(b, "  %s: %s\n", g.First.Subject, g.First.Detail)
}

// exploreCase writes what an example drew, or its small case.
func exploreCase(b *strings.Builder, e *explore.Example) {
	small := e.Small
	if small != nil && small.Unfinished != "" {
		fmt.Fprintf(b, "  unfinished: %s; rollsim shrink makes it smaller\n", small.Unfinished)
	}
	if small == nil || small.Scenario == "" {
		b.WriteString(indented(e.Drawn))
		return
	}
	fmt.Fprintf(b, "  key: %s, %s became %s\n", small.Key, extent(small.Before), extent(small.After))
	if small.Note != "" {
		fmt.Fprintf(b, "  note: %s\n", small.Note)
	}
	if small.Feature != "" {
		b.WriteString(indented(small.Feature))
	} else {
		b.WriteString(indented(small.Scenario))
	}
}

// signature returns the defect and the invariant of a group, the state of the rollout and the last
// event before.
func signature(g *explore.Group) string {
	words := string(g.Invariant)
	if g.Defect != "" {
		words = string(g.Defect) + ": " + words
	}
	if g.State != 0 {
		words += " in " + g.State.String()
	}
	if g.Event != 0 {
		words += " after " + g.Event.String()
	}
	return words
}

// exploreDepartures writes the answers that differ from the specification, each with an example.
func exploreDepartures(b *strings.Builder, r *explore.Result, title string) {
	groups := r.Departures()
	if len(groups) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s:\n", title)
	for _, g := range groups {
		fmt.Fprintf(b, "  %-10v  %s\n", g.State, g.What)
		fmt.Fprintf(b, "              %s, first in seed %d: %s, %s\n", counted(g.Runs, "run"),
			g.First.Seed, g.First.Subject, g.First.Detail)
		fmt.Fprintf(b, "              rerun: %s\n", r.Rerun(&g.First))
		if g.First.Small != nil {
			exploreCase(b, &g.First)
		}
	}
}

// exploreCoverage writes how often each answer occurred, with a row for each state and a column for
// each event, and the answers that never occurred.
func exploreCoverage(b *strings.Builder, name string, v *explore.Coverage) {
	m, err := explore.CoverageTable(name)
	if err != nil {
		return // no machine answered
	}
	never, of := v.NeverHit(m)
	table := "its table"
	if m.Name() != name {
		table = "the table of " + m.Name()
	}
	fmt.Fprintf(b, "\ncoverage of %s: %d of %d answers of %s occurred\n", name, of-len(never), of,
		table)
	head := row{{""}}
	for _, k := range reducer.EventKinds() {
		head = append(head, []string{k.String()})
	}
	rows := []row{append(head, []string{coverage.Misrouted.Condition()})}
	for _, s := range reducer.States() {
		r := row{{s.String()}}
		for _, k := range append(reducer.EventKinds(), 0) { // Misrouted has no kind
			r = append(r, answerLines(m, v, s, k))
		}
		rows = append(rows, r)
	}
	b.WriteString(aligned(rows))
	if states := v.NeverReached(); len(states) > 0 {
		fmt.Fprintf(b, "states never reached: %s\n", strings.Trim(fmt.Sprint(states), "[]"))
	}
	if len(never) > 0 {
		b.WriteString("never occurred:\n")
		for _, p := range never {
			fmt.Fprintf(b, "  %-10v  %v %v\n", p.State, p.Class, p.Answer)
		}
	}
}

// answerLines returns the counts of the answers to one kind of event in one state, each in a line.
func answerLines(
	m *reducer.Table, v *explore.Coverage, s reducer.State, k reducer.EventKind,
) []string {
	var lines []string
	for _, a := range answersTo(m, v, s, k) {
		lines = append(lines, a.text+" "+thousands(a.n))
	}
	return lines
}

// An answerCount is how often an answer occurred.
type answerCount struct {
	text string
	n    uint64
}

// answersTo returns the answers to one kind of event in one state: those of the machine's table and
// all others that occurred.
func answersTo(
	m *reducer.Table, v *explore.Coverage, s reducer.State, k reducer.EventKind,
) []answerCount {
	var all []answerCount
	for _, c := range append(coverage.Classes(), coverage.Misrouted) {
		if c.Kind() != k {
			continue
		}
		ofTable := explore.Answers(m, s, c)
		for _, a := range append(coverage.AllAnswers(), coverage.AsOwn) {
			n := v.Count(s, c, a)
			if n == 0 && !slices.Contains(ofTable, a) {
				continue
			}
			text := a.String()
			if c.Condition() != "" && c != coverage.Misrouted {
				text = c.Condition() + " " + text
			}
			all = append(all, answerCount{text, n})
		}
	}
	return all
}

func exploreTimes(b *strings.Builder, r *explore.Result) {
	rows := []row{{{""}, {"count"}, {"p50"}, {"p90"}, {"p99"}, {"max"}}}
	add := func(what string, h *explore.Histogram, spell func(int64) string) {
		line := row{{what}, {thousands(h.Count())}}
		for _, p := range []float64{0.5, 0.9, 0.99} {
			line = append(line, []string{spell(h.Quantile(p))})
		}
		rows = append(rows, append(line, []string{spell(h.Max())}))
	}
	seconds := func(ms int64) string {
		return (time.Duration(ms) * time.Millisecond).Round(time.Second).String()
	}
	add("time to converge", &r.Converge, seconds)
	add("time of a wave", &r.Wave, seconds)
	add("hosts touched", &r.Touched, func(n int64) string { return fmt.Sprint(n) })
	b.WriteString("\n" + aligned(rows))
}

func exploreVerdict(r *explore.Result) string {
	failures := len(r.Kinds()) + len(r.Unmet())
	if r.Parameters.Strict {
		failures += len(r.Departures())
	}
	switch {
	case failures > 0:
		return fmt.Sprintf("FAILED: %s of failures", counted(uint64(failures), "kind"))
	case !r.Complete():
		return "no failures so far"
	}
	return "no failures"
}
