package invariant

import (
	"cmp"
	"slices"

	"rollsim/reducer"
)

// waves knows, by the hosts alone, up to which wave a rollout may dispatch: the second half of
// invariant (11). It moves its own cursor as the specification asks a control plane to, so that a
// wave opens once every host that had joined the waves before has been ordering-eligible. The zero
// value has no hosts and is at wave 0.
type waves struct {
	open   uint32       // the highest wave that is open; it never falls
	joined reducer.Time // when the last host joined
	closed bool         // something else has happened since then
	list   []wave       // those with hosts, by number
	order  []stretch    // by first
}

// wave counts the hosts of one wave that the waves after it wait for: those that joined before the
// wave had been passed and were never ordering-eligible.
type wave struct {
	number  uint32
	awaited int
}

// stretch is the hosts from one slot on that joined one wave, one after the other.
type stretch struct {
	first  int
	number uint32
}

// join adds the host of the next slot, and reports whether later waves wait for it. A host that
// joins late does not close what is open. It is late if it joins at another instant than the host
// before it or if an operator lets it join after something else has happened: the control plane may
// have opened waves in between.
func (w *waves) join(slot int, number uint32, at reducer.Time, raw bool) bool {
	if at != w.joined || raw && w.closed {
		w.advance()
	}
	w.joined, w.closed = at, false
	if n := len(w.order); n == 0 || w.order[n-1].number != number {
		w.order = append(w.order, stretch{slot, number})
	}
	i, found := w.search(number)
	if !found {
		w.list = slices.Insert(w.list, i, wave{number: number})
	}
	if number < w.open {
		return false
	}
	w.list[i].awaited++
	return true
}

// release makes later waves no longer wait for the awaited host at a slot, which no wave lists.
func (w *waves) release(slot int) {
	i, _ := w.search(w.of(slot))
	w.list[i].awaited--
}

// of returns the wave of the host at a slot.
func (w *waves) of(slot int) uint32 {
	i, found := slices.BinarySearchFunc(w.order, slot, func(s stretch, slot int) int {
		return cmp.Compare(s.first, slot)
	})
	if !found {
		i--
	}
	return w.order[i].number
}

// eligible records that the awaited host at a slot has become ordering-eligible.
func (w *waves) eligible(slot int) {
	i, _ := w.search(w.of(slot))
	w.list[i].awaited--
	w.advance()
}

// happened records that an event other than a HostJoined has been applied.
func (w *waves) happened() { w.closed = true }

// opened records that an operator has opened the waves up to number.
func (w *waves) opened(number uint32) { w.open = max(w.open, number) }

// mayDispatch reports whether the host at a slot may be dispatched.
func (w *waves) mayDispatch(slot int) bool {
	w.advance()
	return w.of(slot) <= w.open
}

// advance opens waves up to the first one with an awaited host.
func (w *waves) advance() {
	i, _ := w.search(w.open)
	for ; i < len(w.list); i++ {
		w.open = w.list[i].number
		if w.list[i].awaited > 0 {
			return
		}
	}
}

func (w *waves) search(number uint32) (int, bool) {
	return slices.BinarySearchFunc(w.list, number, func(v wave, number uint32) int {
		return cmp.Compare(v.number, number)
	})
}
