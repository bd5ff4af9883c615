package reducer

// unused is memory that a fleet may use for what it adds.
type unused struct {
	rollouts []*Rollout
	channels []*channelFold
	effects  *Effects
}

// Reuse lets a new fleet use the memory of another one, which can no longer be used, nor can its
// rollouts.
func (f *Fleet) Reuse(old *Fleet) {
	f.unused = old.unused
	f.unused.rollouts = append(f.unused.rollouts, old.order...)
	f.unused.channels = append(f.unused.channels, old.folds...)
	clear(old.rollouts)
	f.rollouts, f.order = old.rollouts, old.order[:0]
	*old = Fleet{}
}

// newRollout returns the next rollout, without hosts.
func (f *Fleet) newRollout(record Record) *Rollout {
	last := len(f.unused.rollouts) - 1
	if last < 0 {
		return &Rollout{Record: record, number: f.opened}
	}
	r := f.unused.rollouts[last]
	f.unused.rollouts = f.unused.rollouts[:last]
	clear(r.slots.table)
	*r = Rollout{Record: record, number: f.opened, hosts: r.hosts[:0], slots: r.slots}
	return r
}

// newChannel adds a channel without rollouts, and returns it.
func (f *Fleet) newChannel(id ChannelID) *channelFold {
	c := new(channelFold)
	if last := len(f.unused.channels) - 1; last >= 0 {
		c, f.unused.channels = f.unused.channels[last], f.unused.channels[:last]
	}
	*c = channelFold{
		id: id, standing: c.standing[:0], opened: c.opened[:0], awaiting: c.awaiting[:0],
	}
	f.channels[id], f.folds = c, append(f.folds, c)
	return c
}
