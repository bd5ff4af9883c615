package story

import (
	"fmt"
	"testing"
	"time"

	"rollsim/invariant"
	"rollsim/sim"
	"rollsim/trace"
)

func TestAllowedViolations(t *testing.T) {
	stuck := invariant.Violation{Invariant: invariant.Stuck, Subject: "r1"}
	unpruned := invariant.Violation{Invariant: invariant.Unpruned, Subject: "r1"}
	h := historyOf()
	h.result.Violations = []invariant.Violation{stuck, unpruned}
	every := func(invariant.Violation) bool { return true }
	var a allowed
	if v, found := a.unexpectedViolation(h, every); !found || !v.Is(stuck) {
		t.Errorf("%v, %v", v, found)
	}
	a.violations = []invariant.Violation{{Invariant: invariant.Stuck, Subject: "r2"}, stuck}
	if v, found := a.unexpectedViolation(h, every); !found || !v.Is(unpruned) {
		t.Errorf("%v, %v", v, found)
	}
	onlyStuck := func(v invariant.Violation) bool { return v.Invariant == invariant.Stuck }
	if v, found := a.unexpectedViolation(h, onlyStuck); found {
		t.Errorf("%v is allowed", v)
	}
}

// TestAnnouncedFaults announces a fault that happens, and others that do not: of another host, at
// another time, of another kind.
func TestAnnouncedFaults(t *testing.T) {
	h := historyOf(
		trace.Entry{Header: new(trace.Header)},
		trace.Entry{Host: "a", Fault: &trace.Fault{Fault: sim.HostOffline.String()}},
	)
	at := time.Minute
	var good announcedFaults
	good.add(announcedFault{
		kind: sim.HostOffline, host: "a", from: at, to: at, sentence: "a goes silent",
	})
	if err := good.check(h); err != nil {
		t.Error(err)
	}
	for want, f := range map[string]announcedFault{
		"at 0d 00:01:00.000 host b was already silent or lost": {
			kind: sim.HostOffline, host: "b", from: at, to: at,
		},
		"at 0d 00:02:00.000 host a was already silent or lost": {
			kind: sim.HostOffline, host: "a", from: 2 * at, to: 2 * at,
		},
		"at 0d 00:01:00.000 the control plane was already down": {
			kind: sim.ControlPlaneCrash, host: "", from: at, to: at,
		},
		"no channel is polled from 0d 00:01:00.000 to 0d 00:02:00.000": {
			kind: sim.PollStale, host: "", from: at, to: 2 * at,
		},
		"host a sends nothing from 0d 00:01:00.000 to 0d 00:02:00.000": {
			kind: sim.MessageDropped, host: "a", from: at, to: 2 * at,
		},
		`an agent restarts only in the middle of a switch: say for example "while host a is ` +
			`activating"`: {
			kind: sim.AgentRestart, host: "a", from: at, to: at,
		},
	} {
		f.sentence = "it happens"
		err := append(good, f).check(h)
		if got := fmt.Sprint(err); got != "this had no effect: it happens\n    "+want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
