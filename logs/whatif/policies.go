package whatif

import (
	"fmt"

	"rollsim/reducer"
	"rollsim/trace"
)

// policies are those of the channels as the log tells them: its header, or in a log of a control
// plane the policyApplied of its agents' Failed events as they come, else halt, with a note.
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

// learn takes a channel's policy from an agent's Failed event.
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
		p.note("entry %d: channel %s: an agent applied policy %v, %v is "+
			"taken", e.Seq, id, e.Agent.Policy, known.OnHealthFailure)
	}
}

// assume notes that a failure is judged under a policy that nothing in the log tells.
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
	p.note("entry %d: channel %s: nothing before it tells the policy, %v is "+
		"taken", e.Seq, id, reducer.DefaultPolicy().OnHealthFailure)
}

func (p *policies) note(format string, args ...any) {
	p.notes = append(p.notes, fmt.Sprintf(format, args...))
}

// apply lays the change over a policy.
func (c Change) apply(p reducer.Policy) reducer.Policy {
	if c.OnHealthFailure != 0 {
		p.OnHealthFailure = c.OnHealthFailure
	}
	if c.RetentionSeconds.Set {
		p.RetentionSeconds = c.RetentionSeconds.Value
	}
	return p
}
