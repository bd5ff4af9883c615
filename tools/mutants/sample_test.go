package main

import (
	"slices"
	"testing"
)

// TestLottery checks that a seed always draws the same mutants, every one once and the kinds in
// turn, and that another seed draws others.
func TestLottery(t *testing.T) {
	var all []mutant
	for i := range 50 {
		all = append(all, mutant{line: i, kind: kind(i % 2 * int(swapped))})
	}
	draw := func(seed uint64) []mutant {
		var drawn []mutant
		l := newLottery(all, seed)
		for m, ok := l.next(); ok; m, ok = l.next() {
			drawn = append(drawn, m)
			l.turn()
		}
		return drawn
	}
	first := draw(1)
	if !slices.Equal(first, draw(1)) {
		t.Error("seed 1 draws differently the second time")
	}
	if slices.Equal(first, draw(2)) {
		t.Error("seeds 1 and 2 draw the same")
	}
	for i, m := range first {
		if want := kind(i % 2 * int(swapped)); m.kind != want {
			t.Errorf("draw %d is %v, want %v", i, m.kind, want)
		}
	}
	slices.SortFunc(first, func(a, b mutant) int { return a.line - b.line })
	if !slices.Equal(first, all) {
		t.Errorf("drawn are %v, want each once", first)
	}
}

// TestRedraw checks that a mutant that does not compile is replaced by one of its kind.
func TestRedraw(t *testing.T) {
	l := newLottery([]mutant{{kind: dropped, line: 1}, {kind: dropped, line: 2}, {kind: swapped}}, 1)
	a, _ := l.next()
	b, _ := l.next()
	if a.kind != dropped || b.kind != dropped {
		t.Errorf("drawn are %v and %v, want both dropped statements", a, b)
	}
	if c, ok := l.next(); !ok || c.kind != swapped {
		t.Errorf("the third is %v, want the swapped arguments", c)
	}
	if d, ok := l.next(); ok {
		t.Errorf("a fourth is %v", d)
	}
}
