package whatif

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"rollsim/reducer"
	"rollsim/trace"
)

// policies are the policies of the channels according to the log. A simulated trace has them in its
// header. In a log of a control plane they are the policyApplied of the agents' Failed events,
// wherever in the log they are; else a rollback shows rollback-and-halt; else halt is assumed, with
// a note. That is the rule of replay and import too.
type policies struct {
	known     map[reducer.ChannelID]reducer.Policy
	channels  map[reducer.RolloutID]reducer.ChannelID // of the rollouts that were opened
	waiting   map[reducer.ChannelID]*waiting
	simulated bool
	reordered bool // held events were applied after later ones of other channels
	notes     []string
}

// waiting holds the events of a channel whose policy is not yet known, from the first one that
// depends on it.
type waiting struct {
	held     []trace.Entry
	rollback uint64 // the seq of the first RollbackComplete; 0 without one
}

// maxHeld limits the events that are held for a channel. Then the policy is what the log has shown.
const maxHeld = 1 << 18

func newPolicies() policies {
	return policies{
		known:    make(map[reducer.ChannelID]reducer.Policy),
		channels: make(map[reducer.RolloutID]reducer.ChannelID),
		waiting:  make(map[reducer.ChannelID]*waiting),
	}
}

func (p *policies) of(id reducer.ChannelID) reducer.Policy {
	if policy, ok := p.known[id]; ok {
		return policy
	}
	return reducer.DefaultPolicy()
}

// channel returns what a channel waits for.
func (p *policies) channel(id reducer.ChannelID) *waiting {
	w := p.waiting[id]
	if w == nil {
		w = new(waiting)
		p.waiting[id] = w
	}
	return w
}

// hold holds an event whose answer may depend on a policy that is not yet known, and reports
// whether it does so.
func (p *policies) hold(e *trace.Entry) bool {
	ev := e.Event
	if ev.Kind == reducer.RolloutOpened {
		p.channels[ev.Rollout] = ev.Channel
	}
	id, opened := p.channels[ev.Rollout]
	if _, known := p.known[id]; known || !opened || p.simulated {
		return false
	}
	w := p.channel(id)
	fails := ev.Kind == reducer.HostStateChanged && ev.To == reducer.HostFailed
	if len(w.held) == 0 && !fails {
		return false
	}
	copied, event := *e, *ev
	copied.Event = &event
	w.held = append(w.held, copied)
	return true
}

// learn records what an agent's event shows of the policy of its channel. It returns the events
// that were held for it.
func (p *policies) learn(e *trace.Entry) []trace.Entry {
	id, opened := p.channels[e.Rollout]
	if !opened {
		return nil
	}
	if e.Agent.Policy == 0 {
		if w := p.channel(id); w.rollback == 0 {
			w.rollback = e.Seq
		}
		return nil
	}
	known, ok := p.known[id]
	switch {
	case !ok:
		return p.settle(id, e.Agent.Policy, e.Seq)
	case known.OnHealthFailure != e.Agent.Policy:
		p.note("entry %d: channel %s: an agent applied policy %v; %v is used", e.Seq, id,
			e.Agent.Policy, known.OnHealthFailure)
	}
	return nil
}

// full returns the events of a channel if it holds too many, or if all is set.
func (p *policies) full(id reducer.ChannelID, all bool) []trace.Entry {
	w := p.waiting[id]
	switch {
	case w == nil || len(w.held) == 0 || !all && len(w.held) < maxHeld:
		return nil
	case w.rollback > 0:
		return p.settle(id, reducer.RollbackAndHalt, w.rollback)
	}
	return p.settle(id, reducer.DefaultPolicy().OnHealthFailure, 0)
}

// rest returns the events that are still held at the end of the log.
func (p *policies) rest() []trace.Entry {
	var held []trace.Entry
	for _, id := range slices.Sorted(maps.Keys(p.waiting)) {
		held = append(held, p.full(id, true)...)
	}
	slices.SortStableFunc(held, func(a, b trace.Entry) int { return cmp.Compare(a.Seq, b.Seq) })
	return held
}

// settle sets the policy of a channel, which the entry with that seq shows; 0 means that none does.
// It returns the events that were held.
func (p *policies) settle(
	id reducer.ChannelID, policy reducer.HealthPolicy, seq uint64,
) []trace.Entry {
	p.known[id] = reducer.Policy{
		OnHealthFailure: policy, RetentionSeconds: reducer.DefaultRetentionSeconds,
	}
	w := p.channel(id)
	held := w.held
	w.held = nil
	switch {
	case len(held) == 0:
		return nil
	case seq == 0:
		p.note("entry %d: channel %s: no entry states the policy; %v is assumed", held[0].Seq, id, policy)
	default:
		p.note("entry %d: channel %s: policy %v, which entry %d shows", held[0].Seq, id, policy, seq)
	}
	p.reordered = true
	return held
}

func (p *policies) note(format string, args ...any) {
	p.notes = append(p.notes, fmt.Sprintf(format, args...))
}

// apply returns a policy with the change applied.
func (c Change) apply(p reducer.Policy) reducer.Policy {
	if c.OnHealthFailure != 0 {
		p.OnHealthFailure = c.OnHealthFailure
	}
	if c.RetentionSeconds.Set {
		p.RetentionSeconds = c.RetentionSeconds.Value
	}
	return p
}
