package invariant

import (
	"rollsim/internal/hash64"
	"rollsim/reducer"
	"rollsim/trace"
)

// Hash adds what the Checker knows to a hash. Checkers with one configuration whose hashes are
// equal report the same of what comes, except for the entries at which they find it. The fleet is
// not part of it. The Checker must not be one of the shipped control plane.
func (c *Checker) Hash(h *hash64.Sum) {
	h.Bool(c.asked != nil)
	if c.asked != nil {
		h.Word(uint64(c.asked.Kind))
		h.Text(string(c.asked.Rollout))
	}
	var sets uint64 // of what has no order
	for n, a := range c.accounts.all {
		s := hash64.Sum(n)
		c.hashAccount(&s, a)
		sets += uint64(s)
	}
	for k := range c.reports.seen {
		var s hash64.Sum
		s.Text(string(k.invariant))
		s.Text(k.subject)
		sets += uint64(s)
	}
	h.Word(sets)
	h.Word(uint64(c.reports.event))
	c.dispatches.hash(h)
	c.budgets.hash(h)
	c.history.hash(h)
}

func (c *Checker) hashAccount(h *hash64.Sum, a *account) {
	h.Pair(uint64(a.latest), uint64(a.joined)<<6|hash64.Bit(a.known, 0)|hash64.Bit(a.superseded, 1)|
		hash64.Bit(a.finished, 2)|hash64.Bit(a.pruned, 3)|hash64.Bit(a.aborted, 4)|
		hash64.Bit(a.partial, 5))
	h.Pair(uint64(a.terminalSet), uint64(a.wave)<<8|uint64(a.state))
	reducer.HashOpt(h, a.ended)
	for i := range a.hosts {
		m := &a.hosts[i]
		h.Pair(uint64(m.soakDue), uint64(m.declared)<<24|uint64(m.passed)<<16|uint64(m.marks)<<8|
			uint64(m.state))
		if m.before > 0 {
			h.Text(string(c.evidence.closures[m.before-1]))
		}
	}
	a.waves.hash(h)
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
	h.Bool(c.moved)
	var sets uint64
	for id, ch := range c.channels {
		var s hash64.Sum
		s.Named(string(id), uint64(len(ch.ref)))
		s.Text(string(ch.ref))
		sets += uint64(s)
	}
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

func (c *history) hash(h *hash64.Sum) {
	var sets uint64
	for id, n := range c.hosts {
		var s hash64.Sum
		s.Named(string(id), uint64(n))
		sets += uint64(s)
	}
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
	c.logged.hash(h)
}

func (m *message) hash(h *hash64.Sum) {
	h.Named(string(m.host), m.seq)
	h.Text(string(m.rollout))
}
