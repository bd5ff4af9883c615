package controlplane

import (
	"fmt"
	"testing"
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

// gateCase puts a control plane into a state, with a rollout of channel late and its host x in wave
// 1, in which a gate blocks that host or does not.
type gateCase struct {
	name   string
	blocks bool
	set    func(c *plane, r *rollout)
}

// gateCases returns the cases of each gate, at its boundaries. All other gates are open.
func gateCases() map[string][]gateCase {
	all := make(map[string][]gateCase)
	add := func(gate, name string, blocks bool, set func(c *plane, r *rollout)) {
		all[gate] = append(all[gate], gateCase{name, blocks, set})
	}

	add(trace.GateDispatchPause, "never paused", false, func(*plane, *rollout) {})
	add(trace.GateDispatchPause, "all channels", true, func(c *plane, _ *rollout) {
		c.pause("", true)
	})
	add(trace.GateDispatchPause, "late", true, func(c *plane, _ *rollout) { c.pause("late", true) })
	add(trace.GateDispatchPause, "another channel", false, func(c *plane, _ *rollout) {
		c.pause("stable", true)
	})
	add(trace.GateDispatchPause, "resumed", false, func(c *plane, _ *rollout) {
		c.pause("late", true)
		c.pause("late", false)
	})
	add(trace.GateDispatchPause, "all resumed", false, func(c *plane, _ *rollout) {
		c.pause("late", true)
		c.pause("", false)
	})
	add(trace.GateDispatchPause, "all paused and one resumed", true, func(c *plane, _ *rollout) {
		c.pause("", true)
		c.pause("late", false)
	})
	for name, windows := range map[string][]Window{
		"not yet": {{From: time.Hour, For: time.Hour}}, "open": {{From: 0, For: time.Hour}},
		"none": nil, "one of two": {{From: time.Hour, For: time.Hour}, {From: 0, For: time.Second + 1}},
		"shut": {{From: 0, For: time.Second}},
	} {
		add(trace.GateMaintenanceWindow, name, name == "not yet" || name == "shut",
			func(c *plane, r *rollout) {
				r.channel.Windows = windows
				c.openWindows(second)
			})
	}

	add(trace.GateQuarantine, "empty", false, func(*plane, *rollout) {})
	for name, blocks := range map[string]bool{
		"late z1": true, "late z0": false, "late z11": false, "stable z1": false,
	} {
		var e QuarantineEntry
		if _, err := fmt.Sscan(name, &e.Channel, &e.Closure); err != nil {
			panic(err)
		}
		add(trace.GateQuarantine, name, blocks, func(c *plane, _ *rollout) { c.quarantine.add(e) })
	}

	stable := func(c *plane) *reducer.Record { return &c.fleet.Rollout("stable@r1").Record }
	awaits := func(r *rollout) { r.channel.After = []reducer.ChannelID{"stable"} }
	at := reducer.Some(second)
	add(trace.GateChannelEdges, "nothing awaited", false, func(*plane, *rollout) {})
	add(trace.GateChannelEdges, "under way", true, func(_ *plane, r *rollout) { awaits(r) })
	add(trace.GateChannelEdges, "terminal", false, func(c *plane, r *rollout) {
		awaits(r)
		stable(c).TerminalAt = at
	})
	add(trace.GateChannelEdges, "superseded", false, func(c *plane, r *rollout) {
		awaits(r)
		stable(c).SupersededAt = at
	})
	add(trace.GateChannelEdges, "terminal, but of an earlier ref", true, func(c *plane, r *rollout) {
		awaits(r)
		stable(c).TerminalAt = at
		c.seen[0] = "r2"
	})
	add(trace.GateChannelEdges, "one of two is under way", true, func(c *plane, r *rollout) {
		r.channel.After = []reducer.ChannelID{"stable", "late"}
		stable(c).TerminalAt = at
	})

	for cursor, blocks := range []bool{true, false, false} {
		add(trace.GateWavePromotion, fmt.Sprintf("cursor at %d", cursor), blocks,
			func(_ *plane, r *rollout) { r.fold.Record.CurrentWave = uint32(cursor) })
	}

	add(trace.GateHostEdge, "nothing awaited", false, func(*plane, *rollout) {})
	for _, state := range reducer.HostStates() {
		blocks := state != reducer.HostConverged && state != reducer.HostDeferred
		add(trace.GateHostEdge, state.String(), blocks, func(c *plane, r *rollout) {
			slot, _ := r.fold.Slot("y")
			r.fold.Hosts()[slot].State = state
			x, _ := c.inv.Host("x")
			z, _ := c.inv.Host("z")
			c.inv.hosts[x].waits = c.inv.hosts[z].waits // like z, it waits for y
		})
	}

	for counted, blocks := range []bool{false, false, true, true} {
		add(trace.GateDisruptionBudget, fmt.Sprintf("%d of 2 counted", counted), blocks,
			func(c *plane, _ *rollout) { c.counted[0] = counted })
	}
	return all
}

// TestEveryGate checks that each gate blocks and does not block in the states of its cases, and
// that no gate is without a case of either kind.
func TestEveryGate(t *testing.T) {
	cases := gateCases()
	for _, gate := range trace.Gates() {
		var blocking, open int
		for _, test := range cases[gate] {
			c, r := gated(t)
			test.set(c, r)
			s := step{c, second, &Log{}}
			why := s.waveGate(r, r.wave(1))
			if !why.blocks() {
				slot, _ := r.fold.Slot("x")
				why = s.hostGate(r, r.members[slot].host)
			}
			want := ""
			if test.blocks {
				want = gate
				blocking++
			} else {
				open++
			}
			if got := why.gate(); got != want || (why.String() == "") != (want == "") {
				t.Errorf("%s, %s: blocked by %q (%s), want %q", gate, test.name, got, &why, want)
			}
		}
		if blocking == 0 || open == 0 {
			t.Errorf("%s: %d cases in which it blocks, %d in which it does not", gate, blocking, open)
		}
		delete(cases, gate)
	}
	for gate := range cases {
		t.Errorf("%s is no gate", gate)
	}
}

// gated returns a control plane with rollouts of stable and of late, and that of late. No gate
// blocks host x.
func gated(t *testing.T) (*plane, *rollout) {
	t.Helper()
	conf := twoChannels()
	conf.Channels[1].After = nil
	conf.Channels[1].Waves = []Wave{
		{Hosts: []reducer.HostID{"v"}}, {Hosts: []reducer.HostID{"x", "y", "z"}},
	}
	conf.Channels[1].HostEdges = []HostEdge{{Host: "z", After: "y"}}
	conf.Budgets = []Budget{{Name: "two", Hosts: []string{"x", "y"}, MaxInFlight: 2}}
	c := newPlane(specified{}, inventory(t, conf), reducer.RFC0008())
	drive(t, c, &Log{}, []input{poll(0, 0, "r1"), poll(0, 1, "z1")})
	r := c.byID["late@z1"]
	r.fold.Record.CurrentWave = 1
	return c, r
}
