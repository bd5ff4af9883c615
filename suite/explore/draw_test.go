package explore

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/trace"
)

// TestWriteScenario writes drawn scenarios as files, reads them back and compares the runs.
func TestWriteScenario(t *testing.T) {
	s := drawn("rfc0008")
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
			if _, err := simulate(sc, machineOf(t, s, machine), sc.Seed, &d); err != nil {
				t.Fatal(err)
			}
			return d.Sum()
		}
		if got, want := digest(&file.Scenario), digest(sc); got != want ||
			file.Scenario.ControlPlane != cmp.Or(sc.ControlPlane, controlplane.Specified) {
			t.Errorf("seed %d: the file has digest %s, the drawn scenario %s\n%s",
				seed, got, want, text.String())
		}
	}
}

// TestSwarmDrawsAllKinds checks that every feature that a swarm may draw occurs in some of a few
// hundred seeds, and is missing in others.
func TestSwarmDrawsAllKinds(t *testing.T) {
	s := NewSwarm()
	const seeds = 300
	count := make(map[string]int)
	for seed := range uint64(seeds) {
		sc := s.Draw(seed, "v0.2", true)
		for feature, present := range features(sc) {
			count[feature] += 0 // also counts a feature that never occurs
			if present {
				count[feature]++
			}
		}
		if sc.ControlPlane != "" && s.Draw(seed, "rfc0008", true).ControlPlane != "" {
			t.Errorf("seed %d: the shipped planner runs with rfc0008", seed)
		}
		for _, f := range s.Draw(seed, "v0.2", false).Faults {
			t.Errorf("seed %d draws %v without faults", seed, f.Kind)
		}
	}
	for feature, n := range count {
		if n < 3 || n > seeds-3 {
			t.Errorf("%s: in %d of %d seeds", feature, n, seeds)
		}
	}
}

// features returns everything that a swarm may draw, and whether the scenario has it.
func features(sc *sim.Scenario) map[string]bool {
	all := map[string]bool{
		"one channel":         len(sc.Channels) == 1,
		"four channels":       len(sc.Channels) == 4,
		"budgets":             len(sc.Budgets) > 0,
		"quarantine":          len(sc.Quarantine) > 0,
		"groups":              len(sc.Groups) > 0,
		"fates":               len(sc.Fates) > 0,
		"traffic":             len(sc.Traffic) > 0,
		"refs at fixed times": false,
		"shipped planner":     sc.ControlPlane == controlplane.Shipped,
		"failing switches":    *sc.Behaviour.ActivationFailure > 0,
		"deferred switches":   *sc.Behaviour.Deferral > 0,
		"failing probes":      *sc.Behaviour.ProbeFailure > 0,
	}
	for _, k := range sim.FaultKinds() {
		all[k.String()] = slices.ContainsFunc(sc.Faults, func(f sim.Fault) bool { return f.Kind == k })
	}
	for _, k := range reducer.EventKinds() {
		all["raw "+k.String()] = false
		all["misrouted "+k.String()] = false
	}
	for _, a := range sc.Timeline {
		if a.Event != nil && a.Reaches != "" {
			all["misrouted "+a.Event.Kind.String()] = true
		} else if a.Event != nil {
			all["raw "+a.Event.Kind.String()] = true
		}
		if a.SetRef != nil {
			all["refs at fixed times"] = true
		}
	}
	fleetFeatures(sc, all)
	return all
}

// fleetFeatures adds the features of the channels to those of a scenario.
func fleetFeatures(sc *sim.Scenario, all map[string]bool) {
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
	all["few hosts"], all["dozens of hosts"] = hosts <= 3, hosts >= 24
	all["channel edges"], all["host edges"] = after, edges
	all["an empty wave"], all["a channel without hosts"] = empty, hostless
}

// TestFaultsEndBeforeSettlingBegins checks drawn and given scenarios.
func TestFaultsEndBeforeSettlingBegins(t *testing.T) {
	s := NewSwarm()
	for seed := range uint64(100) {
		sc := s.Draw(seed, "rfc0008", true)
		for _, sc := range []*sim.Scenario{sc, s.withFaults(seed+1, sc)} {
			for _, f := range sc.Faults {
				if f.Until == 0 || f.Until > sc.Horizon*3/4 || f.From >= f.Until {
					t.Errorf("seed %d: %v from %v to %v, horizon %v", seed, f.Kind, f.From, f.Until, sc.Horizon)
				}
			}
		}
	}
}

// TestDescriptionNamesEveryFault checks that a description names each kind of fault, even if it is
// off.
func TestDescriptionNamesEveryFault(t *testing.T) {
	s := drawn("rfc0008")
	for seed := range uint64(20) {
		text := s.Describe(seed, 0)
		sc, _ := s.scenario(seed, 0)
		for _, k := range sim.FaultKinds() {
			if len(sc.Faults) > 0 && !strings.Contains(text, k.String()) {
				t.Errorf("the description of seed %d does not name %v:\n%s", seed, k, text)
			}
		}
		if strings.Contains(text, "as given") {
			t.Errorf("seed %d has a distribution without a description:\n%s", seed, text)
		}
	}
}

// TestPercent rounds probabilities to a thousandth of a percent.
func TestPercent(t *testing.T) {
	for thousandths, want := range map[uint64]string{
		0: "0%", 1: "0.001%", 10: "0.01%", 999: "0.999%", 1000: "1%", 1001: "1.001%",
		12_300: "12.3%", 99_999: "99.999%", 100_000: "100%",
	} {
		p := sim.Probability(thousandths * uint64(sim.Certain) / 100_000)
		if got := scenario.FormatPercent(p); got != want {
			t.Errorf("%d thousandths of a percent: %s, want %s", thousandths, got, want)
		}
	}
	half := sim.Certain / 200_000 // 0.0005 %
	if got := scenario.FormatPercent(half + 1); got != "0.001%" {
		t.Errorf("just above half a thousandth: %s", got)
	}
	if got := scenario.FormatPercent(half - 1); got != "0%" {
		t.Errorf("just below half a thousandth: %s", got)
	}
}
