package coverage

import "rollsim/reducer"

// Answer is a machine's answer to an event: the state that the rollout moved to, or one of the
// answers below. The zero value is invalid.
type Answer uint8

// The answers that are no transition. Smaller ones are numbers of a reducer.State.
const (
	Ignored Answer = Answer(reducer.StateCount) + iota
	RefusedIllegal
	RefusedUnimplemented
	RefusedInvariant
	AsOwn // an event of another rollout is answered like one of the record's

	answerEnd
)

// AnswerCount is the length of an array indexed by Answer: index 0 stays unused.
const AnswerCount = int(answerEnd)

// To returns the state that the rollout moved to; false for an answer that is no transition.
func (a Answer) To() (reducer.State, bool) { return reducer.State(a), a != 0 && a < Ignored }

// String returns the answer as the specification's tables write it.
func (a Answer) String() string {
	if to, ok := a.To(); ok {
		return "→" + to.String()
	}
	switch a {
	case Ignored:
		return "·"
	case RefusedIllegal:
		return "✗"
	case RefusedUnimplemented:
		return "U"
	case RefusedInvariant:
		return "!"
	case AsOwn:
		return "as its own"
	case answerEnd:
	}
	return "?"
}

// AllAnswers returns every answer to an event of the record's own rollout: the states in declared
// order, then those that are no transition.
func AllAnswers() []Answer {
	all := make([]Answer, 0, AsOwn-1)
	for a := Answer(1); a < AsOwn; a++ {
		all = append(all, a)
	}
	return all
}

// ParseAnswer returns the answer that String writes as name; false if none exists.
func ParseAnswer(name string) (Answer, bool) {
	for a := Answer(1); a < answerEnd; a++ {
		if a.String() == name {
			return a, true
		}
	}
	return 0, false
}
