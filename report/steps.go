package report

import (
	_ "embed"
	"fmt"
	"io"
	"strings"

	"rollsim/story"
)

// StepFormats returns the formats of Steps.
func StepFormats() []string { return []string{"text", "markdown", "questions", "json"} }

// Steps writes sentences by topic in one of StepFormats.
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
			fmt.Fprintf(&b, "      e.g. %s %s\n%s\n", s.Keyword, s.Example,
				sampleTable(s.Sample, "             "))
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
				fmt.Fprintf(&b, "A table follows, with the columns `%s`.\n\n",
					strings.Join(s.Table, "`, `"))
			}
			fmt.Fprintf(&b, "```gherkin\n%s %s\n%s```\n", s.Keyword, s.Example,
				sampleTable(s.Sample, "  "))
		}
	case "questions":
		b.WriteString(questions(sentences))
	case "json":
		return writeJSON(w, sentences)
	default:
		return unknownFormat("sentences", format, StepFormats())
	}
	return write(w, b.String())
}

// stepsIntroduction is the beginning of docs/steps.md.
//
//go:embed intro/steps.md
var stepsIntroduction string
