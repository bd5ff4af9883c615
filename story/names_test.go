package story

import (
	"fmt"
	"testing"

	"rollsim/reducer"
	"rollsim/sim"
)

func TestNames(t *testing.T) {
	var n names
	const noRollout = `no rollout is named "stable@a1": the story has no rollout yet; ` +
		`say before this, for example: When "stable" moves to ref "a1"`
	if err := n.checkRollout("stable@a1"); fmt.Sprint(err) != noRollout {
		t.Error(err)
	}
	n.addAction(&sim.Action{SetRef: &sim.RefChange{Channel: "stable", Ref: "a1"}}, nil)
	n.addAction(&sim.Action{SetRef: &sim.RefChange{Channel: "stable", Ref: "b2"}}, nil)
	n.addAction(&sim.Action{Event: &reducer.Event{
		Kind: reducer.RolloutOpened, Rollout: "r1", Channel: "raw",
	}}, nil)
	n.addAction(&sim.Action{Event: &reducer.Event{
		Kind: reducer.HostJoined, Rollout: "r1", Host: "web-01",
	}}, nil)
	n.addRollout("stable@a1", "stable")
	n.addTraffic(&sim.Traffic{Kind: sim.Arrivals, Channel: "edge", Prefix: "r"})
	got := fmt.Sprintf("%v %v %v %v", n.rollouts, n.latest["stable"], n.last, n.hosts)
	if got != "[stable@a1 stable@b2 r1 edge@r1] stable@a1 edge@r1 [web-01]" {
		t.Error(got)
	}
	for id, want := range map[reducer.RolloutID]string{
		"stable@b2": "<nil>",
		"edge@r7":   "<nil>", // only the run knows its rollouts
		"stable@b3": `no rollout is named "stable@b3": did you mean "stable@b2"?`,
	} {
		if got := fmt.Sprint(n.checkRollout(id)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	for _, tt := range []struct {
		channel *sim.Channel
		want    reducer.RolloutID
	}{{&sim.Channel{ID: "stable"}, "stable@a1"}, {&sim.Channel{ID: "beta"}, "x"}, {nil, "x"}} {
		if got := n.latestOf(tt.channel, "x"); got != tt.want {
			t.Errorf("the latest rollout of %v is %s, want %s", tt.channel, got, tt.want)
		}
	}
}
