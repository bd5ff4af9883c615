package report

import (
	"fmt"
	"io"
	"strings"

	"rollsim/story"
)

// StepFormats lists the forms in which Steps writes the vocabulary.
func StepFormats() []string { return []string{"text", "markdown", "json"} }

// Steps writes sentences, topic by topic, in one of StepFormats.
func Steps(w io.Writer, sentences []story.Sentence, format string) error {
	var b strings.Builder
	switch format {
	case "text":
		topic := ""
		for _, s := range sentences {
			if s.Topic != topic {
				topic = s.Topic
				fmt.Fprintf(&b, "%s\n\n", strings.ToUpper(topic))
			}
			fmt.Fprintf(&b, "  %s %s\n      %s\n", s.Keyword, s.Words, s.Doc)
			if len(s.Table) > 0 {
				fmt.Fprintf(&b, "      table: | %s |\n", strings.Join(s.Table, " | "))
			}
			fmt.Fprintf(
				&b, "      e.g. %s %s\n%s\n", s.Keyword, s.Example, sampleTable(s.Sample, "             "),
			)
		}
	case "markdown":
		b.WriteString(stepsIntroduction)
		topic := ""
		for _, s := range sentences {
			if s.Topic != topic {
				topic = s.Topic
				fmt.Fprintf(&b, "\n## %s\n", topic)
			}
			fmt.Fprintf(&b, "\n**%s** `%s`\n\n%s\n\n", s.Keyword, s.Words, s.Doc)
			if len(s.Table) > 0 {
				fmt.Fprintf(
					&b,
					"A table follows, with the columns %s.\n\n",
					"`"+strings.Join(s.Table, "`, `")+"`",
				)
			}
			fmt.Fprintf(&b, "```gherkin\n%s %s\n%s```\n", s.Keyword, s.Example, sampleTable(s.Sample, "  "))
		}
	case "json":
		return writeJSON(w, sentences)
	default:
		return unknownFormat("sentences", format, StepFormats())
	}
	return write(w, b.String())
}

// sampleTable writes a table as it stands in a feature.
func sampleTable(rows [][]string, indent string) string {
	var b strings.Builder
	for _, row := range rows {
		b.WriteString(indent + "|")
		for i, cell := range row {
			width := 0
			for _, other := range rows {
				width = max(width, len([]rune(other[i])))
			}
			fmt.Fprintf(&b, " %-*s |", width, cell)
		}
		b.WriteString("\n")
	}
	return b.String()
}

const stepsIntroduction = `# The sentences

Every sentence that a feature may use. ` + "`{…}`" + ` is a value, ` + "`(…)`" + ` may be left out, ` + "`a/b`" + ` is one or the other; a capital at the
beginning of a word and ` + "`a`/`the`" + ` do not matter. How values are written, and how a story is told, is in
[Features](features.md). This page is made by
` + "`rollsim steps --format markdown`" + `.
`
