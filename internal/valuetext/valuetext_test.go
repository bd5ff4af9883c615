package valuetext

import (
	"testing"
	"time"
)

type meaning struct{ d time.Duration }

func (m *meaning) Mean() time.Duration { return m.d }

type outer struct {
	N    *int
	List []*meaning
	Nil  *int
}

func TestOf(t *testing.T) {
	of := func(n int, d time.Duration) string { return Of(outer{N: &n, List: []*meaning{{d}}}) }
	if of(1, time.Second) == of(2, time.Second) || of(1, time.Second) == of(1, time.Minute) {
		t.Error("a difference behind a pointer is not shown")
	}
	for range 2 { // pointers are others each time
		if got, want := of(1, time.Second), "[N: 1 List: [1s] Nil: <nil>]"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
