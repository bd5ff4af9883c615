package replay

import (
	"slices"
	"testing"

	"rollsim/reducer"
)

// TestRoster: a host works under the rollouts that it was started for, until it finishes or moves
// on. Each time that it leaves one, that one is reported.
func TestRoster(t *testing.T) {
	f := newFixture(t)
	var left []reducer.RolloutID
	s := roster{
		hosts: make(map[reducer.HostID]*host),
		left:  func(r *rollout) { left = append(left, r.id) },
	}
	a, b, c := f.open("edge@a1", "e1"), f.open("stable@b1", "e1"), f.open("beta@c1", "e1")
	for _, r := range []*rollout{a, b, c} {
		s.join("e1", r)
	}
	if !slices.Equal(left, []reducer.RolloutID{"edge@a1", "stable@b1"}) ||
		a.latest != 0 || b.latest != 0 || c.latest != 1 || s.hosts["e1"].joined != c {
		t.Errorf("left %v, latest %d %d %d", left, a.latest, b.latest, c.latest)
	}
	for _, r := range []*rollout{a, b, c} {
		s.start("e1", r, &r.members[0])
		s.start("e1", r, &r.members[0]) // changes nothing
	}
	if a.live != 1 || len(s.hosts["e1"].working) != 3 {
		t.Errorf("%d live, working under %d", a.live, len(s.hosts["e1"].working))
	}
	f.move(a, "e1", reducer.HostPending, reducer.HostActivating)
	left = nil
	s.finishOlder("e1", c, reducer.HostPending) // but not a, where it is Activating
	if !slices.Equal(left, []reducer.RolloutID{"stable@b1"}) || a.live != 1 || b.live != 0 {
		t.Errorf("left %v", left)
	}
	left = nil
	s.finishOlder("e1", c, 0)
	s.finish("e1", c, &c.members[0])
	s.finish("e1", c, &c.members[0]) // changes nothing
	if !slices.Equal(left, []reducer.RolloutID{"edge@a1", "beta@c1"}) ||
		len(s.hosts["e1"].working) > 0 {
		t.Errorf("left %v, working under %d", left, len(s.hosts["e1"].working))
	}
	s.start("e1", a, &a.members[0])
	s.clear(a)
	if len(s.hosts["e1"].working) > 0 {
		t.Error("it works under a rollout that was cleared")
	}
}

// TestMovedOn: a host has moved on once it has acknowledged a later rollout, not before.
func TestMovedOn(t *testing.T) {
	f := newFixture(t)
	s := roster{hosts: make(map[reducer.HostID]*host), left: func(*rollout) {}}
	a, b := f.open("edge@a1", "e1"), f.open("stable@b1", "e1")
	if s.movedOn("e1", a) {
		t.Error("the host is not known")
	}
	s.join("e1", a)
	s.join("e1", b)
	s.start("e1", b, &b.members[0])
	if s.movedOn("e1", a) {
		t.Error("it is Pending under the later rollout")
	}
	f.move(b, "e1", reducer.HostPending, reducer.HostActivating)
	if !s.movedOn("e1", a) || s.movedOn("e1", b) {
		t.Errorf("moved on from a %v, from b %v", s.movedOn("e1", a), s.movedOn("e1", b))
	}
	s.finish("e1", b, &b.members[0])
	if !s.movedOn("e1", a) {
		t.Error("it has finished under the later rollout")
	}
}
