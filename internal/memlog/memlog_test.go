package memlog

import (
	"errors"
	"io"
	"testing"

	"rollsim/reducer"
)

// TestOf reads the events of a log in order, and its end again and again.
func TestOf(t *testing.T) {
	l := Of(
		reducer.Event{Kind: reducer.RolloutOpened, Rollout: "a", At: 3},
		reducer.Event{Kind: reducer.RolloutTerminal, Rollout: "b", At: 5},
	)
	for seq, rollout := range []reducer.RolloutID{"a", "b"} {
		e, err := l.Read()
		if err != nil || e.Seq != uint64(seq+1) || e.Rollout != rollout || e.At != e.Event.At {
			t.Errorf("entry %d: %+v, %v", seq+1, e, err)
		}
	}
	for range 2 {
		if e, err := l.Read(); e != nil || !errors.Is(err, io.EOF) {
			t.Errorf("after the last entry: %v, %v", e, err)
		}
	}
}
