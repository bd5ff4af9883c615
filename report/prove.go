package report

import (
	"fmt"
	"io"
	"strings"

	"rollsim/suite/prove"
)

// ProofView is the result of a proof, and the small cases of its counterexamples.
type ProofView struct {
	Result *prove.Result
	Small  []*ShrinkView // by counterexample; nil for none
}

// Prove writes the result of a proof: a sentence that says what holds within which bounds, or each
// counterexample.
func Prove(w io.Writer, v *ProofView) error {
	var b strings.Builder
	r := v.Result
	fmt.Fprintf(&b, "%s: %s\n", r.Scenario, r.Verdict())
	for i, c := range r.Found {
		fmt.Fprintf(&b, "\n%s: %s\n  of %s", c.Key, c.Detail, c.Subject)
		if len(c.Deviations) == 0 {
			b.WriteString(" in the plain run, in which nothing goes wrong\n")
		} else {
			b.WriteString(" if\n")
		}
		for _, d := range c.Deviations {
			fmt.Fprintf(&b, "  - %s\n", d)
		}
		if i < len(v.Small) && v.Small[i] != nil {
			proofCase(&b, v.Small[i])
		}
	}
	for _, what := range r.Unmet() {
		fmt.Fprintf(&b, "NEVER HAPPENED %s: no run reaches this moment of sometimes\n", what)
	}
	return write(w, b.String())
}

// proofCase writes the small case of a counterexample.
func proofCase(b *strings.Builder, s *ShrinkView) {
	if s.Case.Unfinished != "" {
		fmt.Fprintf(b, "  unfinished: %s; rollsim shrink makes it smaller\n", s.Case.Unfinished)
	}
	b.WriteString(indented(s.File))
	if s.Feature != nil && s.Feature.Text != "" {
		b.WriteString("\n" + indented(s.Feature.Text))
	}
}
