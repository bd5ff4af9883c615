package controlplane

import (
	"testing"

	"rollsim/reducer"
)

// TestRestartRepeatsOnce checks that a restarted control plane repeats a dispatch once, a minute
// after its last attempt, also if another rollout waits for an ack in the same slot.
func TestRestartRepeatsOnce(t *testing.T) {
	conf := oneWave()
	conf.Channels[0].Waves[0].Hosts = []reducer.HostID{"a", "b"}
	conf.Channels = append(conf.Channels, conf.Channels[0])
	conf.Channels[1].ID = "edge"
	conf.Channels[1].Waves = []Wave{{Hosts: []reducer.HostID{"x", "y"}}}
	for _, name := range []Name{Specified} {
		c, log := start(t, name, conf)
		drive(t, c, log, []input{plan(0)})
		drive(t, c, log, []input{poll(10*second, 1, "r1"), plan(10 * second)})
		drive(t, c, log, []input{plan(60 * second)})
		type attempt struct {
			host   uint32
			number int
		}
		attempts := func() (all []attempt) {
			for _, d := range log.Dispatches {
				all = append(all, attempt{d.Host, d.Attempt})
			}
			log.Dispatches = nil
			return all
		}
		hosts := func(ids ...reducer.HostID) (all []uint32) {
			for _, id := range ids {
				n, _ := inventory(t, conf).Host(id)
				all = append(all, n)
			}
			return all
		}
		n := hosts("a", "b", "x", "y")
		a, b, x, y := n[0], n[1], n[2], n[3]
		first := []attempt{{a, 1}, {b, 1}, {x, 1}, {y, 1}, {a, 2}, {b, 2}}
		same(t, string(name)+", before the restart", attempts(), first...)
		next, err := Restart(builder(t, name), inventory(t, conf), reducer.RFC0008(), 61*second,
			c.Durable(log.Entries), log)
		if err != nil {
			t.Fatal(err)
		}
		for _, pass := range []struct {
			at   reducer.Time
			want []attempt
		}{
			{61 * second, nil}, {70*second - 1, nil}, {70 * second, []attempt{{x, 2}, {y, 2}}},
			{120*second - 1, nil}, {120 * second, []attempt{{a, 3}, {b, 3}}}, {129 * second, nil},
		} {
			drive(t, next, log, []input{plan(pass.at)})
			same(t, string(name)+", after the restart", attempts(), pass.want...)
		}
	}
}

// TestRestartKeepsMisrouted checks that a restart finds what misrouted events have done to records,
// and that they expire no timer and move no host.
func TestRestartKeepsMisrouted(t *testing.T) {
	conf := twoChannels()
	conf.Channels[1].After, conf.Budgets = nil, nil
	for _, m := range []*reducer.Table{reducer.V02(), reducer.RFC0008()} {
		inv := inventory(t, conf)
		c := builder(t, Specified)(inv, m)
		var log Log
		drive(t, c, &log, append(
			[]input{poll(0, 0, "r1"), poll(0, 1, "z1"), plan(0)}, converge(second, 4, "late@z1")...,
		))
		drive(t, c, &log, append(converge(10*second, 5, "late@z1"),
			misroute(20*second, "stable@r1", reducer.Event{
				Kind: reducer.HostStateChanged, Rollout: "late@z1", Host: "a",
				From: reducer.HostSoaking, To: reducer.HostFailed,
			}),
			misroute(7200*second, "stable@r1", reducer.Event{
				Kind: reducer.RetentionExpired, Rollout: "late@z1",
			}),
			misroute(7200*second, "late@z1", reducer.Event{
				Kind: reducer.RetentionExpired, Rollout: "stable@r1",
			}),
			misroute(7200*second, "nothing@r1", reducer.Event{Kind: reducer.RolloutTerminal}),
		))
		want := map[string]reducer.State{"v0.2": reducer.Pruned, "rfc0008": reducer.Active}[m.Name()]
		if got := c.Fleet().Rollout("stable@r1").Record.State; got != want {
			t.Errorf("%s: stable@r1 is %v, want %v", m.Name(), got, want)
		}
		next, err := Restart(builder(t, Specified), inv, m, 7200*second, c.Durable(log.Entries), &log)
		if err != nil {
			t.Fatal(err)
		}
		if diff := c.Diff(next); diff != nil {
			t.Errorf("%s: a restart differs: %v", m.Name(), diff)
		}
	}
}

// TestPlanNeeded checks that a plan is needed after each input that may let a rollout continue,
// and not after the plan.
func TestPlanNeeded(t *testing.T) {
	c, log := start(t, Specified, oneWave())
	for _, pass := range []struct {
		name string
		do   input
		want bool
	}{
		{"the opening", plan(0), false},
		{"an ack", message(second, 0, "stable@r1", 1, reducer.DispatchAck), true},
		{"a plan", plan(second), false},
		{"the same ack", message(second, 0, "stable@r1", 1, reducer.DispatchAck), false},
		{"a message that moves no host", message(2*second, 0, "stable@r1", 2,
			reducer.ActivationStarted), false},
		{"a completed switch", message(3*second, 0, "stable@r1", 3, reducer.ActivationCompleted), true},
		{"another plan", plan(3 * second), false},
		{"the same ref", poll(4*second, 0, "r1"), false},
		{"another ref", poll(5*second, 0, "r2"), true},
		{"the plan of that", plan(5 * second), false},
		{"a lifted quarantine", lift(6*second, QuarantineEntry{Channel: "stable", Closure: "x"}), true},
	} {
		drive(t, c, log, []input{pass.do})
		if got := c.PlanNeeded(); got != pass.want {
			t.Errorf("after %s a plan is needed: %v", pass.name, got)
		}
	}
}
