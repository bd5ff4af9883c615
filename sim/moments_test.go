package sim

import (
	"slices"
	"testing"
	"time"

	"rollsim/reducer"
)

func TestMoments(t *testing.T) {
	m := newMoments(&clock{}, nil, []Moment{
		{Rollout: "s@1", Wave: reducer.Some(uint32(1)), HostState: reducer.HostSoaking},
		{Rollout: "s@1", State: reducer.Superseded},
		{Rollout: "s@1", Host: "b", HostState: reducer.HostActivating},
		{Rollout: "s@2"},
	})
	fleet := reducer.NewFleet(reducer.RFC0008(), nil)
	var out reducer.Outcome
	apply := func(ev reducer.Event) {
		t.Helper()
		ev.Rollout = "s@1"
		if err := fleet.Apply(&ev, 0, &out); err != nil {
			t.Fatal(err)
		}
		r := fleet.Rollout("s@1")
		m.count(r, &ev)
		m.check(r)
	}
	move := func(host reducer.HostID, from, to reducer.HostState) {
		t.Helper()
		apply(reducer.Event{Kind: reducer.HostStateChanged, Host: host, From: from, To: to})
	}
	expect := func(what string, want ...uint32) {
		t.Helper()
		if !slices.Equal(m.missing, want) {
			t.Errorf("%s: %v are missing, want %v", what, m.missing, want)
		}
	}
	apply(reducer.Event{Kind: reducer.RolloutOpened, Channel: "s", TargetRef: "1"})
	for _, host := range []reducer.HostID{"a", "b", "b"} { // b joins twice
		apply(reducer.Event{Kind: reducer.HostJoined, Host: host, Wave: 1})
	}
	expect("at first", 0, 1, 2, 3)
	move("a", reducer.HostPending, reducer.HostActivating)
	move("a", reducer.HostActivating, reducer.HostSoaking)
	expect("b is not that far yet", 0, 1, 2, 3)
	move("b", reducer.HostPending, reducer.HostActivating)
	expect("b is Activating", 0, 1, 3)
	move("b", reducer.HostActivating, reducer.HostDeferred)
	expect("the wave is soaking", 1, 3)
	apply(reducer.Event{Kind: reducer.SuccessorOpened, Successor: "s@2"})
	expect("superseded", 3)
}

func TestMomentsMakeLinesDue(t *testing.T) {
	c := &clock{now: 7}
	m := newMoments(c, []*Action{
		{At: time.Minute},
		{At: 3, When: &Moment{Rollout: "s@1", State: reducer.Opening}},
	}, nil)
	if c.advance(100) {
		t.Error("a line is due before its moment")
	}
	r := &reducer.Rollout{Record: reducer.Record{RolloutID: "s@1", State: reducer.Opening}}
	m.check(r)
	m.check(r)
	if !c.advance(10) || c.now != 10 {
		t.Fatalf("at %d nothing is due", c.now)
	}
	if x, _ := c.pop(); x.work() != workTimeline || x.a() != 1 {
		t.Errorf("line %d is due as %d", x.a(), x.work())
	}
	if c.advance(100) {
		t.Error("it is due twice")
	}
	if len(m.waiting) > 0 {
		t.Errorf("lines %v still wait", m.waiting)
	}
}
