package replay

import (
	"slices"
)

// surroundings are the entries around an entry, as text.
type surroundings struct{ before, later []string }

// watched is an entry that something should follow.
type watched struct {
	at      place
	rollout *rollout
	slot    int // of the host that it is about; negative without a host
}

// contextReach is how many entries are added to the ring before a watched entry's surroundings are
// kept. It is less than the size of the ring.
const contextReach = ringSize / 2

// contextKeeper keeps the entries around those that leave something open. That nothing follows an
// entry may be found long after the ring has lost it. The zero value is ready to use.
type contextKeeper struct {
	watched []watched               // in log order
	kept    map[uint64]surroundings // by the number of the entry
}

// watch adds an entry that leaves something open.
func (k *contextKeeper) watch(at place, r *rollout, slot int) {
	k.watched = append(k.watched, watched{at: at, rollout: r, slot: slot})
}

// due returns the watched entries that the ring is about to lose.
func (k *contextKeeper) due(ring *ring) []watched {
	n := 0
	for n < len(k.watched) && ring.n > k.watched[n].at.ring+contextReach {
		n++
	}
	return k.watched[:n]
}

// keep keeps what is around a watched entry.
func (k *contextKeeper) keep(w *watched, c *cursor) {
	if len(k.kept) >= maxFindings {
		return
	}
	if k.kept == nil {
		k.kept = make(map[uint64]surroundings)
	}
	before := w.at.ring
	if w.slot >= 0 {
		before++ // a finding about a host does not show the entry itself
	}
	k.kept[w.at.n] = surroundings{
		before: c.recent.before(&c.lines, before, w.rollout.id),
		later:  c.recent.later(&c.lines, w.at.ring, w.rollout.id),
	}
}

// drop removes the first n watched entries.
func (k *contextKeeper) drop(n int) { k.watched = slices.Delete(k.watched, 0, n) }
