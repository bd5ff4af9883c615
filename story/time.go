package story

import "time"

var timeSteps = []step{
	{
		topic: "Time", phase: happens,
		words: `{duration} pass(es)`,
		doc: "Time goes by, from the last happening or, after an expectation, from what it looked " +
			"at. What comes next happens or is looked at exactly then.",
		example: `8 days pass`,
		do: func(w *world, d time.Duration) error {
			return w.tell(timing{kind: later, offset: d}, "", nil)
		},
	},
	{
		topic: "Time", phase: happens,
		words:   `time passes until {moment}`,
		doc:     "Time goes by until something is true for the first time.",
		example: `time passes until wave 0 of "stable@a1" is soaking`,
		do: func(w *world, m moment) error {
			return w.tell(timing{kind: atMoment, moment: m}, w.moved, nil)
		},
	},
}
