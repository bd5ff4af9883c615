package shrink

import (
	"context"
	"testing"

	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
)

// foreign is a scenario with lines that refer to channel lts.
const foreign = `
channels:
  - name: stable
  - name: lts
    waves: [{hosts: 1}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
  - {at: 0s, channel: lts, ref: r1}
  - {at: 1m, fault: poll-failed, channel: stable}
  - {when: {rollout: lts@r1, state: Opening}, event: {RolloutTerminal: {rollout_id: lts@r1}}}
  - at: 1m
    event: {SuccessorOpened: {superseded_rollout_id: lts@r1, successor_rollout_id: lts@s1}}
    reaches: stable@a1
  - {at: 1m, event: {RolloutTerminal: {rollout_id: stable@a1}}, reaches: lts@r1}
  - at: 1m
    event: {RolloutOpened: {rollout_id: other, channel: lts, target_ref: r2}}
  - {at: 2m, event: {RolloutTerminal: {rollout_id: other}}}
  - {at: 2h, event: {RetentionExpired: {rollout_id: lts@r1}}, reaches: stable@a1}
`

// TestTidy removes a channel. An event that reaches the record of another channel stays, whichever
// rollout it names, and what is tidy is not changed again: otherwise no pass could edit such a
// case.
func TestTidy(t *testing.T) {
	f, err := scenario.Parse("case.yaml", []byte(foreign))
	if err != nil {
		t.Fatal(err)
	}
	sc := &f.Scenario
	lines := len(sc.Timeline)
	if tidy(sc); len(sc.Timeline) != lines {
		t.Errorf("%d of %d lines are left, although nothing is gone", len(sc.Timeline), lines)
	}
	sc.Channels = sc.Channels[:1]
	tidy(sc)
	for i := range sc.Timeline {
		a := &sc.Timeline[i]
		if a.SetRef != nil && a.SetRef.Channel == "lts" || a.When != nil || a.Reaches == "lts@r1" {
			t.Errorf("line %d refers to a channel that is gone", i)
		}
	}
	misrouted := 0
	for i := range sc.Timeline {
		if sc.Timeline[i].Reaches == "stable@a1" {
			misrouted++
		}
	}
	once := text(sc, "v0.2")
	if tidy(sc); misrouted != 2 || text(sc, "v0.2") != once {
		t.Errorf("%d misrouted events, want 2; at first\n%s\nand then\n%s", misrouted, once,
			text(sc, "v0.2"))
	}
}

// TestTidyOpens checks that a line goes that waits for a rollout which only another line opens,
// when that one goes.
func TestTidyOpens(t *testing.T) {
	sc := &sim.Scenario{Channels: []sim.Channel{{ID: "stable"}}}
	opening := reducer.Event{Kind: reducer.RolloutOpened, Rollout: "other", Channel: "stable"}
	end := reducer.Event{Kind: reducer.RolloutTerminal, Rollout: "stable@a1"}
	move := sim.Action{SetRef: &sim.RefChange{Channel: "stable", Ref: "a1"}}
	first := sim.Action{
		Event: &opening, When: &sim.Moment{Rollout: "stable@a1", State: reducer.Opening},
	}
	second := sim.Action{Event: &end, When: &sim.Moment{Rollout: "other", State: reducer.Opening}}
	sc.Timeline = []sim.Action{second, first, move}
	if tidy(sc); len(sc.Timeline) != 3 {
		t.Errorf("%d lines are left, although nothing is gone", len(sc.Timeline))
	}
	sc.Timeline = []sim.Action{second, first}
	if tidy(sc); len(sc.Timeline) != 0 {
		t.Errorf("%d lines are left, and none of them happens", len(sc.Timeline))
	}
}

// TestForeignEvents checks that a case with events of another channel's rollout becomes small.
func TestForeignEvents(t *testing.T) {
	f, err := scenario.Parse("case.yaml", []byte(foreign))
	if err != nil {
		t.Fatal(err)
	}
	key, err := ParseKey("stranded/Pruned")
	if err != nil {
		t.Fatal(err)
	}
	c, err := Shrink(context.Background(), Options{
		Scenario: &f.Scenario, Machine: machine.Shipped(), Key: &key,
	})
	if err != nil || c.After.Lines != 3 || c.After.Hosts != 0 {
		t.Errorf("the case is %+v: %v", c, err)
	}
}
