package invariant

import (
	"rollsim/internal/hash64"
	"rollsim/reducer"
	"rollsim/trace"
)

// Hash adds what the Checker knows to a hash. Checkers with one configuration whose hashes are
// equal report the same of what comes, except for the entries at which they find it. The fleet is
// not part of it, nor is the World of the shipped control plane.
func (c *Checker) Hash(h *hash64.State) {
	h.Bool(c.asked != nil)
	if c.asked != nil {
		h.Word(uint64(c.asked.Kind))
		h.Text(string(c.asked.Rollout))
	}
	var sets uint64 // of what has no order
	for _, a := range c.accounts.all {
		sets += uint64(c.hashAccount(h, a))
	}
	for k := range c.reports.seen {
		var s hash64.Sum
		s.Text(string(k.invariant))
		s.Text(k.subject)
		sets += uint64(s)
	}
	for i := range c.reports.found {
		sets += uint64(c.reports.found[i].hash())
	}
	h.Word(sets)
	h.Word(uint64(c.reports.event))
	c.channels.hash(&h.Sum)
	c.dispatches.hash(&h.Sum)
	c.budgets.hash(&h.Sum)
	c.history.hash(h)
	if c.shipped != nil {
		c.shipped.hash(&h.Sum)
	}
}

// hash returns a hash of what distinguishes a violation from others.
func (v *Violation) hash() (s hash64.Sum) {
	s.Named(string(v.Invariant), uint64(v.State))
	s.Text(v.Subject)
	s.Text(string(v.Defect))
	s.Text(v.Excused)
	return s
}

// hashAccount returns a hash of what matters of a rollout, and adds what is about its hosts to
// theirs.
func (c *Checker) hashAccount(h *hash64.State, a *account) hash64.Sum {
	number := a.number
	s, past := hash64.Sum(number), h.Ended(number)
	finished, wave := a.finished, a.wave
	since, ended := a.terminalSet, a.ended
	if past {
		finished = finished && !a.superseded // either lets other channels go
		wave = 0
		since, ended.Value = max(since, ended.Value), 0 // retention counts from the later one
	}
	s.Word(uint64(a.joined)<<6 | hash64.Bit(a.known, 0) | hash64.Bit(a.superseded, 1) |
		hash64.Bit(finished, 2) | hash64.Bit(a.pruned, 3) | hash64.Bit(a.aborted, 4) |
		hash64.Bit(a.partial, 5))
	s.Pair(uint64(since), uint64(wave)<<8|uint64(a.state))
	reducer.HashOpt(&s, ended)
	for slot := range a.hosts {
		var all []logged
		if slot < len(a.logged) {
			all = a.logged[slot]
		}
		if host, known := h.Slot(number, slot); known {
			h.Hosts[host] += c.hashMember(h, number, host, &a.hosts[slot], all)
		} else {
			s.Word(uint64(c.hashMember(h, number, -1, &a.hosts[slot], all)))
		}
	}
	if !past {
		a.waves.hash(&s)
	}
	return s
}

// hashMember returns a hash of what matters of a host that joined a rollout, and of its messages in
// the log. host is its number, or negative if it is not known. The times of the messages are not
// part of it: Logged compares them with those under way, and those to come have other ones.
func (c *Checker) hashMember(
	h *hash64.State, number, host int, m *member, all []logged,
) hash64.Sum {
	s := hash64.Sum(number)
	switch {
	case host < 0 || !h.Done(number, host):
		s.Pair(uint64(m.soakDue), uint64(m.declared)<<24|uint64(m.passed)<<16|uint64(m.marks)<<8|
			uint64(m.state))
		if m.before > 0 && (host < 0 || h.RollsBack[host]) {
			s.Text(string(c.evidence.closures[m.before-1]))
		}
		for i := range all {
			s.Word(uint64(all[i].kind)<<1 | hash64.Bit(all[i].agent, 0))
		}
	case !h.Ended(number):
		s.Word(uint64(m.marks&awaited)<<8 | uint64(m.state))
	}
	return s
}

func (w *waves) hash(h *hash64.Sum) {
	h.Pair(uint64(w.open)<<1|hash64.Bit(w.closed, 0), uint64(w.joined))
	for i := range w.list {
		h.Word(uint64(w.list[i].number)<<32 | uint64(w.list[i].awaited))
	}
	h.Int(len(w.order))
	for _, s := range w.order {
		h.Word(uint64(s.first)<<32 | uint64(s.number))
	}
}

func (c *dispatches) hash(h *hash64.Sum) {
	var sets uint64
	for q := range c.quarantine {
		sets += hashEntry(q)
	}
	for id, paused := range c.paused {
		if paused {
			var s hash64.Sum
			s.Named(string(id), 'p')
			sets += uint64(s)
		}
	}
	for id, how := range c.outside {
		var s hash64.Sum
		s.Named(string(id), 'o'<<8|uint64(how))
		sets += uint64(s)
	}
	h.Word(sets)
}

func hashEntry(q trace.QuarantineConfig) uint64 {
	var s hash64.Sum
	s.Named(string(q.Channel), 'q')
	s.Text(string(q.Closure))
	return uint64(s)
}

func (c *budgets) hash(h *hash64.Sum) {
	for i := range c.all {
		h.Int(c.all[i].used)
	}
	var sets uint64
	for id, t := range c.hosts {
		if t.rollout < 0 && !t.left {
			continue // as if nobody had asked for it
		}
		var s hash64.Sum
		s.Named(string(id), uint64(t.rollout)<<2|hash64.Bit(t.counted, 0)|hash64.Bit(t.left, 1))
		sets += uint64(s)
	}
	h.Word(sets)
}

func (c *history) hash(h *hash64.State) {
	var sets uint64
	for m := range c.stale {
		var s hash64.Sum
		m.hash(&s)
		sets += uint64(s)
	}
	h.Word(sets)
	h.Int(len(c.openings))
	for i := range c.openings {
		h.Int(c.openings[i].rollout.Number())
		h.Pair(uint64(c.openings[i].at), uint64(c.openings[i].all))
	}
}

func (m *message) hash(h *hash64.Sum) {
	h.Named(string(m.host), m.seq)
	h.Text(string(m.rollout))
}

func (s *shipped) hash(h *hash64.Sum) {
	var sets uint64
	add := func(kind uint64, id reducer.RolloutID, host reducer.HostID, x uint64) {
		var one hash64.Sum
		one.Named(string(id), kind)
		one.Named(string(host), x)
		sets += uint64(one)
	}
	for id, at := range s.superseded {
		add('s', id, "", uint64(at))
	}
	for id := range s.opened {
		add('o', id, "", 0)
	}
	for host, id := range s.acked {
		add('a', id, host, 0)
	}
	h.Word(sets)
}
