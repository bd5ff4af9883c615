package gherkin

import (
	"fmt"
	"slices"
	"strings"

	messages "github.com/cucumber/messages/go/v34"
)

// Together returns the text of a feature that has these scenarios of the document, and no other. It
// has their sentences as Plain returns them, those of Backgrounds first and with the values of
// examples, and no table.
func (d *Document) Together(scenarios []*Scenario) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "Feature: %s\n", oneLine(d.Feature.Name))
	for _, s := range scenarios {
		fmt.Fprintf(&b, "\n  Scenario: %s\n", oneLine(s.Pickle.Name))
		for _, step := range s.Pickle.Steps {
			fmt.Fprintf(&b, "    * %s\n", oneLine(Plain(step.Text)))
		}
	}
	return []byte(b.String())
}

const maxSentence = maxLine - 100 // bytes, next to the spaces and the keyword of a line

// oneLine returns a text with single spaces, and not longer than fits in a line: a value of an
// example may have a line break, and may be long.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxSentence {
		s = strings.ToValidUTF8(s[:maxSentence], "")
	}
	return s
}

// Is reports whether a pickle has the name and the sentences of this scenario.
func (s *Scenario) Is(p *messages.Pickle) bool {
	return s.Pickle.Name == p.Name && slices.EqualFunc(
		s.Pickle.Steps, p.Steps, func(a, b *messages.PickleStep) bool { return a.Text == b.Text },
	)
}
