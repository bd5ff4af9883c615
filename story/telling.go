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

// telling is one run of a story, and its trace told by rollout and host.
type telling struct {
	entries  []trace.Entry
	result   *sim.Result
	start    reducer.Time
	refs     map[reducer.ChannelID]past[reducer.ChannelRef] // that the polls saw
	rollouts map[reducer.RolloutID]*rolloutPast
	order    []*rolloutPast // as opened
}

// rolloutPast is what became of one rollout.
type rolloutPast struct {
	id      reducer.RolloutID
	channel reducer.ChannelID
	ref     reducer.ChannelRef
	states  past[reducer.State]
	waves   past[uint32] // of the cursor
	hosts   []*hostPast  // as joined
}

// hostPast is what became of one host under one rollout.
type hostPast struct {
	id         reducer.HostID
	wave       uint32
	states     past[reducer.HostState]
	dispatches []int // entries
}

// past is how something changed, in order.
type past[S comparable] []change[S]

// change is one change of a state. The first one has no from.
type change[S comparable] struct {
	at       time.Duration // since the start
	entry    int
	from, to S
}

// at is the last change up to a time; false when there was none yet.
func (p past[S]) at(t time.Duration) (change[S], bool) {
	n := sort.Search(len(p), func(i int) bool { return p[i].at > t })
	if n == 0 {
		return change[S]{entry: noEntry}, false
	}
	return p[n-1], true
}

// path lists the states that something goes through.
func (p past[S]) path() string {
	var names []string
	for _, c := range p {
		names = append(names, fmt.Sprint(c.to))
	}
	return strings.Join(names, ", ")
}

// host finds a host that joined the rollout; nil for one that did not.
func (r *rolloutPast) host(id reducer.HostID) *hostPast {
	for _, h := range r.hosts {
		if h.id == id {
			return h
		}
	}
	return nil
}

func newTelling(entries []trace.Entry, result *sim.Result) *telling {
	t := &telling{
		entries: entries, result: result, start: result.Start, refs: make(map[reducer.ChannelID]past[reducer.ChannelRef]),
		rollouts: make(map[reducer.RolloutID]*rolloutPast),
	}
	for i := range entries {
		t.note(i)
	}
	return t
}

// note adds one entry to what became of its rollout.
func (t *telling) note(i int) {
	e := &t.entries[i]
	at := t.since(e.At)
	r := t.rollouts[e.Rollout]
	switch {
	case e.Poll != nil:
		t.refs[e.Poll.Channel] = append(
			t.refs[e.Poll.Channel], change[reducer.ChannelRef]{at: at, entry: i, to: e.Poll.Ref},
		)
	case e.Event != nil && e.Event.Kind == reducer.RolloutOpened && r == nil:
		r = &rolloutPast{id: e.Rollout, channel: e.Event.Channel, ref: e.Event.TargetRef}
		r.states = past[reducer.State]{{at: at, entry: i, to: reducer.Opening}}
		r.waves = past[uint32]{{at: at, entry: i}}
		t.rollouts[r.id] = r
		t.order = append(t.order, r)
	case r == nil:
	case e.Event != nil && e.Event.Kind == reducer.HostJoined && !t.refused(i) && r.host(e.Event.Host) == nil:
		h := &hostPast{id: e.Event.Host, wave: e.Event.Wave}
		h.states = past[reducer.HostState]{{at: at, entry: i, to: reducer.HostPending}}
		r.hosts = append(r.hosts, h)
	case e.Event != nil && e.Event.Kind == reducer.HostStateChanged && !t.refused(i):
		if h := r.host(e.Event.Host); h != nil {
			h.states = append(h.states, change[reducer.HostState]{at, i, e.Event.From, e.Event.To})
		}
	case e.Effect != nil && e.Effect.Kind == reducer.RecordRolloutTransition:
		r.states = append(r.states, change[reducer.State]{at, i, e.Effect.From, e.Effect.To})
	case e.Effect != nil && e.Effect.Kind == reducer.UpdateCurrentWave:
		last := r.waves[len(r.waves)-1]
		r.waves = append(r.waves, change[uint32]{at, i, last.to, e.Effect.Wave})
	case e.Plan != nil && e.Plan.Action == trace.QueueDispatch:
		if h := r.host(e.Plan.Host); h != nil {
			h.dispatches = append(h.dispatches, i)
		}
	}
}

// refused tells whether the reducer refused the event of an entry. What a later event proves of an
// earlier one is named differently, and is no refusal.
func (t *telling) refused(i int) bool {
	if i+1 >= len(t.entries) || t.entries[i+1].Rejection == nil {
		return false
	}
	r, ev := t.entries[i+1].Rejection, t.entries[i].Event
	return r.Event == ev.Kind && r.Rollout == ev.Rollout && r.Error != trace.ErrorSupersessionExpected
}

// since gives a time since the start.
func (t *telling) since(at reducer.Time) time.Duration { return time.Duration(at - t.start) }

// stirs tells whether an entry is a sign that the fleet is not at rest: all but what retention does
// by itself, dispatches that are sent again for want of an answer, polls that fail, which they do
// as long as there are polls, and refusals, some of which only show much later.
func stirs(e *trace.Entry) bool {
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

// settled is when everything has settled: a breath after the last stir.
func (t *telling) settled() time.Duration {
	for i := len(t.entries) - 1; i >= 0; i-- {
		if e := &t.entries[i]; stirs(e) {
			return t.since(e.At) + breath
		}
	}
	return 0
}

// suffices tells whether the telling reaches a time, and goes on for a tail after everything has
// settled.
func (t *telling) suffices(until, tail time.Duration) bool {
	end := t.since(t.result.End)
	return end >= until && end >= t.settled()+tail
}

// until counts the entries up to a time.
func (t *telling) until(at time.Duration) int {
	return sort.Search(len(t.entries), func(i int) bool { return t.since(t.entries[i].At) > at })
}

// after gives the first entry after what an anchor refers to.
func (t *telling) after(a anchor) int {
	if a.entry != noEntry {
		return a.entry + 1
	}
	return sort.Search(len(t.entries), func(i int) bool { return t.since(t.entries[i].At) >= a.at })
}

// rollout finds what became of a rollout. The error names the nearest one.
func (t *telling) rollout(id reducer.RolloutID) (*rolloutPast, error) {
	if r := t.rollouts[id]; r != nil {
		return r, nil
	}
	var known []string
	for _, r := range t.order {
		known = append(known, string(r.id))
	}
	if len(known) == 0 {
		return nil, fmt.Errorf("rollout %q was never opened, nor any other: no channel has moved to a "+
			"ref that a poll saw", id)
	}
	return nil, fmt.Errorf("rollout %q was never opened%s", id, nearest.Hint(string(id), known))
}

// about gives the last entry about a rollout or channel; noEntry when there is none.
func (t *telling) about(subject string) int {
	for i := len(t.entries) - 1; i >= 0; i-- {
		e := &t.entries[i]
		if string(e.Rollout) == subject && shown(e) && e.Rejection == nil ||
			e.Poll != nil && string(e.Poll.Channel) == subject {
			return i
		}
	}
	return noEntry
}

// shown tells whether an entry is worth its line in a message: agents' messages repeat what the
// events say.
func shown(e *trace.Entry) bool {
	return e.Header == nil && e.Agent == nil && e.End == nil && (e.Plan == nil || e.Plan.Attempt <= 1)
}

// around gives the lines of the trace around an entry, that one marked; without one, the last lines
// up to a time.
func (t *telling) around(entry int, now time.Duration) []string {
	const before, after = 5, 2
	first, marked := entry, entry
	if entry == noEntry {
		first = t.until(now) - 1
	}
	var picked []int
	for i := first; i >= 0 && len(picked) <= before; i-- {
		if i == marked || shown(&t.entries[i]) {
			picked = append([]int{i}, picked...)
		}
	}
	for i := first + 1; i < len(t.entries) && entry != noEntry && len(picked) <= before+after; i++ {
		if shown(&t.entries[i]) {
			picked = append(picked, i)
		}
	}
	text := trace.Lines{Start: t.start}
	var lines []string
	for _, i := range picked {
		mark := "  "
		if i == marked {
			mark = "> "
		}
		lines = append(lines, mark+string(text.Append(nil, &t.entries[i])))
	}
	return lines
}
