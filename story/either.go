package story

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rollsim/reducer"
)

// A oneOf is one of some states, or none of them.
type oneOf[S comparable] struct {
	not    bool
	states []S
}

func (o oneOf[S]) has(s S) bool { return slices.Contains(o.states, s) != o.not }

var eitherWords = lazy(`, (?:or )?| or | nor `)

// eitherForm returns how an expectation writes one of several states.
func eitherForm(state string) string {
	return `not (?:` + state + `)|neither (?:` + state + `) nor (?:` + state + `)|(?:` + state +
		`)(?:, (?:` + state + `))*,? or (?:` + state + `)`
}

// parseEitherState parses states such as "Failed or Terminal", "not Failed" and "neither Failed nor
// Reverted".
func parseEitherState[S comparable](s string, parse func(string) (S, error)) (oneOf[S], error) {
	var o oneOf[S]
	if rest, ok := strings.CutPrefix(s, "not "); ok {
		o.not, s = true, rest
	} else if rest, ok := strings.CutPrefix(s, "neither "); ok {
		o.not, s = true, rest
	}
	for _, name := range eitherWords().Split(s, -1) {
		state, err := parse(name)
		if err != nil {
			return o, err
		}
		if slices.Contains(o.states, state) {
			return o, fmt.Errorf("%v is named twice", state)
		}
		o.states = append(o.states, state)
	}
	return o, nil
}

// endedStates are the states in which a rollout has ended.
func endedStates() []reducer.State {
	var all []reducer.State
	for _, s := range reducer.States() {
		if s.InTerminalSet() || s == reducer.Pruned {
			all = append(all, s)
		}
	}
	return all
}

// inFlightStates are the states in which a host is in flight.
func inFlightStates() []reducer.HostState {
	var all []reducer.HostState
	for _, s := range reducer.HostStates() {
		if s.InFlight() {
			all = append(all, s)
		}
	}
	return all
}

// expectOneOf checks that the subject is in one of some states at the time at which the sentence
// looks, or that it turns to one of them in a span of time.
func (s *subject[S]) expectOneOf(w *world, want oneOf[S], v *viewpoint) error {
	if v.kind == afterThat {
		return s.expectOneOfLater(w, want, v)
	}
	at, err := w.resolve(v)
	if err != nil {
		return err
	}
	c, was := s.changes.at(at)
	if was && want.has(c.to) {
		return w.matched(c.at, c.entry)
	}
	if !was {
		return w.fail(c.entry, w.sentence, s.label+"nothing yet")
	}
	return w.fail(c.entry, w.sentence, fmt.Sprintf("%s%v since %s", s.label, c.to, elapsed(c.at)))
}

// expectOneOfLater checks that the subject is in one of some states in a span of time, counted from
// what the sentence before was about.
func (s *subject[S]) expectOneOfLater(w *world, want oneOf[S], v *viewpoint) error {
	from, to := w.that.at+v.from, w.that.at+v.to
	if c, was := s.changes.at(from); was && want.has(c.to) {
		w.timeline.passTo(from)
		return w.matched(from, c.entry)
	}
	for _, c := range s.changes {
		if c.at > from && c.at <= to && want.has(c.to) {
			w.timeline.passTo(c.at)
			return w.matched(c.at, c.entry)
		}
	}
	c, _ := s.changes.at(to)
	return w.fail(c.entry, w.sentence+", counted from "+elapsed(w.that.at), s.label+s.history(to))
}

// history lists the states up to a time, each with its time.
func (s *subject[S]) history(to time.Duration) string {
	var lines []string
	for _, c := range s.changes {
		if c.at <= to {
			lines = append(lines, fmt.Sprintf("%v at %s", c.to, elapsed(c.at)))
		}
	}
	if lines == nil {
		return "nothing yet"
	}
	return strings.Join(lines, "\n")
}

// expectStays checks that the subject, once it is in a state for the first time, stays in it.
func (s *subject[S]) expectStays(w *world, state S, lasts time.Duration) error {
	for i, c := range s.changes {
		if c.to != state {
			continue
		}
		if i+1 < len(s.changes) && s.changes[i+1].at < c.at+lasts {
			next := s.changes[i+1]
			return w.fail(next.entry, w.sentence, fmt.Sprintf(
				"%s%v at %s, and %v %s", s.label, state, elapsed(c.at), next.to, fromThat(next.at-c.at),
			))
		}
		if w.history.end() < c.at+lasts {
			return w.tooShort(w.sentence, roundUp(c.at+lasts))
		}
		return w.matched(c.at, c.entry)
	}
	return w.fail(noEntry, w.sentence, s.label+s.isNever(state))
}

// parseEitherHosts is parseEitherState for states of hosts. A host is in flight while it is
// Activating or Soaking.
func parseEitherHosts(s string) (oneOf[reducer.HostState], error) {
	if s == "in flight" || s == "not in flight" {
		return oneOf[reducer.HostState]{not: s != "in flight", states: inFlightStates()}, nil
	}
	return parseEitherState(s, parseHostState)
}
