package report

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"rollsim/story"
)

// questions returns the page of what authors want to state with some of the sentences, and of what
// traces call it.
func questions(sentences []story.Sentence) string {
	var b strings.Builder
	b.WriteString(questionsIntroduction + "\n" + contents() + ".\n")
	listed := func(q story.Question) bool {
		return slices.ContainsFunc(
			sentences, func(s story.Sentence) bool { return s.Words == q.Step.Words },
		)
	}
	topic := ""
	for _, q := range story.Questions() {
		if !listed(q) {
			continue
		}
		if q.Topic != topic {
			topic = q.Topic
			fmt.Fprintf(&b, "\n## %s\n\n| to say that … | write |\n|---|---|\n", topic)
		}
		fmt.Fprintf(&b, "| %s | %s |\n", q.Goal, answer(q))
	}
	topic = ""
	for _, q := range story.TraceNames() {
		if q.Step.Words != "" && !listed(q) {
			continue
		}
		if topic == "" {
			b.WriteString("\n" + traceIntroduction)
		}
		if q.Topic != topic {
			topic = q.Topic
			fmt.Fprintf(&b, "\n### %s\n\n| in a trace | in a feature |\n|---|---|\n", topic)
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", q.Goal, answer(q))
	}
	return b.String()
}

// contents returns links to the topics of the page.
func contents() string {
	var links []string
	for _, q := range story.Questions() {
		links = append(links, fmt.Sprintf("[%s](#%s)", q.Topic, anchor(q.Topic)))
	}
	links = append(slices.Compact(links), "[What a trace calls it](#what-a-trace-calls-it)")
	return strings.Join(links, " · ")
}

// answer returns the sentence of a question, as a cell of a table.
func answer(q story.Question) string {
	switch {
	case q.Keyword == "":
		return q.Sentence
	case len(q.Step.Table) > 0:
		return fmt.Sprintf(
			"`%s %s` and [a table](steps.md#%s)", q.Keyword, q.Sentence, anchor(q.Step.Topic),
		)
	}
	return fmt.Sprintf("`%s %s`", q.Keyword, q.Sentence)
}

// anchor returns the link to a heading.
func anchor(heading string) string {
	return strings.NewReplacer(" ", "-", ",", "").Replace(strings.ToLower(heading))
}

const traceIntroduction = `## What a trace calls it

A sentence about each thing that a trace or a log names. Its meaning is in the
[glossary](glossary.md).
`

// questionsIntroduction is the beginning of docs/how-do-i-say.md.
//
//go:embed intro/how-do-i-say.md
var questionsIntroduction string
