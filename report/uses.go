package report

import (
	"fmt"
	"io"
	"strings"

	"rollsim/story"
)

// UseFormats returns the formats of Uses.
func UseFormats() []string { return []string{"text", "json"} }

// Uses writes what features use, in one of UseFormats. The text lists what no scenario uses; with
// each, it also lists what some use, with their number and the first one.
func Uses(w io.Writer, groups []story.UsedGroup, format string, each bool) error {
	if format == "json" {
		return writeJSON(w, groups)
	}
	if format != "text" {
		return unknownFormat("what features use", format, UseFormats())
	}
	var b strings.Builder
	for i := range groups {
		g := &groups[i]
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s: %d of %d\n", g.Name, g.Count(), len(g.Items))
		for _, u := range g.Items {
			switch {
			case u.Scenarios == 0:
				fmt.Fprintf(&b, "  never  %s\n", u.Name)
			case each:
				fmt.Fprintf(&b, "  %5d  %s  %s\n", u.Scenarios, u.Name, u.First)
			}
		}
	}
	return write(w, b.String())
}
