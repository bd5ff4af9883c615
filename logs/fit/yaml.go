package fit

import (
	"fmt"
	"strings"

	"rollsim/internal/plural"
	"rollsim/internal/yamltext"
	"rollsim/reducer"
	"rollsim/trace"
)

// YAML writes what was learned as a file that scenarios include. from says of what log it was
// learned.
func (b *Behaviour) YAML(from string) []byte {
	head := yamltext.Comment("", fmt.Sprintf(
		"How hosts behave: learned by rollsim fit from %s, %s "+
			"of %s, %s to %s.",
		yamltext.Scalar(
			from,
		),
		plural.Count(b.Entries, "entry"),
		plural.Count(b.Hosts, "host"),
		second(b.First),
		second(b.Last),
	))
	head += "#\n" + yamltext.Comment("", "D is the Kolmogorov-Smirnov distance: the part of the "+
		"recorded delays that is below some delay, and the "+
		"part of the simulated ones that is, differ by D at most. A chance has in brackets where it "+
		"is with a confidence of 95 %. What "+
		"was not learned is left to the scenario.")
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
		traffic.add(d.about(), fmt.Sprintf("- {channel: %s, "+
			"arrivals: ", yamltext.Scalar(d.Name)), d.Shape)
	}
	return []byte(head + behaviour.text("behaviour") + traffic.text("traffic"))
}

// second writes a time to the second.
func second(t reducer.Time) []byte { return trace.AppendTime(nil, t-t%1_000_000_000) }

// section is the items of a field, each with what there is to say about it.
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

// text writes the section. A field that would have nothing in it is left out, what there is to say
// is not.
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

// about says what the delay is of and how it was learned.
func (d *Delay) about() string {
	text := yamltext.Scalar(d.Name) + ", " + d.Meaning
	if d.Shape != nil {
		text += fmt.Sprintf(": %d seen", d.Ended)
		if d.Ended >= fewest {
			text += fmt.Sprintf(", D %.3f", d.Shape.Distance)
		}
	}
	return sentence(text, d.Remarks)
}

// about says what the chance is of and how it was learned.
func (c *Chance) about() string {
	text := c.Name + ", that " + c.Meaning
	if c.Learned {
		low, high := c.Interval()
		text += fmt.Sprintf(": %d of %d (%s to %s)", c.Came, c.Of, percent(low), percent(high))
	}
	return sentence(text, c.Remarks)
}

func sentence(text string, remarks []string) string {
	return strings.Join(append([]string{text}, remarks...), "; ") + "."
}
