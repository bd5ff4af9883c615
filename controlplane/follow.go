package controlplane

import (
	"slices"

	"rollsim/internal/hash64"
	"rollsim/reducer"
	"rollsim/trace"
)

// Value is a ControlPlane whose state can be copied and hashed.
type Value interface {
	ControlPlane

	// ForkInto is Clone. It uses the memory of old, a control plane of the same kind that can no
	// longer be used otherwise, nor can its fleet; nil for new memory.
	ForkInto(old Value) Value

	// Await says which rollouts have which hosts, which rollouts have not ended, and which hosts
	// the control plane may still dispatch. With budgets, a rollout ends when it is Pruned: until
	// then its hosts are counted.
	Await(h *hash64.State)

	// Hash adds the state to a hash. Control planes of one kind, inventory and machine whose hashes
	// are equal continue alike. When Plan was called last is not part of it. live, if not nil, is
	// another one whose hash goes before: what is alike in both need not be added twice.
	Hash(h *hash64.State, live ControlPlane)
}

// Follower is a Value that is restored from its log alone, so that another one can follow the log
// entry by entry and always hold what survives a crash.
type Follower interface {
	Value

	// Follow applies the next entry of the log that another control plane writes. The follower must
	// not be used for anything else than the methods below and Fleet. The error is a
	// *reducer.MachineFailure.
	Follow(e *trace.Entry) error

	// RestartInto is Restart after a crash of the control plane whose log this one has followed. It
	// uses the memory of old, as ForkInto does.
	RestartInto(old Value, now reducer.Time, out Output) Follower
}

// Follow implements Follower.
func (p *plane) Follow(e *trace.Entry) error { return p.replay(e) }

// RestartInto implements Follower.
func (p *plane) RestartInto(old Value, now reducer.Time, out Output) Follower {
	c := p.forkInto(old)
	c.resume(now, out)
	return c
}

// ForkInto implements Value.
func (p *plane) ForkInto(old Value) Value { return p.forkInto(old) }

func (p *plane) forkInto(old Value) *plane {
	if c, can := old.(*plane); can {
		return p.copyInto(c)
	}
	return p.copyInto(new(plane))
}

// Await implements Value.
func (p *plane) Await(h *hash64.State) {
	for n, r := range p.rollouts {
		works := p.rules.worksOn(r)
		if r.state().Underway() || len(p.counted) > 0 && r.state() != reducer.Pruned {
			h.Last(n)
		}
		for slot := range r.members {
			m := &r.members[slot]
			h.Join(n, slot, m.host)
			if works && !m.dispatched && m.host != noHost {
				h.Await(n, int(m.host))
			}
		}
	}
	for i := range p.unacked {
		if d := &p.unacked[i]; p.awaitsAck(d) && !h.Ended(int(d.rollout)) {
			h.Await(int(d.rollout), int(p.rollouts[d.rollout].members[d.slot].host))
		}
	}
}

// Hash implements Value.
func (p *plane) Hash(h *hash64.State, live ControlPlane) {
	o, _ := live.(*plane)
	if h.Word(1); o == nil || !p.fleet.Same(o.fleet) {
		p.fleet.Hash(h)
	}
	if h.Word(2); o == nil || !p.sameConfig(o) {
		p.hashConfig(&h.Sum)
	}
	if h.Word(3); o == nil || !slices.Equal(p.hosts, o.hosts) || !slices.Equal(p.counted, o.counted) {
		p.hashHosts(h)
	}
	for _, r := range p.rollouts {
		r.hash(h, p.inv.joins)
	}
	h.Pair(hash64.Bit(p.changed, 0)|hash64.Bit(p.settled, 1), uint64(len(p.underway)))
	for _, r := range p.underway {
		h.Word(uint64(r.number))
	}
	for i := range p.unacked {
		if d := &p.unacked[i]; p.awaitsAck(d) {
			sum := h.At(int(d.rollout), int(d.slot))
			sum.Pair(uint64(d.sent), uint64(d.attempt))
			sum.Word(uint64(d.rollout))
		}
	}
}

// hashConfig adds what belongs to no host and no rollout.
func (p *plane) hashConfig(h *hash64.Sum) {
	for n := range p.seen {
		h.Named(string(p.seen[n]), hash64.Bit(p.paused[n], 0)|hash64.Bit(p.shut[n], 1))
	}
	h.Pair(hash64.Bit(p.pausedAll, 0), uint64(len(p.quarantine)))
	for i := range p.quarantine {
		h.Text(string(p.quarantine[i].Channel))
		h.Text(string(p.quarantine[i].Closure))
	}
}

func (p *plane) sameConfig(o *plane) bool {
	return slices.Equal(p.seen, o.seen) && slices.Equal(p.paused, o.paused) &&
		slices.Equal(p.shut, o.shut) && p.pausedAll == o.pausedAll &&
		slices.Equal(p.quarantine, o.quarantine)
}

func (p *plane) hashHosts(h *hash64.State) {
	for n := range p.hosts {
		t := &p.hosts[n]
		due := t.soakDueAt
		if t.current != noRollout && h.Done(int(t.current), n) {
			due = 0
		}
		h.Hosts[n].Pair(uint64(t.current), uint64(due)<<3|
			hash64.Bit(t.counted, 0)|hash64.Bit(t.absent, 1)|hash64.Bit(t.left, 2))
	}
	for _, n := range p.counted {
		h.Int(n)
	}
}

// awaitsAck reports whether a dispatch may be sent again.
func (p *plane) awaitsAck(d *dispatched) bool {
	r := p.rollouts[d.rollout]
	host := &p.hosts[r.members[d.slot].host]
	return host.current == d.rollout && !host.left &&
		r.fold.Hosts()[d.slot].State == reducer.HostPending
}

// hash adds what the fold, the events and the inventory do not say. joins reports whether hosts may
// join late, for whom an empty queue matters.
func (r *rollout) hash(h *hash64.State, joins bool) {
	number := int(r.number)
	for slot := range r.members {
		m := &r.members[slot]
		if n, known := h.Slot(number, slot); !known || !h.Done(number, n) {
			h.At(number, slot).Pair(uint64(m.seq), hash64.Bit(m.dispatched, 0))
		}
	}
	h.Pair(uint64(r.countedIn)<<1|hash64.Bit(r.aborted, 0), uint64(len(r.waves)))
	reducer.HashOpt(&h.Sum, r.timer)
	if h.Ended(number) {
		return
	}
	for i := range r.waves {
		v := &r.waves[i]
		h.Word(uint64(v.number))
		for j := range v.queues {
			q := &v.queues[j]
			waits := false
			for _, slot := range q.slots {
				if !r.members[slot].dispatched { // a restart removes the others
					h.At(number, int(slot)).Pair(uint64(number), uint64(j))
					waits = true
				}
			}
			if waits || joins {
				h.Pair(uint64(q.budgets)<<1|hash64.Bit(q.single, 0), q.logged)
			}
		}
	}
}
