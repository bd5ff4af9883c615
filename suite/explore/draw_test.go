package explore

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/trace"
)

// TestDrawnScenarioCanBeWrittenDown writes drawn scenarios as files, reads them back and runs both.
func TestDrawnScenarioCanBeWrittenDown(t *testing.T) {
	s := drawn("v0.2")
	for seed := range uint64(60) {
		var text bytes.Buffer
		if err := s.WriteScenario(&text, seed); err != nil {
			t.Fatal(err)
		}
		file, err := scenario.Parse(fmt.Sprintf("seed-%d.yaml", seed), text.Bytes())
		if err != nil {
			t.Fatalf("%v\n%s", err, text.String())
		}
		sc, machine := s.scenario(seed, 0)
		digest := func(sc *sim.Scenario) string {
			var d trace.Digest
			if _, err := s.simulate(sc, machine, sc.Seed, &d); err != nil {
				t.Fatal(err)
			}
			return d.Sum()
		}
		if got, want := digest(&file.Scenario), digest(sc); got != want ||
			file.Scenario.ControlPlane != sc.ControlPlane {
			t.Errorf("seed %d: the file gives digest %s, what was drawn "+
				"%s\n%s", seed, got, want, text.String())
		}
	}
}

// TestSwarmDrawsAllKinds finds in a few hundred seeds everything that a swarm may draw, and
// everything left out.
func TestSwarmDrawsAllKinds(t *testing.T) {
	s := NewSwarm()
	const seeds = 300
	count := make(map[string]int)
	tell := func(what string, yes bool) {
		count[what] += 0 // so that it is missed when it never comes
		if yes {
			count[what]++
		}
	}
	for seed := range uint64(seeds) {
		sc := s.Draw(seed, "v0.2", true)
		on := make(map[sim.FaultKind]bool)
		for _, f := range sc.Faults {
			on[f.Kind] = true
		}
		for _, k := range sim.FaultKinds() {
			tell(k.String(), on[k])
		}
		var hosts int
		var after, edges, empty, hostless bool
		for i := range sc.Channels {
			ch := &sc.Channels[i]
			hosts += len(hostsOf(ch))
			after = after || len(ch.After) > 0
			edges = edges || len(ch.HostEdges) > 0
			hostless = hostless || len(ch.Waves) == 0
			for _, w := range ch.Waves {
				empty = empty || len(w.Hosts) == 0
			}
		}
		tell("one channel", len(sc.Channels) == 1)
		tell("four channels", len(sc.Channels) == 4)
		tell("dozens of hosts", hosts >= 24)
		tell("few hosts", hosts <= 3)
		tell("channel edges", after)
		tell("host edges", edges)
		tell("an empty wave", empty)
		tell("a channel without hosts", hostless)
		tell("budgets", len(sc.Budgets) > 0)
		tell("quarantine", len(sc.Quarantine) > 0)
		tell("groups", len(sc.Groups) > 0)
		tell("fates", len(sc.Fates) > 0)
		tell("traffic", len(sc.Traffic) > 0)
		tell("shipped planner", sc.ControlPlane == controlplane.Shipped)
		tell("failing switches", *sc.Behaviour.ActivationFailure > 0)
		tell("deferred switches", *sc.Behaviour.Deferral > 0)
		tell("failing probes", *sc.Behaviour.ProbeFailure > 0)
		kinds := make(map[string]bool)
		for _, a := range sc.Timeline {
			if a.Event != nil {
				kinds[a.Event.Kind.String()] = true
			}
			if a.SetRef != nil {
				kinds["refs by hand"] = true
			}
		}
		tell("refs by hand", kinds["refs by hand"])
		for _, k := range reducer.EventKinds() {
			tell("raw "+k.String(), kinds[k.String()])
		}
		if sc.ControlPlane != "" &&
			s.Draw(seed, "rfc0008", true).ControlPlane != "" {
			t.Errorf("seed %d: the shipped planner runs with rfc0008", seed)
		}
		for _, f := range s.Draw(seed, "v0.2", false).Faults {
			t.Errorf("seed %d draws %v although no faults are wanted", seed, f.Kind)
		}
	}
	for what, n := range count {
		if n < 3 || n > seeds-3 {
			t.Errorf("%s: in %d of %d seeds", what, n, seeds)
		}
	}
}

// TestFaultsEndBeforeSettlingBegins holds for drawn and for given scenarios.
func TestFaultsEndBeforeSettlingBegins(t *testing.T) {
	s := NewSwarm()
	for seed := range uint64(100) {
		sc := s.Draw(seed, "rfc0008", true)
		for _, laid := range []*sim.Scenario{sc, s.Lay(seed+1, sc)} {
			for _, f := range laid.Faults {
				if f.Until == 0 || f.Until > laid.Horizon*3/4 || f.From >= f.Until {
					t.Errorf("seed %d: %v from %v to %v, horizon %v", seed, f.Kind, f.From, f.Until, laid.Horizon)
				}
			}
		}
	}
}

func TestDescriptionNamesWhatIsOff(t *testing.T) {
	s := drawn("rfc0008")
	for seed := range uint64(20) {
		text := s.Describe(seed, 0)
		sc, _ := s.scenario(seed, 0)
		for _, k := range sim.FaultKinds() {
			if len(sc.Faults) > 0 && !strings.Contains(text, k.String()) {
				t.Errorf("seed %d says nothing of %v:\n%s", seed, k, text)
			}
		}
		if strings.Contains(text, "as given") {
			t.Errorf("seed %d has a distribution without words:\n%s", seed, text)
		}
	}
}
