package sim

import (
	"fmt"
	"slices"
	"strings"
)

// Verdict compares the violations of a run with those that the scenario expects. It returns a line
// for each violation that was not expected, for each that was expected and did not occur, for each
// moment that must happen and did not, and for each line of the timeline whose moment did not
// happen, so that the line tested nothing. It is empty when all is as expected, and for a run that
// ended early.
func (sc *Scenario) Verdict(r *Result) string {
	if r.Early {
		return ""
	}
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	for _, v := range r.Violations {
		if !slices.ContainsFunc(sc.ExpectViolations, v.Is) {
			add("VIOLATED %v: %s", v, v.Detail)
		}
	}
	for _, v := range sc.ExpectViolations {
		if !slices.ContainsFunc(r.Violations, v.Is) {
			add("EXPECTED %v: it did not happen", v)
		}
	}
	for _, i := range r.Never {
		add("NEVER HAPPENED %v: moment %d of sometimes", &sc.Sometimes[i], i+1)
	}
	for _, i := range r.NeverCame {
		add(
			"NEVER HAPPENED %v: the moment that line %d of the timeline waits for", sc.Timeline[i].When, i+1,
		)
	}
	for _, i := range r.Idle {
		f := sc.Timeline[i].Fault
		what := "message of host " + string(f.Host)
		switch {
		case f.Channel != "":
			what = "poll of channel " + string(f.Channel)
		case f.Kind.ofPolls():
			what = "poll"
		}
		add(
			"NEVER HAPPENED %v: line %d of the timeline, which no such %s follows", f.Kind, i+1, what,
		)
	}
	return strings.Join(lines, "\n")
}
