package replay

import (
	"rollsim/reducer"
)

// channel is what the log shows of a channel.
type channel struct {
	id      reducer.ChannelID
	number  int                // in the order of appearance
	rollout *rollout           // the last one that was opened
	before  *rollout           // the one before it
	opened  uint64             // the seq of the opening of rollout
	ref     reducer.ChannelRef // the last one that a poll or an opening showed
	polled  place              // where it was shown first
	hosts   []reducer.HostID   // of its last whole opening
	shown   reducer.ChannelRef // the last one that a poll showed
	unsure  []unsureOpening    // before hosts is known

	// What the planner works on, by its dispatches and by the decisions of its gates.
	planned      *rollout
	plannedSince Where // the first entry about it since another one
	plannedLast  Where // the last one
}

// channels are the channels of a log, by name.
type channels map[reducer.ChannelID]*channel

// get returns a channel, a new one if it is not known.
func (s channels) get(id reducer.ChannelID) *channel {
	c := s[id]
	if c == nil {
		c = &channel{id: id, number: len(s)}
		s[id] = c
	}
	return c
}

// sorted returns the channels in the order of their names.
func (s channels) sorted() []*channel {
	all := make([]*channel, 0, len(s))
	for _, id := range sortedKeys(s) {
		all = append(all, s[reducer.ChannelID(id)])
	}
	return all
}

// ordered returns the channels in the order of appearance.
func (s channels) ordered() []*channel {
	all := make([]*channel, len(s))
	for _, c := range s {
		all[c.number] = c
	}
	return all
}

// named returns the first channel other than own that a gate's reason names, or nil.
func (s channels) named(reason string, own reducer.ChannelID) *channel {
	for _, c := range s.sorted() {
		if c.id != own && isNamed(reason, string(c.id)) {
			return c
		}
	}
	return nil
}

// point records that a channel points at a ref.
func (c *channel) point(ref reducer.ChannelRef, at place) {
	if c.ref != ref {
		c.ref, c.polled = ref, at
	}
}

// plan records that an entry shows that the planner works on a rollout.
func (c *channel) plan(r *rollout, seq uint64, at reducer.Time) {
	c.plannedLast = Where{Seq: seq, At: at}
	if c.planned != r {
		c.planned, c.plannedSince = r, c.plannedLast
	}
}

// setBack returns the earlier rollout that the planner works on, although a later one of the
// channel was opened: the ref of the channel was set back. It returns nil if it was not.
func (c *channel) setBack() *rollout {
	p := c.planned
	if p == nil || c.rollout == nil || p == c.rollout || p.fold == nil ||
		p.fold.Number() > c.rollout.fold.Number() || c.plannedSince.Seq < c.opened {
		return nil
	}
	return p
}

// open records that a rollout of the channel was opened.
func (c *channel) open(r *rollout) { c.before, c.rollout = c.rollout, r }

// isStranded reports whether a channel that points at the ref of r is stranded there: r is
// superseded or another rollout of the channel was opened after it, and no rollout is opened twice.
func (c *channel) isStranded(r *rollout) bool {
	return r != nil && r.fold != nil &&
		(r.fold.Record.SupersededAt.Set || c.rollout == nil || c.rollout.id != r.id)
}
