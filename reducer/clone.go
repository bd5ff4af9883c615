package reducer

import (
	"slices"

	"rollsim/internal/refill"
)

// Clone returns a copy of the fleet. Both use the same machine and the same policies; they share no
// state.
func (f *Fleet) Clone() *Fleet { return f.CloneInto(new(Fleet)) }

// CloneInto is Clone into the memory of another fleet, which can no longer be used otherwise, nor
// can its rollouts. It returns that fleet.
func (f *Fleet) CloneInto(c *Fleet) *Fleet {
	c.machine, c.policy, c.opened = f.machine, f.policy, f.opened
	c.next, c.recent, c.recentID = Record{}, nil, ""
	if c.rollouts == nil {
		c.rollouts = make(map[RolloutID]*Rollout, len(f.rollouts))
		c.channels = make(map[ChannelID]*channelFold, len(f.channels))
	}
	for _, r := range c.order[min(len(c.order), len(f.order)):] {
		delete(c.rollouts, r.Record.RolloutID)
		c.unused.rollouts = append(c.unused.rollouts, r)
	}
	c.order = c.order[:min(len(c.order), len(f.order))]
	for i, r := range f.order {
		if i == len(c.order) {
			c.order = append(c.order, c.newRollout(Record{}))
		}
		o, id := c.order[i], r.Record.RolloutID
		if before := o.Record.RolloutID; before != id {
			if c.rollouts[before] == o {
				delete(c.rollouts, before)
			}
			c.rollouts[id] = o
		}
		r.cloneInto(o)
	}
	c.cloneChannels(f)
	return c
}

// cloneChannels copies the channels of another fleet, whose rollouts were copied.
func (f *Fleet) cloneChannels(from *Fleet) {
	copies := copies{from: from.order, to: f.order}
	for _, ch := range f.folds[min(len(f.folds), len(from.folds)):] {
		delete(f.channels, ch.id)
		f.unused.channels = append(f.unused.channels, ch)
	}
	f.folds = f.folds[:min(len(f.folds), len(from.folds))]
	for i, ch := range from.folds {
		if i == len(f.folds) {
			f.newChannel(ch.id)
		}
		c := f.folds[i]
		if c.id != ch.id {
			if f.channels[c.id] == c {
				delete(f.channels, c.id)
			}
			f.channels[ch.id], c.id = c, ch.id
		}
		c.open, c.at = ch.open, ch.at
		c.standing = copies.of(c.standing[:0], ch.standing)
		c.opened = copies.of(c.opened[:0], ch.opened)
		c.awaiting = refill.Slice(c.awaiting, ch.awaiting)
	}
	f.unsettled = f.unsettled[:0]
	for _, ch := range from.unsettled {
		f.unsettled = append(f.unsettled, f.channels[ch.id])
	}
}

func (r *Rollout) cloneInto(c *Rollout) {
	hosts, table, derived := c.hosts, c.slots.table, c.derived
	*c = *r
	c.hosts = refill.Slice(hosts, r.hosts)
	c.slots.table = refill.Slice(table, r.slots.table)
	if r.derived != nil {
		if derived == nil {
			derived = new(Effects)
		}
		*derived = *r.derived
		c.derived = derived
	}
}

// copies finds the copies of rollouts.
type copies struct {
	from, to []*Rollout            // by number, without those that were dropped
	dropped  map[*Rollout]*Rollout // those that were dropped
}

// of adds the copies of some rollouts to a list.
func (x *copies) of(list, originals []*Rollout) []*Rollout {
	for _, r := range originals {
		list = append(list, x.find(r))
	}
	return list
}

func (x *copies) find(r *Rollout) *Rollout {
	i, _ := slices.BinarySearchFunc(x.from, r.number, func(o *Rollout, number int) int {
		return o.number - number
	})
	if i < len(x.from) && x.from[i] == r {
		return x.to[i]
	}
	c := x.dropped[r]
	if c == nil {
		c = new(Rollout)
		r.cloneInto(c)
		if x.dropped == nil {
			x.dropped = make(map[*Rollout]*Rollout)
		}
		x.dropped[r] = c
	}
	return c
}
