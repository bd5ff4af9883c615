package controlplane

import (
	"slices"

	"rollsim/internal/hash64"
	"rollsim/internal/refill"
	"rollsim/reducer"
)

func (p *shippedPlane) Clone() ControlPlane { return p.copyInto(new(shippedPlane)) }

// ForkInto implements Value.
func (p *shippedPlane) ForkInto(old Value) Value {
	if c, can := old.(*shippedPlane); can {
		return p.copyInto(c)
	}
	return p.copyInto(new(shippedPlane))
}

// copyInto copies the state into a control plane that can no longer be used otherwise, and uses its
// memory. It returns that control plane.
func (p *shippedPlane) copyInto(c *shippedPlane) *shippedPlane {
	old := *c
	*c = *p
	c.shippedScratch = old.shippedScratch
	if c.fleet = old.fleet; c.fleet == nil {
		c.fleet = new(reducer.Fleet)
	}
	p.fleet.CloneInto(c.fleet)
	c.quarantined = refill.Slice(old.quarantined, p.quarantined)
	c.heartbeats = refill.Slice(old.heartbeats, p.heartbeats)
	c.manifests = refill.Slice(old.manifests, p.manifests)
	if c.byID = old.byID; c.byID == nil {
		c.byID = make(map[reducer.RolloutID]*row, len(p.byID))
	}
	clear(c.byID)
	c.rows = old.rows[:0]
	for _, o := range p.rows {
		place := refill.Next(&c.rows)
		if o == nil {
			*place = nil
			continue
		}
		if *place == nil {
			*place = &row{failures: make(probesOf)}
		}
		o.copyInto(*place, c.fleet)
		if !o.deleted {
			c.byID[o.id] = *place
		}
	}
	c.queue = old.queue[:0]
	for n := range p.queue {
		list := refill.Next(&c.queue)
		*list = append((*list)[:0], p.queue[n]...)
		for i := range *list {
			q := &(*list)[i]
			q.rollout = c.rows[q.rollout.fold.Number()]
		}
	}
	return c
}

// copyInto copies a row into an old one. The fold of the copy is that of another fleet, unless the
// row was deleted: then nothing changes it any more.
func (o *row) copyInto(c *row, fleet *reducer.Fleet) {
	records, failures := c.records, c.failures
	*c = *o
	if !o.deleted {
		c.fold = fleet.Rollout(o.id)
	}
	c.records, c.hints = refill.Slice(records, o.records), nil
	for i := range c.records {
		c.records[i].failing = slices.Clone(c.records[i].failing)
	}
	c.failures = failures
	clear(c.failures)
	for slot := range o.records {
		if list := o.failures[slot]; list != nil {
			c.failures[slot] = slices.Clone(list)
		}
	}
}

// Await implements Value. No rollout ends for good, because a manifest may name it again.
func (p *shippedPlane) Await(h *hash64.State) {
	for number, o := range p.rows {
		if o == nil || o.deleted {
			continue
		}
		h.Last(number)
		for slot := range o.records {
			host := o.records[slot].host
			h.Join(number, slot, host)
			if host != noHost && !o.state(slot).Finished() {
				h.Await(number, int(host))
			}
		}
	}
	for n := range p.queue {
		for i := range p.queue[n] {
			h.Await(p.queue[n][i].rollout.fold.Number(), n)
		}
	}
}

// Hash implements Value. What an input leaves for another one of the same instant is not part of
// it.
func (p *shippedPlane) Hash(h *hash64.State, _ ControlPlane) {
	p.fleet.Hash(h)
	h.Int(len(p.rows))
	for _, o := range p.rows {
		h.Bool(o != nil)
		if o != nil {
			o.hash(h)
		}
	}
	h.Int(len(p.quarantined))
	for i := range p.quarantined {
		h.Text(string(p.quarantined[i].Channel))
		h.Text(string(p.quarantined[i].Closure))
	}
	for n := range p.manifests {
		m := &p.manifests[n]
		h.Named(string(m.ref), uint64(len(m.closures))<<1|hash64.Bit(m.readable, 0))
		for _, closure := range m.closures {
			h.Text(string(closure))
		}
	}
	h.Pair(uint64(p.failure.Joined), hash64.Bit(p.failure.Tear, 0)|hash64.Bit(p.failure.Database, 1)|
		hash64.Bit(p.polled, 2)|hash64.Bit(p.dirty, 3)|hash64.Bit(p.pending, 4)|hash64.Bit(p.torn, 5))
	for n := range p.heartbeats {
		sum := &h.Hosts[n]
		sum.Named(string(p.heartbeats[n]), uint64(len(p.queue[n])))
		for i := range p.queue[n] {
			q := &p.queue[n][i]
			sum.Pair(uint64(q.rollout.fold.Number()), uint64(q.slot))
			sum.Named(string(q.closure), uint64(q.at))
			sum.Word(uint64(q.soakDue))
		}
	}
}

func (o *row) hash(h *hash64.State) {
	number := o.fold.Number()
	h.Named(string(o.id), uint64(len(o.records))<<2|
		hash64.Bit(o.deleted, 0)|hash64.Bit(o.foreign, 1))
	for slot := range o.records {
		host, known := h.Slot(number, slot)
		o.records[slot].hash(&h.Sum, known && h.Done(number, host))
		h.Int(len(o.failures[slot]))
		for _, probe := range o.failures[slot] {
			h.Text(probe)
		}
	}
}

// hash adds what matters of a host: where it is done, which target it had, and when it was queued.
func (rec *record) hash(h *hash64.Sum, done bool) {
	h.Named(string(rec.target), uint64(rec.host))
	reducer.HashOpt(h, rec.queued)
	if done {
		return
	}
	h.Pair(hash64.Bit(rec.probed, 0)|hash64.Bit(rec.unchanged, 1)|hash64.Bit(rec.deferred, 2), rec.seq)
	h.Pair(uint64(rec.soakDue), uint64(len(rec.failing)))
	for _, probe := range rec.failing {
		h.Text(probe)
	}
}
