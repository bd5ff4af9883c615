package coverage

import "rollsim/reducer"

// Answer is what became of an event: the state that the rollout went to, or one of the answers
// below. The zero value is none.
type Answer uint8

// The answers that are no transition. Below them an Answer is the number of a reducer.State.
const (
	Ignored Answer = Answer(reducer.StateCount) + iota
	RefusedIllegal
	RefusedUnimplemented
	RefusedInvariant
	TakenForOwn // of an event of another rollout: it was answered like one of the record's

	answerEnd
)

// AnswerCount is one more than the number of the last answer.
const AnswerCount = int(answerEnd)

// To gives the state that the rollout went to; false for an answer that is no transition.
func (a Answer) To() (reducer.State, bool) { return reducer.State(a), a != 0 && a < Ignored }

// String is the answer as the specification's tables write it.
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
	case TakenForOwn:
		return "as its own"
	case answerEnd:
	}
	return "?"
}

// AllAnswers lists every answer that an event of the record's own rollout may have: the states in
// declared order, then those that are no transition.
func AllAnswers() []Answer {
	all := make([]Answer, 0, TakenForOwn-1)
	for a := Answer(1); a < TakenForOwn; a++ {
		all = append(all, a)
	}
	return all
}

// ParseAnswer finds the answer that is written so; false for what is none.
func ParseAnswer(name string) (Answer, bool) {
	for a := Answer(1); a < answerEnd; a++ {
		if a.String() == name {
			return a, true
		}
	}
	return 0, false
}
