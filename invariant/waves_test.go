package invariant

import (
	"testing"

	"rollsim/reducer"
)

// TestWaves checks up to which wave hosts may be dispatched while hosts join and become eligible.
func TestWaves(t *testing.T) {
	type join struct {
		wave       uint32
		at         reducer.Time
		raw, after bool // after something else
	}
	opening := []join{{wave: 0, at: 1}, {wave: 0, at: 1}, {wave: 2, at: 1}, {wave: 5, at: 1}}
	anyOrder := []join{{wave: 4, at: 1}, {wave: 0, at: 1}, {wave: 4, at: 1}, {wave: 0, at: 1}}
	for _, test := range []struct {
		name     string
		joins    []join
		eligible []int // slots
		opened   uint32
		late     []join
		open     uint32
	}{
		{name: "no host", open: 0},
		{name: "none eligible", joins: opening, open: 0},
		{name: "all but one of a wave", joins: opening, eligible: []int{1}, open: 0},
		{name: "all of a wave", joins: opening, eligible: []int{0, 1}, open: 2},
		{name: "a later wave first", joins: opening, eligible: []int{2, 3, 0}, open: 0},
		{name: "every wave", joins: opening, eligible: []int{0, 1, 2, 3}, open: 5},
		{name: "no host in wave 0", joins: []join{{wave: 3, at: 1}, {wave: 4, at: 1}}, open: 3},
		{name: "joined in any order", joins: anyOrder, eligible: []int{1}, open: 0},
		{name: "joined in any order by hand", joins: []join{
			{wave: 4, at: 1, raw: true}, {wave: 0, at: 1, raw: true},
		}, open: 0},
		{name: "in the same instant by hand, after the wave was passed", joins: []join{
			{wave: 4, at: 1}, {wave: 0, at: 1, raw: true, after: true},
		}, open: 4},
		{name: "in the same instant, whatever the control plane did", joins: []join{
			{wave: 4, at: 1}, {wave: 0, at: 1, after: true},
		}, open: 0},
		{name: "by hand one after the other, after the wave was passed", joins: []join{
			{wave: 4, at: 1}, {wave: 2, at: 1, raw: true, after: true}, {wave: 2, at: 1, raw: true},
			{wave: 7, at: 1, raw: true},
		}, eligible: []int{0}, open: 7},
		{name: "opened by an operator", joins: opening, opened: 2, open: 2},
		{name: "opened far below", joins: opening, opened: 5, eligible: []int{2}, open: 5},
		{name: "continues from there", joins: opening, opened: 2, eligible: []int{2}, open: 5},
		{name: "a late host is awaited", joins: opening, late: []join{{wave: 0, at: 2}},
			eligible: []int{0, 1}, open: 0},
		{name: "one that joins a wave that was passed is not", joins: opening, eligible: []int{0, 1},
			late: []join{{wave: 0, at: 2}}, open: 2},
	} {
		var w waves
		slot := 0
		join := func(all []join) {
			for _, j := range all {
				if j.after {
					w.happened()
				}
				w.join(slot, j.wave, j.at, j.raw)
				slot++
			}
		}
		awaitedLate := test.name == "a late host is awaited"
		join(test.joins)
		if awaitedLate {
			join(test.late)
		}
		w.opened(test.opened)
		for _, s := range test.eligible {
			w.eligible(s)
		}
		if !awaitedLate {
			join(test.late)
		}
		for s := range slot {
			if got, want := w.mayDispatch(s), w.of(s) <= test.open; got != want {
				t.Errorf("%s: the host at slot %d of wave %d may be dispatched: %v, want %v",
					test.name, s, w.of(s), got, want)
			}
		}
		if w.open != test.open {
			t.Errorf("%s: open up to wave %d, want %d", test.name, w.open, test.open)
		}
	}
}
