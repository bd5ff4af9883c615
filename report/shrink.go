package report

import (
	"fmt"
	"io"
	"strings"

	"rollsim/suite/shrink"
)

// ShrinkView is a small case, and what a report says about it.
type ShrinkView struct {
	Case    *shrink.Case
	File    string // the text of its scenario file
	Feature *shrink.Feature
	Explain *shrink.Explanation // nil for none
	From    string              // what was made smaller
	Again   string              // the command that does it again; empty for none
	Next    []string            // commands about the files that were written
}

// Shrink writes a small case: the scenario, what matters about it, the trace around the violation
// and the feature.
func Shrink(w io.Writer, v *ShrinkView) error {
	var b strings.Builder
	c := v.Case
	fmt.Fprintf(&b, "%v, from %s: %s became %s\n", c.Key, v.From, extent(c.Before), extent(c.After))
	if c.Unfinished != "" {
		fmt.Fprintf(&b, "UNFINISHED: %s; the case may become smaller\n", c.Unfinished)
	}
	b.WriteString("\n" + indented(v.File))
	if c.Violation.Subject != "" {
		fmt.Fprintf(&b, "\n%s: %s\n", c.Violation.Subject, c.Violation.Detail)
	}
	if c.Specification {
		b.WriteString("the specification fails in the same way\n")
	}
	if v.Explain != nil {
		shrinkExplanation(&b, v.Explain)
	}
	shrinkFeature(&b, v)
	b.WriteString("\n")
	if v.Again != "" {
		fmt.Fprintf(&b, "again: %s\n", v.Again)
	}
	for _, next := range v.Next {
		fmt.Fprintf(&b, "next: %s\n", next)
	}
	fmt.Fprintf(&b, "%s entries simulated in %s\n", thousands(c.Entries),
		counted(uint64(c.Runs), "run"))
	return write(w, b.String())
}

func extent(e shrink.Extent) string {
	return counted(uint64(e.Hosts), "host") + " and " + counted(uint64(e.Lines), "line")
}

// indented returns a text with four spaces before each line.
func indented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			b.WriteString("    ")
		}
		b.WriteString(line)
	}
	return b.String()
}

func shrinkExplanation(b *strings.Builder, e *shrink.Explanation) {
	if len(e.Without) > 0 {
		b.WriteString("\nwithout one line:\n")
		for _, n := range e.Without {
			fmt.Fprintf(b, "  without %s: %s\n", n.What, n.Happens)
		}
	}
	if len(e.Values) > 0 {
		b.WriteString("\nwith other values:\n")
		for i := range e.Values {
			fmt.Fprintf(b, "  %s\n", e.Values[i].String())
		}
	}
	if e.Partly {
		b.WriteString("  not all of them, because that would simulate too much\n")
	} else {
		fmt.Fprintf(b, "  the seed: %d of %d\n", e.Seeds, shrink.OtherValues)
	}
	if len(e.Trace) > 0 {
		b.WriteString("\nthe trace, with > at the entry that decides:\n")
		for _, l := range e.Trace {
			mark := " "
			if l.Decides {
				mark = ">"
			}
			fmt.Fprintf(b, "%s %s\n", mark, l.Text)
		}
	}
}

func shrinkFeature(b *strings.Builder, v *ShrinkView) {
	f := v.Feature
	switch {
	case f == nil:
	case f.Text == "":
		fmt.Fprintf(b, "\nno feature: %s\n", f.Why)
	default:
		how := "passes as specified"
		if !f.Passes {
			how = f.Why
		}
		fmt.Fprintf(b, "\nthe feature, of %s, %s:\n\n%s", counted(uint64(f.Steps), "step"), how,
			indented(f.Text))
	}
}
