package sim

import (
	"slices"
	"testing"
	"time"

	"rollsim/controlplane"
	"rollsim/invariant"
	"rollsim/reducer"
)

// TestLossesAreRecordedOnce checks that what an agent loses again and again under a rollout is
// recorded once, and that another host, rollout or defect is another loss.
func TestLossesAreRecordedOnce(t *testing.T) {
	w := new(world)
	w.rollouts.list = []rollout{{id: "s@1"}, {id: "s@2"}}
	p := &production{world: w, noted: make(map[loss]bool)}
	a, b := &shippedAgent{agent: &agent{host: 1}}, &shippedAgent{agent: &agent{host: 2}}
	for range 3 {
		p.lost(a, 0, controlplane.StaleManifest)
		p.lost(a, 1, controlplane.StaleManifest)
		p.lost(b, 0, controlplane.StaleManifest)
		p.lost(a, 0, controlplane.LostActivation)
	}
	want := []loss{
		{1, "s@1", controlplane.StaleManifest}, {1, "s@2", controlplane.StaleManifest},
		{2, "s@1", controlplane.StaleManifest}, {1, "s@1", controlplane.LostActivation},
	}
	if !slices.Equal(p.losses, want) {
		t.Errorf("got %v, want %v", p.losses, want)
	}
}

// TestQueuedSwitchIsLost restarts an agent while a switch runs and another one waits for it. Both
// are lost because of the same defect. A restart before them loses nothing.
func TestQueuedSwitchIsLost(t *testing.T) {
	run := func(restart time.Duration, mended ...controlplane.Defect) *Result {
		sc := produced(t, wave(time.Minute, "a"))
		sc.Mended = mended
		sc.Behaviour.Activation = constant(t, 20*time.Minute)
		sc.Timeline = append(
			sc.Timeline, release(30*time.Second, "a2"), fault(restart, AgentRestart, "a", 10*time.Second),
		)
		_, r := play(t, sc, Options{Machine: reducer.V02(), Seed: 1})
		return r
	}
	lost := by(run(2*time.Minute), controlplane.LostActivation)
	if len(lost) != 1 || lost[0].String() != "stuck s@a2" {
		t.Errorf("lost-activation explains %v, want stuck s@a2", lost)
	}
	for what, r := range map[string]*Result{
		"once it is fixed":                 run(2*time.Minute, controlplane.LostActivation),
		"with a restart before a dispatch": run(time.Second),
	} {
		if slices.ContainsFunc(r.Violations, func(v Violation) bool {
			return v.Invariant == invariant.Stuck
		}) {
			t.Errorf("%s: %v", what, r.Violations)
		}
	}
}

// TestUndone plays a rollout whose closure the rollback of an older one replaces. It is stuck
// because of that, whatever was lost before, and no defect has that name. Under the policy halt
// nothing is rolled back, and what was lost is the cause.
func TestUndone(t *testing.T) {
	for policy, want := range map[reducer.HealthPolicy]controlplane.Defect{
		reducer.RollbackAndHalt: "", reducer.Halt: controlplane.StaleSnapshot,
	} {
		sc := produced(t, wave(time.Hour, "a"))
		sc.Channels[0].Policy.OnHealthFailure = policy
		sc.Behaviour.Activation = constant(t, 10*time.Minute)
		sc.Fates = []Fate{{Host: "a", Kind: FailsActivation, Ref: "a1"}}
		sc.Timeline = append(sc.Timeline, release(time.Minute, "a2"))
		sc.Budgets = []Budget{{Name: "one", Hosts: []string{"*"}, MaxInFlight: 1}}
		w, err := newWorld(sc, Options{Machine: reducer.V02(), Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		r, err := w.run()
		if err != nil {
			t.Fatal(err)
		}
		stuck := slices.ContainsFunc(by(r, ""), func(v Violation) bool {
			return v.String() == "stuck s@a2"
		})
		if stuck != (want == "") {
			t.Errorf("%v: stuck without a name is %t: %v", policy, stuck, r.Violations)
		}
		p := w.driver.production
		p.lost(&p.agents[0], p.rollouts.find("s@a2"), controlplane.StaleSnapshot)
		soaking := reducer.Host{ID: "a", State: reducer.HostSoaking}
		last := p.plane().Fleet().Rollout("s@a2")
		if got, _ := p.explainHost(last, soaking); got != want {
			t.Errorf("%v: the cause is %q, want %q", policy, got, want)
		}
		if policy != reducer.RollbackAndHalt {
			continue
		}
		if got, _ := p.explainGates(0, last); got != want { // the host is in flight for good
			t.Errorf("%v: the cause of the budget is %q, want %q", policy, got, want)
		}
	}
}
