package story

import (
	"strings"
	"testing"

	"rollsim/reducer"
	"rollsim/sim"
)

// TestExplain asks why a rollout is never in a state, under machines and policies that rule the
// state out and under others that do not.
func TestExplain(t *testing.T) {
	const halt, rollback = reducer.Halt, reducer.RollbackAndHalt
	rfc0008, v02 := reducer.RFC0008(), reducer.V02()
	failed := changes[reducer.State]{{to: reducer.Active}, {to: reducer.Failed}}
	for _, tt := range []struct {
		machine *reducer.Table
		policy  reducer.HealthPolicy
		states  changes[reducer.State]
		state   reducer.State
		want    string // a part of the answer; empty for an empty answer
	}{
		{rfc0008, halt, failed, reducer.Pruned, "its retention of 7d 00:00:00.000 does not end"},
		{rfc0008, halt, failed[:1], reducer.Pruned, "only a rollout that is Terminal"},
		{v02, halt, failed, reducer.Pruned, "v0.2 schedules no pruning"},
		{rfc0008, halt, failed, reducer.Reverted, "under policy halt no host rolls back"},
		{rfc0008, rollback, failed, reducer.Reverted, "a host must fail, and then roll back"},
		{v02, rollback, failed, reducer.Reverted, "under v0.2 a rollout is Failed as soon as"},
		{rfc0008, halt, failed, reducer.Failed, "a host must fail"},
		{rfc0008, rollback, failed, reducer.Failed, "under policy rollback-and-halt a rollout whose"},
		{v02, rollback, failed, reducer.Failed, "a host must fail"},
		{rfc0008, halt, failed, reducer.Terminal, "all its hosts must be Converged"},
		{v02, halt, failed[:1], reducer.Terminal, "all its hosts must be Converged"},
		{v02, halt, failed, reducer.Terminal, "v0.2 has no clearance"},
		{rfc0008, halt, failed, reducer.Superseded, `channel "stable" must move to another ref`},
		{rfc0008, halt, failed, reducer.Active, ""},
	} {
		f := fleetOf(t)
		f.Channels[0].Policy.OnHealthFailure = tt.policy
		x := explainer{tt.machine, f}
		r := &rolloutHistory{channel: "stable", states: tt.states, hosts: []*hostHistory{{id: "a"}}}
		got := x.noState(r, tt.state)
		if !strings.HasPrefix(got, tt.want) || (got == "") != (tt.want == "") {
			t.Errorf("%v under %s: %s", tt.state, tt.machine.Name(), got)
		}
	}
}

func TestExplainOthers(t *testing.T) {
	f := fleetOf(t)
	f.Channels[1].Policy.OnHealthFailure = reducer.RollbackAndHalt
	f.Quarantine = []sim.QuarantineEntry{{Channel: "stable", Closure: "a1"}}
	x := explainer{reducer.V02(), f}
	stable := &rolloutHistory{channel: "stable", hosts: []*hostHistory{{wave: 1}}}
	edge := &rolloutHistory{channel: "edge"}
	moment := func(wave uint32, s reducer.HostState) *moment {
		m := &moment{}
		m.Wave, m.HostState = reducer.Some(wave), s
		return m
	}
	const noWave2 = "wave 2 does not exist: the rollout has waves 0 to 1"
	for i, tt := range []struct{ got, want string }{
		{x.noMoment(stable, moment(2, reducer.HostSoaking)), noWave2},
		{x.noMoment(stable, moment(1, reducer.HostSoaking)), ""},
		{x.noMoment(stable, moment(1, reducer.HostDeferred)), "a host must defer its activation"},
		{x.noHostState(edge, reducer.HostReverted), "the host must fail first"},
		{x.noHostState(stable, reducer.HostReverted), needsRollback("stable")},
		{x.noState(edge, reducer.Active), "it has no hosts"},
		{x.noQuarantine("a1", "stable"), ""},
		{x.noQuarantine("b2", "stable"), needsRollback("stable")},
		{x.noQuarantine("b2", "edge"), ""},
		{x.noEffect(reducer.RecordRolloutTransition), ""},
		{x.noEffect(reducer.SchedulePruning), "v0.2 never emits SchedulePruning"},
	} {
		if tt.got != tt.want {
			t.Errorf("%d: got %q, want %q", i, tt.got, tt.want)
		}
	}
}
