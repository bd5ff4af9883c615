package report

import (
	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/story"
	"rollsim/timeline"
)

// StoryIndex returns the index of a scenario of a feature that has run, with its violations as
// marks. m is the machine of its options, or nil.
func StoryIndex(s *story.Scenario, m reducer.Machine) (*timeline.Index, error) {
	b := timeline.NewBuilder(timeline.Options{Machine: m})
	for i := range s.Trace {
		if err := b.Write(&s.Trace[i]); err != nil {
			return nil, err
		}
	}
	x, err := b.Index()
	if err == nil {
		x.AddMarks(ViolationMarks(s.Violations))
	}
	return x, err
}

// ViolationMarks returns the violations of a run as marks.
func ViolationMarks(all []invariant.Violation) []timeline.Mark {
	marks := make([]timeline.Mark, len(all))
	for i, v := range all {
		marks[i] = timeline.Mark{
			Kind: timeline.Violation, Seq: v.Seq, Title: string(v.Invariant), Detail: v.Detail,
			Rollout: reducer.RolloutID(v.Subject),
		}
	}
	return marks
}
