package prove

import (
	"slices"
	"strings"
	"testing"
	"time"

	"rollsim/internal/deviation"
	"rollsim/reducer"
	"rollsim/sim"
)

// ended is a fleet in which a host still works for a rollout that has been superseded.
const ended = `
horizon: 3h
behaviour: {ack: 2s, activation: 20s, probe: 10s, converge: 1s, reboot: 1m}
channels:
  - name: stable
    poll_interval: 10s
    retention: 20m
    waves: [{hosts: [h1, h2], soak: 1m}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
  - {at: 25s, pause: {channel: stable}}
  - {at: 3m, channel: stable, ref: b1}
  - {at: 15m, resume: {channel: stable}}
delays:
  - {host: h2, ref: a1, stage: activation, takes: 5m}
`

// TestEndedRollouts checks that nothing is cut off where the hosts of a rollout that has ended
// still decide something: under a machine that asks for them, and for moments that name them.
func TestEndedRollouts(t *testing.T) {
	cells := reducer.RFC0008().Cells()
	cells[reducer.Superseded][reducer.HostStateChanged] =
		cells[reducer.Active][reducer.RolloutTerminal]
	planted := reducer.NewTable("planted", cells, true)
	moments := `sometimes:
  - {rollout: stable@a1, wave: 0, host_state: Deferred}
  - {rollout: stable@a1, state: Pruned, host: h1, host_state: Deferred}
`
	for _, c := range []struct {
		machine *reducer.Table
		text    string
		finds   bool
	}{{planted, ended, true}, {reducer.RFC0008(), ended + moments, false}} {
		var results []*Result
		for _, uncut := range []bool{true, false} {
			results = append(results, result(t, prover(t, parse(t, c.text), c.machine, func(o *Options) {
				o.Asymmetric, o.Uncut, o.Continue, o.Kinds = true, uncut, true, deviation.Of(Defers)
			}), 1))
		}
		uncut, cut := results[0], results[1]
		if (len(uncut.Found) > 0) != c.finds || uncut.Holds() == c.finds {
			t.Errorf("under %s it finds %q: %s", c.machine.Name(), keys(uncut), uncut.Verdict())
		}
		if !slices.Equal(keys(cut), keys(uncut)) || cut.Met != uncut.Met || cut.Holds() != uncut.Holds() {
			t.Errorf("under %s it finds %q with the moments %b, and without cuts %q with %b",
				c.machine.Name(), keys(cut), cut.Met, keys(uncut), uncut.Met)
		}
	}
}

// TestAllowedHost checks that a host which alone may fail does not stand for another one.
func TestAllowedHost(t *testing.T) {
	sc := parse(t, `
horizon: 2h
channels:
  - name: stable
    waves: [{hosts: [web-1, db-1, web-2], soak: 1m}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
deviations: [{kinds: [fails-probes], hosts: [db-1]}]
`)
	for _, asymmetric := range []bool{true, false} {
		p := prover(t, sc, reducer.RFC0008(), func(o *Options) { o.Asymmetric = asymmetric })
		r := result(t, p, 1)
		if r.Runs() != 2 || !strings.Contains(r.Verdict(), " 1 possible deviation (") {
			t.Errorf("all hosts: %v: %s", asymmetric, r.Verdict())
		}
	}
}

// TestWaitingLine checks that no hosts stand for others where a line waits for a rollout.
func TestWaitingLine(t *testing.T) {
	sc := parse(t, ended)
	sc.Delays = nil
	if p := prover(t, sc, reducer.RFC0008(), nil); len(p.classes) != 1 {
		t.Errorf("the classes are %v, want one", p.classes)
	}
	sc.Timeline = append(sc.Timeline, sim.Action{
		When:  &sim.Moment{Rollout: "stable@a1", State: reducer.Failed},
		Fault: &sim.FaultNow{Kind: sim.ControlPlaneCrash, For: time.Minute},
	})
	if p := prover(t, sc, reducer.RFC0008(), nil); len(p.classes) != 0 {
		t.Errorf("the classes are %v, want none", p.classes)
	}
}

// TestPairsOfAnInstant checks that two deviations of one instant are tried together, unless one
// puts the other off.
func TestPairsOfAnInstant(t *testing.T) {
	sc := parse(t, `
horizon: 2h
behaviour: {ack: 2s, activation: {uniform: {min: 10s, max: 60s}}}
channels:
  - name: stable
    waves: [{hosts: [web-1, db-1], soak: 1m}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
`)
	p := prover(t, sc, reducer.RFC0008(), func(o *Options) {
		o.Asymmetric, o.Kinds = true, deviation.Of(LongDelay, AgentRestart, FailsActivation, Defers)
	})
	type pair struct {
		kind Kind
		host reducer.HostID
		with Kind
		of   reducer.HostID
	}
	pairs := make(map[pair]bool)
	s := begun(t, p)
	for _, task := range s.tasks {
		d := task.first
		n, k := (&node{}).with(d), task.from.Fork(false)
		if err := k.Edit(d.edit()); err != nil {
			t.Fatal(err)
		}
		for behind := k.Fork(true); k.Next() && k.Elapsed() <= d.At; behind.Next() {
			for _, e := range p.menu(n, behind, k) {
				if e.At-d.At <= moment {
					pairs[pair{d.Kind, d.host, e.Kind, e.host}] = true
					pairs[pair{e.Kind, e.host, d.Kind, d.host}] = true
				}
			}
		}
	}
	for _, c := range []struct {
		pair
		want bool
	}{
		{pair{LongDelay, "db-1", AgentRestart, "web-1"}, true},
		{pair{LongDelay, "web-1", AgentRestart, "db-1"}, true},
		{pair{LongDelay, "web-1", AgentRestart, "web-1"}, true},
		{pair{LongDelay, "web-1", LongDelay, "db-1"}, true},
		{pair{FailsActivation, "db-1", Defers, "web-1"}, true},
		{pair{Defers, "db-1", FailsActivation, "web-1"}, true},
		{pair{FailsActivation, "web-1", Defers, "web-1"}, false}, // it fails after the reboot
	} {
		if pairs[c.pair] != c.want {
			t.Errorf("%v of %s with %v of %s is tried: %v, want %v", c.kind, c.host, c.with, c.of,
				!c.want, c.want)
		}
	}
}
