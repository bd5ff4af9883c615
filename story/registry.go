package story

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	messages "github.com/cucumber/messages/go/v34"

	"rollsim/story/gherkin"
)

// A step is one kind of sentence that feature files may use.
type step struct {
	topic   string
	words   string // in the syntax that pattern reads
	doc     string // what it means, in a sentence
	example string
	table   gherkin.Columns // of the table that follows it
	sample  [][]string      // such a table, its heading first
	phase   phase
	scope   scope // of an expectation
	wraps   bool  // its last value is another sentence, which a table may follow

	// do is a func(*world, …) error with a parameter for each value of words in order, and for the
	// table.
	do any

	// vacuous, of an expectation, is a func(*world, …) string with a parameter for each value of
	// words. It returns why the expectation, which holds, could not fail; empty if it could. If it
	// is nil, solid says why the expectation always could.
	vacuous any
	unrun   bool // vacuous can be called without a run
	solid   string

	// seeds, if not nil, returns the first and the last of the seeds that the scenario runs for.
	seeds   func(values []any) (first, last uint64, err error)
	isRange bool // of seeds: the scenario runs for each of them

	phrase *phrase // of a sentence that stands for others; else nil

	form
}

// A phase is the part that a step has in a story. The zero value is invalid.
type phase uint8

const (
	sets    phase = 1 + iota // it describes the fleet, before the first expectation
	fates                    // it decides in advance what hosts will do
	happens                  // it makes something happen
	expects                  // it expects something of the run
	asks                     // it expects something of the machine itself, without a run
)

func (p phase) keyword() string {
	switch p {
	case sets, fates:
		return "Given"
	case happens:
		return "When"
	case expects, asks:
		return "Then"
	}
	return ""
}

// A scope is the part of the run that an expectation is about.
type scope uint8

const (
	sometime scope = iota // the present, or the times that the sentence names
	allRun                // the whole run, to the end of the story
	endOfRun              // how the run ends if nothing more happens
)

// A vocabulary is the steps that a feature may use.
type vocabulary []*step

// steps returns every step, topic by topic. Each noun has a file, which lists its own.
var steps = sync.OnceValue(func() vocabulary {
	return newVocabulary(slices.Concat(
		fleetSteps, scenarioSteps, seedSteps, wrongSteps, gateSteps, fateSteps, channelSteps, faultSteps,
		timeSteps,
		startSteps, membershipSteps, membershipExpectations, operatorSteps, operatorExpectations,
		waveExpectations, eitherExpectations,
		amountExpectations, outageExpectations, orderExpectations, eventSteps, shareSteps,
		quantileSteps, runSteps, runExpectations, shippedSteps, defectSteps, rolloutExpectations,
		transitionExpectations,
		hostExpectations,
		gateExpectations, effectExpectations, invariantExpectations, recordExpectations,
		machineExpectations,
	))
})

func newVocabulary(all []step) vocabulary {
	var v vocabulary
	for _, s := range all {
		s.form = formOf(s.words)
		v = append(v, &s)
	}
	return v
}

// find returns the steps that a plain sentence fits: one, unless it is undefined or ambiguous.
func (v vocabulary) find(sentence string) []*step {
	var found []*step
	lower := strings.ToLower(sentence)
	for _, s := range v {
		if s.fits(sentence, lower) {
			found = append(found, s)
		}
	}
	if len(found) < 2 {
		return found
	}
	// As in "is Stuck", which fits the sentence about states, where no state has that name.
	readable := slices.DeleteFunc(slices.Clone(found), func(s *step) bool {
		_, _, err := s.read(sentence)
		return err != nil
	})
	if len(readable) > 0 {
		return readable
	}
	// As in "is Aborted after wve 0 is soaking": the message is that of the step with fewer values.
	fewest := len(slices.MinFunc(found, func(a, b *step) int {
		return cmp.Compare(len(a.values), len(b.values))
	}).values)
	return slices.DeleteFunc(found, func(s *step) bool { return len(s.values) > fewest })
}

// mayFit returns the steps that one of some sentences may fit.
func (v vocabulary) mayFit(sentences []*messages.PickleStep) vocabulary {
	var lower []string
	for _, s := range sentences {
		lower = append(lower, strings.ToLower(s.Text), strings.ToLower(gherkin.Plain(s.Text)))
	}
	return slices.DeleteFunc(slices.Clone(v), func(s *step) bool {
		return !slices.ContainsFunc(lower, s.mayFit)
	})
}

// isSentence reports whether a text fits a step.
func (v vocabulary) isSentence(text string) bool { return len(v.find(gherkin.Plain(text))) > 0 }

// A reading is a sentence as a vocabulary understands it.
type reading struct {
	step   *step
	values []any
	table  gherkin.Table
	inner  *reading // of the sentence in a step that wraps one
	text   string   // of that sentence
}

// read finds the step of a sentence, and reads its values and the table after it. flaw is the kind
// of the error.
func (v vocabulary) read(
	sentence string, argument *messages.PickleStepArgument,
) (r reading, flaw Flaw, err error) {
	return v.readAs(nil, sentence, argument)
}

// readAs is read for a sentence whose step may be known already.
func (v vocabulary) readAs(
	s *step, sentence string, argument *messages.PickleStepArgument,
) (r reading, flaw Flaw, err error) {
	sentence = gherkin.Plain(sentence)
	if s == nil {
		switch found := v.find(sentence); len(found) {
		case 0:
			return reading{}, FlawUndefined, &undefinedError{v, sentence}
		case 1:
			s = found[0]
		default:
			return reading{}, FlawAmbiguous, &ambiguousError{sentence, found}
		}
	}
	r.step = s
	if r.values, _, err = r.step.read(sentence); err != nil {
		return reading{}, FlawValue, err
	}
	if r.step.wraps {
		r.text = r.values[len(r.values)-1].(string)
		inner, flaw, err := v.read(r.text, argument)
		if err == nil && inner.step.wraps {
			err = errors.New("a sentence has one such beginning, and not two")
		}
		r.inner = &inner
		return r, flaw, err
	}
	r.table, err = gherkin.ReadTable(r.step.table, argument)
	return r, FlawTable, err
}

// An ambiguousError says that a sentence fits several steps.
type ambiguousError struct {
	sentence string
	steps    []*step
}

func (e *ambiguousError) Error() string {
	var words []string
	for _, s := range e.steps {
		words = append(words, s.words)
	}
	return fmt.Sprintf(
		"several steps fit this sentence: %s\nit could be any of\n    %s", e.sentence,
		strings.Join(words, "\n    "),
	)
}
