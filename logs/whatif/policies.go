package whatif

import (
	"fmt"

	"rollsim/reducer"
	"rollsim/trace"
)

// policies are the policies of the channels according to the log. A simulated trace has them in its
// header. In a log of a control plane they are the policyApplied of the agents' Failed events;
// before the first one, the policy is assumed to be halt, with a note.
type policies struct {
	known     map[reducer.ChannelID]reducer.Policy
	assumed   map[reducer.ChannelID]bool
	simulated bool
	notes     []string
}

func (p *policies) of(id reducer.ChannelID) reducer.Policy {
	if policy, ok := p.known[id]; ok {
		return policy
	}
	return reducer.DefaultPolicy()
}

// learn records the policy of a channel that an agent's Failed event has.
func (p *policies) learn(e *trace.Entry, fleet *reducer.Fleet) {
	r := fleet.Rollout(e.Rollout)
	if r == nil {
		return
	}
	id := r.Record.Channel
	if known, ok := p.known[id]; !ok {
		p.known[id] = reducer.Policy{
			OnHealthFailure:  e.Agent.Policy,
			RetentionSeconds: reducer.DefaultRetentionSeconds,
		}
	} else if known.OnHealthFailure != e.Agent.Policy {
		p.note("entry %d: channel %s: an agent applied policy %v; %v is used", e.Seq, id,
			e.Agent.Policy, known.OnHealthFailure)
	}
}

// assume adds a note if an event is a failure in a channel whose policy is not yet known.
func (p *policies) assume(e *trace.Entry, id reducer.ChannelID) {
	if e.Event.Kind != reducer.HostStateChanged || e.Event.To != reducer.HostFailed {
		return
	}
	if _, known := p.known[id]; known || p.assumed[id] {
		return
	}
	if p.assumed == nil {
		p.assumed = make(map[reducer.ChannelID]bool)
	}
	p.assumed[id] = true
	p.note("entry %d: channel %s: no entry before it has the policy; %v is assumed", e.Seq, id,
		reducer.DefaultPolicy().OnHealthFailure)
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
