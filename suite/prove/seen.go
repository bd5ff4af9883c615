package prove

// seen is a set of states, each with the number of deviations that were still allowed in it: with
// so many, everything that may follow has been tried. It is a hash table with open addressing, of
// nine bytes a place, at least three eighths of them in use after it has grown. Two states with the
// same hash count as one, which is rare: docs/prove.md has the probability. The zero value is
// empty.
type seen struct {
	keys []uint64 // 0 is free
	left []uint8
	used int
}

// key replaces the one hash that stands for a free place.
func key(hash uint64) uint64 { return max(hash, 1) }

// place returns the index at which a key is, or belongs.
func (s *seen) place(key uint64) int {
	mask := uint64(len(s.keys) - 1)
	i := key & mask
	for s.keys[i] != 0 && s.keys[i] != key {
		i = (i + 1) & mask
	}
	return int(i)
}

// has reports whether a state was seen with at least so many deviations allowed.
func (s *seen) has(hash uint64, left int) bool {
	if s.used == 0 {
		return false
	}
	i := s.place(key(hash))
	return s.keys[i] != 0 && int(s.left[i]) >= left
}

// add adds a state, and reports whether it was not in the set.
func (s *seen) add(hash uint64, left int) bool {
	if 4*s.used >= 3*len(s.keys) {
		s.grow()
	}
	k := key(hash)
	i := s.place(k)
	if s.keys[i] == k {
		s.left[i] = max(s.left[i], uint8(left))
		return false
	}
	s.keys[i], s.left[i] = k, uint8(left)
	s.used++
	return true
}

func (s *seen) grow() {
	old := *s
	size := max(1<<8, 2*len(old.keys))
	*s = seen{keys: make([]uint64, size), left: make([]uint8, size)}
	s.merge(&old)
}

// merge adds the states of another set.
func (s *seen) merge(other *seen) {
	for i, k := range other.keys {
		if k != 0 {
			s.add(k, int(other.left[i]))
		}
	}
}
