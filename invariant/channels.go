package invariant

import (
	"rollsim/internal/hash64"
	"rollsim/internal/refill"
	"rollsim/reducer"
)

// channels is what the Checker knows of the channels, apart from their rollouts.
type channels struct {
	list   []channel
	number map[reducer.ChannelID]int // the index in list; copies share it
}

type channel struct {
	after []reducer.ChannelID // the channels that it waits for
	ref   reducer.ChannelRef  // what the last successful poll saw
	hosts reducer.Opt[int]    // how many follow it; not known for all channels
}

// of returns a channel, or nil if it is neither configured nor declared.
func (c *channels) of(id reducer.ChannelID) *channel {
	if n, known := c.number[id]; known {
		return &c.list[n]
	}
	return nil
}

// open returns a channel, and adds one that is new. It must not be called once there are copies.
func (c *channels) open(id reducer.ChannelID) *channel {
	if ch := c.of(id); ch != nil {
		return ch
	}
	c.number[id] = len(c.list)
	c.list = append(c.list, channel{})
	return &c.list[len(c.list)-1]
}

// add changes how many hosts follow a channel, if that is known.
func (c *channels) add(id reducer.ChannelID, more int) {
	if ch := c.of(id); ch != nil && ch.hosts.Set {
		ch.hosts.Value += more
	}
}

// copyInto copies the channels into others, whose memory it uses.
func (c *channels) copyInto(k *channels) {
	k.list, k.number = refill.Slice(k.list, c.list), c.number
}

func (c *channels) hash(h *hash64.Sum) {
	for i := range c.list {
		ch := &c.list[i]
		h.Named(string(ch.ref), uint64(ch.hosts.Value)<<1|hash64.Bit(ch.hosts.Set, 0))
	}
}

// finished reports whether channels that wait for this one may proceed: the rollout of its ref has
// been Terminal or Superseded.
func (ch *channel) finished(
	id reducer.ChannelID, of func(reducer.RolloutID) *account,
) bool {
	a := of(reducer.NewRolloutID(id, ch.ref))
	return a != nil && (a.finished || a.superseded)
}
