package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"rollsim/internal/plural"
	"rollsim/internal/shell"
	"rollsim/internal/visible"
	"rollsim/logs/whatif"
	"rollsim/reducer"
)

// DiffLog is one log of a comparison: its result, or the error that kept it from being read.
type DiffLog struct {
	Files      []string
	Result     *whatif.Result // nil if the log is unreadable
	Unreadable error
}

func (l *DiffLog) name() string { return strings.Join(l.Files, " ") }

// DiffLabels are the names of the two sides of a comparison.
type DiffLabels struct{ A, B string }

// maxDiffRows is the number of rollouts of a group that Diff lists unless all are asked for.
const maxDiffRows = 8

// Diff writes the result of a comparison. It groups the rollouts that diverge in the same way, with
// the answers of both sides and a line for each rollout; then come the counts and the notes.
func Diff(out io.Writer, logs []DiffLog, labels DiffLabels, all bool) error {
	w := new(strings.Builder)
	width := max(len(labels.A), len(labels.B))
	for _, g := range groupDivergences(logs) {
		first := g.rows[0]
		p := &first.divergence.First
		fmt.Fprintf(w, "DIVERGED %s: %s\n", describePoint(p), plural.Count(len(g.rows), "rollout"))
		fmt.Fprintf(w, "  %-*s  %s\n", width, labels.A, p.A.String())
		fmt.Fprintf(w, "  %-*s  %s\n", width, labels.B, p.B.String())
		if err := writeRows(w, g.rows, labels, all); err != nil {
			return err
		}
		fmt.Fprintf(w, "  inspect  rollsim replay %s --rollout %s --until %d\n\n",
			shell.Join(first.log.Files...), shell.Join(string(first.divergence.Rollout)), p.Seq)
	}
	writeDiffTotals(w, logs, labels)
	return write(out, visible.Escape(w.String()))
}

func writeRows(w io.Writer, rows []diffRow, labels DiffLabels, all bool) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "    log\tentry\trollout\tat\thosts\tthen differ\tstates differ\t"+
		"%s ends\t%s ends\n", labels.A, labels.B)
	for i := range rows {
		if i == maxDiffRows && !all {
			break
		}
		r := &rows[i]
		p := r.divergence
		states := "never"
		switch {
		case p.State != nil && p.State.Seq == p.First.Seq:
			states = "at once"
		case p.State != nil:
			states = "entry " + strconv.FormatUint(p.State.Seq, 10)
		}
		fmt.Fprintf(t, "    %s\t%d\t%s\t%s\t%d\t%d of %d\t%s\t%s\t%s\n",
			r.log.name(), p.First.Seq, p.Rollout, timeText(p.First.Event.At), len(p.Hosts),
			p.Events-1, p.After, states, ending(&p.EndA), ending(&p.EndB))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if hidden := len(rows) - maxDiffRows; hidden > 0 && !all {
		fmt.Fprintf(w, "    … and %d more; --all shows them\n", hidden)
	}
	return nil
}

func writeDiffTotals(w io.Writer, logs []DiffLog, labels DiffLabels) {
	var t diffTotals
	for i := range logs {
		if err := logs[i].Unreadable; err != nil {
			fmt.Fprintf(w, "UNREADABLE %v\n", err)
		} else {
			t.add(logs[i].Result)
		}
	}
	fmt.Fprintf(w, "%s and %s on %s: %s, %s, %s of %s; ",
		labels.A, labels.B, plural.Count(t.Logs, "log"), plural.Count(t.Entries, "entry"),
		plural.Count(t.Events, "rollout event"), plural.Count(t.Rollouts, "rollout"),
		plural.Count(t.Hosts, "host"))
	if t.RolloutsParted == 0 {
		fmt.Fprintf(w, "all answers are the same\n")
	} else {
		fmt.Fprintf(w, "different answers for %s in %s, with %s\n",
			plural.Count(t.RolloutsParted, "rollout"), plural.Count(t.LogsParted, "log"),
			plural.Count(t.HostsTouched, "host"))
	}
	for i := range logs {
		if logs[i].Unreadable != nil {
			continue
		}
		for _, note := range logs[i].Result.Notes {
			fmt.Fprintf(w, "note: %s: %s\n", logs[i].name(), note)
		}
	}
}

// ending returns the state of a rollout at the end of its log.
func ending(r *reducer.Record) string {
	if r.CurrentWave == 0 {
		return r.State.String()
	}
	return fmt.Sprintf("%v, wave %d", r.State, r.CurrentWave)
}

// describePoint returns the event of a point and the state before it.
func describePoint(p *whatif.Point) string {
	s := p.Event.Kind.String()
	if p.Event.Kind == reducer.HostStateChanged {
		s += fmt.Sprintf(" %v → %v", p.Event.From, p.Event.To)
	}
	if p.From != 0 {
		s += fmt.Sprintf(" in %v", p.From)
	}
	return s
}

// diffGroup is a list of rollouts that diverge in the same way.
type diffGroup struct {
	rows []diffRow
}

type diffRow struct {
	log        *DiffLog
	divergence *whatif.Divergence
}

// groupDivergences groups the rollouts that diverge at the same kind of event in the same state
// with the same kinds of answers. The groups in which states differ come first, because they matter
// most; otherwise groups are in the order of their first rollouts.
func groupDivergences(logs []DiffLog) []*diffGroup {
	var groups []*diffGroup
	bySignature := make(map[string]*diffGroup)
	for i := range logs {
		if logs[i].Unreadable != nil {
			continue
		}
		for j := range logs[i].Result.Diverged {
			p := &logs[i].Result.Diverged[j]
			signature := describePoint(&p.First) + " | " + answerShape(&p.First.A) + " | " +
				answerShape(&p.First.B)
			g := bySignature[signature]
			if g == nil {
				g = new(diffGroup)
				bySignature[signature] = g
				groups = append(groups, g)
			}
			g.rows = append(g.rows, diffRow{log: &logs[i], divergence: p})
		}
	}
	slices.SortStableFunc(groups, func(a, b *diffGroup) int { return cmp.Compare(a.rank(), b.rank()) })
	return groups
}

func (g *diffGroup) rank() int {
	if slices.ContainsFunc(g.rows, func(r diffRow) bool { return r.divergence.State != nil }) {
		return 0
	}
	return 1
}

// answerShape returns an answer as text without rollouts, channels and closures.
func answerShape(a *whatif.Answer) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v", a.State)
	for _, r := range a.Refusals {
		fmt.Fprintf(&b, " %s", r.Error)
	}
	effects := func(all []reducer.Effect) {
		for i := range all {
			fmt.Fprintf(&b, " %v %v %v", all[i].Kind, all[i].From, all[i].To)
		}
	}
	effects(a.Effects)
	if a.Derived {
		b.WriteString(" then")
		effects(a.Then)
	}
	return b.String()
}
