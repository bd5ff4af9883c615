package sim

import (
	"testing"

	"rollsim/reducer"
)

func TestRollouts(t *testing.T) {
	var r rollouts
	r.open("s@1", "1")
	r.open("s@2", "2")
	r.open("s@1", "another")
	if len(r.list) != 2 || r.find("s@2") != 1 || r.find("s@1") != 0 || r.find("s@1") != 0 {
		t.Errorf("rollouts %+v", r.list)
	}
	if got := r.at("s@1").closure(); got != "1" {
		t.Errorf("closure %s, want 1", got)
	}
	first, second := r.arm(0), r.arm(1)
	if again := r.arm(0); first == second || again == first || r.list[0].timer != again {
		t.Errorf("timers %d, %d, %d", first, second, again)
	}
	r.at("s@2").last, r.at("s@2").logged = reducer.HostStateChanged, reducer.RolloutTerminal
	r.restart()
	if r.list[0].timer != 0 || r.list[1].timer != 0 {
		t.Error("a timer outlives the restart")
	}
	if got := r.at("s@2").last; got != reducer.RolloutTerminal {
		t.Errorf("the last event after a restart is %v", got)
	}
	if r.arm(0) <= second {
		t.Error("a generation comes twice")
	}
}
