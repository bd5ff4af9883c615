package story

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"rollsim/internal/nearest"
	"rollsim/invariant"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/trace"
)

// world is one scenario of a feature file: its fleet, its story so far, and what came of it.
type world struct {
	files fs.FS  // where the feature is
	dir   string // and in which folder

	chosen struct{ machine, seed bool } // a tag or a sentence says which

	seed   reducer.Opt[uint64] // of this telling, whatever the sentences say
	seeded bool                // a sentence says which seed

	// The fleet. The timeline of scenario stays empty: what happens is the story.
	scenario sim.Scenario
	machine  reducer.Machine
	// what the machine is driven through; nil for nothing
	through func(reducer.Machine) reducer.Machine
	// those under a ref, but for what is shared with scenarios that may not have it
	promises []sim.Fate
	lasts    time.Duration // how long the run lasts; 0 lets the story decide
	// the longest silence that something in the fleet may keep before it goes on
	longest time.Duration

	// What can be named, in the order of telling.
	rollouts []reducer.RolloutID
	latest   map[reducer.ChannelID]reducer.RolloutID
	moved    reducer.RolloutID   // the latest of all channels
	guests   []reducer.HostID    // hosts that raw events name
	busy     []reducer.ChannelID // those that move by themselves, to refs that only the run knows

	// The story. Its first told happenings have their place in timeline; now is where it stands, as a
	// time since the start. still is whether it stands exactly there; otherwise it lets everything
	// settle before it goes on.
	story    []happening
	told     int
	timeline []sim.Action
	now      time.Duration
	spot     sim.Action // how to tell the simulator of now: by its At and When
	still    bool

	loaded  int       // so many actions of the timeline are those of a scenario file
	began   []begun   // faults in the timeline
	brought []brought // faults that must come

	// What came of it. The latest telling is stale once the story goes on.
	telling *telling
	looked  bool // whether anything was expected yet
	asked   bool // whether anything was expected of the machine itself
	spent   int  // entries that were simulated, over all runs
	that    anchor

	current    string                // the sentence of the present step
	shared     bool                  // it stands in a Background
	violations []invariant.Violation // that were expected
	refusals   map[refused]bool      // those that were expected
}

// happening is one thing that the story tells.
type happening struct {
	sentence string
	when     timing
	do       *sim.Action // what happens, its time left open
	// or what brings it about, at the present; without both only time goes by
	lay func(*world) error
}

// refused is an event that the reducer refuses.
type refused struct {
	event   reducer.EventKind
	rollout reducer.RolloutID
}

// anchor is what "that" refers to in "after that" and "7 days later": the last thing that the story
// spoke of.
type anchor struct {
	at    time.Duration // since the start
	entry int           // the entry that it is; noEntry for a happening that leaves none
}

const noEntry = -1

// startTime is when every story starts: 2026-01-01T00:00:00Z, as scenario files do by default.
const startTime = reducer.Time(1_767_225_600_000_000_000)

const (
	defaultPoll = time.Minute
	defaultSeed = 1

	// breath is how long after the last stir everything counts as settled, so that what comes next
	// does not fall into the same instant.
	breath = time.Second

	// patience is how long the fleet must have kept quiet, beyond the longest silence that is known to
	// be possible, for everything to have settled. It is above the tails of the default behaviour.
	patience = 3 * time.Hour

	// maxStory bounds how long a fleet may stay restless.
	maxStory = 14 * 24 * time.Hour
)

// defaultBehaviour is made once: its tables cost as much as a short run.
var defaultBehaviour = sync.OnceValue(scenario.DefaultBehaviour)

func newWorld(name string) *world {
	return &world{
		scenario: sim.Scenario{
			Name: name, Start: startTime, Seed: defaultSeed, Behaviour: defaultBehaviour(),
		},
		machine:  machine.Default(),
		latest:   make(map[reducer.ChannelID]reducer.RolloutID),
		still:    true,
		refusals: make(map[refused]bool),
	}
}

// do carries out one step.
func (w *world) do(s *step, sentence string, values []any, t table) error {
	w.current = sentence
	switch s.phase {
	case sets:
		if w.looked {
			return errors.New("the story has begun: say this before the first Then")
		}
	case expects:
		w.looked = true
		if err := w.look(); err != nil {
			return err
		}
	case asks:
		w.asked = true
	case fates, happens:
	}
	return s.call(w, values, t)
}

// channel finds a channel by name.
func (w *world) channel(id reducer.ChannelID) (*sim.Channel, error) {
	for i := range w.scenario.Channels {
		if w.scenario.Channels[i].ID == id {
			return &w.scenario.Channels[i], nil
		}
	}
	var known []string
	for i := range w.scenario.Channels {
		known = append(known, string(w.scenario.Channels[i].ID))
	}
	return nil, &unknownNameError{"channel", string(id), known}
}

// hostsNamed gives the hosts of the fleet that are named, a pattern such as stable-* standing for
// all that it fits. The error says which name no host has.
func (w *world) hostsNamed(hosts []reducer.HostID) ([]reducer.HostID, error) {
	var named []reducer.HostID
	for _, h := range hosts {
		if !strings.ContainsAny(string(h), "*?[") {
			if err := w.checkHosts([]reducer.HostID{h}); err != nil {
				return nil, err
			}
			named = append(named, h)
			continue
		}
		before := len(named)
		for known := range w.hosts() {
			fits, err := path.Match(string(h), string(known))
			if err != nil {
				return nil, fmt.Errorf("%q is not a pattern such as \"stable-*\"", h)
			}
			if fits {
				named = append(named, known)
			}
		}
		if len(named) == before {
			return nil, fmt.Errorf("no host has a name like %q", h)
		}
	}
	return named, nil
}

// hosts are those of the fleet.
func (w *world) hosts() iter.Seq[reducer.HostID] {
	return func(yield func(reducer.HostID) bool) {
		for i := range w.scenario.Channels {
			for _, wave := range w.scenario.Channels[i].Waves {
				for _, h := range wave.Hosts {
					if !yield(h) {
						return
					}
				}
			}
		}
	}
}

// checkHosts refuses names that no host of the fleet has, and no other one.
func (w *world) checkHosts(hosts []reducer.HostID, others ...reducer.HostID) error {
	for _, h := range hosts {
		if !slices.Contains(others, h) && w.channelOf(h) == nil {
			return &unknownNameError{
				"host",
				string(h),
				as[string](slices.AppendSeq(slices.Clone(others), w.hosts())),
			}
		}
	}
	return nil
}

// checkRollout refuses a rollout that the story has not opened so far.
func (w *world) checkRollout(id reducer.RolloutID) error {
	channel, _, _ := strings.Cut(string(id), "@")
	if slices.Contains(w.rollouts, id) || slices.Contains(w.busy, reducer.ChannelID(channel)) {
		return nil
	}
	return &unknownNameError{"rollout", string(id), as[string](w.rollouts)}
}

// An unknownNameError says that the story has nothing of a name.
type unknownNameError struct {
	noun, name string
	known      []string
}

func (e *unknownNameError) Error() string {
	if len(e.known) == 0 {
		first := `Given channel "stable" with 3 hosts`
		switch channel, ref, _ := strings.Cut(e.name, "@"); e.noun {
		case "channel":
			first = fmt.Sprintf("Given channel %q with 3 hosts", e.name)
		case "rollout":
			first = fmt.Sprintf("When %q moves to ref %q", channel, ref)
		}
		return fmt.Sprintf(
			"no %s is named %q: there is none so far; say before it, for example: %s", e.noun, e.name, first,
		)
	}
	return fmt.Sprintf("no %s is named %q%s", e.noun, e.name, nearest.Hint(e.name, e.known))
}

// mention notes that the story speaks of a rollout.
func (w *world) mention(id reducer.RolloutID, channel reducer.ChannelID) {
	if !slices.Contains(w.rollouts, id) {
		w.rollouts = append(w.rollouts, id)
	}
	w.latest[channel], w.moved = id, id
}

// latestOf gives the latest rollout of a host's channel; another one for what is no host, or has
// none yet.
func (w *world) latestOf(host reducer.HostID, otherwise reducer.RolloutID) reducer.RolloutID {
	if c := w.channelOf(host); c != nil {
		return cmp.Or(w.latest[c.ID], otherwise)
	}
	return otherwise
}

// silence notes that something may go on only after a time.
func (w *world) silence(d time.Duration) { w.longest = max(w.longest, d) }

// tell adds a happening to the story. about is the rollout that it concerns.
func (w *world) tell(when timing, about reducer.RolloutID, do *sim.Action) error {
	if when.kind == atMoment && when.moment.dispatched {
		return fmt.Errorf("nothing can be tied to a dispatch: say \"once host %q is activating\", "+
			"which comes of its ack, or, for what "+
			"comes before that, \"5 seconds later\"", when.moment.Host)
	}
	if when.kind == atMoment && when.moment.channel != "" {
		if _, err := w.channel(when.moment.channel); err != nil {
			return err
		}
	}
	if when.kind == atMoment && !when.moment.ofFleet() {
		if when.moment.Rollout == "" {
			when.moment.Rollout = w.latestOf(when.moment.Host, about)
		}
		if when.moment.Rollout == "" {
			return fmt.Errorf("it is not clear of which rollout: write for example \"of stable@a1\" or " +
				"\"under stable@a1\"")
		}
		if err := w.checkRollout(when.moment.Rollout); err != nil {
			return err
		}
		if when.moment.Host != "" {
			if err := w.checkHosts([]reducer.HostID{when.moment.Host}, w.guests...); err != nil {
				return err
			}
		}
	}
	w.story = append(w.story, happening{sentence: w.current, when: when, do: do})
	return nil
}

// tellLater adds a happening that is known only when its time is: lay brings it about.
func (w *world) tellLater(when timing, about reducer.RolloutID, lay func(*world) error) error {
	if err := w.tell(when, about, nil); err != nil {
		return err
	}
	w.story[len(w.story)-1].lay = lay
	return nil
}

// look makes the story stand still where it stands, and sees to it that the telling reaches from
// there to the end of every retention.
func (w *world) look() error {
	for ; w.told < len(w.story); w.told++ {
		h := &w.story[w.told]
		if err := w.place(h); err != nil {
			return fmt.Errorf("%s\n    %w", h.sentence, err)
		}
	}
	if err := w.settle(); err != nil {
		return err
	}
	return w.reach(w.now)
}

// settle lets everything settle, unless the story stands still already.
func (w *world) settle() error {
	if w.still {
		return nil
	}
	t, err := w.simulate(w.timeline, w.now, w.now+patience, w.quiet())
	if err != nil {
		return err
	}
	w.telling, w.still = t, true
	if settled := t.settled(); settled > w.now {
		w.stand(settled)
	}
	return nil
}

// reach sees to it that the telling goes on until a time, and until every retention has ended.
func (w *world) reach(until time.Duration) error {
	tail := w.quiet() + w.retention()
	settled := until
	if w.telling != nil && w.lasts > 0 && until <= w.lasts {
		return nil // it goes to the end already
	}
	if w.telling != nil {
		if w.telling.suffices(until+w.quiet(), tail) {
			return nil
		}
		settled = w.telling.settled()
	}
	t, err := w.simulate(w.timeline, until, settled, tail)
	if err != nil {
		return err
	}
	w.telling = t
	return nil
}

// place gives a happening its time.
func (w *world) place(h *happening) error {
	if h.when.moment.settled {
		w.still = false // it asks for it, wherever the story stands
	}
	if h.when.kind == onceSettled || h.when.moment.settled {
		if err := w.settle(); err != nil {
			return err
		}
	}
	switch h.when.kind {
	case onceSettled, together:
	case later:
		w.stand(w.now + h.when.offset)
	case atMoment:
		if err := w.await(&h.when); err != nil {
			return err
		}
	}
	w.still = h.do == nil && h.lay == nil
	if h.do != nil {
		action := *h.do
		action.At, action.When = w.spot.At, w.spot.When
		if f := action.Fault; f != nil {
			w.note(f.Kind, f.Host, w.now, w.now, h.sentence)
			w.began = append(w.began, begun{len(w.timeline), w.now})
		}
		w.timeline = append(w.timeline, action)
		w.telling = nil
	}
	if h.lay != nil {
		present := w.current
		w.current = h.sentence
		if err := h.lay(w); err != nil {
			return err
		}
		w.current, w.telling = present, nil
	}
	w.that = anchor{w.now, noEntry}
	return nil
}

// stand makes the story stand at a time.
func (w *world) stand(at time.Duration) {
	w.now, w.spot = at, sim.Action{At: at}
}

// await makes the story stand where a moment comes, and so long after it. What happens there is
// tied to the moment, so that it comes after what made it.
func (w *world) await(t *timing) error {
	at, err := w.now, error(nil)
	switch {
	case t.moment.settled:
	case t.moment.start:
		at = 0
	case t.moment.poll:
		at = w.nextPoll(t.moment.channel)
	default:
		at, err = w.when(&t.moment)
	}
	if err != nil {
		return err
	}
	if at += t.offset; at < w.now {
		return fmt.Errorf("this was at %s, and the story has come to %s: tell it "+
			"earlier", w.time(at), w.time(w.now))
	}
	w.stand(at)
	if !t.moment.ofFleet() {
		w.spot = sim.Action{At: t.offset, When: &t.moment.Moment}
	}
	return nil
}

// nextPoll is when a channel is polled next, or any channel is. A fleet without channels is never
// polled.
func (w *world) nextPoll(id reducer.ChannelID) time.Duration {
	next := time.Duration(-1)
	for i := range w.scenario.Channels {
		c := &w.scenario.Channels[i]
		at := (w.now/c.PollInterval + 1) * c.PollInterval
		if (id == "" || id == c.ID) && (next < 0 || at < next) {
			next = at
		}
	}
	return max(next, w.now)
}

// when finds out when a moment comes: the simulator knows, and is asked by a raw event that changes
// nothing.
func (w *world) when(m *moment) (time.Duration, error) {
	const question = "(when)"
	ask := sim.Action{
		When:  &m.Moment,
		Event: &reducer.Event{Kind: reducer.HostJoined, Rollout: question},
	}
	t, err := w.simulate(append(slices.Clone(w.timeline), ask), w.now, w.now+patience, w.quiet())
	if err != nil {
		return 0, err
	}
	for i := range t.entries {
		if e := &t.entries[i]; e.Event != nil && e.Rollout == question {
			return t.since(e.At), nil
		}
	}
	err = fmt.Errorf("this never comes: %v", m)
	if p, ok := t.rollouts[m.Rollout]; ok {
		err = fmt.Errorf(
			"%w; the rollout goes through %s%s", err, p.states.path(), w.whyMoment("\n    ", p, m),
		)
	}
	return 0, err
}

// quiet is the silence after which everything has settled.
func (w *world) quiet() time.Duration { return patience + w.longest }

// retention is the longest one of any channel.
func (w *world) retention() time.Duration {
	// of channels that only raw events know
	longest := time.Duration(reducer.DefaultRetentionSeconds) * time.Second
	for i := range w.scenario.Channels {
		longest = max(longest, time.Duration(w.scenario.Channels[i].Policy.RetentionSeconds)*time.Second)
	}
	return longest
}

// simulate tells the story until a time, until everything has settled, and on for a tail. settled
// is a guess of when that is.
func (w *world) simulate(
	timeline []sim.Action, until, settled, tail time.Duration,
) (*telling, error) {
	sc := w.scenario
	sc.Machine, sc.Timeline = w.machine.Name(), timeline
	least := until + w.quiet()
	for {
		sc.Horizon = max(least, settled+tail)
		if w.lasts > 0 {
			if until > w.lasts {
				return nil, fmt.Errorf("this is at %s, and the run lasts %s", w.time(until), w.time(w.lasts))
			}
			sc.Horizon = w.lasts
		}
		var log collector
		result, err := sim.Run(&sc, sim.Options{Machine: w.driven(), Seed: sc.Seed, Sink: &log})
		if err != nil {
			return nil, err
		}
		if w.spent += len(log.Entries); w.spent > maxSpent {
			return nil, fmt.Errorf("this story is too long: whenever it waits for everything to settle "+
				"it is simulated from its start, "+
				"and that has come to more than %d entries; tell it in several scenarios, or say when "+
				"things happen", maxSpent)
		}
		t := newTelling(log.Entries, result)
		if w.lasts > 0 || t.suffices(least, tail) {
			return t, nil
		}
		settled = max(t.settled(), 2*settled)
		if settled > least+maxStory {
			return nil, fmt.Errorf("the fleet does not settle: at %s it is still restless; say until "+
				"when chance or new refs may "+
				"disturb it, or how long the run lasts", w.time(t.settled()))
		}
	}
}

// driven is the machine as it decides transitions.
func (w *world) driven() reducer.Machine {
	if w.through == nil {
		return w.machine
	}
	return w.through(w.machine)
}

// maxEntries bounds the trace of a story, so that a fleet that goes on and on in one instant is an
// error and no hang.
const maxEntries = 1_000_000

// maxSpent bounds the entries of all runs of a story, so that one of thousands of turns is an error
// and no hang.
const maxSpent = 2_000_000

// collector keeps the entries of a run.
type collector struct{ trace.Collector }

func (c *collector) Write(e *trace.Entry) error {
	if len(c.Entries) >= maxEntries {
		return fmt.Errorf(
			"more than %d entries: the fleet is too large, or never comes to rest", maxEntries,
		)
	}
	return c.Collector.Write(e)
}

// finish holds the whole run against what must hold of every run, once the last step has passed.
func (w *world) finish() error {
	if w.asked && len(w.story) == 0 && !w.looked {
		return nil // there is no run
	}
	if !w.looked {
		return errors.New("nothing is expected here: a scenario needs a Then")
	}
	err := w.judge()
	var unmet *unmetError
	if errors.As(err, &unmet) {
		err = &unmetError{"every sentence holds, but no sentence expects this\n" + unmet.text}
	}
	return err
}

// judge holds the whole run against what must hold of every run.
func (w *world) judge() error {
	w.current = "the story ends"
	if err := w.look(); err != nil {
		return err
	}
	if err := w.checkViolations(func(invariant.Violation) bool { return true }); err != nil {
		return err
	}
	for i := range w.telling.entries {
		r := w.telling.entries[i].Rejection
		if r != nil && !w.refusals[refused{r.Event, r.Rollout}] {
			return w.fail(
				i,
				fmt.Sprintf("%v of %q to be accepted", r.Event, r.Rollout),
				fmt.Sprintf(
					"%s\nif it is right, say: Then %v of %q is refused with %s", r.Message, r.Event, r.Rollout,
					r.Error,
				),
			)
		}
	}
	return errors.Join(w.checkFates(), w.checkFaults(), w.checkLifts(), w.checkLoaded())
}

// livenessWords say what the invariants that have sentences of their own demand of a subject, and
// the sentence that expects the contrary.
var livenessWords = map[invariant.Name]struct{ demand, contrary string }{
	invariant.Stuck:    {"rollout %q to end", "%q is stuck"},
	invariant.Unpruned: {"rollout %q to be pruned after its retention", "%q is never pruned"},
	invariant.Stranded: {"channel %q to follow its ref", "channel %q is stranded"},
}

// unexpected says that something is violated which no sentence expects, and which sentence would.
func (w *world) unexpected(v invariant.Violation) error {
	expected := fmt.Sprintf("the invariant %s to hold", v.Invariant)
	say := fmt.Sprintf("the invariant %s does not hold of %q", v.Invariant, v.Subject)
	if words, ok := livenessWords[v.Invariant]; ok {
		expected, say = fmt.Sprintf(words.demand, v.Subject), fmt.Sprintf(words.contrary, v.Subject)
	}
	entry := w.telling.about(v.Subject)
	for i := range w.telling.entries {
		if v.Seq > 0 && w.telling.entries[i].Seq == v.Seq {
			entry = i
		}
	}
	return w.fail(
		entry, expected, fmt.Sprintf("%s: %s\nif it is right, say: Then %s", v.Invariant, v.Detail, say),
	)
}

// checkFates refuses what the scenario put in store for hosts under a ref that never came: it was
// never put to the test.
func (w *world) checkFates() error {
	var known []string
	for _, r := range w.telling.order {
		known = append(known, string(r.ref))
	}
	for _, f := range w.promises {
		if !slices.Contains(known, string(f.Ref)) {
			return fmt.Errorf("something was in store for host %s under ref %q, and no rollout of that "+
				"ref was opened%s",
				f.Host, f.Ref, nearest.Hint(string(f.Ref), known))
		}
	}
	return nil
}

// time writes a time since the start.
func (w *world) time(d time.Duration) string {
	return string(trace.AppendElapsed(nil, w.scenario.Start+reducer.Time(d), w.scenario.Start))
}

// fail says that an expectation does not hold. entry is the one that decides it; noEntry for none.
func (w *world) fail(entry int, expected, found string) error {
	const indent = "\n          "
	var b strings.Builder
	fmt.Fprintf(&b, "expected  %s\n", strings.ReplaceAll(expected, "\n", indent))
	fmt.Fprintf(&b, "found     %s\n", strings.ReplaceAll(found, "\n", indent))
	if lines := w.telling.around(entry, w.now); len(lines) > 0 {
		fmt.Fprintf(&b, "trace     %s\n", strings.Join(lines, indent))
	}
	return &unmetError{strings.TrimSuffix(b.String(), "\n")}
}
