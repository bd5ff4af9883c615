package sim

import (
	"errors"
	"slices"

	"rollsim/controlplane"
	"rollsim/internal/refill"
	"rollsim/reducer"
)

// errDrawn reports that a run cannot be copied.
var errDrawn = errors.New("the run draws faults or traffic, or its control plane cannot be copied")

// Forkable returns an error if the Walk cannot be copied and hashed: if faults or traffic are
// drawn, or the control plane cannot be copied or has no log to be restored from.
func (k *Walk) Forkable() error {
	w := k.w
	if _, can := w.driver.plane.(controlplane.Value); !can ||
		w.record.follower == nil && w.driver.production == nil ||
		len(w.sc.Faults) > 0 || len(w.sc.Traffic) > 0 || w.record.sink != nil && !k.digests {
		return errDrawn
	}
	return nil
}

// Fork returns a copy of a Walk that is Forkable. The two share nothing that changes. The copy has
// no choices before its next instant, and with quiet it never has any.
func (k *Walk) Fork(quiet bool) *Walk { return k.ForkInto(nil, quiet) }

// ForkInto is Fork into the memory of a Walk that can no longer be used otherwise, or new memory if
// it is nil. It returns that Walk.
func (k *Walk) ForkInto(c *Walk, quiet bool) *Walk {
	if c == nil {
		c = &Walk{w: new(world)}
	}
	w, old := c.w, *c.w
	*w = *k.w
	c.end, c.before, c.begun = k.end, k.before, k.begun
	c.classes, c.whole, c.digests = k.classes, k.whole, k.digests
	c.changes()
	c.choices = choices{
		driver: &w.driver, quiet: quiet, made: c.choices.made[:0], moments: c.choices.moments[:0],
		met: refill.Slice(c.choices.met, k.choices.met), width: k.choices.width,
	}
	w.clock.queue.fork(&old.clock.queue)
	w.timeline = refill.Slice(old.timeline, w.timeline)
	w.lineIDs = refill.Slice(old.lineIDs, w.lineIDs)
	w.rollouts.list = refill.Slice(old.rollouts.list, w.rollouts.list)
	w.rollouts.number = refill.Map(old.rollouts.number, w.rollouts.number)
	w.chance.clock = &w.clock
	w.upstream.fork(&old.upstream, w)
	w.moments.fork(&old.moments, w)
	w.driver.fork(&old.driver, w, &c.choices)
	w.record.fork(&old.record, w)
	if c.digests {
		w.record.sink = &c.wrote
	}
	w.network.fork(&old.network, w, &c.choices)
	w.agents.fork(&old.agents, w, &c.choices)
	if p := w.driver.production; p != nil {
		p = p.fork(old.driver.production, w)
		w.driver.production = p
		w.record.ledger = w.record.ledger.fork(old.record.ledger, &w.record, p)
	}
	return c
}

// fork makes a copied queue share nothing with the original. It uses the memory of an old one, as
// the other methods of this name do.
func (q *queue) fork(old *queue) {
	for i := range q.buckets {
		items := q.buckets[i]
		if q.buckets[i] = old.buckets[i][:0]; len(items) > 0 {
			q.buckets[i] = append(q.buckets[i], items...)
		}
	}
}

func (u *upstream) fork(old *upstream, w *world) {
	u.clock = &w.clock
	if u.moves != nil {
		u.moves = old.moves
	}
	u.refs, u.back = refill.Slice(old.refs, u.refs), refill.Slice(old.back, u.back)
	u.had = refill.Slice(old.had, u.had)
	for n := range u.had {
		u.had[n].all = slices.Clip(u.had[n].all)
	}
}

func (m *moments) fork(old *moments, w *world) {
	m.clock, m.timeline = &w.clock, w.timeline
	m.waiting = refill.Slice(old.waiting, m.waiting)
	m.missing = refill.Slice(old.missing, m.missing)
	censuses := old.censuses[:0]
	for i := range m.censuses {
		c := refill.Next(&censuses)
		waves := c.waves
		*c = m.censuses[i]
		c.waves = refill.Slice(waves, c.waves)
	}
	m.censuses = censuses
}

func (d *driver) fork(old *driver, w *world, c *choices) {
	d.clock, d.chance, d.record, d.rollouts = &w.clock, &w.chance, &w.record, &w.rollouts
	d.agents, d.moments, d.choices = &w.agents, &w.moments, c
	if d.memory = old.memory; d.memory == nil {
		d.memory = new(Memory)
	}
	used, _ := old.plane.(controlplane.Value)
	if live, can := d.plane.(controlplane.Value); can { // which Forkable wants
		d.plane = live.ForkInto(used)
	}
	d.postponed = slices.Clip(d.postponed)
	d.polls, d.polled = refill.Slice(old.polls, d.polls), refill.Slice(old.polled, d.polled)
	d.armed = forkLines(old.armed, d.armed)
}

// forkLines copies lists of lines of the timeline into the memory of old ones.
func forkLines(old, lines [][]*Action) [][]*Action {
	if lines == nil {
		return nil
	}
	old = old[:0]
	for _, list := range lines {
		c := refill.Next(&old)
		*c = refill.Slice(*c, list)
	}
	return old
}

func (r *recorder) fork(old *recorder, w *world) {
	r.clock = &w.clock
	r.check = r.check.CloneInto(old.check, w.driver.plane.Fleet())
	if r.follower != nil {
		follower, _ := r.follower.ForkInto(old.follower).(controlplane.Follower)
		r.follower = follower
	}
	if r.ledger != nil {
		folded := old.refold
		if folded == nil {
			folded = new(reducer.Fleet)
		}
		r.refold = r.refold.CloneInto(folded)
		r.arena = old.arena
		r.arena.Reset()
	}
	r.steps = slices.Clip(r.steps)
}

func (n *network) fork(old *network, w *world, c *choices) {
	n.clock, n.chance, n.record, n.rollouts = &w.clock, &w.chance, &w.record, &w.rollouts
	if n.choices, n.deliver = c, old.deliver; n.deliver == nil { // it is of the same world
		n.deliver = w.driver.receive
	}
	if n.post != nil {
		n.post = old.post
	}
	n.struck = slices.Clip(n.struck)
	n.flights, n.resent = refill.Slice(old.flights, n.flights), old.resent
	n.landed = refill.Slice(old.landed, n.landed)
	links := old.links[:0]
	for host := range n.links {
		l := refill.Next(&links)
		outbox, armed := l.outbox, l.armed
		*l = n.links[host]
		l.outbox, l.armed = refill.Slice(outbox, l.outbox), refill.Slice(armed, l.armed)
	}
	n.links = links
}

func (as *agents) fork(old *agents, w *world, c *choices) {
	as.clock, as.chance, as.network = &w.clock, &w.chance, &w.network
	as.record, as.rollouts, as.choices = &w.record, &w.rollouts, c
	as.list = refill.Slice(old.list, as.list)
	for n := range as.list {
		if a := &as.list[n]; slices.ContainsFunc(a.profile.fates, func(f Fate) bool { return f.Once }) {
			own := *a.profile
			own.own, own.met = true, slices.Clone(own.met)
			a.profile = &own
		}
	}
}
