package replay

import (
	"fmt"
	"maps"

	"rollsim/reducer"
	"rollsim/trace"
)

// policies hold the known policies of the channels: those that the user sets or the header has, and
// otherwise those that agents report.
type policies struct {
	notes *notes

	known    map[reducer.ChannelID]reducer.Policy
	assumed  map[reducer.ChannelID]bool // channels for which a note says that halt is assumed
	differed map[reducer.ChannelID]bool // channels for which a note says that agents differ
}

func newPolicies(notes *notes) policies {
	return policies{
		notes:    notes,
		known:    make(map[reducer.ChannelID]reducer.Policy),
		assumed:  make(map[reducer.ChannelID]bool),
		differed: make(map[reducer.ChannelID]bool),
	}
}

// set sets the policies of the header, which may be nil. Those of the user override them.
func (p *policies) set(header *trace.Header, given map[reducer.ChannelID]reducer.Policy) {
	if header != nil {
		for _, c := range header.Channels {
			p.known[c.Channel] = c.Policy
		}
	}
	maps.Copy(p.known, given)
}

// of returns the policy of a channel, or the default where it is not known.
func (p *policies) of(c reducer.ChannelID) reducer.Policy {
	if policy, ok := p.known[c]; ok {
		return policy
	}
	return reducer.DefaultPolicy()
}

// learn records the policy that an agent applied, from the entry with that seq.
func (p *policies) learn(c reducer.ChannelID, applied reducer.HealthPolicy, seq uint64) {
	known, ok := p.known[c]
	switch {
	case applied == 0:
	case !ok:
		p.known[c] = reducer.Policy{
			OnHealthFailure: applied, RetentionSeconds: reducer.DefaultRetentionSeconds,
		}
	case known.OnHealthFailure != applied && !p.differed[c]:
		p.differed[c] = true
		p.notes.add(fmt.Sprintf("entry %d: channel %s: an agent applied policy %v, the replay "+
			"applies %v", seq, c, applied, known.OnHealthFailure))
	}
}

// assume adds a note that the entry with that seq is judged under the default policy, unless the
// policy of its channel is known. It does so once for a channel.
func (p *policies) assume(c reducer.ChannelID, seq uint64) {
	if _, known := p.known[c]; known || p.assumed[c] {
		return
	}
	p.assumed[c] = true
	p.notes.add(fmt.Sprintf("entry %d: channel %s: no entry before it states the policy, the replay "+
		"applies %v", seq, c, reducer.DefaultPolicy().OnHealthFailure))
}

// ofAgent returns the policy under which an agent event is judged. If none is known, a rollback of
// the agent proves its policy.
func (p *policies) ofAgent(c reducer.ChannelID, kind reducer.AgentEventKind) reducer.HealthPolicy {
	policy, known := p.known[c]
	switch {
	case known:
		return policy.OnHealthFailure
	case kind == reducer.RollbackComplete:
		return reducer.RollbackAndHalt
	}
	return reducer.DefaultPolicy().OnHealthFailure
}
