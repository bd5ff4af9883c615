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
	"rollsim/logs/whatif"
	"rollsim/reducer"
	"rollsim/trace"
)

// DiffLog is one log of a comparison: how its two sides compare, or why it cannot be read.
type DiffLog struct {
	Files      []string
	Result     *whatif.Result
	Unreadable error
}

func (l *DiffLog) name() string { return strings.Join(l.Files, " ") }

// DiffLabels names the two sides of a comparison, so that they can be told apart.
type DiffLabels struct{ A, B string }

// maxDiffRows is how many rollouts of a group are listed unless all are asked for.
const maxDiffRows = 8

// Diff writes how the two sides of some logs compare: what parts in the same way together, with the
// answers of both sides and a line for each rollout, then the counts and the notes.
func Diff(out io.Writer, logs []DiffLog, labels DiffLabels, all bool) error {
	w := new(strings.Builder)
	width := max(len(labels.A), len(labels.B))
	for _, g := range groupPartings(logs) {
		first := g.rows[0]
		p := &first.parting.First
		fmt.Fprintf(w, "PARTED %s: %s\n", describePoint(p), plural.Count(len(g.rows), "rollout"))
		fmt.Fprintf(w, "  %-*s  %s\n", width, labels.A, p.A.String())
		fmt.Fprintf(w, "  %-*s  %s\n", width, labels.B, p.B.String())
		if err := writeRows(w, g.rows, labels, all); err != nil {
			return err
		}
		fmt.Fprintf(w, "  closer  rollsim replay %s --rollout %s --until "+
			"%d\n\n", shell.Join(first.log.Files...),
			shell.Join(string(first.parting.Rollout)), p.Seq)
	}
	writeDiffTotals(w, logs, labels)
	_, err := io.WriteString(out, Harmless(w.String()))
	return err
}

func writeRows(w io.Writer, rows []diffRow, labels DiffLabels, all bool) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "    log\tentry\trollout\tat\thosts\tthen differ\tstates part\t%s ends\t%s "+
		"ends\n", labels.A, labels.B)
	for i := range rows {
		if i == maxDiffRows && !all {
			break
		}
		r := &rows[i]
		p := r.parting
		states := "never"
		switch {
		case p.State != nil && p.State.Seq == p.First.Seq:
			states = "at once"
		case p.State != nil:
			states = "entry " + strconv.FormatUint(p.State.Seq, 10)
		}
		fmt.Fprintf(
			t,
			"    %s\t%d\t%s\t%s\t%d\t%d of "+
				"%d\t%s\t%s\t%s\n",
			r.log.name(),
			p.First.Seq,
			p.Rollout,
			trace.AppendTime(
				nil, p.First.Event.At,
			),
			len(p.Hosts),
			p.Events-1,
			p.After,
			states,
			ending(&p.EndA),
			ending(&p.EndB),
		)
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
	fmt.Fprintf(
		w,
		"%s and %s on %s: %s, %s, %s of %s; ",
		labels.A,
		labels.B,
		plural.Count(t.Logs, "log"),
		plural.Count(
			t.Entries, "entry",
		),
		plural.Count(t.Events, "rollout event"),
		plural.Count(t.Rollouts, "rollout"),
		plural.Count(t.Hosts, "host"),
	)
	if t.RolloutsParted == 0 {
		fmt.Fprintf(w, "every event is answered alike\n")
	} else {
		fmt.Fprintf(w, "%s in %s part, with %s\n", plural.Count(t.RolloutsParted, "rollout"), plural.Count(t.LogsParted, "log"), plural.Count(t.HostsTouched, "host"))
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

// ending is how a rollout stands when its log ends.
func ending(r *reducer.Record) string {
	if r.CurrentWave == 0 {
		return r.State.String()
	}
	return fmt.Sprintf("%v, wave %d", r.State, r.CurrentWave)
}

// describePoint says at which event, in which state.
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

// diffGroup holds what parts in the same way.
type diffGroup struct {
	rows []diffRow
}

type diffRow struct {
	log     *DiffLog
	parting *whatif.Parting
}

// groupPartings puts together what parts at the same kind of event in the same state with the same
// kinds of answers. Groups in which states part come first, for they matter most, else in the order
// of the first of each.
func groupPartings(logs []DiffLog) []*diffGroup {
	var groups []*diffGroup
	bySignature := make(map[string]*diffGroup)
	for i := range logs {
		if logs[i].Unreadable != nil {
			continue
		}
		for j := range logs[i].Result.Parted {
			p := &logs[i].Result.Parted[j]
			signature := describePoint(
				&p.First,
			) + " | " + answerShape(
				&p.First.A,
			) + " | " + answerShape(
				&p.First.B,
			)
			g := bySignature[signature]
			if g == nil {
				g = new(diffGroup)
				bySignature[signature] = g
				groups = append(groups, g)
			}
			g.rows = append(g.rows, diffRow{log: &logs[i], parting: p})
		}
	}
	slices.SortStableFunc(groups, func(a, b *diffGroup) int { return cmp.Compare(a.rank(), b.rank()) })
	return groups
}

func (g *diffGroup) rank() int {
	if slices.ContainsFunc(g.rows, func(r diffRow) bool { return r.parting.State != nil }) {
		return 0
	}
	return 1
}

// answerShape is an answer without what names a rollout, channel or closure.
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
