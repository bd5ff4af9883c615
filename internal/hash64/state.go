package hash64

import "slices"

// State is a hash of the state of a fleet, in which rollouts have hosts. What is about one host is
// added to the sum of the host, so that hosts can be exchanged. What can decide nothing any more is
// left out: State knows which rollouts have ended, and which hosts are done with which rollout.
// Call Reset before use.
type State struct {
	Sum         // of what is about no single host
	Hosts []Sum // by number: of what is about a host

	RollsBack []bool // by number: whether the host rolls back when it fails

	slots  [][]uint32 // by rollout: the numbers of its hosts, in the order of joining
	awaits []bool     // by rollout and host
	lasts  []bool     // by rollout
	whole  bool
}

// Reset begins a hash of a state with so many rollouts and hosts, none of which is awaited. With
// whole, nothing is left out.
func (s *State) Reset(rollouts, hosts int, whole bool) {
	s.Sum, s.whole = 0, whole
	s.Hosts = zeroed(s.Hosts, hosts)
	s.RollsBack = zeroed(s.RollsBack, hosts)
	s.awaits = zeroed(s.awaits, rollouts*hosts)
	s.lasts = zeroed(s.lasts, rollouts)
	for i := range s.slots {
		s.slots[i] = s.slots[i][:0]
	}
	for len(s.slots) < rollouts {
		s.slots = append(s.slots, nil)
	}
}

// zeroed returns n zero values, in the memory of old if it suffices.
func zeroed[T any](old []T, n int) []T {
	all := slices.Grow(old[:0], n)[:n]
	clear(all)
	return all
}

// Join says which host has a slot of a rollout. It may be called again for the same slot. The
// number of a host that no inventory has is above all others.
func (s *State) Join(rollout, slot int, host uint32) {
	if slot == len(s.slots[rollout]) {
		s.slots[rollout] = append(s.slots[rollout], host)
	}
}

// Last says that a rollout has not ended: its hosts may still be dispatched, or counted.
func (s *State) Last(rollout int) { s.lasts[rollout] = true }

// Await says that something of a rollout may still reach a host, or be sent by it.
func (s *State) Await(rollout, host int) { s.awaits[rollout*len(s.Hosts)+host] = true }

// Ended reports whether a rollout has ended.
func (s *State) Ended(rollout int) bool { return !s.whole && !s.lasts[rollout] }

// Done reports whether nothing of a rollout reaches a host any more, or is sent by it.
func (s *State) Done(rollout, host int) bool {
	return !s.whole && !s.awaits[rollout*len(s.Hosts)+host]
}

// Slot returns the number of the host at a slot of a rollout; false if it is not known.
func (s *State) Slot(rollout, slot int) (host int, known bool) {
	if slot >= len(s.slots[rollout]) {
		return 0, false
	}
	host = int(s.slots[rollout][slot])
	return host, host < len(s.Hosts)
}

// At returns the sum of the host at a slot of a rollout, or that of no host if it is not known.
func (s *State) At(rollout, slot int) *Sum {
	if host, known := s.Slot(rollout, slot); known {
		return &s.Hosts[host]
	}
	return &s.Sum
}

// Exchange sorts the sums of some hosts, so that it does not matter which of them has which.
func (s *State) Exchange(hosts []uint32) {
	for i := range hosts {
		for j := i; j > 0 && s.Hosts[hosts[j]] < s.Hosts[hosts[j-1]]; j-- {
			a, b := &s.Hosts[hosts[j]], &s.Hosts[hosts[j-1]]
			*a, *b = *b, *a
		}
	}
}

// Total returns the hash of all that was added.
func (s *State) Total() uint64 {
	h := s.Sum
	for _, sum := range s.Hosts {
		h.Word(uint64(sum))
	}
	return uint64(h)
}
