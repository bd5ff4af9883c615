package fit

import (
	"fmt"
	"strings"

	"rollsim/internal/plural"
	"rollsim/internal/yamltext"
	"rollsim/reducer"
	"rollsim/trace"
)

// YAML returns the behaviour as a file that scenarios include. from is the name of the log, for a
// comment.
func (b *Behaviour) YAML(from string) []byte {
	head := yamltext.Comment("", fmt.Sprintf(
		"The behaviour of hosts, learned by rollsim fit from %s: %s of %s, %s to %s.",
		yamltext.Scalar(from), plural.Count(b.Entries, "entry"), plural.Count(b.Hosts, "host"),
		second(b.First), second(b.Last)))
	head += "#\n" + yamltext.Comment("", "D is the Kolmogorov-Smirnov distance: the maximum "+
		"difference "+
		"between the parts of the recorded and of the simulated delays that are below any given delay. "+
		"The brackets after a chance have its 95 % confidence interval. The scenario decides what was "+
		"not learned.")
	var behaviour, traffic section
	for i := range b.Delays {
		d := &b.Delays[i]
		behaviour.add(d.about(), d.Name+": ", d.Shape)
	}
	for i := range b.Chances {
		c := &b.Chances[i]
		line := ""
		if c.Learned {
			line = c.Name + ": " + percent(c.Value)
		}
		behaviour = append(behaviour, item{c.about(), line})
	}
	for i := range b.Arrivals {
		d := &b.Arrivals[i]
		traffic.add(d.about(), fmt.Sprintf("- {channel: %s, arrivals: ", yamltext.Scalar(d.Name)),
			d.Shape)
	}
	return []byte(head + behaviour.text("behaviour") + traffic.text("traffic"))
}

// second returns a time to the second.
func second(t reducer.Time) []byte { return trace.AppendTime(nil, t-t%1_000_000_000) }

// section holds the items of a field, each with its comment.
type section []item

type item struct{ comment, line string }

func (s *section) add(comment, before string, what *Shape) {
	line := ""
	if what != nil {
		line = before + what.Text
		line += strings.Repeat("}", strings.Count(before, "{"))
	}
	*s = append(*s, item{comment, line})
}

// text returns the section. A field without items that have a line is left out, but its comments
// are not.
func (s section) text(field string) string {
	var b strings.Builder
	indent := ""
	for _, i := range s {
		if i.line != "" {
			indent = "  "
		}
	}
	if len(s) > 0 {
		b.WriteString("\n")
	}
	if indent != "" {
		b.WriteString(field + ":\n")
	}
	for _, i := range s {
		b.WriteString(yamltext.Comment(indent, i.comment))
		if i.line != "" {
			b.WriteString(indent + i.line + "\n")
		}
	}
	return b.String()
}

// about returns the comment of a delay: its meaning, and how it was learned.
func (d *Delay) about() string {
	text := yamltext.Scalar(d.Name) + ", " + d.Meaning
	if d.Shape != nil {
		text += fmt.Sprintf(": %d observed", d.Ended)
		if d.Ended >= minDelays {
			text += fmt.Sprintf(", D %.3f", d.Shape.Distance)
		}
	}
	return sentence(text, d.Remarks)
}

// about returns the comment of a chance: its meaning, and how it was learned.
func (c *Chance) about() string {
	text := c.Name + ", the chance that " + c.Meaning
	if c.Learned {
		low, high := c.Interval()
		text += fmt.Sprintf(": %d of %d (%s to %s)", c.Came, c.Of, percent(low), percent(high))
	}
	return sentence(text, c.Remarks)
}

func sentence(text string, remarks []string) string {
	return strings.Join(append([]string{text}, remarks...), "; ") + "."
}
