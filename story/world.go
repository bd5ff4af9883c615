package story

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"

	"rollsim/controlplane"
	"rollsim/internal/nearest"
	"rollsim/invariant"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/story/gherkin"
)

// startTime is when every story starts: 2026-01-01T00:00:00Z, as scenario files do by default.
const startTime = reducer.Time(1_767_225_600_000_000_000)

// defaultBehaviour is made once: its tables cost as much as a short run.
var defaultBehaviour = sync.OnceValue(scenario.DefaultBehaviour)

// A world is one scenario of a feature file while its sentences are carried out.
type world struct {
	steps vocabulary
	files fs.FS  // that the feature was read from; nil is that of the operating system
	dir   string // the folder of the feature

	// What the story is about.
	fleet         fleet
	fates         fateList
	names         names
	seed          seedChoice
	machineChosen bool // by a tag or a sentence

	// What happens, and how it is simulated.
	timeline  timeline
	simulator simulator
	announced announcedFaults

	// What was observed. The history is that of the latest run: nil if the story continues after
	// it.
	history  *history
	observed bool       // a sentence expected something of the run
	asked    bool       // a sentence expected something of the machine itself
	that     occurrence // what the sentence before was about: "7 days later" counts from it
	allowed  allowed
	defects  []knownDefect
	shares   []seedShare
	some     []someRun
	wrong    wrongs
	claims   []*claim // sentences about the whole run

	// Other runs of the same story.
	premises  []premise
	tags      []appliedTag
	others    []*otherRun
	continued bool   // something happens after an expectation
	failed    *world // of another run, whose trace shows why the scenario fails

	mentioned map[string]bool // names in sentences and tables
	removals  []*removal      // of what the scenario's own body adds
	empty     []emptySentence

	rehearsing bool // nothing is simulated
	runs       bool // in a rehearsal: a sentence expects something of a run

	depth    int           // of the phrases around the current sentence
	sentence string        // the current one
	step     int           // its index in the scenario
	row      int           // of its table, from 1, if each row stands for itself
	level    gherkin.Level // where it is
	givens   givens
}

func newWorld(name string) *world {
	w := emptyWorld(name)
	w.steps = steps()
	return w
}

// emptyWorld returns a world without a vocabulary.
func emptyWorld(name string) *world {
	return &world{
		fleet: fleet{Scenario: sim.Scenario{
			Name: name, Start: startTime, Seed: defaultSeed, Behaviour: defaultBehaviour(),
		}},
		level:     gherkin.OfScenario,
		simulator: simulator{machine: machine.Default()},
		timeline:  timeline{exact: true},
	}
}

// A seedChoice records how the seed of the scenario was chosen.
type seedChoice struct {
	override reducer.Opt[uint64] // overrides tags and sentences
	chosen   bool                // by a tag or a sentence
	many     bool                // the scenario runs for each of several seeds
}

// do carries out a sentence that was read.
func (w *world) do(r reading, sentence string) error {
	w.sentence = sentence
	if r.step.phrase != nil {
		return w.carryOutPhrase(r)
	}
	if r.inner != nil {
		return w.doWrapped(r)
	}
	switch r.step.phase {
	case sets:
		if w.observed {
			return errors.New("the story has begun: say this before the first Then")
		}
	case expects:
		w.observed = true
		if err := w.observe(); err != nil {
			return err
		}
		if err := w.observeRuns(); err != nil {
			return err
		}
		return w.expect(r)
	case asks:
		w.asked = true
		return r.step.call(w, r.values, r.table)
	case fates, happens:
	}
	if r.step.topic == topicRuns {
		return r.step.call(w, r.values, r.table)
	}
	if err := w.checkPremise(); err != nil {
		return err
	}
	err := r.step.call(w, r.values, r.table)
	if err == nil {
		w.tell(r, sentence)
	}
	return err
}

// doWrapped carries out the sentence in a step that wraps one.
func (w *world) doWrapped(r reading) error {
	switch first := r.values[0].(type) {
	case sim.Probability:
		return w.expectShare(first, *r.inner, r.text)
	case inSomeRun:
		return w.expectSome(*r.inner, r.text)
	case runName:
		return w.expectInRun(first, *r.inner, r.text)
	}
	return w.expectDefect(*r.inner, r.text)
}

// expect carries out an expectation of the run.
func (w *world) expect(r reading) error {
	r, err := w.anchored(r)
	if err != nil {
		return err
	}
	c := &claim{r, w.sentence, w.step, w.that, w.timeline.now}
	scope := r.scope()
	before := *w
	if err := r.step.call(w, r.values, r.table); err != nil {
		return err
	}
	before.history = w.history
	if why := r.emptiness(&before); why != "" {
		e := emptySentence{vacuousPart: vacuousPart{vacuousKey{step: w.step}, why}}
		if scope == allRun {
			e.claim = c
		}
		w.empty = append(w.empty, e)
	}
	if scope == sometime {
		return nil
	}
	if scope == allRun {
		w.claims = append(w.claims, c)
	}
	return w.checkLength(c)
}

// schedule adds an action to the story. about is the rollout that it concerns.
func (w *world) schedule(when timing, about reducer.RolloutID, action *sim.Action) error {
	return w.add(happening{when: when, action: action}, about)
}

// scheduleChange adds a change of the scenario, for which apply is called once its time is known.
func (w *world) scheduleChange(
	when timing, about reducer.RolloutID, apply func(*world) error,
) error {
	return w.add(happening{when: when, apply: apply}, about)
}

func (w *world) add(h happening, about reducer.RolloutID) error {
	if h.when.kind == atMoment {
		if err := w.complete(&h.when.moment, about); err != nil {
			return err
		}
	}
	h.sentence, h.step, h.row, h.level = w.sentence, w.step, w.row, w.level
	w.timeline.happenings = append(w.timeline.happenings, h)
	return nil
}

// complete checks the names in a moment to which something is tied. It sets the rollout of a moment
// without one: the latest of its host's channel, or else the one that the sentence is about.
func (w *world) complete(m *moment, about reducer.RolloutID) error {
	if m.dispatched {
		return fmt.Errorf(
			"nothing can be tied to a dispatch: say \"once host %q is activating\", which follows its "+
				"ack, or, for what comes before that, \"5 seconds later\"", m.Host,
		)
	}
	if m.channel != "" {
		if _, err := w.fleet.channel(m.channel); err != nil {
			return err
		}
	}
	if m.ofFleet() {
		return nil
	}
	if m.Rollout == "" {
		m.Rollout = w.names.latestOf(w.fleet.channelOf(m.Host), about)
	}
	if m.Rollout == "" {
		return errors.New("it is not clear which rollout this means: write for example " +
			"\"of stable@a1\" or \"under stable@a1\"")
	}
	if err := w.names.checkRollout(m.Rollout); err != nil {
		return err
	}
	if m.Host != "" {
		return w.fleet.checkHosts([]reducer.HostID{m.Host}, w.names.hosts...)
	}
	return nil
}

// observe simulates the story so far. It places all happenings and extends the history until every
// retention has ended.
func (w *world) observe() error {
	if err := w.checkWrongs(); err != nil {
		return err
	}
	for t := &w.timeline; t.placed < len(t.happenings); t.placed++ {
		h := &t.happenings[t.placed]
		if err := w.place(h); err != nil && !w.prevented(err) {
			return fmt.Errorf("%s\n    %w", h.sentence, err)
		}
	}
	if err := w.settle(); err != nil {
		return err
	}
	return w.runTo(w.timeline.now)
}

// simulate runs some actions until everything has settled, and for a tail after that. settled is a
// guess of when that is.
func (w *world) simulate(
	actions []sim.Action, until, settled, tail time.Duration,
) (*history, error) {
	return w.simulator.run(w.scenario(actions), span{until, w.fleet.quiet(), settled, tail})
}

// scenario returns the scenario to simulate, with some actions.
func (w *world) scenario(actions []sim.Action) sim.Scenario {
	return w.wrong.apply(w.unspoilt(actions))
}

// unspoilt returns the scenario without what goes wrong in this run alone.
func (w *world) unspoilt(actions []sim.Action) sim.Scenario {
	sc := w.fleet.Scenario
	sc.Timeline, sc.Fates = actions, w.fates.all
	sc.Channels, sc.Releases = w.fleet.soaked(), w.fleet.releases()
	return sc
}

// forecast runs some actions up to the present, and then until everything has settled.
func (w *world) forecast(actions []sim.Action) (*history, error) {
	now := w.timeline.now
	return w.simulate(actions, now, now+quietPeriod, w.fleet.quiet())
}

// settle moves the present to the time at which everything has settled, unless it is exact.
func (w *world) settle() error {
	t := &w.timeline
	if t.exact {
		return nil
	}
	h, whole, err := w.forecastSettled()
	if err != nil {
		return err
	}
	if w.history, t.exact = h, true; !whole {
		w.history = nil
	}
	if settled := h.settled(); settled > t.now {
		t.moveTo(settled)
	}
	return nil
}

// runTo ensures that the history extends to a time, and until every retention has ended.
func (w *world) runTo(until time.Duration) error {
	quiet := w.fleet.quiet()
	to := span{until, quiet, until, quiet + w.fleet.retention()}
	if w.history != nil {
		if w.simulator.covers(w.history, to) {
			return nil
		}
		to.settled = w.history.settled()
	}
	h, err := w.simulate(w.timeline.actions, to.until, to.settled, to.tail)
	if err != nil {
		return err
	}
	w.history = h
	return nil
}

// place moves the present to the time of a happening, and makes it happen there.
func (w *world) place(h *happening) error {
	t := &w.timeline
	if h.when.moment.settled {
		t.exact = false // the sentence asks for it, even if the present is exact
	}
	if h.when.kind == onceSettled || h.when.moment.settled {
		if err := w.settle(); err != nil {
			return err
		}
	}
	switch h.when.kind {
	case onceSettled, together:
	case later:
		t.moveTo(t.now + h.when.offset)
	case atMoment:
		if err := w.moveToMoment(&h.when); err != nil {
			return err
		}
	}
	t.exact = h.action == nil && h.apply == nil
	sentence, step, row, level := w.sentence, w.step, w.row, w.level
	w.sentence, w.step, w.row, w.level = h.sentence, h.step, h.row, h.level
	err := w.happen(h)
	if err != nil && !w.prevented(err) {
		return err
	}
	w.sentence, w.step, w.row, w.level = sentence, step, row, level
	w.that = occurrence{t.now, noEntry}
	return nil
}

// happen makes a happening happen at the present.
func (w *world) happen(h *happening) error {
	t := &w.timeline
	if h.action != nil {
		r := w.added()
		r.actions = append(r.actions, len(t.actions))
		if f := h.action.Fault; f != nil {
			until := t.now
			if meetsLater(f.Kind) {
				until = endless
			}
			w.announced.add(announcedFault{
				kind: f.Kind, host: f.Host, channel: f.Channel, rollout: f.Rollout, from: t.now, to: until,
				sentence: h.sentence,
			})
			r.addSpan(faultSpan{f.Kind, t.now, t.now + max(f.For, 0), oneHost(f.Host)})
		}
		t.act(*h.action)
		w.history = nil
	}
	if h.apply != nil {
		if err := h.apply(w); err != nil {
			return err
		}
		w.history = nil
	}
	return nil
}

// oneHost returns a host as a list; nil for none.
func oneHost(h reducer.HostID) []reducer.HostID {
	if h == "" {
		return nil
	}
	return []reducer.HostID{h}
}

// moveToMoment moves the present to a moment, or to a time after one.
func (w *world) moveToMoment(when *timing) error {
	t, m := &w.timeline, &when.moment
	at := t.now
	switch {
	case m.settled:
	case m.start:
		at = 0
	case m.poll && w.fleet.ControlPlane == controlplane.Shipped && !w.fleet.Phases.Poll.Set:
		return errors.New("the shipped control plane draws when it polls: say before this, for " +
			"example: Given the first poll comes 5 seconds after the start")
	case m.poll:
		at = w.fleet.nextPoll(m.channel, t.now)
	case m.clock != nil:
		at = m.clock.next(w.fleet.Start, t.now)
	case m.down, m.back:
		var err error
		if at, err = w.timeOfOutage(m); err != nil {
			return err
		}
	default:
		var err error
		if at, err = w.timeOf(m); err != nil {
			return err
		}
	}
	if at += when.offset; at < t.now && w.wrong.deviates() {
		at = t.now // what went wrong has delayed what precedes it
	}
	if at < t.now {
		return fmt.Errorf(
			"this was at %s, and the story is at %s already: move this sentence up",
			elapsed(at), elapsed(t.now),
		)
	}
	if m.ofFleet() {
		t.moveTo(at)
	} else {
		t.moveToMoment(at, &m.Moment, when.offset)
	}
	return nil
}

// timeOf returns the time of a moment. Only the simulator knows it: timeOf adds a raw event that
// changes nothing and waits for the moment, and looks it up in the trace.
func (w *world) timeOf(m *moment) (time.Duration, error) {
	const marker = "(when)"
	h, err := w.forecast(append(slices.Clone(w.timeline.actions), sim.Action{
		When:  &m.Moment,
		Event: &reducer.Event{Kind: reducer.HostJoined, Rollout: marker},
	}))
	if err != nil {
		return 0, err
	}
	for i := range h.entries {
		if e := &h.entries[i]; e.Event != nil && e.Rollout == marker {
			return h.at(i), nil
		}
	}
	err = impossibleError{fmt.Errorf("this never happens: %v", m)}
	if r, ok := h.rollouts[m.Rollout]; ok {
		err = fmt.Errorf("%w; the rollout goes through %s", err, r.states)
		if why := w.explain().noMoment(r, m); why != "" {
			err = fmt.Errorf("%w\n    %s", err, why)
		}
	}
	return 0, err
}

// finish checks what must hold of every scenario, once the last step has passed.
func (w *world) finish() error {
	if w.asked && len(w.timeline.happenings) == 0 && !w.observed {
		return nil // there is no run
	}
	if !w.observed {
		return errors.New("nothing is expected here: a scenario needs a Then")
	}
	if err := w.finishRun(); err != nil {
		return err
	}
	return w.finishRuns()
}

// finishRun checks what must hold of the run.
func (w *world) finishRun() error {
	err := w.checkRun()
	if err == nil {
		w.judgeClaims()
		return w.checkClaims()
	}
	var unmet *unmetError
	if errors.As(err, &unmet) {
		err = &unmetError{"every sentence holds, but no sentence expects this\n" + unmet.text}
	}
	return err
}

// checkRun checks what must hold of every run.
func (w *world) checkRun() error {
	w.sentence = "the story ends"
	if err := w.observe(); err != nil {
		return err
	}
	w.findDefects()
	if err := w.checkViolations(func(invariant.Violation) bool { return true }); err != nil {
		return err
	}
	if w.wrong.deviates() {
		return nil // what goes wrong may fail a rollout, and prevent what a sentence announces
	}
	if i := w.allowed.unexpectedRefusal(w.history); i != noEntry {
		r := w.history.entries[i].Rejection
		found := fmt.Sprintf(
			"%s\nif it is right, say: Then %v of %q is refused with %s",
			r.Message, r.Event, r.Rollout, r.Error,
		)
		return w.fail(i, fmt.Sprintf("%v of %q to be accepted", r.Event, r.Rollout), found)
	}
	if err := w.checkFailures(); err != nil {
		return err
	}
	return errors.Join(
		w.checkFates(), w.checkDetails(), w.announced.check(w.history), checkLifts(w), w.checkLoaded(),
	)
}

// livenessWords has the words of the invariants with sentences of their own: what the invariant
// demands of a subject, and the sentence that expects the contrary.
var livenessWords = map[invariant.Name]struct{ demand, contrary string }{
	invariant.Stuck:    {"rollout %q to end", "%q is stuck"},
	invariant.Unpruned: {"rollout %q to be pruned after its retention", "%q is never pruned"},
	invariant.Stranded: {"channel %q to follow its ref", "channel %q is stranded"},
}

// checkViolations refuses a violation that matches and that no sentence expects. The message has
// the sentence that would.
func (w *world) checkViolations(matches func(invariant.Violation) bool) error {
	v, found := w.allowed.unexpectedViolation(w.history, func(v invariant.Violation) bool {
		return matches(v) && !w.tolerates(v) && !(v.Excused != "" && w.wrong.deviates())
	})
	if !found {
		return nil
	}
	if w.isShort(v) {
		return w.tooShort(fmt.Sprintf("whether rollout %q is stuck", v.Subject), w.longEnough())
	}
	expected := fmt.Sprintf("the invariant %s to hold", v.Invariant)
	say := fmt.Sprintf("the invariant %s does not hold of %q", v.Invariant, v.Subject)
	if words, ok := livenessWords[v.Invariant]; ok {
		expected, say = fmt.Sprintf(words.demand, v.Subject), fmt.Sprintf(words.contrary, v.Subject)
	}
	entry := w.history.lastAbout(v.Subject)
	for i := range w.history.entries {
		if v.Seq > 0 && w.history.entries[i].Seq == v.Seq {
			entry = i
		}
	}
	detail := fmt.Sprintf("%s: %s\nif it is right, say: Then %s", v.Invariant, v.Detail, say)
	return w.fail(entry, expected, detail)
}

// checkFates refuses a fate under a ref that was never opened: nothing tested it.
func (w *world) checkFates() error {
	var known []string
	for _, r := range w.history.order {
		known = append(known, string(r.ref))
	}
	if f, found := w.fates.untested(known); found {
		return fmt.Errorf(
			"host %s has a fate under ref %q, and no rollout of that ref was opened%s", f.Host, f.Ref,
			nearest.Hint(string(f.Ref), known),
		)
	}
	if d, found := w.untestedDelay(known); found {
		return fmt.Errorf(
			"host %s has a delay under ref %q, and no rollout of that ref was opened%s", d.Host, d.Ref,
			nearest.Hint(string(d.Ref), known),
		)
	}
	return nil
}

// checkLoaded refuses a moment that the scenario file waits for, or lists under sometimes, and that
// did not happen.
func (w *world) checkLoaded() error {
	for _, i := range w.history.result.NeverCame {
		if i < w.timeline.loaded {
			return fmt.Errorf(
				"line %d of the scenario's timeline waits for a moment that never happened", i+1,
			)
		}
	}
	if never := w.history.result.Never; len(never) > 0 {
		return fmt.Errorf("item %d of the scenario's sometimes never happened", never[0]+1)
	}
	return nil
}
