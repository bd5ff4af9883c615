package fit

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// Summary returns a line for each delay and chance.
func (b *Behaviour) Summary() string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	line := func(name string, what *Shape, n int, remarks []string) {
		if what == nil {
			fmt.Fprintf(table, "  %s\t-\t%s\n", name, strings.TrimPrefix(remarks[0], "not learned: "))
			return
		}
		if n < minDelays {
			fmt.Fprintf(table, "  %s\t%s\tof %d\n", name, what.Name, n)
			return
		}
		fmt.Fprintf(table, "  %s\t%s\tof %d, D %.3f\n", name, what.Name, n, what.Distance)
	}
	for i := range b.Delays {
		d := &b.Delays[i]
		line(d.Name, d.Shape, d.Ended, d.Remarks)
	}
	for i := range b.Chances {
		c := &b.Chances[i]
		if !c.Learned {
			line(c.Name, nil, 0, c.Remarks)
			continue
		}
		fmt.Fprintf(table, "  %s\t%s\t%d of %d\n", c.Name, percent(c.Value), c.Came, c.Of)
	}
	for i := range b.Arrivals {
		d := &b.Arrivals[i]
		line("refs of "+d.Name, d.Shape, d.Ended, d.Remarks)
	}
	_ = table.Flush() // into memory
	return text.String()
}
