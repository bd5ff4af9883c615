package explore

import (
	"slices"

	"rollsim/reducer"
	"rollsim/suite/coverage"
)

// Coverage counts the answers to each class of events in each state. It is a large value: pass
// pointers.
type Coverage struct {
	Opened uint64 // rollouts that were opened
	counts [reducer.StateCount][coverage.ClassCount][coverage.AnswerCount]uint64
}

// Count returns how often an event of class c in state s had answer a.
func (v *Coverage) Count(s reducer.State, c coverage.Class, a coverage.Answer) uint64 {
	return v.counts[s][c][a]
}

// Seen returns how often an event of class c occurred in state s.
func (v *Coverage) Seen(s reducer.State, c coverage.Class) uint64 {
	var sum uint64
	for _, n := range v.counts[s][c] {
		sum += n
	}
	return sum
}

// Reached returns how often a rollout entered state s.
func (v *Coverage) Reached(s reducer.State) uint64 {
	if s == reducer.Opening {
		return v.Opened
	}
	var sum uint64
	for from := range v.counts {
		for c := range v.counts[from] {
			sum += v.counts[from][c][s]
		}
	}
	return sum
}

func (v *Coverage) add(other *Coverage) {
	v.Opened += other.Opened
	for s := range v.counts {
		for c := range v.counts[s] {
			for a, n := range other.counts[s][c] {
				v.counts[s][c][a] += n
			}
		}
	}
}

// Answers returns the answers that a machine's table has for events of class c in state s, in the
// order of its rules. If there are several, the policy decides.
func Answers(m *reducer.Table, s reducer.State, c coverage.Class) []coverage.Answer {
	var all []coverage.Answer
	for _, o := range coverage.Outcomes(m, s, c) {
		if !slices.Contains(all, o.Answer) {
			all = append(all, o.Answer)
		}
	}
	return all
}

// classes returns all classes of events.
func classes() []coverage.Class { return append(coverage.Classes(), coverage.Misrouted) }

// answers returns all answers.
func answers() []coverage.Answer { return append(coverage.AllAnswers(), coverage.AsOwn) }

// Place is one answer to one class of events in one state.
type Place struct {
	State  reducer.State
	Class  coverage.Class
	Answer coverage.Answer
}

// NeverHit returns the answers of a machine's table that never occurred, and the count of all
// answers of the table.
func (v *Coverage) NeverHit(m *reducer.Table) (never []Place, of int) {
	for _, s := range reducer.States() {
		for _, c := range classes() {
			for _, a := range Answers(m, s, c) {
				of++
				if v.counts[s][c][a] == 0 {
					never = append(never, Place{s, c, a})
				}
			}
		}
	}
	return never, of
}

// NeverReached returns the states that no rollout entered.
func (v *Coverage) NeverReached() []reducer.State {
	var never []reducer.State
	for _, s := range reducer.States() {
		if v.Reached(s) == 0 {
			never = append(never, s)
		}
	}
	return never
}

// Departure is an answer that the specification does not have.
type Departure struct {
	Place
	Count uint64
	Want  []coverage.Answer // of the specification
}

// Departures returns the answers that differ from those of the specification's machine. It leaves
// out rejections by the fleet, which do not depend on the machine: those of events that contradict
// the known states of hosts.
func (v *Coverage) Departures() []Departure {
	var all []Departure
	for _, s := range reducer.States() {
		for _, c := range classes() {
			want := Answers(specification, s, c)
			for _, a := range answers() {
				n := v.counts[s][c][a]
				if n == 0 || slices.Contains(want, a) ||
					a == coverage.RefusedInvariant && c.Kind() != reducer.WaveAdvanced {
					continue
				}
				all = append(all, Departure{Place{s, c, a}, n, want})
			}
		}
	}
	return all
}
