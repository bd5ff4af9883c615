package story

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"rollsim/internal/nearest"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/trace"
)

// settleDelay is how long after the last activity everything counts as settled, so that the next
// happening is not at the same instant.
const settleDelay = time.Second

// A history is the trace of one run of a story, indexed by rollout, host and channel.
type history struct {
	scenario *sim.Scenario // that was simulated; nil if nothing was
	entries  []trace.Entry
	result   *sim.Result
	start    reducer.Time
	refs     map[reducer.ChannelID]changes[reducer.ChannelRef] // that polls saw
	rollouts map[reducer.RolloutID]*rolloutHistory
	order    []*rolloutHistory // as opened

	active time.Duration      // when the fleet was active for the last time
	plans  map[planned]string // the last row about each host
}

// planned is a host of a rollout. The shipped control plane writes a row about it at each run.
type planned struct {
	rollout reducer.RolloutID
	host    reducer.HostID
}

// repeats reports whether a row of a plan repeats the last one about its host.
func (h *history) repeats(e *trace.Entry) bool {
	row := ""
	switch {
	case e.Plan != nil && e.Plan.Action == trace.QueueDispatch:
		row = "dispatched"
	case e.Gate != nil:
		row = e.Gate.Gate + " " + e.Gate.Reason
	default:
		return false
	}
	key := planned{e.Rollout, e.Host}
	last, again := h.plans[key]
	h.plans[key] = row
	return again && last == row
}

// A rolloutHistory is what happened to one rollout.
type rolloutHistory struct {
	id      reducer.RolloutID
	channel reducer.ChannelID
	ref     reducer.ChannelRef
	states  changes[reducer.State]
	waves   changes[uint32] // of current_wave
	hosts   []*hostHistory  // as joined
}

// A hostHistory is what happened to one host under one rollout.
type hostHistory struct {
	id         reducer.HostID
	wave       uint32
	states     changes[reducer.HostState]
	dispatches []int // entries
}

// An occurrence is an instant of a run, and the entry at that instant; noEntry if none exists.
type occurrence struct {
	at    time.Duration // since the start
	entry int
}

const noEntry = -1

// changes are the changes of one state, in order.
type changes[S comparable] []change[S]

// A change is one change of a state. In the first one, from is the zero value.
type change[S comparable] struct {
	occurrence
	from, to S
}

// at returns the last change up to a time. It reports whether there is one.
func (c changes[S]) at(t time.Duration) (change[S], bool) {
	n := sort.Search(len(c), func(i int) bool { return c[i].occurrence.at > t })
	if n == 0 {
		return change[S]{occurrence: occurrence{entry: noEntry}}, false
	}
	return c[n-1], true
}

// first returns the entry of the first change to a state; noEntry if none exists.
func (c changes[S]) first(state S) int {
	for _, one := range c {
		if one.to == state {
			return one.entry
		}
	}
	return noEntry
}

// String lists the states.
func (c changes[S]) String() string {
	var states []string
	for _, one := range c {
		states = append(states, fmt.Sprint(one.to))
	}
	return strings.Join(states, ", ")
}

// host returns a host that joined the rollout; nil if it did not.
func (r *rolloutHistory) host(id reducer.HostID) *hostHistory {
	for _, h := range r.hosts {
		if h.id == id {
			return h
		}
	}
	return nil
}

// last returns the last change of the rollout's state.
func (r *rolloutHistory) last() change[reducer.State] { return r.states[len(r.states)-1] }

// count returns the number of hosts in a state at a time.
func (r *rolloutHistory) count(state reducer.HostState, at time.Duration) int {
	n := 0
	for _, h := range r.hosts {
		if c, joined := h.states.at(at); joined && c.to == state {
			n++
		}
	}
	return n
}

// countIn returns the number of hosts that are in one of some states at a time.
func (r *rolloutHistory) countIn(want oneOf[reducer.HostState], at time.Duration) int {
	n := 0
	for _, h := range r.hosts {
		if c, joined := h.states.at(at); joined && want.has(c.to) {
			n++
		}
	}
	return n
}

// lastState returns in words the last state of the rollout, and since when it is in it.
func (r *rolloutHistory) lastState() string {
	last := r.last()
	return fmt.Sprintf("%s is %v since %s", r.id, last.to, elapsed(last.at))
}

// census returns in words how many hosts are in each state at a time.
func (r *rolloutHistory) census(at time.Duration) string {
	var parts []string
	for _, s := range reducer.HostStates() {
		if n := r.count(s, at); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %v", n, s))
		}
	}
	if len(parts) == 0 {
		return "no host has joined"
	}
	return strings.Join(parts, ", ")
}

func newHistory(entries []trace.Entry, result *sim.Result) *history {
	h := &history{
		entries:  entries,
		result:   result,
		start:    result.Start,
		refs:     make(map[reducer.ChannelID]changes[reducer.ChannelRef]),
		rollouts: make(map[reducer.RolloutID]*rolloutHistory),
		active:   -settleDelay,
		plans:    make(map[planned]string),
	}
	for i := range entries {
		h.add(i)
	}
	return h
}

// add adds one entry to the index.
func (h *history) add(i int) {
	e := &h.entries[i]
	now := occurrence{h.at(i), i}
	r := h.rollouts[e.Rollout]
	if !h.repeats(e) && isActivity(e) {
		h.active = now.at
	}
	switch {
	case e.Poll != nil:
		h.refs[e.Poll.Channel] = append(
			h.refs[e.Poll.Channel], change[reducer.ChannelRef]{occurrence: now, to: e.Poll.Ref},
		)
	case e.Event != nil && e.Event.Kind == reducer.RolloutOpened && r == nil:
		r = &rolloutHistory{
			id: e.Rollout, channel: e.Event.Channel, ref: e.Event.TargetRef,
			states: changes[reducer.State]{{occurrence: now, to: reducer.Opening}},
			waves:  changes[uint32]{{occurrence: now}},
		}
		h.rollouts[r.id] = r
		h.order = append(h.order, r)
	case r != nil:
		r.add(e, now, h.refused(i))
	}
}

// add adds an entry of the rollout. refused reports whether the reducer refused it.
func (r *rolloutHistory) add(e *trace.Entry, now occurrence, refused bool) {
	switch {
	case e.Event != nil && !refused && e.Event.Kind == reducer.HostJoined:
		if r.host(e.Event.Host) == nil {
			r.hosts = append(r.hosts, &hostHistory{
				id: e.Event.Host, wave: e.Event.Wave,
				states: changes[reducer.HostState]{{occurrence: now, to: reducer.HostPending}},
			})
		}
	case e.Event != nil && !refused && e.Event.Kind == reducer.HostStateChanged:
		if h := r.host(e.Event.Host); h != nil {
			h.states = append(h.states, change[reducer.HostState]{now, e.Event.From, e.Event.To})
		}
	case e.Effect != nil && e.Effect.Kind == reducer.RecordRolloutTransition:
		r.states = append(r.states, change[reducer.State]{now, e.Effect.From, e.Effect.To})
	case e.Effect != nil && e.Effect.Kind == reducer.UpdateCurrentWave:
		last := r.waves[len(r.waves)-1]
		r.waves = append(r.waves, change[uint32]{now, last.to, e.Effect.Wave})
	case e.Plan != nil && e.Plan.Action == trace.QueueDispatch:
		if h := r.host(e.Plan.Host); h != nil {
			h.dispatches = append(h.dispatches, now.entry)
		}
	}
}

// refused reports whether the reducer refused the event of an entry. ErrorSupersessionExpected is
// not a refusal: it is about an earlier event, which the reducer accepted.
func (h *history) refused(i int) bool {
	if h.entries[i].Event == nil || i+1 >= len(h.entries) || h.entries[i+1].Rejection == nil {
		return false
	}
	r, ev := h.entries[i+1].Rejection, h.entries[i].Event
	return r.Event == ev.Kind && r.Rollout == ev.Rollout && r.Error != trace.ErrorSupersessionExpected
}

// since returns how long after the start a time is.
func (h *history) since(at reducer.Time) time.Duration { return time.Duration(at - h.start) }

// at returns the time of an entry.
func (h *history) at(entry int) time.Duration { return h.since(h.entries[entry].At) }

// end returns the time at which the run ends.
func (h *history) end() time.Duration { return h.since(h.result.End) }

// isActivity reports whether an entry shows that the fleet is active. These do not: retention that
// ends and its effects, dispatches that are repeated because nobody answers, polls that fail or are
// stale, because there is no end to them, and refusals, because some come much later than the
// event.
func isActivity(e *trace.Entry) bool {
	switch {
	case e.Header != nil, e.End != nil, e.Rejection != nil:
		return false
	case e.Event != nil:
		return e.Event.Kind != reducer.RetentionExpired
	case e.Effect != nil:
		return e.Effect.To != reducer.Pruned
	case e.Plan != nil:
		return e.Plan.Attempt <= 1
	case e.Fault != nil:
		return e.Fault.Fault != sim.PollFailed.String() && e.Fault.Fault != sim.PollStale.String()
	}
	return true
}

// settled returns the time at which everything has settled.
func (h *history) settled() time.Duration { return h.active + settleDelay }

// covers reports whether the run extends to a time, and for a tail after everything has settled.
func (h *history) covers(until, tail time.Duration) bool {
	return h.end() >= until && h.end() >= h.settled()+tail
}

// until returns the entries up to a time.
func (h *history) until(at time.Duration) []trace.Entry {
	return h.entries[:sort.Search(len(h.entries), func(i int) bool { return h.at(i) > at })]
}

// after returns the index of the first entry after an occurrence.
func (h *history) after(o occurrence) int {
	if o.entry != noEntry {
		return o.entry + 1
	}
	return sort.Search(len(h.entries), func(i int) bool { return h.at(i) >= o.at })
}

// rollout returns a rollout that was opened. The error names the nearest one.
func (h *history) rollout(id reducer.RolloutID) (*rolloutHistory, error) {
	if r := h.rollouts[id]; r != nil {
		return r, nil
	}
	if len(h.order) == 0 {
		return nil, fmt.Errorf(
			"rollout %q was never opened, nor any other: no poll saw a channel move to a ref", id,
		)
	}
	var known []string
	for _, r := range h.order {
		known = append(known, string(r.id))
	}
	return nil, fmt.Errorf("rollout %q was never opened%s", id, nearest.Hint(string(id), known))
}

// lastAbout returns the last entry about a rollout or channel that a message shows, apart from
// refusals; noEntry if none exists.
func (h *history) lastAbout(subject string) int {
	for i := len(h.entries) - 1; i >= 0; i-- {
		e := &h.entries[i]
		if string(e.Rollout) == subject && isShown(e) && e.Rejection == nil ||
			e.Poll != nil && string(e.Poll.Channel) == subject {
			return i
		}
	}
	return noEntry
}

// isShown reports whether a message shows an entry. Agents' messages repeat what the events say.
func isShown(e *trace.Entry) bool {
	return e.Header == nil && e.Agent == nil && e.End == nil && (e.Plan == nil || e.Plan.Attempt <= 1)
}

// around returns the lines of the trace around an entry, which is marked; for noEntry, the last
// lines up to a time.
func (h *history) around(entry int, now time.Duration) []string {
	const before, after = 5, 2
	first := entry
	if entry == noEntry {
		first = len(h.until(now)) - 1
	}
	var picked []int
	for i := first; i >= 0 && len(picked) <= before; i-- {
		if i == entry || isShown(&h.entries[i]) {
			picked = append([]int{i}, picked...)
		}
	}
	for i := first + 1; i < len(h.entries) && entry != noEntry && len(picked) <= before+after; i++ {
		if isShown(&h.entries[i]) {
			picked = append(picked, i)
		}
	}
	text := trace.Lines{Start: h.start}
	var lines []string
	for _, i := range picked {
		mark := "  "
		if i == entry {
			mark = "> "
		}
		lines = append(lines, mark+string(text.Append(nil, &h.entries[i])))
	}
	return lines
}
