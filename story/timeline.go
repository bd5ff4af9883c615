package story

import (
	"slices"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/story/gherkin"
)

// A timeline is the story in virtual time: what happens, and the present.
//
// Sentences add happenings. The next expectation places them one after the other: each moves the
// present to its time and becomes an action of the simulator there.
type timeline struct {
	happenings []happening
	placed     int // the number of happenings that have their places

	actions []sim.Action
	loaded  int // actions[:loaded] are those of a scenario file
	open    []openFault

	// now is the present, as a time since the start. anchor holds the At and When that place an action
	// there.
	now    time.Duration
	anchor sim.Action

	// exact means that the next sentence happens or looks exactly at now. Otherwise everything settles
	// first.
	exact bool
}

// A happening is one thing that a sentence makes happen. Only time passes if it has neither action
// nor apply.
type happening struct {
	sentence string
	step     int // of the sentence, as in a world
	row      int
	level    gherkin.Level
	when     timing
	action   *sim.Action        // its At and When are left open
	apply    func(*world) error // changes the scenario from the present on
}

// endless is the length of a fault that a later sentence ends.
const endless = maxDuration

// An openFault is a fault in the timeline.
type openFault struct {
	action int // its index
	at     time.Duration
}

// moveTo moves the present to a time.
func (t *timeline) moveTo(at time.Duration) { t.now, t.anchor = at, sim.Action{At: at} }

// moveToMoment moves the present to a time, which is some delay after a moment of the run. Actions
// there are tied to the moment, so that they follow what made it true.
func (t *timeline) moveToMoment(at time.Duration, m *sim.Moment, after time.Duration) {
	t.now, t.anchor = at, sim.Action{At: after, When: m}
}

// passTo moves the present beyond what an expectation found at a time, unless it is there already.
func (t *timeline) passTo(at time.Duration) {
	if at >= t.now {
		t.moveTo(at + settleDelay)
	}
}

// act adds an action at the present.
func (t *timeline) act(a sim.Action) {
	a.At, a.When = t.anchor.At, t.anchor.When
	if a.Fault != nil {
		t.open = append(t.open, openFault{len(t.actions), t.now})
	}
	t.actions = append(t.actions, a)
}

// endFault ends an endless fault at the present. It returns the index of its action, and reports
// whether there is one.
func (t *timeline) endFault(kind sim.FaultKind, host reducer.HostID) (action int, found bool) {
	for _, o := range t.open {
		f := t.actions[o.action].Fault
		if f.Kind == kind && f.Host == host && f.For == endless {
			ended := *f
			ended.For = t.now - o.at
			t.actions[o.action].Fault = &ended
			return o.action, true
		}
	}
	return 0, false
}

// refs returns the refs that channels move to, and those of raw events.
func (t *timeline) refs() []string {
	all := slices.Clone(t.actions[:t.loaded])
	for _, h := range t.happenings {
		if h.action != nil {
			all = append(all, *h.action)
		}
	}
	var refs []string
	for _, a := range all {
		if a.SetRef != nil {
			refs = append(refs, string(a.SetRef.Ref))
		} else if a.Release != nil {
			refs = append(refs, string(a.Release.Ref))
		} else if a.Event != nil && a.Event.Kind == reducer.RolloutOpened {
			refs = append(refs, string(a.Event.TargetRef))
		}
	}
	return refs
}

// speaksOf reports whether a happening is a raw event of a rollout.
func (t *timeline) speaksOf(id reducer.RolloutID) bool {
	return slices.ContainsFunc(t.happenings, func(h happening) bool {
		return h.action != nil && h.action.Event != nil && h.action.Event.Rollout == id
	})
}
