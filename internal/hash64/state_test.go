package hash64

import "testing"

// TestState checks what a hash of a state leaves out, and which hosts it distinguishes.
func TestState(t *testing.T) {
	hash := func(whole bool, first, second uint64, exchanged ...uint32) uint64 {
		var s State
		for range 2 { // the second time in used memory
			s.Reset(2, 3, whole)
			s.Join(0, 0, 2)
			s.Join(0, 1, 1)
			s.Join(0, 0, 2) // once more
			s.Join(1, 0, 7) // a host that is not known
			s.Last(1)
			s.Await(1, 0)
			s.At(0, 0).Word(first)
			s.At(0, 1).Word(second)
			s.At(1, 0).Word(5)
			s.Exchange(exchanged)
		}
		for rollout, want := range []bool{!whole, false} {
			if got := s.Ended(rollout); got != want {
				t.Errorf("whole is %v: rollout %d has ended: %v, want %v", whole, rollout, got, want)
			}
			for host := range 3 {
				want := !whole && (rollout != 1 || host != 0)
				if got := s.Done(rollout, host); got != want {
					t.Errorf("whole is %v: rollout %d is done with host %d: %v, want %v", whole, rollout, host,
						got, want)
				}
			}
		}
		if n, known := s.Slot(0, 0); n != 2 || !known {
			t.Errorf("the first slot is that of host %d, want 2", n)
		}
		for _, slot := range []int{0, 1} {
			if n, known := s.Slot(1, slot); known {
				t.Errorf("slot %d of rollout 1 is that of host %d, want none", slot, n)
			}
		}
		return s.Total()
	}
	for _, whole := range []bool{true, false} {
		switch plain := hash(whole, 8, 9); {
		case plain == hash(whole, 9, 8), plain == hash(whole, 8, 10):
			t.Error("hosts in other states have the same hash")
		case hash(whole, 8, 9, 1, 2) != hash(whole, 9, 8, 1, 2):
			t.Error("exchanged hosts have another hash")
		case hash(whole, 8, 9, 1, 2) == hash(whole, 8, 8, 1, 2):
			t.Error("hosts that are exchanged may be in any state")
		case hash(whole, 8, 9, 0, 1) == hash(whole, 9, 8, 0, 1):
			t.Error("a host is exchanged that does not stand for others")
		}
	}
}
