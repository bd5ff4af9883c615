package story

import (
	"regexp"
	"slices"
	"sync"
)

// step is one sentence that feature files may use.
type step struct {
	topic   string
	words   string // how it is worded: see pattern
	doc     string // what it means, in a sentence
	example string
	// the columns of the table that follows it, a required one before those with "?"; nil for no table
	table  []string
	sample [][]string
	phase  phase

	// do is a func(*world, …) error with a parameter for each value of words in order, and for the
	// table.
	do any

	expr   *regexp.Regexp
	values []parameter
}

// phase says what a step is to the story. The zero value is invalid.
type phase uint8

const (
	sets phase = 1 + iota // it describes the fleet, before the story begins
	// it says what is in store for hosts: at any time, for refs that have not come yet
	fates
	happens // it tells what happens next
	expects // it looks at what came of it
	asks    // it expects something of the machine itself, whatever the story
)

// steps gives every step, topic by topic. Each noun has a file, which lists its own.
var steps = sync.OnceValue(func() []*step {
	var all []*step
	for _, s := range slices.Concat(
		fleetSteps, librarySteps, seedSteps, gateSteps, hostSteps, happeningSteps, faultSteps, timeSteps, eventSteps,
		rolloutExpectations, transitionExpectations, hostExpectations, gateExpectations, effectExpectations, livenessExpectations,
		recordExpectations, answerSteps,
	) {
		s.expr, s.values = pattern(s.words)
		all = append(all, &s)
	}
	return all
})
