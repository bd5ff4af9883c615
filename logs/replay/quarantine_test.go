package replay

import (
	"slices"
	"testing"
)

// TestQuarantines: a rollback of the channel explains a quarantine, one of the same closure first;
// another closure, and a quarantine or a rollback alone, are findings.
func TestQuarantines(t *testing.T) {
	c1, c2 := quarantine{"edge", "c1"}, quarantine{"edge", "c2"}
	for _, c := range []struct {
		name        string
		rollbacks   []quarantine
		quarantines []quarantine
		unexplained int
		want        []string
	}{
		{"explained", []quarantine{c1}, []quarantine{c1}, 0, nil},
		{"in another order", []quarantine{c1, c2}, []quarantine{c2, c1}, 0, nil},
		{"of an unknown closure", []quarantine{{"edge", ""}}, []quarantine{c1}, 0, nil},
		{"of an unknown host", nil, []quarantine{c1}, 1, nil},
		{"without rollback", nil, []quarantine{c1}, 0, []string{
			"host 20 extra quarantine edge@a1 e2: c1 on edge / nothing (no rollback explains it)"}},
		{"of another channel", []quarantine{{"stable", "c1"}}, []quarantine{c1}, 0, []string{
			"host 10 missing quarantine edge@a1 e1: nothing / c1 on stable (the host rolled back from " +
				"this closure)",
			"host 20 extra quarantine edge@a1 e2: c1 on edge / nothing (no rollback explains it)"}},
		{"of another closure", []quarantine{c1}, []quarantine{c2}, 0, []string{
			"host 20 different quarantine edge@a1 e1: c2 on edge / c1 on edge (the host that rolled back " +
				"had been dispatched to this closure)"}},
		{"without quarantine", []quarantine{c1}, nil, 0, []string{
			"host 10 missing quarantine edge@a1 e1: nothing / c1 on edge (the host rolled back from this " +
				"closure)"}},
		{"quarantined before", []quarantine{c1, c1}, []quarantine{c1}, 0, []string{
			"host 11 missing quarantine edge@a1 e1: nothing / c1 on edge (the host rolled back from this " +
				"closure)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			l := quarantineLedger{findings: &f.findings, unexplained: c.unexplained}
			for i, q := range c.rollbacks {
				n := uint64(10 + i)
				l.expect(q, "edge@a1", "e1", place{n: n, seq: n})
			}
			for i, q := range c.quarantines {
				at := place{n: uint64(20 + i), seq: uint64(20 + i)}
				if cause, ok := l.match(q, "edge@a1", "e2", at); ok {
					l.compare(q, &cause, at)
				}
				l.add(q, at)
			}
			l.missing(&rollout{id: "stable@x"}) // of another rollout
			l.missing(nil)
			f.want(c.want...)
			if l.pending() != 0 || l.awaits(10) || l.unexplained != 0 {
				t.Errorf("%d pending, %d unexplained", l.pending(), l.unexplained)
			}
		})
	}
}

// TestQuarantinedBefore: a rollback from a closure that is quarantined already has to quarantine
// nothing, until that is lifted.
func TestQuarantinedBefore(t *testing.T) {
	f := newFixture(t)
	l := quarantineLedger{findings: &f.findings}
	q := quarantine{"edge", "c1"}
	l.add(q, place{n: 1, at: 1})
	l.add(q, place{n: 2, at: 2})
	if got := l.active[q]; got.n != 1 || got.last != 2 {
		t.Errorf("quarantined at %+v", got)
	}
	l.expect(q, "edge@a1", "e1", place{n: 3, seq: 3})
	l.missing(nil)
	f.want()
	l.remove(q)
	l.expect(q, "edge@a1", "e1", place{n: 4, seq: 4})
	if !l.awaits(4) || l.awaits(3) || l.pending() != 1 {
		t.Error("the rollback does not await a quarantine")
	}
	l.missing(nil)
	f.want("host 4 missing quarantine edge@a1 e1: nothing / c1 on edge (the host rolled back from " +
		"this closure)")
}

func TestQuarantinesOrdered(t *testing.T) {
	var l quarantineLedger
	want := []quarantine{{"edge", "z"}, {"stable", "a"}, {"edge", "b"}}
	for n, q := range want {
		l.add(q, place{n: uint64(n + 1)})
	}
	l.add(want[0], place{n: 9})
	if got := l.ordered(); !slices.Equal(got, want) {
		t.Error(got)
	}
}
