package replay

import (
	"fmt"
	"maps"

	"rollsim/reducer"
	"rollsim/trace"
)

// policies hold the policies of the channels. The rule is the same for all commands that read logs:
// what the user sets or the header has; else what a Failed of an agent says, wherever in the log it
// is; else rollback-and-halt if a host has rolled back; else halt, with a note.
type policies struct {
	notes *notes

	known    map[reducer.ChannelID]reducer.Policy
	learned  map[reducer.ChannelID]*learned
	differed map[reducer.ChannelID]bool // channels for which a note says that agents differ
}

// learned is what a log shows of the policy of a channel.
type learned struct {
	applied  reducer.HealthPolicy // by the first Failed; 0 without one
	seq      uint64               // of that Failed, or of the first RollbackComplete
	rollback bool                 // a host has rolled back
	assumed  uint64               // the seq of the first entry that depends on the policy; 0 before
	held     []heldRollback
}

// heldRollback is a rollback whose policy is not known yet: it is illegal if a later Failed says
// halt.
type heldRollback struct {
	finding Finding
	at      place
}

// maxHeld limits the verdicts that are held for a channel.
const maxHeld = 500

// ChannelPolicy is the policy of a channel, and where the log shows it.
type ChannelPolicy struct {
	Channel reducer.ChannelID
	Policy  reducer.HealthPolicy
	Seq     uint64 // of the entry that shows it; 0 if it is given or assumed
	Given   bool   // by the user or the header
}

func newPolicies(notes *notes) policies {
	return policies{
		notes:    notes,
		known:    make(map[reducer.ChannelID]reducer.Policy),
		learned:  make(map[reducer.ChannelID]*learned),
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

// of returns the policy of a channel as far as it is known.
func (p *policies) of(c reducer.ChannelID) reducer.Policy {
	if policy, ok := p.known[c]; ok {
		return policy
	}
	policy := reducer.DefaultPolicy()
	if l := p.learned[c]; l != nil {
		policy.OnHealthFailure = l.policy()
	}
	return policy
}

// policy returns the policy that a log shows so far.
func (l *learned) policy() reducer.HealthPolicy {
	switch {
	case l.applied != 0:
		return l.applied
	case l.rollback:
		return reducer.RollbackAndHalt
	}
	return reducer.DefaultPolicy().OnHealthFailure
}

// channel returns what the log shows of a channel's policy.
func (p *policies) channel(c reducer.ChannelID) *learned {
	l := p.learned[c]
	if l == nil {
		l = new(learned)
		p.learned[c] = l
	}
	return l
}

// learn records the policy that an agent applied, or that it has rolled back, from the entry with
// that seq.
func (p *policies) learn(c reducer.ChannelID, a *trace.AgentEvent, seq uint64) {
	rolled := a.Kind == reducer.RollbackComplete
	if a.Policy == 0 && !rolled {
		return
	}
	if known, given := p.known[c]; given {
		if a.Policy != 0 && known.OnHealthFailure != a.Policy {
			p.differ(c, a.Policy, known.OnHealthFailure, seq)
		}
		return
	}
	l := p.channel(c)
	switch {
	case rolled:
		if l.seq == 0 {
			l.seq = seq
		}
		l.rollback = true
	case l.applied == 0:
		l.applied, l.seq = a.Policy, seq
	case l.applied != a.Policy:
		p.differ(c, a.Policy, l.applied, seq)
	}
}

func (p *policies) differ(c reducer.ChannelID, applied, known reducer.HealthPolicy, seq uint64) {
	if p.differed[c] {
		return
	}
	p.differed[c] = true
	p.notes.add(fmt.Sprintf("entry %d: channel %s: an agent applied policy %v, the replay "+
		"applies %v", seq, c, applied, known))
}

// assume records that the entry with that seq is the first one that depends on the policy of a
// channel.
func (p *policies) assume(c reducer.ChannelID, seq uint64) {
	if _, known := p.known[c]; known {
		return
	}
	if l := p.channel(c); l.assumed == 0 {
		l.assumed = seq
	}
}

// ofAgent returns the policy under which an agent event is judged. A rollback is legal unless a
// Failed says halt; it is held in case a later one does.
func (p *policies) ofAgent(c reducer.ChannelID, kind reducer.AgentEventKind) reducer.HealthPolicy {
	if known, given := p.known[c]; given {
		return known.OnHealthFailure
	}
	if l := p.learned[c]; l != nil && l.applied != 0 {
		return l.applied
	}
	if kind == reducer.RollbackComplete {
		return reducer.RollbackAndHalt
	}
	return reducer.DefaultPolicy().OnHealthFailure
}

// hold holds a rollback that is illegal if the policy turns out to be halt.
func (p *policies) hold(c reducer.ChannelID, f Finding, at place) {
	if _, given := p.known[c]; given {
		return
	}
	if l := p.channel(c); l.applied == 0 && len(l.held) < maxHeld {
		l.held = append(l.held, heldRollback{f, at})
	}
}

// finish adds the findings about the rollbacks that are illegal, and notes what is assumed.
func (p *policies) finish(findings *collector) {
	for _, id := range sortedKeys(p.learned) {
		l := p.learned[reducer.ChannelID(id)]
		if l.applied == reducer.Halt {
			for _, h := range l.held {
				h.finding.Reason += fmt.Sprintf(" (entry %d shows policy halt)", l.seq)
				findings.add(h.finding, h.at, 0)
			}
		}
		l.held = nil
		switch {
		case l.assumed == 0:
		case l.seq == 0:
			p.notes.add(fmt.Sprintf("entry %d: channel %s: no entry states the policy, the replay "+
				"applies %v", l.assumed, id, l.policy()))
		case l.seq > l.assumed:
			p.notes.add(fmt.Sprintf("entry %d: channel %s: policy %v, which entry %d shows", l.assumed, id,
				l.policy(), l.seq))
		}
	}
}

// list returns the policies of channels.
func (p *policies) list(all channels) []ChannelPolicy {
	var list []ChannelPolicy
	for _, c := range all.ordered() {
		policy := ChannelPolicy{Channel: c.id, Policy: p.of(c.id).OnHealthFailure}
		if _, given := p.known[c.id]; given {
			policy.Given = true
		} else if l := p.learned[c.id]; l != nil {
			policy.Seq = l.seq
		}
		list = append(list, policy)
	}
	return list
}
