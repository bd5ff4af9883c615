package story

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"

	messages "github.com/cucumber/messages/go/v34"

	"rollsim/internal/nearest"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/story/gherkin"
)

// A Flaw is the kind of a Mistake. The zero value is invalid.
type Flaw uint8

// The flaws.
const (
	FlawUndefined     Flaw = 1 + iota // a sentence fits no step
	FlawAmbiguous                     // a sentence fits several steps
	FlawValue                         // a sentence has a value that does not exist
	FlawTable                         // a sentence has the wrong table after it
	FlawName                          // the story has no channel, host, ref or rollout of a name
	FlawStory                         // what a sentence says is impossible, or not at this place
	FlawTag                           // a tag chooses a machine or a seed that does not exist
	FlawNoExpectation                 // nothing is expected
	FlawVacuous                       // nothing happens, or an expectation could not fail
)

// A Mistake is something wrong with a scenario that can be found without simulating it.
type Mistake struct {
	Flaw    Flaw
	Step    *messages.PickleStep // nil if it is about a tag or the whole scenario
	Tag     *messages.PickleTag  // nil unless it is about a tag
	Row     int                  // of the step's table, from 1 below the heading; 0 if about no row
	Message string
}

// Rehearse returns the mistakes in a scenario, without simulating anything. It carries out the
// sentences about the fleet and the happenings, and compares the names in expectations with those
// of the story. It ignores a scenario that is tagged @wip.
func Rehearse(d *gherkin.Document, p *messages.Pickle) []Mistake {
	wip := func(t *messages.PickleTag) bool { return t.Name == gherkin.TagWIP }
	if slices.ContainsFunc(p.Tags, wip) {
		return nil
	}
	w := newWorld(p.Name)
	w.dir = path.Dir(d.Name)
	w.steps, _ = languageOf(d)                 // the file of phrases has findings of its own
	w.history = newHistory(nil, &sim.Result{}) // nothing has happened
	w.rehearsing = true
	var found []Mistake
	for _, tag := range p.Tags {
		w.level = d.TagLevel(tag)
		if err := w.applyTag(tag.Name, d.TagLine(tag)); err != nil {
			found = append(found, Mistake{Flaw: FlawTag, Tag: tag, Message: err.Error()})
		}
	}
	doubtful := false // a sentence has a mistake, and might have introduced a name
	for i, step := range p.Steps {
		w.step, w.level = i, d.StepLevel(step)
		flaw, err := w.rehearse(step.Text, step.Argument)
		if err == nil || doubtful && (flaw == FlawName || flaw == FlawStory) {
			continue
		}
		doubtful = true
		found = append(found, Mistake{Flaw: flaw, Step: step, Row: rowOf(err), Message: err.Error()})
	}
	switch {
	case doubtful:
	case !w.observed:
		found = append(found, Mistake{
			Flaw: FlawNoExpectation, Message: "nothing is expected here: a scenario needs a Then",
		})
	default:
		if err := errors.Join(w.rehearseFates(), w.checkDetails()); err != nil {
			found = append(found, Mistake{Flaw: FlawName, Message: err.Error()})
		}
		if err := w.checkWrongs(); err != nil {
			found = append(found, Mistake{Flaw: FlawStory, Message: err.Error()})
		}
		found = append(found, w.rehearseVacuity(p)...)
	}
	return found
}

// rehearseVacuity returns what is vacuous in any run, unless a tag allows it.
func (w *world) rehearseVacuity(p *messages.Pickle) []Mistake {
	for _, t := range p.Tags {
		if tag, err := vacuousTag([]string{t.Name}); tag != "" || err != nil {
			return nil
		}
	}
	var found []Mistake
	for _, e := range w.empty {
		found = append(found, Mistake{Flaw: FlawVacuous, Step: p.Steps[e.step], Message: e.why})
	}
	t := &w.timeline
	if len(t.happenings) == 0 && len(t.actions) == 0 && len(w.fleet.Traffic) == 0 && w.runs {
		found = append(found, Mistake{
			Flaw: FlawVacuous, Message: "nothing happens in this scenario: it has no When",
		})
	}
	return found
}

// rehearse checks one sentence. flaw is the kind of the error.
func (w *world) rehearse(
	sentence string, argument *messages.PickleStepArgument,
) (flaw Flaw, err error) {
	r, flaw, err := w.steps.read(sentence, argument)
	if err != nil {
		return flaw, err
	}
	if r.inner != nil {
		if name, ok := r.values[0].(runName); ok {
			if _, err := w.inRun(name); err != nil {
				return FlawName, err
			}
		}
		r, sentence = *r.inner, r.text
	}
	if r.step.phrase != nil {
		return w.rehearsePhrase(r)
	}
	switch r.step.phase {
	case asks:
		w.observed = true
		_, err := readQuestions(r.values[0].(reducer.State), r.table)
		return FlawTable, err
	case expects:
		w.observed = true
		w.runs = true
		if err := w.rehearseNames(r.values); err != nil {
			return FlawName, err
		}
		if r.step.unrun {
			if why := r.emptiness(w); why != "" {
				w.empty = append(w.empty, emptySentence{
					vacuousPart: vacuousPart{vacuousKey{step: w.step}, why},
				})
			}
		}
		return w.rehearseTable(r.table)
	case sets, fates, happens:
	}
	err = w.do(r, sentence)
	if errors.As(err, new(*unknownNameError)) {
		return FlawName, err
	}
	return FlawStory, err
}

// rehearseNames compares the channels, hosts and rollouts that an expectation names with the story.
func (w *world) rehearseNames(values []any) error {
	for _, v := range values {
		var err error
		switch v := v.(type) {
		case reducer.ChannelID:
			if _, moves := w.names.latest[v]; !moves {
				_, err = w.fleet.channel(v)
			}
		case runName:
			_, err = w.inRun(v)
		case []reducer.HostID:
			_, err = hostsUnder(w, v, "")
		case reducer.RolloutID:
			if !w.timeline.speaksOf(v) { // raw events may name a rollout that nobody opened
				err = w.names.checkRollout(v)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// expectedCells are the kinds of values in the columns of tables of expectations.
var expectedCells = map[string]string{
	"event":   "event",
	"effect":  "effect",
	"effects": "effects",
	"error":   "error",
	"from":    "state",
	"to":      "state",
	"state":   "state",
	"delay":   "duration",
	"later":   "duration",
}

// rehearseTable checks the table of an expectation, as far as that is possible without a run.
func (w *world) rehearseTable(t gherkin.Table) (flaw Flaw, err error) {
	err = t.Each(func(r gherkin.Row) error {
		for _, column := range slices.Sorted(maps.Keys(r)) {
			flaw = FlawValue
			value := expectedCells[column]
			if _, ofHosts := r["hosts"]; ofHosts && column == "state" {
				value = "host_state"
			}
			if r[column] == "" {
				continue
			}
			if column == "rollout" {
				flaw = FlawName
				if err := w.names.checkRollout(reducer.RolloutID(r[column])); err != nil {
					return err
				}
			} else if value != "" {
				if _, err := gherkin.Cell(r, column, parameters[value].parse); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return flaw, err
}

// rehearseFates refuses a fate under a ref to which no channel moves.
func (w *world) rehearseFates() error {
	if len(w.names.channels) > 0 {
		return nil // only the run knows which refs come
	}
	known := w.timeline.refs()
	if f, found := w.fates.untested(known); found {
		return fmt.Errorf(
			"host %s has a fate under ref %q, and no channel ever moves to that ref%s", f.Host, f.Ref,
			nearest.Hint(string(f.Ref), known),
		)
	}
	if d, found := w.untestedDelay(known); found {
		return fmt.Errorf(
			"host %s has a delay under ref %q, and no channel ever moves to that ref%s", d.Host, d.Ref,
			nearest.Hint(string(d.Ref), known),
		)
	}
	return nil
}
