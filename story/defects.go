package story

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"rollsim/controlplane"
	"rollsim/internal/nearest"
	"rollsim/invariant"
)

// A knownDefect is something that a scenario declares not to hold: an invariant that a tag names,
// or a sentence with a prefix. It must be seen in the run, or under one of the seeds.
type knownDefect struct {
	by    string // the tag, or the sentence
	name  string // of a tag: an invariant, or a defect of the shipped control plane
	step  int    // of a sentence; noStep for a tag
	line  int    // of a tag
	shown bool
	found string // what shows it
}

const noStep = -1

var defectSteps = []step{
	{
		topic: "Known defects", phase: expects,
		words: `known defect: {sentence}`,
		doc: "The sentence after the colon is known not to hold. The scenario then counts as a known " +
			"defect and not as a failure. If the sentence holds the scenario fails, so that the prefix is " +
			"deleted together with the defect. The tag @known-defect:NAME does the same for an invariant.",
		example: `known defect: "stable@a1" is Failed`,
		solid:   "the sentence must not hold",
		do:      func(*world, string) error { return errCarriedOut },
		wraps:   true,
	},
}

// defectNames returns the names that a tag may have.
func defectNames() []string {
	var all []string
	for _, n := range invariant.Names() {
		all = append(all, string(n))
	}
	for _, d := range controlplane.Defects() {
		all = append(all, string(d))
	}
	return all
}

// declareDefect records what a tag declares not to hold.
func (w *world) declareDefect(tag, name string, line int) error {
	if name == "" {
		return fmt.Errorf(
			"tag %s accepts anything: name the invariant that is known not to hold, as in %s:%s, or begin "+
				"a sentence with it, as in Then known defect: \"stable@a1\" is Terminal", tag, tag,
			invariant.Stuck,
		)
	}
	if !slices.Contains(defectNames(), name) {
		return fmt.Errorf(
			"tag %s: no invariant and no defect is named %q%s", tag, name, nearest.Hint(name, defectNames()),
		)
	}
	w.defects = append(w.defects, knownDefect{
		by: tag, name: name, step: noStep, line: line,
	})
	return nil
}

// is reports whether a violation is the defect.
func (d *knownDefect) is(v invariant.Violation) bool {
	return d.step == noStep && (string(v.Invariant) == d.name || string(v.Defect) == d.name)
}

// tolerates reports whether a tag declares a violation.
func (w *world) tolerates(v invariant.Violation) bool {
	return slices.ContainsFunc(w.defects, func(d knownDefect) bool { return d.is(v) })
}

// expectDefect carries out a sentence that must not hold. What it changes in the story is undone.
func (w *world) expectDefect(inner reading, sentence string) error {
	if inner.step.phase != expects && inner.step.phase != asks {
		return fmt.Errorf(
			"only an expectation can be a known defect, and this is a %s", inner.step.phase.keyword(),
		)
	}
	that, claims, before, now := w.that, w.claims, w.allowed, w.timeline
	outer := w.sentence
	err := w.do(inner, sentence)
	w.that, w.claims, w.allowed, w.timeline = that, claims, before, now
	w.sentence = outer
	var unmet *unmetError
	if err != nil && !errors.As(err, &unmet) {
		return err
	}
	d := knownDefect{by: sentence, step: w.step, shown: err != nil}
	if d.shown {
		d.found = unmet.text
	}
	w.defects = append(w.defects, d)
	return nil
}

// findDefects finds the invariants that tags declare not to hold among the violations of the run.
func (w *world) findDefects() {
	for i := range w.defects {
		d := &w.defects[i]
		for _, v := range w.history.result.Violations {
			if d.is(v) {
				d.shown, d.found = true, fmt.Sprintf("%v: %s", v, v.Detail)
			}
		}
	}
}

// mergeDefects returns the defects of several runs of a scenario: one is shown if a run shows it.
func mergeDefects(all, more []knownDefect) []knownDefect {
	if all == nil {
		return more
	}
	for i := range all {
		if i < len(more) && !all[i].shown && more[i].shown {
			all[i] = more[i]
		}
	}
	return all
}

// shownOnly returns the defects that were seen.
func shownOnly(all []knownDefect) []knownDefect {
	return slices.DeleteFunc(all, func(d knownDefect) bool { return !d.shown })
}

// invert changes the result of a scenario that passes and declares defects. It is a known defect if
// each of them was seen, and a failure otherwise.
func (s *Scenario) invert(defects []knownDefect) {
	for _, d := range defects {
		if d.step != noStep {
			s.Steps[d.step].Status = Defect
		}
	}
	for i := len(defects) - 1; i >= 0; i-- {
		d := &defects[i]
		if d.shown {
			continue
		}
		s.Status = Failed
		s.Message = "this holds, and the scenario calls it a known defect: if the defect is fixed, " +
			"delete \"known defect:\""
		if d.step == noStep {
			s.Message = fmt.Sprintf(
				"%s does not occur, and the scenario is tagged %s: if the defect is fixed, delete the tag",
				d.name, d.by,
			)
		}
		s.point(d, Failed)
	}
	if len(defects) > 0 && s.Status == Passed {
		s.Status, s.Message = Defect, defects[0].found
		s.point(&defects[0], Defect)
	}
}

// point makes a defect the step that decides the result.
func (s *Scenario) point(d *knownDefect, status Status) {
	s.Step, s.StepLine = d.by, d.line
	if d.step != noStep {
		step := &s.Steps[d.step]
		step.Status = status
		s.Step, s.StepLine = strings.TrimSpace(step.Keyword+" "+step.Text), step.Line
	}
}
