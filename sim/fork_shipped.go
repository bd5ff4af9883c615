package sim

import (
	"slices"

	"rollsim/internal/refill"
	"rollsim/reducer"
)

// fork returns a copy for a copied world, in the memory of an old one, or in new memory if that is
// nil.
func (p *production) fork(c *production, w *world) *production {
	if c == nil {
		c = new(production)
		w.network.post, w.upstream.moves = c.post, c.point
		w.record.check.Ask(c.asked())
	}
	old := *c
	*c = *p
	c.world = w
	c.agents = old.agents[:0]
	for n := range p.agents {
		a := refill.Next(&c.agents)
		p.agents[n].copyInto(a)
		a.agent = &w.agents.list[n]
	}
	c.previous = forkMaps(old.previous, p.previous)
	c.signed = forkMaps(old.signed, p.signed)
	c.known = refill.Slice(old.known, p.known)
	c.logged = refill.Slice(old.logged, p.logged)
	c.losses = slices.Clip(p.losses)
	c.noted = refill.Map(old.noted, p.noted)
	c.deleted = refill.Map(old.deleted, p.deleted)
	c.results = refill.Map(old.results, p.results)
	c.undone = refill.Map(old.undone, p.undone)
	c.hostOrder, c.channelOrder, c.found = old.hostOrder, old.channelOrder, old.found
	return c
}

// copyInto copies an agent into an old one.
func (a *shippedAgent) copyInto(c *shippedAgent) {
	old := *c
	*c = *a
	c.generations = refill.Slice(old.generations, a.generations)
	c.local = refill.Slice(old.local, a.local)
	c.switches = refill.Slice(old.switches, a.switches)
	c.failing = slices.Clip(a.failing)
}

// forkMaps copies maps, one for each channel, into the memory of old ones.
func forkMaps[V any](
	old, from []map[reducer.ChannelRef]V,
) []map[reducer.ChannelRef]V {
	old = old[:0]
	for _, m := range from {
		c := refill.Next(&old)
		*c = refill.Map(*c, m)
	}
	return old
}

// fork returns a copy of the ledger of a copied recorder, in the memory of an old one, or in new
// memory if that is nil. The arena of the recorder holds the payloads.
func (l *ledger) fork(c *ledger, r *recorder, p *production) *ledger {
	if c == nil {
		c = new(ledger)
	}
	queue := c.queue[:0]
	*c = *l
	c.synth, c.lost = &p.synth, slices.Clip(l.lost)
	for i := range l.queue {
		row := refill.Next(&queue)
		row.step = l.queue[i].step
		r.arena.Copy(&row.Entry, &l.queue[i].Entry)
	}
	c.queue = queue
	return c
}
