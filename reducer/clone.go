package reducer

import "slices"

// Clone returns a copy of the fleet. Both use the same machine and the same policies; they share no
// state.
func (f *Fleet) Clone() *Fleet {
	c := &Fleet{
		machine:  f.machine,
		policy:   f.policy,
		rollouts: make(map[RolloutID]*Rollout, len(f.rollouts)),
		order:    make([]*Rollout, len(f.order)),
		opened:   f.opened,
		channels: make(map[ChannelID]*channelFold, len(f.channels)),
	}
	copies := make(map[*Rollout]*Rollout, len(f.order))
	for i, r := range f.order {
		c.order[i] = r.clone()
		c.rollouts[r.Record.RolloutID] = c.order[i]
		copies[r] = c.order[i]
	}
	for _, r := range f.order {
		c.cloneChannel(f.channels[r.Record.Channel], copies)
	}
	for _, ch := range f.unsettled {
		c.cloneChannel(ch, copies)
		c.unsettled = append(c.unsettled, c.channels[ch.id])
	}
	return c
}

func (r *Rollout) clone() *Rollout {
	c := *r
	c.hosts = slices.Clone(r.hosts)
	c.slots = r.slots.clone()
	if r.derived != nil {
		effects := *r.derived
		c.derived = &effects
	}
	return &c
}

// cloneChannel copies a channel of another fleet, unless that was done before.
func (f *Fleet) cloneChannel(ch *channelFold, copies map[*Rollout]*Rollout) {
	if ch == nil || f.channels[ch.id] != nil {
		return
	}
	c := *ch
	c.standing = cloneRollouts(ch.standing, copies)
	c.opened = cloneRollouts(ch.opened, copies)
	c.awaiting = slices.Clone(ch.awaiting)
	f.channels[ch.id] = &c
}

func cloneRollouts(list []*Rollout, copies map[*Rollout]*Rollout) []*Rollout {
	cloned := make([]*Rollout, len(list))
	for i, r := range list {
		if copies[r] == nil { // it was dropped
			copies[r] = r.clone()
		}
		cloned[i] = copies[r]
	}
	return cloned
}
