package prove

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"rollsim/controlplane"
	"rollsim/internal/deviation"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/suite/coverage"
	"rollsim/trace"
)

// met is what the runs of fleets meet: cells of rfc0008, gates, faults, kinds of deviations and
// shapes of waves, by name.
type met map[string]bool

// Write adds what an entry shows. It implements trace.Sink.
func (m met) Write(e *trace.Entry) error {
	switch {
	case e.Gate != nil:
		m["gate "+e.Gate.Gate] = true
	case e.Fault != nil:
		m["fault "+e.Fault.Fault] = true
	}
	return nil
}

// run runs a scenario, and adds what it meets.
func (m met) run(t *testing.T, sc *sim.Scenario) {
	t.Helper()
	cells := make(coverage.Recording)
	if _, err := sim.Run(sc, sim.Options{
		Machine: cells.Through(reducer.RFC0008()), Seed: sc.Seed, Sink: m,
	}); err != nil {
		t.Fatal(err)
	}
	for cell := range cells[reducer.RFC0008().Name()] {
		m["cell "+cell.String()] = true
	}
}

// meets returns what a fleet meets in its plain run, and with one deviation. A kind also counts if
// it may follow the first failure: a rollback fails only then.
func meets(t *testing.T, sc *sim.Scenario, kinds Kinds) met {
	t.Helper()
	m := make(met)
	p := prover(t, sc, reducer.RFC0008(), func(o *Options) { o.Kinds = kinds })
	plain := &node{}
	m.run(t, p.plain)
	m.shapes(t, p.plain)
	fails := true
	for _, d := range p.run(plain, true).children {
		n := plain.with(d)
		m["kind "+d.Kind.String()] = true
		m.run(t, n.scenario(p.plain))
		if fails && d.Kind == FailsActivation {
			fails = false
			for _, next := range p.run(n, true).children {
				m["kind "+next.Kind.String()] = true
			}
		}
	}
	return m
}

// shapes adds the shapes of the waves of a fleet, and whether hosts join or leave in its plain run.
func (m met) shapes(t *testing.T, sc *sim.Scenario) {
	t.Helper()
	for _, e := range entries(t, sc) {
		switch {
		case e.HostEffect == nil:
		case e.HostEffect.Effect == trace.RemoteAddHost:
			m["shape a host that joins"] = true
		case e.HostEffect.Effect == trace.RemoteRemoveHost:
			m["shape a host that leaves"] = true
		}
	}
	for i := range sc.Channels {
		ch := &sc.Channels[i]
		last := len(ch.Waves) - 1
		if last < 0 {
			m["shape a channel without waves"] = true
		}
		if len(ch.Outside) > 0 {
			m["shape a host in no wave"] = true
		}
		for w := range ch.Waves {
			shape, soak := "several hosts", "a soak"
			switch n := len(ch.Waves[w].Hosts); {
			case n == 0 && w == 0:
				shape = "no host, the first one"
			case n == 0 && w == last:
				shape = "no host, the last one"
			case n == 0:
				shape = "no host, between others"
			case n == 1:
				shape = "one host"
			}
			if ch.Waves[w].Soak == 0 {
				soak = "no soak"
			}
			m["shape a wave of "+shape] = true
			m["shape a wave with "+soak] = true
		}
	}
}

// everything returns what the built-in fleets are to meet.
func everything() met {
	all := make(met)
	for _, cell := range coverage.Cells(reducer.RFC0008()) {
		all["cell "+cell.String()] = true
	}
	for _, gate := range trace.Gates() {
		all["gate "+gate] = true
	}
	for _, kind := range deviation.All().List() {
		all["kind "+kind.String()] = true
	}
	for _, k := range append(sim.FaultKinds(), sim.ShippedFaultKinds()...) {
		all["fault "+k.String()] = true
	}
	for _, shape := range []string{
		"a channel without waves", "a host in no wave", "a host that joins", "a host that leaves",
		"a wave of no host, the first one", "a wave of no host, between others",
		"a wave of no host, the last one", "a wave of one host", "a wave of several hosts",
		"a wave with a soak", "a wave with no soak",
	} {
		all["shape "+shape] = true
	}
	return all
}

// without returns what is never met if the runs of one source are left out; "" leaves out none.
func without(all map[string]met, left string) []string {
	lacks := everything()
	for source, m := range all {
		if source != left {
			maps.DeleteFunc(lacks, func(what string, _ bool) bool { return m[what] })
		}
	}
	return slices.Sorted(maps.Keys(lacks))
}

// TestFleetsReach checks that the plain runs of the built-in fleets, and those with one deviation,
// meet every cell of rfc0008, every gate, every fault, every kind of deviation and every shape of
// waves. Each source has something that no other one meets, and that is missed without it.
func TestFleetsReach(t *testing.T) {
	all, err := Fleets()
	if err != nil {
		t.Fatal(err)
	}
	sources := make(map[string]met)
	for _, f := range all {
		sources[f.Scenario.Name] = meets(t, &f.Scenario, 0)
	}
	shipped := fleet(t, "two-waves")
	shipped.ControlPlane = controlplane.Shipped
	sources["shipped"] = meets(t, shipped, deviation.ShippedOnly())
	maps.DeleteFunc(sources["shipped"], func(what string, _ bool) bool {
		return !strings.HasPrefix(what, "fault ") && !strings.HasPrefix(what, "kind ")
	})
	if lacks := without(sources, ""); len(lacks) > 0 {
		t.Errorf("the fleets never meet\n%s", strings.Join(lacks, "\n"))
	}
	for source, alone := range map[string][]string{
		"gates": {
			"gate disruption-budget", "gate host-edge", "gate maintenance-window", "gate quarantine",
		},
		"rollback": {
			"cell Active + HostStateChanged to=Reverted: →Reverted Q P",
			"cell Reverted + SuccessorOpened: →Superseded P", "kind never-rolls-back",
		},
		"shapes": {
			"kind host-joins", "shape a channel without waves", "shape a host in no wave",
			"shape a host that joins", "shape a host that leaves", "shape a wave of no host, between others",
			"shape a wave of no host, the first one", "shape a wave of no host, the last one",
		},
		"strays": {
			"cell Active + WaveAdvanced to>from: ·", "cell Opening + HostStateChanged to=Failed: ✗",
			"cell Pruned + HostStateChanged to=other: ✗", "cell Reverted + HostJoined: ·",
		},
		"shipped": {
			"fault database-error", "fault log-insert-failed", "fault torn-opening", "kind other-draws",
		},
	} {
		lacks := without(sources, source)
		for _, what := range alone {
			if !slices.Contains(lacks, what) {
				t.Errorf("also other runs than those of %s meet %q", source, what)
			}
		}
	}
}
