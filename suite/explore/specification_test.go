package explore

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"rollsim/controlplane"
	"rollsim/reducer"
)

func machineOf(t *testing.T, s *Source, name string) reducer.Machine {
	t.Helper()
	m, err := s.machine(name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// changed is rfc0008 with its answers changed.
type changed struct {
	reducer.Machine
	change func(rec *reducer.Record, ev *reducer.Event, out *reducer.Effects)
}

func (c changed) Step(
	rec *reducer.Record, ev *reducer.Event, now reducer.Time, policy reducer.Policy,
	out *reducer.Effects,
) error {
	err := c.Machine.Step(rec, ev, now, policy, out)
	if err == nil {
		c.change(rec, ev, out)
	}
	return err
}

// TestDepartures checks that one difference in the record or in an effect is reported as that, and
// that a machine without one departs in nothing.
func TestDepartures(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(rec *reducer.Record, ev *reducer.Event, out *reducer.Effects)
		want   string // of every departure; empty for none
	}{
		{"none", func(*reducer.Record, *reducer.Event, *reducer.Effects) {}, ""},
		{"wave", func(rec *reducer.Record, ev *reducer.Event, _ *reducer.Effects) {
			if ev.Kind == reducer.HostJoined {
				rec.CurrentWave += 7
			}
		}, "another current_wave"},
		{"delay", func(_ *reducer.Record, _ *reducer.Event, out *reducer.Effects) {
			for i := range out.All() {
				if out.All()[i].Kind == reducer.SchedulePruning {
					out.All()[i].DelaySeconds++
				}
			}
		}, "another SchedulePruning"},
		{"no effects", func(_ *reducer.Record, _ *reducer.Event, out *reducer.Effects) {
			if all := out.All(); len(all) == 1 && all[0].Kind == reducer.RecordRolloutTransition {
				out.Reset()
			}
		}, "without RecordRolloutTransition; rfc0008 answers →"},
		{"stamp", func(rec *reducer.Record, _ *reducer.Event, _ *reducer.Effects) {
			rec.TerminalAt = reducer.Opt[reducer.Time]{}
		}, "another terminal_at"},
	} {
		source := drawn("rfc0008")
		source.Outside = changed{reducer.RFC0008(), test.change}
		r := sweep(t, &Sweep{Source: source, Seeds: Range{1, 10}, Jobs: 2})
		if got := len(r.Departures()) > 0; got != (test.want != "") {
			t.Errorf("%s: %d departures", test.name, len(r.Departures()))
		}
		for _, g := range r.Departures() {
			if !strings.Contains(g.What, test.want) || g.First.Subject == "" || g.First.Detail == "" ||
				g.First.Seed == 0 || g.Runs == 0 {
				t.Errorf("%s: %+v", test.name, g)
			}
		}
	}
}

// TestStrict checks that departures are failures of a strict sweep only, and that a result file
// keeps them.
func TestStrict(t *testing.T) {
	for _, strict := range []bool{false, true} {
		source := drawn("rfc0008")
		source.Strict = strict
		source.Outside = changed{
			reducer.RFC0008(),
			func(rec *reducer.Record, _ *reducer.Event, _ *reducer.Effects) { rec.OpenedAt++ },
		}
		r := sweep(t, &Sweep{Source: source, Seeds: Range{1, 3}, Jobs: 2})
		if r.OK() == strict || len(r.Failures()) > 0 {
			t.Errorf("strict %v: OK %v, %d failures", strict, r.OK(), len(r.Failures()))
		}
		var file bytes.Buffer
		if err := r.WriteJSON(&file); err != nil {
			t.Fatal(err)
		}
		read, err := ReadJSON("r", bytes.NewReader(file.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if len(read.Departures()) != len(r.Departures()) || read.OK() != r.OK() {
			t.Errorf("strict %v: read %d departures of %d", strict, len(read.Departures()),
				len(r.Departures()))
		}
		if rerun := r.Rerun(&r.Departures()[0].First); strings.Contains(rerun, "--spec") != strict {
			t.Errorf("strict %v: %s", strict, rerun)
		}
	}
}

// TestSpecifiedDeparts checks which machines depart from the specification, by the cells that are
// known to differ.
func TestSpecifiedDeparts(t *testing.T) {
	for name, want := range map[string]string{
		"rfc0008": "",
		"v0.2":    "OperatorClearance: Unimplemented; rfc0008 answers →Terminal, SchedulePruning",
		"v0.1":    "HostJoined: →Active, UpdateCurrentWave; rfc0008 answers →Active",
	} {
		r := sweep(t, &Sweep{Source: drawn(name), Seeds: Range{1, 60}, Jobs: 2})
		found := slices.ContainsFunc(r.Departures(), func(g *Group) bool {
			return want != "" && strings.Contains(g.What, want)
		})
		if found != (want != "") || want == "" && len(r.Departures()) > 0 {
			t.Errorf("%s: found %v", name, found)
			for _, g := range r.Departures() {
				t.Log(g.State, g.What)
			}
		}
	}
}

// TestControlPlaneOfASweep checks which control plane the seeds of a sweep run under.
func TestControlPlaneOfASweep(t *testing.T) {
	for _, test := range []struct {
		machine            string
		choice             controlplane.Name
		specified, shipped bool // whether some seed runs under it
	}{
		{"rfc0008", "", true, false},
		{"v0.2", "", true, true},
		{"v0.2", controlplane.Specified, true, false},
		{"rfc0008", controlplane.Shipped, false, true},
		{"v0.1", DrawnControlPlane, true, true},
	} {
		source := drawn(test.machine)
		source.ControlPlane = test.choice
		seen := make(map[bool]bool)
		for seed := range uint64(20) {
			sc, _ := source.scenario(seed, 0)
			seen[sc.ControlPlane == controlplane.Shipped] = true
		}
		if seen[false] != test.specified || seen[true] != test.shipped {
			t.Errorf("%s under %q: specified %v, shipped %v", test.machine, test.choice, seen[false],
				seen[true])
		}
	}
}
