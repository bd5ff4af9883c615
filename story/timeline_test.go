package story

import (
	"fmt"
	"testing"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
)

func TestTimeline(t *testing.T) {
	var tl timeline
	tl.moveTo(time.Hour)
	tl.passTo(time.Minute)
	if tl.now != time.Hour {
		t.Errorf("the present went back to %v", tl.now)
	}
	tl.passTo(time.Hour)
	if tl.now != time.Hour+settleDelay || tl.anchor.At != tl.now {
		t.Errorf("the present is %v, and an action would be at %v", tl.now, tl.anchor.At)
	}
	moment := sim.Moment{Rollout: "stable@a1", State: reducer.Failed}
	tl.moveToMoment(2*time.Hour, &moment, time.Minute)
	tl.act(sim.Action{SetRef: &sim.RefChange{Channel: "stable", Ref: "b2"}})
	if a := tl.actions[0]; a.When != &moment || a.At != time.Minute || tl.now != 2*time.Hour {
		t.Errorf("%+v at %v", a, tl.now)
	}
}

func TestTimelineEndsFaults(t *testing.T) {
	var tl timeline
	silent := func(host reducer.HostID, d time.Duration) sim.Action {
		return sim.Action{Fault: &sim.FaultNow{Kind: sim.HostOffline, Host: host, For: d}}
	}
	tl.moveTo(time.Hour)
	tl.act(silent("a", endless))
	tl.act(silent("b", time.Minute))
	tl.moveTo(3 * time.Hour)
	for _, tt := range []struct {
		kind sim.FaultKind
		host reducer.HostID
		want bool
	}{
		{sim.HostOffline, "c", false},
		{sim.HostOffline, "b", false}, // it ends by itself
		{sim.ControlPlaneCrash, "a", false},
		{sim.HostOffline, "a", true},
		{sim.HostOffline, "a", false}, // it has ended
	} {
		if _, got := tl.endFault(tt.kind, tt.host); got != tt.want {
			t.Errorf("%v of host %s ends: %v", tt.kind, tt.host, got)
		}
	}
	if d := tl.actions[0].Fault.For; d != 2*time.Hour {
		t.Errorf("host a is silent for %v", d)
	}
}

func TestTimelineRefs(t *testing.T) {
	move := func(ref reducer.ChannelRef) *sim.Action {
		return &sim.Action{SetRef: &sim.RefChange{Channel: "stable", Ref: ref}}
	}
	tl := timeline{actions: []sim.Action{*move("a1")}, loaded: 1, happenings: []happening{
		{action: move("b2")}, {},
		{action: &sim.Action{Event: &reducer.Event{
			Kind: reducer.RolloutOpened, Rollout: "r1", TargetRef: "c3",
		}}},
	}}
	tl.act(*move("b2")) // it has its place already
	if got := fmt.Sprint(tl.refs()); got != "[a1 b2 c3]" {
		t.Error(got)
	}
	if !tl.speaksOf("r1") || tl.speaksOf("stable@b2") {
		t.Error("only r1 has a raw event")
	}
}
