package prove

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"rollsim/controlplane"
	"rollsim/internal/deviation"
	"rollsim/internal/liar"
	"rollsim/invariant"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/trace"
)

// TestPlantedDefects checks with how many deviations each planted defect is found, and that the
// table of docs/prove.md says so. Each invariant has a liar that violates it. Of the seven
// differences of rfc0008, each is undone alone: invariants do not see all of these, so the machine
// is compared with rfc0008. PROVE_ALL tries all fleets, so that no fleet needs fewer.
func TestPlantedDefects(t *testing.T) {
	document, err := os.ReadFile("../../docs/prove.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range invariant.Names() {
		if found := bytes.Contains(document, fmt.Appendf(nil, "`%s/", name)); !found &&
			name != invariant.SameBytes {
			t.Errorf("docs/prove.md has no defect that violates %s", name)
		}
	}
	all, err := Fleets()
	if err != nil {
		t.Fatal(err)
	}
	defects := plantedDefects()
	for _, d := range defects {
		for _, f := range all {
			name := f.Scenario.Name
			if name != d.fleet && (os.Getenv("PROVE_ALL") == "" || slices.ContainsFunc(defects,
				func(other planted) bool { return other.name == d.name && other.fleet == name })) {
				continue // or there is a row for that fleet
			}
			d.check(t, &f.Scenario, document)
		}
	}
}

// check checks how many deviations the defect needs in a fleet: in its own as many as the document
// says, in another one not fewer.
func (d *planted) check(t *testing.T, sc *sim.Scenario, document []byte) {
	t.Helper()
	p := prover(t, sc, d.machine, func(o *Options) {
		o.Other, o.Kinds = d.other, d.kinds
		if o.ControlPlane = d.plane; d.forget != nil {
			o.ControlPlane = forgetful(sc, d.forget)
		}
		if d.same {
			o.ControlPlane, o.OtherControlPlane = nil, d.plane
			o.OtherPlane = controlplane.Specified
		}
	})
	bound := d.fewest
	if sc.Name != d.fleet {
		bound--
	}
	if bound < 0 {
		return
	}
	r := result(t, p, bound)
	c := d.found(r)
	switch {
	case sc.Name != d.fleet && c != nil:
		t.Errorf("%s in %s: it is found with fewer deviations: %q", d.name, sc.Name, keys(r))
	case sc.Name != d.fleet:
	case c == nil || c.Level != d.fewest:
		t.Errorf("%s in %s: %s: %q", d.name, sc.Name, r.Verdict(), keys(r))
	default:
		row := fmt.Sprintf("| %s | %d | `%s` | `%s` |", d.name, d.fewest, sc.Name, c.Key)
		if !bytes.Contains(document, []byte(row)) {
			t.Errorf("docs/prove.md has no row %s", row)
		}
	}
}

// found returns the counterexample of a result that shows the defect, or nil.
func (d *planted) found(r *Result) *Counterexample {
	i := slices.IndexFunc(r.Found, func(c *Counterexample) bool {
		return strings.HasPrefix(c.Key, d.finds)
	})
	if i < 0 {
		return nil
	}
	return r.Found[i]
}

// planted is a machine or a control plane with a defect.
type planted struct {
	name    string
	machine reducer.Machine
	other   reducer.Machine            // it is compared with this one; nil for the invariants
	forget  func(*controlplane.Config) // what the control plane does not know; nil for nothing
	plane   controlplane.New           // with a defect; nil for the specified one
	same    bool                       // it is compared with the specified one
	finds   string                     // what the key of a counterexample begins with
	kinds   Kinds                      // that are tried; 0 is all
	fewest  int                        // deviations with which it is found
	fleet   string                     // one in which it is
}

func plantedDefects() []planted {
	all := []planted{
		{name: "machine `v0.1`", machine: reducer.V01(), fleet: "two-waves"},
		{name: "machine `v0.2`", machine: reducer.V02(), fleet: "two-waves"},
		{name: "machine `canary`", machine: machine.Canary(), fleet: "two-waves"},
		{
			name: "a rollout that fails is never pruned", machine: failingForever(), fewest: 1,
			fleet: "two-waves",
		},
	}
	for i := range reducer.Differences() {
		m := reducer.V02With("undone", slices.Delete(reducer.Differences(), i, i+1))
		fewest, kinds, fleet := 1, deviation.All(), "rollback"
		strays := -1 // the fewest in strays, where a rollout fails in the plain run
		switch i + 1 {
		case 1: // a host fails under halt, and is rolled back by hand
			fewest, kinds, fleet = 2, deviation.Of(FailsActivation, StrayEvent), "two-waves"
			strays = 0
		case 4: // every rollout ends, and is to be pruned
			fewest = 0
		case 5: // a rollout fails, and then an operator clears it
			fewest, kinds = 2, deviation.Of(FailsActivation, OperatorClears)
			strays = 1
		}
		d := planted{
			name: fmt.Sprintf("difference %d undone", i+1), machine: reducer.RFC0008(), other: m,
			kinds: kinds, fewest: fewest, fleet: fleet,
		}
		if all = append(all, d); strays >= 0 {
			d.fewest, d.fleet = strays, "strays"
			all = append(all, d)
		}
	}
	for _, gate := range []struct {
		name   string
		forget func(*controlplane.Config)
	}{
		{"quarantine", func(c *controlplane.Config) { c.Quarantine = nil }},
		{"channel-edges", func(c *controlplane.Config) {
			for i := range c.Channels {
				c.Channels[i].After = nil
			}
		}},
		{"disruption-budget", func(c *controlplane.Config) { c.Budgets = nil }},
		{"maintenance-window", func(c *controlplane.Config) {
			for i := range c.Channels {
				c.Channels[i].Windows = nil
			}
		}},
	} {
		all = append(all, planted{
			name: "gate `" + gate.name + "` not asked", machine: reducer.RFC0008(), forget: gate.forget,
			fleet: "gates",
		})
	}
	return append(all, liars()...)
}

// liars returns the machines and control planes that each violate one invariant, and those that do
// not ask a gate.
func liars() []planted {
	goTo := func(s reducer.State) reducer.Cell { return reducer.Cell{{Do: reducer.Go, To: s}} }
	ignore := reducer.Cell{{Do: reducer.Ignore}}
	change := func(set func(*liar.Change)) controlplane.New { return liar.Changing(set) }
	all := []planted{
		{name: "terminal-stamped", fleet: "two-waves", machine: liar.WithAnswer(func(a liar.Answer) {
			a.Rec.TerminalAt = reducer.Opt[reducer.Time]{}
		})},
		{
			name: "terminal-converged", fleet: "two-waves",
			machine: liar.WithCell(reducer.Active, reducer.WaveAdvanced, goTo(reducer.Terminal)),
		},
		{
			name: "pruned-absorbing", fleet: "two-waves", fewest: 1, kinds: deviation.Of(StrayEvent),
			machine: liar.WithCell(reducer.Pruned, reducer.HostJoined, goTo(reducer.Active)),
		},
		{name: "wave-monotonic", fleet: "two-waves", machine: liar.WithAnswer(func(a liar.Answer) {
			if a.Event.Kind == reducer.RolloutTerminal {
				a.Rec.CurrentWave = 0
			}
		})},
		{name: "transition-recorded", fleet: "two-waves", machine: liar.WithAnswer(
			func(a liar.Answer) {
				if a.Before.State == reducer.Active && a.Rec.State == reducer.Converging {
					a.Effects.Reset()
				}
			},
		)},
		{
			name: "one-standing", fleet: "rollback",
			machine: liar.WithCell(reducer.Terminal, reducer.SuccessorOpened, ignore),
		},
		{
			name: "reverted-host", fleet: "two-waves",
			machine: liar.WithCell(reducer.Active, reducer.WaveAdvanced, goTo(reducer.Reverted)),
		},
		{name: "retention-kept", fleet: "two-waves", machine: liar.WithAnswer(func(a liar.Answer) {
			for i := range a.Effects.All() {
				a.Effects.All()[i].DelaySeconds /= 2
			}
		})},
		{
			name: "halt-kept", fleet: "gates", fewest: 1, kinds: deviation.Of(FailsActivation),
			plane: liar.Reckless(liar.Halt), machine: liar.WithAnswer(func(a liar.Answer) {
				if a.Rec.State == reducer.Failed {
					a.Rec.State = a.Before.State
				}
			}),
		},
		{name: "fold-is-live", fleet: "two-waves", plane: change(func(c *liar.Change) {
			c.Silent = func(ev *reducer.Event) bool { return ev.To == reducer.HostSoaking }
		})},
		{
			name: "stuck", fleet: "two-waves",
			machine: liar.WithCell(reducer.Converging, reducer.RolloutTerminal, ignore),
		},
		{
			name: "unpruned", fleet: "two-waves",
			machine: liar.WithCell(reducer.Converging, reducer.RolloutTerminal, goTo(reducer.Terminal)),
		},
		{
			name: "stranded", fleet: "rollback",
			plane: change(func(c *liar.Change) { c.Stale = true }),
		},
		{name: "evidence-kept", fleet: "two-waves", plane: change(func(c *liar.Change) {
			c.Send = func(d *controlplane.Dispatch) { d.SoakDueAt = 0 }
		})},
		{
			name: "rollback-kept", fleet: "rollback", fewest: 1, kinds: deviation.Of(FailsActivation),
			plane: change(func(c *liar.Change) {
				c.Hear = func(m *trace.AgentEvent) {
					if m.Kind == reducer.RollbackComplete {
						m.Closure = "a1"
					}
				}
			}),
		},
		{
			name: "time-kept", fleet: "two-waves",
			plane: change(func(c *liar.Change) { c.Late = time.Second }),
		},
		{
			name: "supersession-kept", fleet: "two-waves", fewest: 1, kinds: deviation.Of(RefMoves),
			plane: change(func(c *liar.Change) { c.Superseded = true }),
		},
		{
			name: "opening-whole", fleet: "two-waves",
			machine: liar.WithCell(reducer.Active, reducer.HostJoined, reducer.Cell{{Do: reducer.Illegal}}),
		},
		{
			name: "acknowledged-kept", fleet: "two-waves",
			plane: change(func(c *liar.Change) { c.Deaf = true }),
		},
		{
			name: "not-reopened", fleet: "two-waves", fewest: 1, kinds: deviation.Of(StrayEvent),
			machine: liar.WithCell(reducer.Terminal, reducer.RolloutOpened, ignore),
		},
		{
			name: "abort-kept", fleet: "two-waves", fewest: 1, kinds: deviation.Of(OperatorAborts),
			plane: liar.Disobedient,
		},
		{name: "fleet-kept", fleet: "shapes", plane: liar.Disobedient},
	}
	for i := range all {
		all[i].finds, all[i].name = all[i].name+"/", fmt.Sprintf("a liar about `%s`", all[i].name)
		if all[i].machine == nil {
			all[i].machine = reducer.RFC0008()
		}
	}
	return append(all, planted{
		name: "gate `wave-promotion` not asked", fleet: "two-waves", machine: reducer.RFC0008(),
		plane: liar.Reckless(trace.GateWavePromotion),
	}, planted{
		name: "gate `host-edge` not asked", fleet: "gates", machine: reducer.RFC0008(),
		plane: liar.Reckless(trace.GateHostEdge), same: true,
	}, planted{
		name: "gate `dispatch-pause` not asked", fleet: "two-waves", machine: reducer.RFC0008(),
		fewest: 1, kinds: deviation.Of(OperatorPauses), plane: liar.Reckless(trace.GateDispatchPause),
	})
}

// forgetful returns a specified control plane whose configuration lacks something.
func forgetful(sc *sim.Scenario, forget func(*controlplane.Config)) controlplane.New {
	conf := controlplane.Config{Budgets: sc.Budgets, Quarantine: sc.Quarantine}
	for i := range sc.Channels {
		ch := &sc.Channels[i]
		conf.Channels = append(conf.Channels, controlplane.Channel{
			ID: ch.ID, Policy: ch.Policy, Waves: ch.Waves, After: ch.After, HostEdges: ch.HostEdges,
			Outside: ch.Outside, Windows: ch.Windows, Absent: ch.Absent,
		})
	}
	forget(&conf)
	inv, err := controlplane.NewInventory(&conf)
	if err != nil {
		panic(err)
	}
	build, err := controlplane.ByName(controlplane.Specified)
	if err != nil {
		panic(err)
	}
	return func(_ *controlplane.Inventory, m reducer.Machine) controlplane.ControlPlane {
		return build(inv, m)
	}
}
