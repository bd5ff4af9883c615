package sim

import (
	"slices"

	"rollsim/internal/hash64"
	"rollsim/reducer"
)

// hash adds what a run of the shipped control plane has in addition. What is drawn follows from the
// seed and the time. The numbers of messages are not part of it.
func (p *production) hash(k *Walk) {
	h := &k.sums
	h.Pair(p.opt.Seed, hash64.Bit(p.moved, 0)|hash64.Bit(p.began, 1))
	h.Pair(uint64(p.tickAt), uint64(p.pollAt))
	h.Word(uint64(p.pruneAt))
	for n := range p.previous {
		var sets uint64
		for _, ref := range p.upstream.had[n].all {
			var s hash64.Sum
			s.Text(string(ref))
			s.Named(string(p.previous[n][ref]), uint64(p.signed[n][ref]))
			sets += uint64(s)
		}
		h.Word(sets)
	}
	h.Bool(p.tear != nil)
	if p.tear != nil {
		h.Pair(uint64(p.tear.Joined), uint64(p.tear.For))
	}
	p.hashLosses(&h.Sum)
	p.hashFacts(h)
	for i := range p.rollouts.list {
		h.Bool(p.rollouts.list[i].moved+stillness > k.end)
	}
	p.record.hash(k)
	for n := range p.agents {
		a := &p.agents[n]
		a.hash(h, p.clock.now)
		a.hashGiven(&h.Hosts[n], func(ref reducer.ChannelRef, _ work) bool {
			return p.comes(h, a, ref)
		})
	}
}

// comes reports whether something that a host was given under a ref may still decide something.
func (p *production) comes(h *hash64.State, a *shippedAgent, ref reducer.ChannelRef) bool {
	n := slices.IndexFunc(p.rollouts.list, func(r rollout) bool {
		return r.ref == ref && r.isOf(p.sc.Channels[a.channel].ID)
	})
	return n < 0 || !h.Done(n, int(a.host))
}

// await says with which rollouts agents continue.
func (p *production) await(h *hash64.State) {
	for n := range p.agents {
		a := &p.agents[n]
		for i := range a.local {
			if r := &a.local[i]; !r.state.Finished() {
				h.Await(int(r.rollout), n)
			}
		}
		for i := range a.switches {
			h.Await(int(a.switches[i].rollout), n)
		}
	}
}

// hashLosses adds the facts about hosts that will not continue. The first one of a host counts, and
// its first one under a rollout.
func (p *production) hashLosses(h *hash64.Sum) {
	var sets uint64
	for i := range p.losses {
		x := &p.losses[i]
		earlier := 0
		for j := range i {
			if p.losses[j].host == x.host {
				earlier++
			}
		}
		var s hash64.Sum
		s.Named(string(x.rollout), uint64(x.host)<<32|uint64(earlier))
		s.Text(string(x.defect))
		sets += uint64(s)
	}
	h.Word(sets)
}

// hashFacts adds what has been seen of rollouts and their hosts.
func (p *production) hashFacts(h *hash64.State) {
	for i := range p.rollouts.list {
		id := p.rollouts.list[i].id
		if p.deleted[id] {
			h.Int(i)
		}
		for n := range p.agents {
			r := result{p.inv.HostID(uint32(n)), id}
			if passed, failed := p.results[r]; failed || p.undone[r] {
				h.Hosts[n].Pair(uint64(i), hash64.Bit(failed, 0)|hash64.Bit(passed, 1)|
					hash64.Bit(p.undone[r], 2))
			}
		}
	}
}

// hash adds the rows that are not in the log yet, which a crash may lose, and the fold of those
// that are, which may differ from the tables.
func (r *recorder) hash(k *Walk) {
	h := &k.sums
	h.Pair(uint64(len(r.ledger.queue)), hash64.Bit(len(r.ledger.lost) > 0, 0))
	for i := range r.ledger.queue {
		e := &r.ledger.queue[i]
		h.Named(string(e.Rollout), uint64(e.Kind)<<1|hash64.Bit(ofSimulator(&e.Entry), 0))
		h.Named(string(e.Host), uint64(e.At))
		switch {
		case e.Event != nil:
			e.Event.Hash(&h.Sum)
		case e.Agent != nil:
			h.Pair(e.Agent.Seq, uint64(e.Agent.Kind))
		}
	}
	k.folds.Reset(r.refold.Opened(), 0, true) // its hosts may be others than those of the tables
	r.refold.Hash(&k.folds)
	h.Word(k.folds.Total())
}

func (a *shippedAgent) hash(h *hash64.State, now reducer.Time) {
	sum := &h.Hosts[a.host]
	sum.Named(string(a.running), hash64.Bit(a.busy, 0)|hash64.Bit(a.away, 1)|
		hash64.Bit(a.observed, 2)|hash64.Bit(a.wasFailed, 3)|hash64.Bit(a.fetches, 4))
	sum.Pair(uint64(a.beatAt), uint64(a.probing)<<32|uint64(a.working))
	sum.Pair(uint64(len(a.generations)), uint64(len(a.local))<<32|uint64(len(a.switches)))
	for _, closure := range a.generations {
		sum.Text(string(closure))
	}
	for i := range a.local {
		r := &a.local[i]
		sum.Named(string(r.target), uint64(r.rollout)<<8|uint64(r.state))
		if !h.Done(int(r.rollout), int(a.host)) {
			r.hash(sum, now)
		}
	}
	for i := range a.switches {
		w := &a.switches[i]
		sum.Named(string(w.target), uint64(w.rollout)<<1|hash64.Bit(w.rollback, 0))
		sum.Word(uint64(w.started))
	}
	sum.Int(len(a.failing))
	for _, kind := range a.failing {
		sum.Word(uint64(kind))
	}
}

// hash adds what matters of a rollout while the agent continues with it.
func (r *localRollout) hash(h *hash64.Sum, now reducer.Time) {
	h.Pair(r.seq, uint64(r.soakDue))
	h.Pair(uint64(r.switched), uint64(max(now, r.probeFrom)))
	reducer.HashOpt(h, r.failed)
	h.Word(hash64.Bit(r.reported, 0) | hash64.Bit(r.passing, 1))
}

// hashMessage adds what only messages of shipped agents have.
func (p *production) hashMessage(h *hash64.Sum, host reducer.HostID, m *message) {
	said := p.record.check.Logged(p.rollouts.list[m.rollout].id, host, &m.event)
	h.Word(hash64.Bit(p.logged[m.id-1], 0) | hash64.Bit(m.volatile, 1) | hash64.Bit(said, 2))
	h.Text(string(m.raw))
}

// ignored reports whether work has no effect when it is due.
func (p *production) ignored(x item) bool {
	switch what := x.work(); what {
	case workSwitched, workBroken, workRebooted, workRestarted, workRolledBack, workProbed:
		return p.agents[x.a()].epochOf(what) != x.b
	case workArrive:
		return p.driver.down && x.at < p.driver.back
	case workTimeline, workPoll, workTick, workDispatched, workSustained, workConverged,
		workRetention, workResend, workOnline, workRestart, workTraffic, workBeat, workPrune:
	}
	return false
}
