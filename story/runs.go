package story

import (
	"errors"
	"fmt"
	"slices"

	"rollsim/internal/nearest"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/story/gherkin"
	"rollsim/trace"
)

// A runName is the name of another run of the same story.
type runName string

// An otherRun is the same story once more, with one variation and the same seed. Its happenings are
// tied to the moments of its own run.
type otherRun struct {
	name     runName
	world    *world
	step     int // of the sentence that names it
	sentence string
}

// A premise is a sentence that describes the fleet or makes something happen. It is carried out
// again for another run.
type premise struct {
	reading  reading
	sentence string
	step     int
	level    gherkin.Level
}

// An appliedTag is a tag of the scenario. It is applied again for another run.
type appliedTag struct {
	name  string
	line  int
	level gherkin.Level
}

// tell records a sentence that was carried out, so that another run has it too.
func (w *world) tell(r reading, sentence string) {
	w.premises = append(w.premises, premise{r, sentence, w.step, w.level})
	w.continued = w.continued || w.observed
}

// checkPremise refuses a sentence that would not be part of the other runs.
func (w *world) checkPremise() error {
	if len(w.others) == 0 {
		return nil
	}
	return fmt.Errorf(
		"another run of the story exists, and would not have this: say it before: When %s",
		w.others[0].sentence,
	)
}

// runAgain adds another run of the story so far. vary changes its scenario.
func (w *world) runAgain(name runName, vary func(*world) error) error {
	switch {
	case w.continued:
		return errors.New("the story has gone on after an expectation, which another run cannot " +
			"repeat: say this before the first Then")
	case slices.ContainsFunc(w.others, func(o *otherRun) bool { return o.name == name }):
		return fmt.Errorf("another run is named %q: give this one a name of its own", name)
	case len(w.premises) == 0:
		return errors.New("there is no story yet: say this after the sentences about it")
	}
	again := emptyWorld(w.fleet.Name)
	again.steps, again.files, again.dir = w.steps, w.files, w.dir
	again.simulator.wrap, again.seed.override = w.simulator.wrap, w.seed.override
	again.rehearsing = w.rehearsing
	if w.rehearsing {
		again.history = newHistory(nil, &sim.Result{})
	}
	if w.seed.override.Set {
		again.fleet.Seed = w.seed.override.Value
	}
	for _, t := range w.tags {
		again.level = t.level
		if err := again.applyTag(t.name, t.line); err != nil {
			return err
		}
	}
	for _, t := range w.premises {
		again.step, again.level = t.step, t.level
		if err := again.do(t.reading, t.sentence); err != nil {
			return fmt.Errorf("in the run %q: %s\n    %w", name, t.sentence, err)
		}
	}
	again.step, again.level = w.step, w.level
	if err := vary(again); err != nil {
		return err
	}
	w.others = append(w.others, &otherRun{name, again, w.step, w.sentence})
	return nil
}

// inRun returns the world of another run.
func (w *world) inRun(name runName) (*otherRun, error) {
	var known []string
	for _, o := range w.others {
		if o.name == name {
			return o, nil
		}
		known = append(known, string(o.name))
	}
	if known == nil {
		return nil, fmt.Errorf("the story has one run alone, and none is named %q: say before this, "+
			"for example: When the same story runs under machine v0.2 as %q", name, name)
	}
	return nil, fmt.Errorf("no run is named %q%s", name, nearest.Hint(string(name), known))
}

// observeRuns simulates the other runs. A moment of the story that does not come in one of them is
// an error.
func (w *world) observeRuns() error {
	for _, o := range w.others {
		if err := o.world.observe(); err != nil {
			return fmt.Errorf("in the run %q, which has the same happenings: %w", o.name, err)
		}
	}
	return nil
}

// expectInRun carries out an expectation of another run.
func (w *world) expectInRun(name runName, inner reading, sentence string) error {
	if inner.step.phase != expects {
		return errors.New("only an expectation of a run can be about another run")
	}
	o, err := w.inRun(name)
	if err != nil {
		return err
	}
	w.observed = true
	if err := errors.Join(w.observe(), w.observeRuns()); err != nil {
		return err
	}
	o.world.step, o.world.level = w.step, w.level
	return o.blame(w, o.world.do(inner, sentence))
}

// blame returns the error of a sentence in the other run, which names the run. The trace of that
// run is then the one to show.
func (o *otherRun) blame(w *world, err error) error {
	if err == nil {
		return nil
	}
	w.failed = o.world
	var unmet *unmetError
	if errors.As(err, &unmet) {
		return &unmetError{fmt.Sprintf("in the run %q\n%v", o.name, err)}
	}
	return fmt.Errorf("in the run %q: %w", o.name, err)
}

// finishRuns checks what must hold of every run, for the other runs.
func (w *world) finishRuns() error {
	for _, o := range w.others {
		o.world.mentioned = w.mentioned
		if err := o.blame(w, o.world.finishRun()); err != nil {
			return err
		}
		for _, e := range o.world.empty {
			w.empty = append(w.empty, emptySentence{vacuousPart: e.vacuousPart})
		}
		w.defects = mergeDefects(w.defects, o.world.defects)
		if sameRun(w.history.entries, o.world.history.entries) {
			w.empty = append(w.empty, emptySentence{vacuousPart: vacuousPart{
				vacuousKey{step: o.step}, fmt.Sprintf("the run %q is the same as the story's own", o.name),
			}})
		}
	}
	return nil
}

// sameRun reports whether two runs have the same trace, as far as both extend.
func sameRun(a, b []trace.Entry) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	c := comparer{entries: b}
	for i := range a {
		if c.Write(&a[i]) != nil {
			return false
		}
	}
	return true
}

// convergence returns how long a rollout takes from its opening until it is Terminal. It reports
// whether that happens.
func convergence(r *rolloutHistory) (took occurrence, ever bool) {
	entry := r.states.first(reducer.Terminal)
	if entry == noEntry {
		return occurrence{entry: r.states[0].entry}, false
	}
	for _, c := range r.states {
		if c.entry == entry {
			took = occurrence{c.at - r.states[0].at, entry}
		}
	}
	return took, true
}

// beenIn returns the number of hosts of a rollout that have been in a state.
func beenIn(r *rolloutHistory, state reducer.HostState) int {
	n := 0
	for _, h := range r.hosts {
		if h.states.first(state) != noEntry {
			n++
		}
	}
	return n
}
