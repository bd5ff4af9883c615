package story

import "time"

var timeSteps = []step{
	{
		topic: "Time", phase: happens,
		words: `{duration} pass(es)`,
		doc: "Time passes from the last happening or, after an expectation, from the time that it " +
			"looked at. The next sentence happens, or looks, exactly then.",
		example: `8 days pass`,
		do: func(w *world, d time.Duration) error {
			return w.schedule(timing{kind: later, offset: d}, "", nil)
		},
	},
	{
		topic: "Time", phase: happens,
		words:   `time passes until {moment}`,
		doc:     "Time passes until something is true for the first time.",
		example: `time passes until wave 0 of "stable@a1" is soaking`,
		do: func(w *world, m moment) error {
			return w.schedule(timing{kind: atMoment, moment: m}, w.names.last, nil)
		},
	},
}
