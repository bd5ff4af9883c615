package sim

import (
	"errors"
	"maps"
	"slices"
)

// errDrawn reports that a run cannot be copied.
var errDrawn = errors.New("the run draws faults or traffic, or its control plane cannot be copied")

// Forkable returns an error if the Walk cannot be copied and hashed: if faults or traffic are
// drawn, or the control plane is restored from something else than its log.
func (k *Walk) Forkable() error {
	if k.w.record.follower == nil || len(k.w.sc.Faults) > 0 || len(k.w.sc.Traffic) > 0 ||
		k.w.record.sink != nil {
		return errDrawn
	}
	return nil
}

// Fork returns a copy of a Walk that is Forkable. The two share nothing that changes. The copy has
// no choices before its next instant, and with quiet it never has any.
func (k *Walk) Fork(quiet bool) *Walk {
	w := new(world)
	*w = *k.w
	c := &Walk{w: w, end: k.end, before: k.before, begun: k.begun}
	c.choices = choices{
		clock: &w.clock, quiet: quiet, width: k.choices.width, met: slices.Clone(k.choices.met),
	}
	w.clock.queue = k.w.clock.queue.clone()
	w.timeline, w.lineIDs = slices.Clip(w.timeline), slices.Clip(w.lineIDs)
	w.rollouts.list = slices.Clone(w.rollouts.list)
	w.rollouts.number = maps.Clone(w.rollouts.number)
	w.chance.clock = &w.clock
	w.upstream.fork(w)
	w.moments.fork(w)
	w.driver.fork(w, &c.choices)
	w.record.fork(w)
	w.network.fork(w, &c.choices)
	w.agents.fork(w, &c.choices)
	return c
}

// roomLeft is how many items can be added to a copied bucket without new memory.
const roomLeft = 4

// clone returns a copy of the queue.
func (q *queue) clone() queue {
	c := queue{now: q.now, popped: q.popped, used: q.used}
	total := 0
	for i := range q.buckets {
		if n := len(q.buckets[i]); n > 0 {
			total += n + roomLeft
		}
	}
	room := make([]item, total)
	for i := range q.buckets {
		n := len(q.buckets[i])
		if n == 0 {
			continue
		}
		copy(room, q.buckets[i])
		c.buckets[i], room = room[:n:n+roomLeft], room[n+roomLeft:]
	}
	return c
}

func (u *upstream) fork(w *world) {
	u.clock = &w.clock
	u.refs, u.back = slices.Clone(u.refs), slices.Clone(u.back)
	u.had = slices.Clone(u.had)
	for n := range u.had {
		u.had[n].all = maps.Clone(u.had[n].all)
	}
}

func (m *moments) fork(w *world) {
	m.clock, m.timeline = &w.clock, w.timeline
	m.waiting, m.missing = slices.Clone(m.waiting), slices.Clone(m.missing)
	m.censuses = slices.Clone(m.censuses)
	for i := range m.censuses {
		m.censuses[i].waves = slices.Clone(m.censuses[i].waves)
	}
}

func (d *driver) fork(w *world, c *choices) {
	d.clock, d.chance, d.record, d.rollouts = &w.clock, &w.chance, &w.record, &w.rollouts
	d.agents, d.moments, d.choices = &w.agents, &w.moments, c
	d.plane = d.plane.Clone()
	d.postponed = slices.Clip(d.postponed)
	d.polls, d.polled = slices.Clone(d.polls), slices.Clone(d.polled)
	d.armed = slices.Clone(d.armed)
	for n := range d.armed {
		d.armed[n] = slices.Clone(d.armed[n])
	}
}

func (r *recorder) fork(w *world) {
	r.clock = &w.clock
	r.check = r.check.Clone(w.driver.plane.Fleet())
	r.follower = r.follower.Fork()
	r.steps = slices.Clip(r.steps)
}

func (n *network) fork(w *world, c *choices) {
	n.clock, n.chance, n.record, n.rollouts = &w.clock, &w.chance, &w.record, &w.rollouts
	n.deliver, n.choices = w.driver.receive, c
	n.struck = slices.Clip(n.struck)
	n.flights, n.landed, n.resent = slices.Clone(n.flights), slices.Clone(n.landed), nil
	n.links = slices.Clone(n.links)
	for host := range n.links {
		l := &n.links[host]
		l.outbox, l.armed = slices.Clone(l.outbox), slices.Clone(l.armed)
	}
}

func (as *agents) fork(w *world, c *choices) {
	as.clock, as.chance, as.network = &w.clock, &w.chance, &w.network
	as.record, as.rollouts, as.choices = &w.record, &w.rollouts, c
	as.list, as.edits = slices.Clone(as.list), slices.Clip(as.edits)
	for n := range as.list {
		if a := &as.list[n]; slices.ContainsFunc(a.profile.fates, func(f Fate) bool { return f.Once }) {
			own := *a.profile
			own.own, own.met = true, slices.Clone(own.met)
			a.profile = &own
		}
	}
}
