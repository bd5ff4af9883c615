package report

import (
	"fmt"
	"io"
	"strings"

	"rollsim/internal/visible"
	"rollsim/logs/excerpt"
)

// ExcerptView is the excerpt of a log, and what a report says about it.
type ExcerptView struct {
	Excerpt *excerpt.Excerpt
	From    string // the log
	Again   string // the command that makes it again
	// Small is the defect as a simulation, or nil; NoCase says why nothing shows it.
	Small  *ShrinkView
	NoCase string
	Next   []string // commands about the files that were written
}

// Excerpt writes the excerpt of a log: the finding, and every entry.
func Excerpt(w io.Writer, v *ExcerptView) error {
	var b strings.Builder
	x := v.Excerpt
	fmt.Fprintf(&b, "%v, from %s: %v became %v\n", x.Key, v.From, x.Before, x.After)
	if x.Unfinished != "" {
		fmt.Fprintf(&b, "UNFINISHED: %s; the log may become smaller\n", x.Unfinished)
	}
	fmt.Fprintf(&b, "\n%s, at entry %d:\n", x.Finding.Title(), x.Finding.Seq)
	for _, side := range [][2]string{
		{x.Finding.Side(), x.Finding.Recorded}, {x.Finding.OtherSide(), x.Finding.Expected},
		{"reason", x.Finding.Reason},
	} {
		if side[1] != "" {
			fmt.Fprintf(&b, "  %-8s  %s\n", side[0], side[1])
		}
	}
	b.WriteString("\nthe log, with > at the entry of the finding:\n")
	for i, line := range x.Shown {
		mark := " "
		if i == x.Deciding {
			mark = ">"
		}
		fmt.Fprintf(&b, "%s %s\n", mark, line)
	}
	if x.Database != nil {
		b.WriteString("\nthe rows of its tables:\n")
	}
	for _, row := range x.Rows {
		fmt.Fprintf(&b, "  %s\n", row)
	}
	for _, g := range x.Result.Groups {
		if others := g.Count; others > 0 && g.Title != x.Finding.Title() {
			fmt.Fprintf(&b, "also: %s\n", counted(others, g.Title))
		}
	}
	if v.NoCase != "" {
		fmt.Fprintf(&b, "\nno scenario: %s\n", v.NoCase)
	}
	fmt.Fprintf(&b, "\nagain: %s\n", v.Again)
	for _, next := range v.Next {
		fmt.Fprintf(&b, "next: %s\n", next)
	}
	fmt.Fprintf(&b, "%s entries replayed in %s\n", thousands(x.Replayed),
		counted(uint64(x.Runs), "run"))
	text := b.String()
	if v.Small != nil {
		var small strings.Builder
		if err := Shrink(&small, v.Small); err != nil {
			return err
		}
		text += "\n" + small.String()
	}
	return write(w, visible.Escape(text))
}
